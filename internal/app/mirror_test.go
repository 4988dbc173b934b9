// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
)

// ownPages are those in which a mirror speaks of itself.
var ownPages = []string{"/privacy", "/witness"}

var (
	bannerIs = regexp.MustCompile(`(?s)<aside class="banner" id="mirror-banner">.*?</aside>`)
	linkIs   = regexp.MustCompile(`href="(/[^"#]*)`)
)

// TestMirrorServesTheSame walks through all that a reader can reach on an
// instance, in both languages, and compares every byte with its mirror.
func TestMirrorServesTheSame(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		origin := chorustest.Run(t, source)
		h := furnish(t, origin.App)
		h.must(origin.Record.PublishCheckpoint(t.Context()))
		mirror := chorustest.RunWith(t, app.Config{Mirror: origin.URL, Unlimited: true})
		h.must(mirror.Mirror.Look(t.Context(), nil))
		todo := []string{"/", "/ar/", "/record/checkpoint", "/record/vkey", "/record/bodies/000", "/record/body/0", "/record/counts"}
		for _, p := range append(h.pages(), h.files()...) {
			if p.who == reader {
				todo = append(todo, p.path, "/ar"+p.path)
			}
		}
		seen := map[string]bool{}
		for len(todo) > 0 {
			path := todo[0]
			todo = todo[1:]
			if seen[path] || slices.Contains(ownPages, strings.TrimPrefix(strings.TrimPrefix(path, "/en"), "/ar")) {
				continue
			}
			seen[path] = true
			status, text := fetch(t, mirror.URL, path)
			if status == http.StatusForbidden {
				continue // only the origin has it
			}
			want, page := fetch(t, origin.URL, path)
			isPage := strings.HasPrefix(page, "<!doctype html>") && path != "/verify.html"
			if d := cmp.Diff(page, bannerIs.ReplaceAllString(text, "")); d != "" || status != want {
				t.Errorf("%s: status %d, want %d (-origin +mirror):\n%s", path, status, want, d)
			}
			if isPage && status == http.StatusOK && !bannerIs.MatchString(text) {
				t.Errorf("%s has no banner", path)
			}
			for _, l := range linkIs.FindAllStringSubmatch(page, -1) {
				todo = append(todo, strings.ReplaceAll(l[1], "&amp;", "&"))
			}
		}
		if len(seen) < 40 {
			t.Errorf("only %d addresses were found", len(seen))
		}
	})
}

// fetch asks for an address as a reader, and refuses to be given a cookie.
func fetch(t *testing.T, site, path string) (status int, text string) {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	reply, err := client.Get(site + path)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(reply.Cookies()) > 0 {
		t.Errorf("%s%s sets a cookie", site, path)
	}
	return reply.StatusCode, string(body)
}

// TestMirrorDoesNothing: on a mirror nobody is known and nothing is done.
func TestMirrorDoesNothing(t *testing.T) {
	origin := chorustest.Run(t, t.TempDir()+"/chorus.db")
	h := furnish(t, origin.App)
	h.must(origin.Record.PublishCheckpoint(t.Context()))
	mirror := chorustest.RunWith(t, app.Config{Mirror: origin.URL, Unlimited: true})
	h.must(mirror.Mirror.Look(t.Context(), nil))
	before := state(t, mirror.DB)
	for _, p := range h.pages() {
		status, text := fetch(t, mirror.URL, p.path)
		if status == http.StatusForbidden && !strings.Contains(text, "This is a copy of Chorus of Lindholm. Do this at "+strings.TrimPrefix(origin.URL, "http://")) {
			t.Errorf("%s does not say where to go:\n%s", p.path, text)
		}
		if p.who != reader && p.name != "organisation-own" && status != http.StatusForbidden {
			t.Errorf("%s: status %d on a mirror", p.path, status)
		}
	}
	for _, path := range []string{"/", "/sign-in", "/sign-out", "/organisations", "/mine/" + h.signed + "/erase", "/setup/AAAA/open", "/nowhere"} {
		reply, err := http.PostForm(mirror.URL+path, url.Values{"email": {signer}, "name": {"Ada"}})
		h.must(err)
		reply.Body.Close()
		if reply.StatusCode != http.StatusForbidden || len(reply.Cookies()) > 0 {
			t.Errorf("POST %s: status %d, cookies %v", path, reply.StatusCode, reply.Cookies())
		}
	}
	if d := cmp.Diff(before, state(t, mirror.DB)); d != "" {
		t.Errorf("visitors changed the mirror:\n%s", d)
	}
	hash := sha256.Sum256([]byte(strings.TrimPrefix(origin.URL, "http://") + "/record"))
	for _, path := range []string{"/checkpoint", "/tile/0/000.p/3", "/tile/entries/000.p/3", "/bodies/000"} {
		_, want := fetch(t, origin.URL, "/record"+path)
		if status, got := fetch(t, mirror.URL, fmt.Sprintf("/%x%s", hash, path)); status != http.StatusOK || got != want {
			t.Errorf("%s is not served where a mirror of a log has it: %d", path, status)
		}
	}
}
