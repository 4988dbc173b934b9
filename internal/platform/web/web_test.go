// SPDX-License-Identifier: AGPL-3.0-or-later

package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a-h/templ"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
)

// site is a small site on a clock of its own.
func site(t *testing.T) (*Site, *time.Time) {
	t.Helper()
	d, err := db.Open(t.Context(), t.TempDir()+"/web.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.Setup(t.Context(), Schema); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	d.Now = func() time.Time { return now }
	c, err := lang.New(Messages())
	if err != nil {
		t.Fatal(err)
	}
	return &Site{DB: d, Log: slog.New(slog.DiscardHandler), Catalogue: c, BaseURL: "http://site.example",
		Frame: func(*Visit) (Frame, error) { return Frame{Name: "Site"}, nil }}, &now
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	return do(h, httptest.NewRequest(http.MethodGet, path, nil))
}

func words(text string) Handler {
	return func(v *Visit) error {
		return v.Show(http.StatusOK, Page{Title: "Page"}, templ.Raw("<p>"+text+"</p>"))
	}
}

func TestErrorsBecomePages(t *testing.T) {
	s, _ := site(t)
	for path, err := range map[string]error{
		"/404": chorus.ErrNotFound, "/409": chorus.ErrClosed, "/503": chorus.ErrBusy, "/429": ErrTries, "/500": errors.New("a secret fault"),
		"/413": &http.MaxBytesError{}, "/400": errForm,
	} {
		s.Handle("GET "+path, func(v *Visit) error {
			io.WriteString(v.Reply, "half a page")
			return err
		})
	}
	s.Handle("GET /panic", func(*Visit) error { panic("a secret fault") })
	h := s.Handler()
	for path, want := range map[string]int{"/404": 404, "/409": 409, "/503": 503, "/429": 429, "/500": 500, "/413": 413, "/400": 400, "/panic": 500, "/nowhere": 404} {
		w := get(h, path)
		if w.Code != want || strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "half") || !strings.Contains(w.Body.String(), "<h1>") {
			t.Errorf("%s gives %d %s", path, w.Code, w.Body)
		}
	}
}

func TestForbiddenLeadsToSignIn(t *testing.T) {
	s, _ := site(t)
	s.Handle("GET /mine", func(*Visit) error { return chorus.ErrForbidden })
	w := get(s.Handler(), "/ar/mine?a=b")
	if got, want := w.Header().Get("Location"), "/ar/sign-in?to=%2Fmine%3Fa%3Db"; w.Code != http.StatusSeeOther || got != want {
		t.Errorf("got %d %s, want %s", w.Code, got, want)
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	s, _ := site(t)
	s.Handle("POST /deed", func(v *Visit) error { return v.Redirect("/done") })
	h := s.Handler()
	for origin, want := range map[string]int{"cross-site": 400, "same-site": 400, "same-origin": 303, "none": 303} {
		r := httptest.NewRequest(http.MethodPost, "/deed", nil)
		r.Header.Set("Sec-Fetch-Site", origin)
		if w := do(h, r); w.Code != want {
			t.Errorf("a post from %s gives %d, want %d", origin, w.Code, want)
		}
	}
}

func TestLanguageInTheAddress(t *testing.T) {
	s, _ := site(t)
	s.HandlePublic("GET /page", func(v *Visit) error { return words(v.To("/next") + " " + v.Say.Dir())(v) })
	h := s.Handler()
	for path, want := range map[string]string{"/page": "<p>/next ltr", "/ar/page": "<p>/ar/next rtl", "/en/page": "<p>/en/next ltr"} {
		if w := get(h, path); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/page", nil)
	r.Header.Set("Accept-Language", "ar-EG,ar;q=0.9")
	if w := do(h, r); !strings.Contains(w.Body.String(), "/next rtl") {
		t.Error("the browser's language is not heard")
	}
}

// TestCacheOfASecond: many readers at once cost one page, a second later there
// is a fresh one, and people with a cookie never get the shared one.
func TestCacheOfASecond(t *testing.T) {
	s, now := site(t)
	var made atomic.Int64
	s.HandlePublic("GET /page", func(v *Visit) error {
		made.Add(1)
		return words(strings.Repeat("word ", 500))(v)
	})
	h := s.Handler()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { get(h, "/page") })
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("20 readers made %d pages", made.Load())
	}
	r := httptest.NewRequest(http.MethodGet, "/page", nil)
	r.Header.Set("Cookie", "some=thing")
	do(h, r)
	*now = now.Add(time.Second)
	w := get(h, "/page")
	if made.Load() != 3 {
		t.Errorf("%d pages made, want 3", made.Load())
	}
	if w.Header().Get("Set-Cookie") != "" {
		t.Error("a reader got a cookie")
	}
	r = httptest.NewRequest(http.MethodGet, "/page", nil)
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	if w := do(h, r); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("the same page again gives %d", w.Code)
	}
	r = httptest.NewRequest(http.MethodGet, "/page", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	if z := do(h, r); z.Header().Get("Content-Encoding") != "gzip" || z.Body.Len() > w.Body.Len()/2 {
		t.Errorf("%d bytes packed, %d plain", z.Body.Len(), w.Body.Len())
	}
}

