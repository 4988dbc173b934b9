// SPDX-License-Identifier: AGPL-3.0-or-later

package bundle

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/record"
)

var here = About{Version: Version, Origin: "here.example/record", To: 300, Created: "2026-11-22"}

// pages is a small site: addresses and what stands there.
type pages map[string]string

func (p pages) answer(address string) (Answer, error) {
	body, ok := p[address]
	kind := "text/html; charset=utf-8"
	if strings.HasSuffix(address, ".css") || strings.HasSuffix(address, ".csv") {
		kind = "text/plain"
	}
	return Answer{ok, kind, []byte(body)}, nil
}

var words = sync.OnceValues(func() (*lang.Catalogue, error) { return lang.New(Messages()) })

// packed is the site as it lies in a bundle.
func packed(t *testing.T, p pages) map[string]string {
	t.Helper()
	catalogue, err := words()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := &writer{zip: zip.NewWriter(&out)}
	c := &Contents{About: here, Pages: p.answer, Address: "https://here.example", Catalogue: catalogue}
	if err := errors.Join(c.site(t.Context(), w), w.zip.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range r.File {
		body, err := fs.ReadFile(r, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(body)
	}
	return files
}

func TestLinks(t *testing.T) {
	folder := record.FolderOf(here.Origin)
	for link, want := range map[string]string{
		"/en/a":                     "a.html",
		"/en/a#place":               "a.html#place",
		"/en/a?before=30":           "a-before-30.html",
		"/en/":                      "../index.html",
		"/ar/b/page":                "../ar/b/page.html",
		"/en/%D9%85":                "%D9%85.html",
		"/en/list.csv":              "../list.csv",
		"/list.csv":                 "../list.csv",
		"/style.css":                "../style.css",
		"#place":                    "#place",
		"/verify.html":              "../../verify.html",
		"/en/verify.html":           "../../verify.html",
		"/record/checkpoint":        "../../" + folder + "/checkpoint",
		"/en/record/tile/0/000":     "../../" + folder + "/tile/0/000",
		"/record/tile/0/001.p/44":   "../../" + folder + "/tile/0/001.p/44",
		"/record/tile/0/777":        "https://here.example/record/tile/0/777",
		"/en/sign-in":               "https://here.example/en/sign-in",
		"/en/witness":               "https://here.example/en/witness",
		"https://here.example/en/a": "a.html",
		"https://other.example/en":  "https://other.example/en",
		"mailto:ada@here.example":   "mailto:ada@here.example",
		"//other.example/x":         "//other.example/x",
	} {
		p := pages{"/en/": "", "/ar/": "", "/en/a": "", "/en/a?before=30": "", "/ar/b/page": "", "/en/%D9%85": "", "/list.csv": "", "/style.css": "", "/en/witness": ""}
		p["/en/"] = `<a href="/en/page"></a><a href="/en/a"></a><a href="/en/a?before=30"></a><a href="/ar/b/page"></a><a href="/en/%D9%85"></a>`
		p["/en/page"] = `<a href="` + link + `">x</a>`
		if got := packed(t, p)["site/en/page.html"]; got != `<a href="`+want+`">x</a>` {
			t.Errorf("%s became %s, want %s", link, got, want)
		}
	}
}

func TestWhatIsTakenOut(t *testing.T) {
	for page, want := range map[string]string{
		`a<script>if (1 < 2) alert()</script>b<script src="/x.js"></script>c`: "abc",
		`a<form method="get"><input><div></div></form>b`:                      "ab",
		`<p>a<br>b</p><svg viewBox="0 0 1 1"><path d="M0"/></svg>`:            `<p>a<br>b</p><svg viewBox="0 0 1 1"><path d="M0"/></svg>`,
		`a<form method="POST" action="/x"><form></form></form>b`:              `a<p>To sign or to take part, go to <a href="https://here.example/en/" dir="ltr">https://here.example/en/</a></p>b`,
		`<aside id="mirror-banner"><aside></aside>old</aside>b`: `<section class="banner" aria-label="About this copy"><p>This is a copy of here.example as of entry #300, ` +
			`to be read without a network. It may have been changed on its way. <a href="../verify.html">Check it</a></p></section>b`,
	} {
		if got := packed(t, pages{"/en/": page})["site/index.html"]; got != want {
			t.Errorf("%s became\n%s, want\n%s", page, got, want)
		}
	}
}

// Of the pages of one kind only the first are taken, lest a record of a
// million entries make a million files.
func TestHowManyPages(t *testing.T) {
	p, home := pages{}, ""
	for i := range 1000 {
		for _, address := range []string{fmt.Sprintf("/en/r/%d", i), fmt.Sprintf("/en/names?before=%d", i)} {
			home += `<a href="` + address + `"></a>`
			p[address] = "x"
		}
	}
	p["/en/"] = home
	var entries, lists int
	for name := range packed(t, p) {
		if strings.HasPrefix(name, "site/en/r/") {
			entries++
		} else if strings.HasPrefix(name, "site/en/names-before-") {
			lists++
		}
	}
	if entries != mostOfAKind || lists != mostOfAList {
		t.Errorf("%d entries and %d pages of a list", entries, lists)
	}
}

func TestPaths(t *testing.T) {
	whole := About{To: 70000}.paths()
	if len(whole) != 3+2*274+274+2+1 {
		t.Errorf("%d files for 70,000 entries", len(whole))
	}
	next := About{From: 69900, To: 70000}.paths()
	want := []string{"checkpoint", "vkey", "counts", "tile/entries/273.p/112", "bodies/273", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"}
	if !slices.Equal(next, want) {
		t.Errorf("a continuation holds %v, want %v", next, want)
	}
}

// bring is a folder with a bundle.
func bring(about, checkpoint string) fstest.MapFS {
	return fstest.MapFS{aboutName: {Data: []byte(about)}, record.FolderOf(here.Origin) + "/checkpoint": {Data: []byte(checkpoint)}}
}

func TestOpenRefuses(t *testing.T) {
	good := record.Checkpoint{Origin: here.Origin, Size: 300}.Text() + "\n— x AAAA\n"
	about := `{"v":1,"origin":"here.example/record","from":0,"to":300,"created":"2026-11-22"}`
	if b, err := Open(t.Context(), bring(about, good)); err != nil || b.About != here {
		t.Fatal(b, err)
	}
	for name, top := range map[string]fstest.MapFS{
		"nothing":           {},
		"no JSON":           bring("{", good),
		"a later version":   bring(strings.Replace(about, `"v":1`, `"v":2`, 1), good),
		"another size":      bring(strings.Replace(about, "300", "299", 1), good),
		"backwards":         bring(strings.Replace(about, `"from":0`, `"from":301`, 1), good),
		"below nought":      bring(strings.Replace(about, `"from":0`, `"from":-1`, 1), good),
		"another origin":    bring(strings.Replace(about, "here.", "there.", 1), good),
		"no checkpoint":     bring(about, "x"),
		"two records":       with(bring(about, good), strings.Repeat("ab", 32)+"/checkpoint"),
		"a wrong folder":    {aboutName: {Data: []byte(about)}, strings.Repeat("ab", 32) + "/checkpoint": {Data: []byte(good)}},
		"no record with it": {aboutName: {Data: []byte(about)}},
	} {
		if b, err := Open(t.Context(), top); !errors.Is(err, ErrBundle) {
			t.Errorf("%s: %+v, %v, want a refusal", name, b, err)
		}
	}
}

func with(top fstest.MapFS, name string) fstest.MapFS {
	top[name] = &fstest.MapFile{}
	return top
}

func FuzzOpen(f *testing.F) {
	f.Add(`{"v":1,"origin":"here.example/record","from":0,"to":300}`, record.Checkpoint{Origin: here.Origin, Size: 300}.Text()+"\n— x AAAA\n")
	f.Fuzz(func(t *testing.T, about, checkpoint string) {
		b, err := Open(t.Context(), bring(about, checkpoint))
		if err == nil && (b.Origin == "" || b.From < 0 || b.Start() > b.From || b.From > b.To) {
			t.Errorf("opened as %+v", b.About)
		}
	})
}

// FuzzRewrite: whatever stands on a page, no script and no form stays.
func FuzzRewrite(f *testing.F) {
	f.Add(`<a href="/en/%zz">x</a><form><input>`)
	f.Add(`<script><!--<script></script>--></script><svg><script/></svg>`)
	f.Fuzz(func(t *testing.T, page string) {
		got := packed(t, pages{"/en/": page})["site/index.html"]
		for z := html.NewTokenizer(strings.NewReader(got)); z.Next() != html.ErrorToken; {
			if name, _ := z.TagName(); string(name) == "script" && !bytes.HasPrefix(z.Raw(), []byte("</")) {
				t.Errorf("%q became %q", page, got)
			}
		}
	})
}
