// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/platform/bundle"
	"example.org/chorus/internal/platform/mirror"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// publish signs what the record holds.
func publish(t *testing.T, in *chorustest.Instance) {
	t.Helper()
	if err := in.Record.PublishCheckpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	in.Wait(2e9) // the checkpoint is kept for a second
}

// pack makes a bundle of an instance.
func pack(t *testing.T, p app.Packing) (*bundle.Bundle, []byte) {
	t.Helper()
	var out bytes.Buffer
	p.Data, p.Log = t.TempDir(), slog.New(slog.DiscardHandler)
	if _, err := app.Bundle(t.Context(), &out, p); err != nil {
		t.Fatal(err)
	}
	return opened(t, out.Bytes()), out.Bytes()
}

func opened(t *testing.T, data []byte) *bundle.Bundle {
	t.Helper()
	top, err := record.OpenArchive(bytes.NewReader(data), int64(len(data)), record.ArchiveLimits{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open(t.Context(), top)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func from(in *chorustest.Instance) app.Packing {
	return app.Packing{Source: app.RecordAt(in.URL), Address: in.URL}
}

// copyIn opens a mirror in a folder.
func copyIn(t *testing.T, folder, address string, source record.Source) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Data: folder, Mirror: address, Source: source, BaseURL: "http://mirror.example", Log: slog.New(slog.DiscardHandler), Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	closers[a] = sync.OnceValue(a.Close)
	t.Cleanup(func() { closers[a]() })
	return a
}

// closers end mirrors, which some tests do before others begin.
var closers = map[*app.App]func() error{}

// carry takes bundles into a new mirror, one after the other.
func carry(t *testing.T, in *chorustest.Instance, bundles ...*bundle.Bundle) *app.App {
	t.Helper()
	folder := t.TempDir()
	var a *app.App
	for _, b := range bundles {
		if a != nil {
			closers[a]()
		}
		a = copyIn(t, folder, in.URL, b.Record)
		if err := a.Import(t.Context(), b, nil); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

var banner = regexp.MustCompile(`(?s)<aside class="banner" id="mirror-banner">.*?</aside>`)

// says is what a site answers, without the banner of mirrors and with one
// address for all.
func says(t *testing.T, h http.Handler, base, path string) string {
	t.Helper()
	answer, err := bundle.PagesOf(t.Context(), h, base)(path)
	if err != nil || !answer.Found {
		t.Fatalf("%s: found is %t, %v", path, answer.Found, err)
	}
	return strings.ReplaceAll(banner.ReplaceAllString(string(answer.Body), ""), base, "http://here")
}

// recordFiles are the paths of all files of a record of a size, below /record.
func recordFiles(size int64) (paths []string) {
	for level := record.EntriesLevel; level < 2; level++ {
		for n := int64(0); record.TileWidthAt(size, level, n) > 0; n++ {
			paths = append(paths, record.TileRef{Level: level, N: n, Width: record.TileWidthAt(size, level, n)}.Path())
			if level == record.EntriesLevel {
				paths = append(paths, "bodies/"+record.FormatN(n))
			}
		}
	}
	return append(paths, "checkpoint", "vkey", "counts")
}

// crowd signs the open letter.
func (h *house) crowd(from, to int) {
	h.t.Helper()
	for i := from; i < to; i++ {
		h.confirmed(h.open, signing.Details{Name: fmt.Sprint("Person ", i), Email: fmt.Sprintf("person%d@mail.example", i), Country: "DK", Lang: "en"})
	}
}

// TestBundles is the property of bundles: a mirror made from a whole one, from
// a part and its continuation, and by network, all serve what the origin serves.
func TestBundles(t *testing.T) {
	in := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
	h := furnish(t, in.App)
	h.crowd(0, 200)
	publish(t, in)
	early, earlyBytes := pack(t, from(in))
	_, again := pack(t, from(in))
	sameBundles(t, "packed again", again, earlyBytes)
	h.crowd(200, 260)
	h.must(h.Signing.Erase(t.Context(), h.signed))
	publish(t, in)
	whole, wholeBytes := pack(t, from(in))
	later := from(in)
	later.Since, later.Held = early.To, must(early.Record.Fetch(t.Context(), "checkpoint"))
	next, nextBytes := pack(t, later)
	if len(nextBytes) >= len(wholeBytes) || next.From != early.To || next.To != whole.To {
		t.Errorf("the continuation has %d bytes and goes from %d to %d; the whole has %d and %d entries", len(nextBytes), next.From, next.To, len(wholeBytes), whole.To)
	}
	network := copyIn(t, t.TempDir(), in.URL, nil)
	h.must(network.Mirror.Pull(t.Context(), nil))
	copies := map[string]*app.App{"network": network, "whole": carry(t, in, whole), "continued": carry(t, in, early, next), "twice": carry(t, in, early, whole)}
	for name, a := range copies {
		for _, p := range recordFiles(whole.To) {
			if got, want := says(t, a.Handler(), a.Config.BaseURL, "/record/"+p), says(t, in.Handler(), in.URL, "/record/"+p); got != want {
				t.Errorf("%s: /record/%s is\n%s\nand at the origin\n%s", name, p, got, want)
			}
		}
		for _, p := range []string{"/en/", "/ar/causes", "/en" + h.open, "/ar" + h.open, "/en" + h.open + "/names", h.open + "/signatures.csv", "/en/organisations", "/en/about"} {
			if got, want := says(t, a.Handler(), a.Config.BaseURL, p), says(t, in.Handler(), in.URL, p); got != want {
				t.Errorf("%s: %s differs from the origin:\n%s", name, p, firstDifference(got, want))
			}
		}
	}
	_, fromCopy := pack(t, app.Packing{Source: copies["continued"].Files(t.Context()), Address: in.URL})
	sameBundles(t, "packed from a mirror", fromCopy, wholeBytes)
}

func sameBundles(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	t.Errorf("%s: the bundle has other bytes", what)
	others := files(t, want)
	for i, f := range files(t, got) {
		if i >= len(others) || f.name != others[i].name || !bytes.Equal(f.body, others[i].body) {
			t.Errorf("%s: %s differs:\n%s", what, f.name, firstDifference(string(f.body), string(others[min(i, len(others)-1)].body)))
			return
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func firstDifference(a, b string) string {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	cut := func(s string) string { return s[max(0, at-100):min(len(s), at+200)] }
	return cut(a) + "\n---\n" + cut(b)
}

// TestBundlesThatAreRefused: nothing of them is taken.
func TestBundlesThatAreRefused(t *testing.T) {
	in := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
	h := furnish(t, in.App)
	h.crowd(0, 200)
	publish(t, in)
	first, firstBytes := pack(t, from(in))
	h.crowd(200, 260)
	publish(t, in)
	p := from(in)
	p.Since = first.To
	next, _ := pack(t, p)
	whole, wholeBytes := pack(t, from(in))

	other := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
	furnish(t, other.App)
	publish(t, other)
	foreign, _ := pack(t, from(other))

	refuse := func(what string, a *app.App, b *bundle.Bundle, want error, words string) {
		t.Helper()
		before, err := a.Record.Head(t.Context())
		h.must(err)
		a.Mirror.Source = b.Record
		err = a.Import(t.Context(), b, nil)
		if err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", what, err)
		}
		if after, err := a.Record.Head(t.Context()); err != nil || after != before {
			t.Errorf("%s: %d entries came in, %v", what, after.Size-before.Size, err)
		}
	}
	refuse("a continuation of nothing", copyIn(t, t.TempDir(), in.URL, next.Record), next, nil, "goes on from entry")
	full := carry(t, in, whole)
	refuse("an older one", full, first, mirror.ErrBehind, "older")
	refuse("one of another origin", full, foreign, nil, "is of the record")
	spoilt := spoil(t, wholeBytes, func(name string, text []byte) []byte {
		if name != "bodies/001" {
			return text
		}
		return bytes.Replace(text, []byte(`"body":"ey`), []byte(`"body":"fy`), 1)
	})
	refuse("words changed at the end", copyIn(t, t.TempDir(), in.URL, spoilt.Record), spoilt, mirror.ErrUntrue, "")
	forked := fork(t, in, wholeBytes, whole)
	held := carry(t, in, first)
	refuse("a fork", held, forked, record.ErrFork, "")
	if held.Mirror.State().Fork == nil {
		t.Error("the evidence of the fork is not kept")
	}
	if len(firstBytes) == 0 {
		t.Error("nothing was packed")
	}
}

// spoil changes files of the record in a bundle.
func spoil(t *testing.T, data []byte, change func(name string, body []byte) []byte) *bundle.Bundle {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files(t, data) {
		_, name, _ := strings.Cut(f.name, "/")
		dst, err := w.Create(f.name)
		if err == nil {
			_, err = dst.Write(change(name, f.body))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return opened(t, out.Bytes())
}

type file struct {
	name string
	body []byte
}

func files(t *testing.T, data []byte) (all []file) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		src, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(src)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, file{f.Name, body})
	}
	return all
}

// TestSiteInABundle: the pages lead to one another, to the record and to the
// origin, and to nothing else; nothing in them acts.
func TestSiteInABundle(t *testing.T) {
	in := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
	h := furnish(t, in.App)
	slug, err := h.Declarations.Publish(t.Context(), h.ola, h.draft) // its title is in Arabic
	h.must(err)
	publish(t, in)
	_, data := pack(t, from(in))
	all := files(t, data)
	have := map[string][]byte{}
	for _, f := range all {
		have[f.name] = f.body
	}
	letter := strings.TrimPrefix(h.open, "/")
	for _, name := range []string{"bundle.json", "README.txt", "policy.txt", "verify.html", "SHA256SUMS", "site/index.html", "site/ar/index.html", "site/en/causes.html",
		"site/en/" + letter + ".html", "site/ar/" + letter + ".html", "site/en/" + letter + "/names.html", "site/" + letter + "/signatures.csv",
		"site/en/organisations/" + string(h.riders) + ".html", "site/en/initiatives/" + string(h.frame) + ".html", "site/en/about.html", "site/ar/record.html", "site/ar/declarations/" + slug + ".html"} {
		if have[name] == nil {
			t.Errorf("%s is not in the bundle", name)
		}
	}
	var sums strings.Builder
	for _, f := range all[:len(all)-1] {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(f.body), f.name)
	}
	if string(have["SHA256SUMS"]) != sums.String() {
		t.Error("SHA256SUMS is not that of the files")
	}
	for name, body := range have {
		if strings.HasPrefix(name, "site/") && strings.HasSuffix(name, ".html") {
			checkPage(t, in, name, string(body), have)
		}
	}
	if !strings.Contains(string(have["site/en/"+letter+".html"]), "To sign or to take part, go to") {
		t.Error("the page does not say where one can sign")
	}
}

var (
	acts  = regexp.MustCompile(`<script|<form|<input|mirror-banner`)
	leads = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
)

func checkPage(t *testing.T, in *chorustest.Instance, name, body string, have map[string][]byte) {
	t.Helper()
	if found := acts.FindString(body); found != "" {
		t.Errorf("%s has %s", name, found)
	}
	if !strings.Contains(body, `<section class="banner"`) {
		t.Errorf("%s does not say that it is a copy", name)
	}
	for _, found := range leads.FindAllStringSubmatch(body, -1) {
		u, err := url.Parse(strings.ReplaceAll(found[1], "&amp;", "&"))
		if err != nil {
			t.Errorf("%s: %q: %v", name, found[1], err)
			continue
		}
		known := []string{in.URL, "https://riders.example", "https://city.example", "https://choir.example"}
		switch {
		case u.Scheme == "mailto" || u.Scheme == "data" || u.Path == "" && u.Fragment != "":
		case u.Scheme != "":
			if !slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(found[1], k) }) {
				t.Errorf("%s leads to %s", name, found[1])
			}
		case strings.HasPrefix(u.Path, "/") || u.RawQuery != "":
			t.Errorf("%s leads to %s, which is no file", name, found[1])
		case have[path.Join(path.Dir(name), u.Path)] == nil:
			t.Errorf("%s leads to %s, which is not there", name, found[1])
		}
	}
}

// fork is a bundle with another history of the origin, signed with its key.
func fork(t *testing.T, in *chorustest.Instance, data []byte, whole *bundle.Bundle) *bundle.Bundle {
	t.Helper()
	key, err := recorder.ReadKey(in.Config.Data)
	if err != nil {
		t.Fatal(err)
	}
	changed, tree := map[string][]byte{}, new(record.Tree)
	for n := int64(0); n*record.TileWidth < whole.To; n++ {
		ref := record.TileRef{Level: record.EntriesLevel, N: n, Width: record.TileWidthAt(whole.To, record.EntriesLevel, n)}
		text := must(whole.Record.Fetch(t.Context(), ref.Path()))
		if n == 0 { // another day, in the first entry
			text = bytes.Replace(text, []byte(`"d":"2`), []byte(`"d":"1`), 1)
		}
		entries, err := record.ParseEntries(text, ref.Width)
		if err != nil {
			t.Fatal(err)
		}
		changed[ref.Path()] = text
		var hashes []record.Hash
		for _, e := range entries {
			hashes = append(hashes, record.LeafHash(e))
		}
		for _, tile := range tree.Append(hashes...) {
			changed[record.TileRef{Level: tile.Level, N: tile.N, Width: tile.Width()}.Path()] = tile.Data
		}
	}
	changed["checkpoint"] = must(key.Sign(whole.To, tree.Root()))
	return spoil(t, data, func(name string, body []byte) []byte {
		if other, ok := changed[name]; ok {
			return other
		}
		return body
	})
}

// unzip puts the files of a bundle into a folder.
func unzip(t *testing.T, data []byte, folder string) {
	t.Helper()
	for _, f := range files(t, data) {
		name := filepath.Join(folder, filepath.FromSlash(f.name))
		err := os.MkdirAll(filepath.Dir(name), 0o700)
		if err == nil {
			err = os.WriteFile(name, f.body, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestBundleInABrowser reads a bundle without any program, and has its page
// check it and what came before and after.
func TestBundleInABrowser(t *testing.T) {
	in := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
	h := furnish(t, in.App)
	publish(t, in)
	early, earlyBytes := pack(t, from(in))
	h.must(h.Signing.Erase(t.Context(), h.signed))
	_, err := h.Declarations.Publish(t.Context(), h.ola, h.draft)
	h.must(err)
	publish(t, in)
	p := from(in)
	p.Since = early.To
	_, nextBytes := pack(t, p)
	_, wholeBytes := pack(t, from(in))
	folder := t.TempDir()
	unzip(t, wholeBytes, folder)
	for name, screen := range map[string]chorustest.Screen{"phone": {Width: 360, Height: 740}, "desk": {Dark: true, NoScript: true}} {
		v := chorustest.Browser(t, screen)
		v.Open("file://" + folder + "/site/index.html")
		readable(t, v, name)
		v.Follow("مزيد من القطارات ليلًا") // a file with an Arabic name
		v.See("To sign or to take part, go to")
		readable(t, v, name)
		v.Follow("العربية")
		v.See("للتوقيع أو المشاركة اذهب إلى")
		readable(t, v, name)
		v.Follow("تحقق منها")
	}
	v := chorustest.Browser(t, chorustest.Screen{})
	for name, data := range map[string][]byte{"early": earlyBytes, "whole": wholeBytes, "next": nextBytes} {
		zipped := filepath.Join(folder, name+bundle.End)
		h.must(os.WriteFile(zipped, data, 0o600))
		v.Open("file://" + folder + "/verify.html")
		v.Attach("Receipt", zipped)
		v.Press("Check")
		v.Until(`document.getElementById("result").children.length`)
		if !v.Has("True: all") { // the continuation begins with the first entry too: it was in a tile that was not full
			t.Errorf("%s: %s", name, v.Text())
		}
	}
}

func readable(t *testing.T, v *chorustest.Visitor, who string) {
	t.Helper()
	for _, fault := range v.Axe() {
		t.Errorf("%s, %s: %s", who, v.URL(), fault)
	}
	if out := v.Overflow(); out != "" {
		t.Errorf("%s, %s sticks out: %s", who, v.URL(), out)
	}
}
