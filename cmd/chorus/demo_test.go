// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/seed"
)

func TestDemoListensToThisMachineAlone(t *testing.T) {
	for addr, taken := range map[string]bool{
		"localhost:0": true, "127.0.0.1:0": true, "127.9.9.9:0": true, ":0": false, "0.0.0.0:0": false, "[::]:0": false,
		"192.0.2.7:80": false, "chorus.example:80": false, "localhost": false,
	} {
		listener, err := listenHere(addr)
		if (err == nil) != taken {
			t.Errorf("listening on %s: %v", addr, err)
		}
		if err == nil {
			listener.Close()
		}
	}
}

// play opens the demo's instance with the people of the town and nothing else.
func play(t *testing.T) (*theatre, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	a, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Database: filepath.Join(t.TempDir(), "chorus.db"), Mail: "memory:",
		BaseURL: "http://" + server.Listener.Addr().String(), Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	town, err := seed.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := &theatre{App: a, inbox: a.Sender.(*mail.Inbox), town: town}
	p.routes()
	server.Config.Handler = a.Handler()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		a.Close()
	})
	return p, server
}

// read sends a request under a name of the host and gives status and page.
func read(t *testing.T, client *http.Client, method, address, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestDemoLetsPeopleInAsAnybody(t *testing.T) {
	_, server := play(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	if _, page := read(t, client, http.MethodGet, server.URL+"/dev", ""); !strings.Contains(page, "Sign in as karen") {
		t.Errorf("Karen is not among the people:\n%s", page)
	}
	if _, page := read(t, client, http.MethodGet, server.URL+"/dev/as/samir", ""); !strings.Contains(page, "سمير البستاني") {
		t.Errorf("the page of one person:\n%s", page)
	}
	if status, page := read(t, client, http.MethodPost, server.URL+"/dev/as/ada", ""); status != http.StatusOK || !strings.Contains(page, "Your desk") {
		t.Errorf("signing in as Ada: %d\n%s", status, page)
	}
	if status, _ := read(t, client, http.MethodPost, server.URL+"/dev/as/nobody", ""); status != http.StatusNotFound {
		t.Errorf("signing in as nobody: %d", status)
	}
	if status, _ := read(t, client, http.MethodGet, server.URL+"/dev", "elsewhere.example"); status != http.StatusNotFound {
		t.Errorf("under the name of another host: %d", status)
	}
	far := httptest.NewRequest(http.MethodGet, "http://localhost/dev", nil)
	far.RemoteAddr = "192.0.2.7:4711"
	answer := httptest.NewRecorder()
	server.Config.Handler.ServeHTTP(answer, far)
	if answer.Code != http.StatusNotFound {
		t.Errorf("from another machine: %d", answer.Code)
	}
}

func TestDemoShowsMails(t *testing.T) {
	p, server := play(t)
	l := mail.Letter{ID: "one", At: time.Now(), Message: mail.Message{To: "ada@post.example", Subject: "Confirm <b>",
		Text: "Open\nhttp://localhost/mine/a?x=1&y=2\n<script>alert(1)</script>\n"}}
	if err := p.inbox.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if _, page := read(t, server.Client(), http.MethodGet, server.URL+"/dev/mail", ""); !strings.Contains(page, "Confirm &lt;b&gt;") {
		t.Errorf("the list of mails:\n%s", page)
	}
	_, page := read(t, server.Client(), http.MethodGet, server.URL+"/dev/mail/one", "")
	if !strings.Contains(page, `<a href="http://localhost/mine/a?x=1&amp;y=2"`) || strings.Contains(page, "<script>alert") {
		t.Errorf("the mail:\n%s", page)
	}
}
