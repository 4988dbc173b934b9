// SPDX-License-Identifier: AGPL-3.0-or-later

package portal_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
)

// An instance is a whole Chorus with shorthands for what these tests do.
type instance struct {
	*chorustest.Instance
	t *testing.T
}

func open(t *testing.T, source string) *instance {
	t.Helper()
	return &instance{chorustest.RunWith(t, app.Config{Database: source, Unlimited: true, From: "chorus@lindholm.example"}), t}
}

func (in *instance) must(err error) {
	in.t.Helper()
	if err != nil {
		in.t.Fatal(err)
	}
}

// mailedPath is the link to sign in, without the name of the site.
var mailedPath = regexp.MustCompile(`/\w\w/sign-in/\S+`)

// A browser is one visitor.
type browser struct {
	*instance
	client *http.Client
}

func (in *instance) visitor() *browser {
	jar, err := cookiejar.New(nil)
	in.must(err)
	return &browser{in, &http.Client{Jar: jar}}
}

// get opens a page and returns its status and text.
func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	b.Wait(2 * time.Second) // pages for readers may be a second old
	return b.read(b.client.Get(b.URL + path))
}

func (b *browser) post(path string, fields ...string) (int, string) {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.read(b.client.PostForm(b.URL+path, form))
}

func (b *browser) read(res *http.Response, err error) (int, string) {
	b.t.Helper()
	b.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	b.must(err)
	return res.StatusCode, string(body)
}

// code finds the six digits in the newest mail to an address.
func (in *instance) code(address string) string {
	in.t.Helper()
	l, ok := in.MailTo(address)
	if !ok {
		in.t.Fatalf("no mail to %s", address)
	}
	return regexp.MustCompile(`\d{6}`).FindString(l.Subject + l.Text)
}

func (in *instance) wants(body string, words ...string) {
	in.t.Helper()
	for _, w := range words {
		if !strings.Contains(body, w) {
			in.t.Errorf("the page does not say %q:\n%s", w, body)
		}
	}
}

func (in *instance) wantsNot(body string, words ...string) {
	in.t.Helper()
	for _, w := range words {
		if strings.Contains(body, w) {
			in.t.Errorf("the page says %q:\n%s", w, body)
		}
	}
}

func (in *instance) status(got, want int, body string) {
	in.t.Helper()
	if got != want {
		in.t.Fatalf("status %d, want %d:\n%s", got, want, body)
	}
}
