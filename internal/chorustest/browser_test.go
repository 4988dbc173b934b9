// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest_test

import (
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/chorus/internal/chorustest"
)

// strict is what Chorus sends too: nothing that a test does may need the page's leave.
const strict = "default-src 'none'; style-src 'self'; form-action 'self'; script-src 'self'"

const form = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Sign</title><link rel="stylesheet" href="/style.css"><script src="/script.js"></script>
<main><h1>Sign</h1><noscript>No scripts here.</noscript>
<form method="post" action="/sign">
<label for="n">Your name <small>as it should stand</small></label><input id="n" name="name" value="old">
<label>Comment <textarea name="comment"></textarea></label>
<label>Day <input type="date" name="day"></label>
<label>Country <select name="country"><option value=""></option><option value="de">Germany</option><option value="eg">مصر</option></select></label>
<fieldset><legend>Your name is</legend>
<label><input type="radio" name="shown" value="yes">shown</label>
<label><input type="radio" name="shown" value="no" class="bare"><b>hidden</b> from all</label></fieldset>
<input type="checkbox" id="a" name="agree"><label for="a">I agree to the <a href="/privacy">privacy</a> rules</label>
<button>Sign</button> <button formaction="/draft">Save it</button>
</form>
<ul><li>Ada Brook <button>Remove</button></li><li>Ben Cole <form action="/ben" method="post"><button>Remove</button></form></li></ul>
<a href="/slow">A long way
down</a></main></html>`

func town(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	answer := func(kind, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", strict)
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, text)
		}
	}
	mux.HandleFunc("GET /{$}", answer("text/html; charset=utf-8", form))
	mux.HandleFunc("GET /style.css", answer("text/css", `.bare{opacity:0;position:absolute} main{min-height:2000px}
		body{background:#fff;color:#000} @media (prefers-color-scheme:dark){body{background:#000;color:#fff}}`))
	mux.HandleFunc("GET /script.js", answer("text/javascript", `addEventListener("load", () => { document.title = "scripted" })`))
	mux.HandleFunc("POST /sign", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		fmt.Fprintf(w, "<title>Thanks</title><p>%s in %s", r.PostForm.Encode(), r.Header.Get("Accept-Language"))
	})
	mux.HandleFunc("POST /ben", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/gone", http.StatusSeeOther) })
	mux.HandleFunc("GET /gone", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusGone)
		fmt.Fprint(w, "<p>Ben is gone")
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(400 * time.Millisecond)
		fmt.Fprint(w, "<p>Arrived")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestBrowserSigns(t *testing.T) {
	site := town(t)
	for name, screen := range map[string]chorustest.Screen{
		"desk":            {},
		"phone, Arabic":   {Width: 360, Height: 740, Language: "ar"},
		"without scripts": {Width: 360, Height: 740, Dark: true, NoScript: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := chorustest.Browser(t, screen)
			b.Open(site.URL)
			if got, want := b.Has("No scripts here."), screen.NoScript; got != want {
				t.Errorf("scripts are off = %v, want %v", got, want)
			}
			b.Fill("Your name", "Ada Løvelace")
			b.Fill("Comment", "two\nlines")
			b.Fill("Day", "2030-12-31")
			b.Choose("Country", "مصر")
			b.Choose("Your name is", "hidden from all")
			b.Check("I agree to the privacy rules")
			if got := b.Value("Your name"); got != "Ada Løvelace" {
				t.Errorf("the field holds %q", got)
			}
			b.Press("Sign")
			b.See("agree=on&comment=two%0D%0Alines&country=eg&day=2030-12-31&name=Ada+L%C3%B8velace&shown=no")
			if screen.Language == "ar" {
				b.See("in ar")
			}
			if got, want := b.URL(), site.URL+"/sign"; got != want {
				t.Errorf("URL = %s, want %s", got, want)
			}
		})
	}
}

func TestBrowserFollowsAndPressesTheNearest(t *testing.T) {
	site := town(t)
	b := chorustest.Browser(t, chorustest.Screen{})
	b.Open(site.URL)
	b.Follow("A long way down")
	b.See("Arrived")
	b.Open(site.URL)
	b.Near("Ben Cole").Press("Remove")
	b.See("Ben is gone")
	if got := b.Status(); got != http.StatusGone {
		t.Errorf("status = %d, want 410", got)
	}
}