func TestSessions(t *testing.T) {
	s, now := site(t)
	s.Handle("POST /in", func(v *Visit) error { return v.StartSession(v.Context(), "ada") })
	s.Handle("GET /who", func(v *Visit) error { return words("who=" + string(v.Who))(v) })
	s.Handle("POST /out", func(v *Visit) error { return v.EndSession(v.Context()) })
	h := s.Handler()
	cookie := do(h, httptest.NewRequest(http.MethodPost, "/in", nil)).Result().Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie %v", cookie)
	}
	who := func() string {
		r := httptest.NewRequest(http.MethodGet, "/who", nil)
		r.AddCookie(cookie)
		body := do(h, r).Body.String()
		_, name, _ := strings.Cut(body, "who=")
		name, _, _ = strings.Cut(name, "<")
		return name
	}
	if who() != "ada" {
		t.Error("the session is not known")
	}
	*now = now.Add(sessionLife / 2)
	if who() != "ada" {
		t.Error("the session ended early")
	}
	*now = now.Add(sessionLife / 2)
	if who() != "ada" {
		t.Error("a session that is used ended")
	}
	*now = now.Add(2 * sessionLife)
	if who() != "" {
		t.Error("a session that nobody used lives for ever")
	}
	*now = now.Add(-2 * sessionLife)
	r := httptest.NewRequest(http.MethodPost, "/out", nil)
	r.AddCookie(cookie)
	if c := do(h, r).Result().Cookies()[0]; c.MaxAge >= 0 || who() != "" {
		t.Errorf("after signing out: %v, %q", c, who())
	}
}

func TestLimit(t *testing.T) {
	s, now := site(t)
	r := Rate{Deed: "sign", PerHour: 60, Burst: 2}
	try := func(address string) error {
		req := httptest.NewRequest(http.MethodPost, "/", nil)
		req.RemoteAddr = address + ":1234"
		return (&Visit{Request: req, Site: s}).Limit(r)
	}
	for i, step := range []struct {
		address string
		wait    time.Duration
		want    error
	}{
		{"192.0.2.1", 0, nil}, {"192.0.2.77", 0, nil}, {"192.0.2.3", 0, ErrTries}, {"198.51.100.1", 0, nil}, {"192.0.2.3", time.Minute, nil},
		{"2001:db8:1:2::1", 0, nil}, {"2001:db8:1:ffff::1", 0, nil}, {"2001:db8:1::1", 0, ErrTries}, {"192.0.2.3", 13 * time.Hour, nil},
	} {
		*now = now.Add(step.wait)
		if err := try(step.address); !errors.Is(err, step.want) {
			t.Errorf("try %d from %s: %v, want %v", i, step.address, err, step.want)
		}
	}
}

func TestForm(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("name=+Ada%00%1b%0d%0aLind+&x=%ff"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	f, err := (&Visit{Request: r, Reply: httptest.NewRecorder()}).Form()
	if got := f.Get("name"); err != nil || got != "Ada\nLind" || f.Get("x") != "\uFFFD" {
		t.Errorf("got %q, %q, %v", got, f.Get("x"), err)
	}
	r = httptest.NewRequest(http.MethodPost, "/", strings.NewReader("a="+strings.Repeat("x", maxForm)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if _, err := (&Visit{Request: r, Reply: httptest.NewRecorder()}).Form(); !tooLarge(err) {
		t.Errorf("a huge form gives %v", err)
	}
}

func TestCheckName(t *testing.T) {
	for name, want := range map[string]string{
		"Ada Lind": "", "جمعية النهر": "", "O'Neill-Brown": "", "Åse": "", "": "form.missing", "=1+1": "form.formula", "+4512": "form.formula", "-x": "form.formula",
		"@ada": "form.formula", "see www.x.example": "form.link", "https://x.example": "form.link", "ada@x.example": "form.link",
		"a\u202eb": "form.characters", "a\u200bb": "form.characters", "a\nb": "form.characters", strings.Repeat("a", 101): "form.long_max|max=100",
	} {
		if got := CheckName(name, Line{Max: 100}); got != want {
			t.Errorf("CheckName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestCheckWeb(t *testing.T) {
	for address, want := range map[string]string{
		"https://x.example": "", "http://x.example/a?b": "", "": "", "x.example": "form.web", "javascript:alert(1)": "form.web",
		"ftp://x.example": "form.web", "https://user@x.example": "form.web", "https://localhost": "form.web",
	} {
		if got := CheckWeb(address, Line{Max: 100, Optional: true}); got != want {
			t.Errorf("CheckWeb(%q) = %q, want %q", address, got, want)
		}
	}
}

// FuzzLocalPath: whatever a link asks for, the browser stays on this site.
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/desk", "//evil.example", "/\\evil.example", "https://evil.example", "/a?b=c#d", "/\t/evil.example", "javascript:alert(1)", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := url.Parse("https://here.example/page")
		if err != nil {
			t.Fatal(err)
		}
		if to, err := got.Parse(LocalPath(s)); err != nil || to.Host != "here.example" || to.Scheme != "https" {
			t.Errorf("LocalPath(%q) leads to %v, %v", s, to, err)
		}
	})
}
