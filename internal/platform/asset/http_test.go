// SPDX-License-Identifier: AGPL-3.0-or-later

package asset

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func ask(method, address string, header ...string) *http.Response {
	r := httptest.NewRequest(method, address, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestCodings(t *testing.T) {
	for _, c := range []struct{ accept, want string }{
		{"", ""},
		{"gzip, deflate, br, zstd", "br"},
		{"gzip;q=1.0, br;q=0", "gzip"},
		{"GZIP", "gzip"},
		{"br;q=0, gzip; q=0", ""},
		{"brotli", ""},
		{"br;q=nonsense", ""},
	} {
		for name := range names {
			reply := ask("GET", Path(name), "Accept-Encoding", c.accept)
			if got := reply.Header.Get("Content-Encoding"); reply.StatusCode != 200 || got != c.want {
				t.Errorf("%s for %q: status %d, coding %q, want %q", name, c.accept, reply.StatusCode, got, c.want)
			}
			if got := reply.Header.Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("%s: Vary = %q", name, got)
			}
		}
	}
}

func TestPackedFormsHoldThePlainOne(t *testing.T) {
	for address, f := range files {
		r, err := gzip.NewReader(bytes.NewReader(f.gz))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, f.plain) {
			t.Errorf("%s: the gzip form holds something else (%v)", address, err)
		}
		if len(f.br) == 0 || len(f.br) >= len(f.plain) {
			t.Errorf("%s: %d bytes of brotli for %d plain", address, len(f.br), len(f.plain))
		}
	}
}

func TestKeptForEver(t *testing.T) {
	reply := ask("GET", Path("style.css"), "Accept-Encoding", "br")
	if got := reply.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("Cache-Control = %q, want immutable", got)
	}
	if got := reply.Header.Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Errorf("Content-Type = %q", got)
	}
	again := ask("GET", Path("style.css"), "Accept-Encoding", "br", "If-None-Match", reply.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again with its ETag: %d, want 304", again.StatusCode)
	}
	if other := ask("GET", Path("style.css")); other.Header.Get("ETag") == reply.Header.Get("ETag") {
		t.Error("two codings share one ETag")
	}
	head := ask("HEAD", Path("style.css"))
	if body, _ := io.ReadAll(head.Body); len(body) != 0 || head.Header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d bytes, length %s", len(body), head.Header.Get("Content-Length"))
	}
}

func TestOtherAddresses(t *testing.T) {
	for _, c := range []struct {
		method, address string
		want            int
	}{
		{"GET", "/assets/", 404},
		{"GET", "/assets/style.css", 404},
		{"GET", Path("style.css") + ".br", 404},
		{"GET", "/assets/../http.go", 307},
		{"POST", Path("style.css"), 405},
		{"GET", "/favicon.svg", 200},
		{"GET", "/favicon.ico", 301},
		{"GET", "/", 404},
	} {
		if got := ask(c.method, c.address).StatusCode; got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.address, got, c.want)
		}
	}
}