func TestBrowserWeighsThePage(t *testing.T) {
	site := town(t)
	b := chorustest.Browser(t, chorustest.Screen{})
	for range 2 { // the second time with an empty cache again
		b.Open(site.URL)
		var paths []string
		for _, r := range b.Requests() {
			paths = append(paths, strings.TrimPrefix(r.URL, site.URL))
			if r.Status != http.StatusOK {
				t.Errorf("%s: status %d %s", r.URL, r.Status, r.Failed)
			}
		}
		slices.Sort(paths)
		if want := []string{"/", "/script.js", "/style.css"}; !slices.Equal(paths, want) {
			t.Errorf("requests = %v, want %v", paths, want)
		}
		if got := b.Bytes(); got < len(form) || got > len(form)+1500 {
			t.Errorf("the page weighs %d bytes; its text alone has %d", got, len(form))
		}
		if c := b.Complaints(); len(c) > 0 {
			t.Errorf("complaints: %v", c)
		}
	}
}

func TestBrowserTakesPictures(t *testing.T) {
	site := town(t)
	for _, dark := range []bool{false, true} {
		b := chorustest.Browser(t, chorustest.Screen{Width: 360, Height: 740, Dark: dark})
		b.Open(site.URL)
		path := filepath.Join(t.TempDir(), "new", "page.png")
		b.Shot(path)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		picture, err := png.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		if size := picture.Bounds().Size(); size.X != 360 || size.Y < 2000 {
			t.Errorf("the picture has %v pixels", size)
		}
		if r, _, _, _ := picture.At(359, 1900).RGBA(); (r == 0) != dark {
			t.Errorf("dark = %v, but the paper has %x of red", dark, r)
		}
	}
}

func TestBrowserNamesWhatItCannotDo(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<body style="margin:0"><button disabled>Off</button><button>Under</button>
			<div style="position:fixed;inset:0;background:red"></div><p style="width:3000px">wide`)
	}))
	defer site.Close()
	for want, deed := range map[string]func(*chorustest.Visitor){
		"no button “Sign”; there are: “Off”, “Under”": func(v *chorustest.Visitor) { v.Press("Sign") },
		"it is switched off":     func(v *chorustest.Visitor) { v.Press("Off") },
		"it is covered by <div ": func(v *chorustest.Visitor) { v.Press("Under") },
	} {
		fatal := failing(t, func(t testing.TB) {
			v := chorustest.Browser(t, chorustest.Screen{})
			v.Open(site.URL)
			deed(v)
		})
		if !strings.Contains(fatal, want) {
			t.Errorf("the test ended with %q, want %q in it", fatal, want)
		}
	}
	v := chorustest.Browser(t, chorustest.Screen{})
	v.Open(site.URL)
	if got := v.Overflow(); got != "p" {
		t.Errorf("Overflow = %q, want p", got)
	}
}

func TestAxeFindsPlantedFaults(t *testing.T) {
	const planted = `<!doctype html><html><title>Faults</title><main><h1>Faults</h1>
		<form><input name="nameless"></form><p style="color:#bbb;background:#fff">pale</p>
		<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></main></html>`
	const sound = `<!doctype html><html lang="en"><title>Sound</title><main><h1>Sound</h1></main></html>`
	for name, c := range map[string]struct {
		page string
		want []string
	}{
		"planted": {planted, []string{"color-contrast", "html-has-lang", "image-alt", "label"}},
		"sound":   {sound, nil},
	} {
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, c.page)
		}))
		defer site.Close()
		for _, noScript := range []bool{false, true} {
			b := chorustest.Browser(t, chorustest.Screen{NoScript: noScript})
			b.Open(site.URL)
			var got []string
			for _, v := range b.Axe() {
				got = append(got, v.ID)
				if len(v.Nodes) == 0 || !strings.Contains(v.String(), v.Nodes[0].HTML) {
					t.Errorf("%s does not say where", v.ID)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s, NoScript %v: axe found %v, want %v", name, noScript, got, c.want)
			}
		}
	}
}

// failing runs a story that must fail and returns the words it failed with.
func failing(t *testing.T, story func(testing.TB)) string {
	t.Helper()
	f := &failure{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		story(f)
	}()
	<-done
	return f.text
}

// A failure is a test that keeps why it ended instead of failing.
type failure struct {
	testing.TB
	text string
}

func (f *failure) Fatalf(format string, args ...any) {
	f.text = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
