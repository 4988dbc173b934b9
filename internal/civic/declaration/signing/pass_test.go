// SPDX-License-Identifier: AGPL-3.0-or-later

package signing_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/record"
)

// A link is a way to the origin that can be cut.
type link struct {
	*httptest.Server
	isCut atomic.Bool
}

func linkTo(t *testing.T, address string) *link {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l, proxy := new(link), httputil.NewSingleHostReverseProxy(to)
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.isCut.Load() {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func mirrorOf(t *testing.T, address string) *chorustest.Instance {
	t.Helper()
	m := chorustest.Still(t, app.Config{Mirror: address, Database: filepath.Join(t.TempDir(), "mirror.db"), Unlimited: true})
	look(t, m)
	return m
}

func look(t *testing.T, m *chorustest.Instance) {
	t.Helper()
	if err := m.Mirror.Look(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	m.Wait(2 * time.Second) // pages are a second old at most
}

func publish(t *testing.T, in *chorustest.Instance) {
	t.Helper()
	if err := in.Record.PublishCheckpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c *http.Client, address string) (body string) {
	t.Helper()
	reply, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	b, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var typedWords = url.Values{"name": {"Zenobia Quist"}, "email": {"zenobia.quist@mail.example"}, "country": {"DK"}, "town": {"Vesterhavn"}, "comment": {"Because of Grandmother."}}

// TestSignAtMirror signs on a mirror while the way to the origin is cut. The
// mirror keeps nothing that can be read, gives a slip, hands on once there is a
// way, and forgets once the record says that the signature counts.
func TestSignAtMirror(t *testing.T) {
	o := openOrigin(t, chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db")), document.Draft{})
	publish(t, o.Instance)
	way := linkTo(t, o.URL)
	m := mirrorOf(t, way.URL)
	m.Box.Origin = func() string { return way.URL }
	way.isCut.Store(true)
	jar, err := cookiejar.New(nil)
	o.must(err)
	person := &http.Client{Jar: jar}
	reply, err := person.PostForm(m.URL+"/en/declarations/"+o.decl.Slug+"/sign", typedWords)
	o.must(err)
	b, err := io.ReadAll(reply.Body)
	o.must(err)
	o.must(reply.Body.Close())
	slip, address := string(b), reply.Request.URL.String()
	for _, want := range []string{"Taken, not counted yet", "have confirmed it by the mail", way.URL + "/intake/q/"} {
		if !strings.Contains(slip, want) {
			t.Errorf("the slip lacks %q:\n%s", want, slip)
		}
	}
	if at, err := url.Parse(m.URL); err != nil || len(jar.Cookies(at)) > 0 {
		t.Errorf("a mirror sets cookies: %v", jar.Cookies(at))
	}
	searchFiles(t, m)
	checkLog(t, m, regexp.MustCompile(`[0-9a-f]{64}`).FindString(slip))

	o.must(m.Box.HandOn(t.Context()))
	if n, err := m.Box.Waiting(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d wait, %v", n, err)
	}
	way.isCut.Store(false)
	m.Wait(time.Hour)
	o.must(m.Box.HandOn(t.Context()))
	o.must(o.confirm("zenobia.quist@mail.example"))
	cleared, err := m.Box.Clear(t.Context())
	if cleared != 0 || err != nil {
		t.Errorf("forgot %d before its record said anything, %v", cleared, err)
	}
	publish(t, o.Instance)
	o.Wait(2 * time.Second)
	look(t, m)
	if cleared, err := m.Box.Clear(t.Context()); cleared != 1 || err != nil {
		t.Errorf("forgot %d, %v", cleared, err)
	}
	path := address[strings.Index(address, "/intake/"):]
	for _, place := range []string{m.URL, o.URL} {
		if page := read(t, person, place+path); !strings.Contains(page, "<h1>Counted</h1>") {
			t.Errorf("%s does not say that it counts:\n%s", place, page)
		}
	}
	if page := read(t, person, m.URL+"/declarations/"+o.decl.Slug); !strings.Contains(page, "Zenobia Quist") {
		t.Error("the mirror does not show the signature")
	}
}

// searchFiles looks for what was typed in all files of a mirror.
func searchFiles(t *testing.T, m *chorustest.Instance) {
	t.Helper()
	seen := 0
	for _, folder := range []string{m.Config.Data, filepath.Dir(m.Config.Database)} {
		files, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if info, err := os.Stat(name); err != nil || info.IsDir() {
				continue
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			seen++
			for _, word := range []string{"Zenobia", "Quist", "zenobia", "mail.example", "Vesterhavn", "Grandmother"} {
				if bytes.Contains(b, []byte(word)) {
					t.Errorf("%s holds %q", filepath.Base(name), word)
				}
			}
		}
	}
	if seen < 4 { // database, its log, secret, keys
		t.Errorf("only %d files were searched", seen)
	}
}

// checkLog reads a mirror's small log as anybody can, and looks for an envelope.
func checkLog(t *testing.T, m *chorustest.Instance, name string) {
	t.Helper()
	c, names := readLog(t, m)
	if !slices.Contains(names, name) || int64(len(names)) != c.Size {
		t.Errorf("the log of %d does not hold %q: %q", c.Size, name, names)
	}
}

// readLog is the log of what a mirror took, by its served files alone: the
// entries must give the signed root.
func readLog(t *testing.T, m *chorustest.Instance) (c record.Checkpoint, names []string) {
	t.Helper()
	ctx, src := context.Background(), record.Web(m.URL+"/intake", http.DefaultClient)
	key, err := src.Fetch(ctx, "vkey")
	if err != nil {
		t.Fatal(err)
	}
	note, err := src.Fetch(ctx, "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	if c, err = record.OpenCheckpoint(note, strings.TrimSpace(string(key))); err != nil {
		t.Fatal(err)
	}
	tree := new(record.Tree)
	for n := int64(0); n*record.TileWidth < c.Size; n++ {
		ref := record.TileRef{Level: record.EntriesLevel, N: n, Width: record.TileWidthAt(c.Size, record.EntriesLevel, n)}
		data, err := src.Fetch(ctx, ref.Path())
		if err != nil {
			t.Fatal(err)
		}
		all, err := record.ParseEntries(data, ref.Width)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			tree.Append(record.LeafHash(e))
			names = append(names, hex.EncodeToString(e))
		}
	}
	if tree.Root() != c.Root {
		t.Error("the entries of the log do not give its signed root")
	}
	return c, names
}

// TestMirrorRefuses looks at what a mirror does not take.
func TestMirrorRefuses(t *testing.T) {
	o := openOrigin(t, chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db")), document.Draft{})
	publish(t, o.Instance)
	m := mirrorOf(t, o.URL)
	wrong := url.Values{"name": {"Ada"}, "email": {"ada"}, "country": {"DK"}}
	reply, err := http.PostForm(m.URL+"/declarations/"+o.decl.Slug+"/sign", wrong)
	o.must(err)
	b, err := io.ReadAll(reply.Body)
	o.must(err)
	o.must(reply.Body.Close())
	if reply.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(b), `value="Ada"`) {
		t.Errorf("a form with a fault: %d\n%s", reply.StatusCode, b)
	}
	for _, path := range []string{"/declarations/none/sign", "/intake", "/sign-in"} {
		reply, err := http.PostForm(m.URL+path, typedWords)
		o.must(err)
		o.must(reply.Body.Close())
		if reply.StatusCode != http.StatusForbidden && reply.StatusCode != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, reply.StatusCode)
		}
	}
	if n, err := m.Box.Waiting(t.Context()); n != 0 || err != nil {
		t.Errorf("%d wait, %v", n, err)
	}
	if page := read(t, http.DefaultClient, m.URL+"/intake/q/"+o.wish("Ada").hash().String()); !strings.Contains(page, "Not here yet") {
		t.Errorf("of a request that nobody made:\n%s", page)
	}
}

// TestExport carries an envelope by hand.
func TestExport(t *testing.T) {
	o := openOrigin(t, chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db")), document.Draft{})
	publish(t, o.Instance)
	m := mirrorOf(t, o.URL)
	hash, err := m.Signing.Pass(t.Context(), o.decl.Slug, signing.Details{Name: "Ada", Email: "ada@example.org", Country: "DK", Lang: "en"})
	o.must(err)
	carried := 0
	o.must(relay.Export(t.Context(), m.DB, func(name string, sealed []byte) error {
		if h := sha256.Sum256(sealed); hex.EncodeToString(h[:]) != name {
			return errors.New("the name is not the hash")
		}
		carried++
		return o.Signing.Receive(t.Context(), sealed)
	}))
	if carried != 1 {
		t.Errorf("%d envelopes were carried", carried)
	}
	o.must(o.confirm("ada@example.org"))
	if ends := o.ends()[hash]; len(ends) != 1 || ends[0] != "counted" {
		t.Errorf("it ended as %v", ends)
	}
}
