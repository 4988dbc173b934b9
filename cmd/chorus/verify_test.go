// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// town is an instance with a declaration. Ada signed; Ben took his signature
// back; Cora was taken out; Dan was erased; a choir signed and waits.
type town struct {
	*testing.T
	in   *chorustest.Instance
	slug string
}

func newTown(t *testing.T) *town {
	c := &town{T: t, in: chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))}
	ctx, ola := t.Context(), c.in.Person("ola@riders.example")
	riders, err := c.in.Organisations.Enter(ctx, ola, organisation.Input{Name: "Tram Riders", Kind: "civil society", Country: "DK"})
	c.must(err)
	id, err := c.in.Declarations.Save(ctx, ola, "", document.Draft{Kind: fact.OpenLetter, Lang: "en", Title: "More trams at \x1b[31mnight", Text: "We want to get home.",
		Signers: []fact.SignerClass{fact.People, fact.Organisations}, Closes: c.in.DB.Now().Add(30 * 24 * time.Hour), AnswerWithin: 30,
		Organisers:      []document.Party{{ID: riders, Input: organisation.Input{Name: "Tram Riders"}}},
		DutyBearers:     []document.Party{{Input: organisation.Input{Name: "City of Lindholm", Kind: "public body", Country: "DK"}}},
		Recommendations: []document.Recommendation{{Text: "Run a tram every twenty minutes."}}})
	c.must(err)
	c.must(c.in.Organisations.VerifyBySteward(ctx, account.Operator, riders))
	c.slug, err = c.in.Declarations.Publish(ctx, ola, id)
	c.must(err)
	c.sign("ada")
	c.must(c.in.Signing.Withdraw(ctx, c.sign("ben")))
	cora, err := c.in.Signing.ByKey(ctx, c.sign("cora"))
	c.must(err)
	c.must(c.in.Signing.Invalidate(ctx, account.Operator, cora.Signature.Entry, fact.Fraud, "A test."))
	c.must(c.in.Signing.Erase(ctx, c.sign("dan")))
	singer := c.in.Person("eva@choir.example")
	choir, err := c.in.Organisations.Enter(ctx, singer, organisation.Input{Name: "Choir", Kind: "community group", Country: "DK"})
	c.must(err)
	c.must(c.in.Signing.SignFor(ctx, singer, c.slug, signing.Mandate{Organisation: choir, Role: "Chair", Statement: "The board."}))
	return c
}

func (c *town) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c *town) sign(name string) (key string) {
	c.Helper()
	address := name + "@example.org"
	kept, err := c.in.Signing.Sign(c.Context(), c.slug, signing.Details{Name: name, Email: address, Country: "DK", Lang: "en"})
	c.must(err)
	letter, _ := c.in.MailTo(address)
	key, err = c.in.Signing.ConfirmHere(c.Context(), kept, chorustest.Code(letter))
	c.must(err)
	return key
}

// files are the files of the record, as they are served.
func (c *town) files() map[string][]byte {
	c.Helper()
	c.must(c.in.Record.PublishCheckpoint(c.Context()))
	c.in.Wait(2 * time.Second) // a page may be a second old
	source, files := record.Web(c.in.URL+"/record", http.DefaultClient), map[string][]byte{}
	fetch := func(path string) []byte {
		data, err := source.Fetch(c.Context(), path)
		c.must(err)
		files[path] = data
		return data
	}
	for _, path := range []string{"vkey", "counts"} {
		fetch(path)
	}
	size := c.size(string(fetch("checkpoint")))
	if size == 0 || size > 256 {
		c.Fatalf("the record has %d entries", size)
	}
	fetch(record.TileRef{Level: 0, Width: int(size)}.Path())
	fetch(record.TileRef{Level: record.EntriesLevel, Width: int(size)}.Path())
	fetch("bodies/000")
	return files
}

func (c *town) key() *record.Key {
	key, err := recorder.ReadKey(c.in.Config.Data)
	c.must(err)
	return key
}

// write puts files into a new folder.
func (c *town) write(files map[string][]byte) (folder string) {
	c.Helper()
	folder = c.TempDir()
	for path, data := range files {
		file := filepath.Join(folder, filepath.FromSlash(path))
		c.must(os.MkdirAll(filepath.Dir(file), 0o700))
		c.must(os.WriteFile(file, data, 0o600))
	}
	return folder
}

// pack puts files into a zip, in a folder of it.
func (c *town) pack(within string, files map[string][]byte) (name string) {
	c.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for path, data := range files {
		w, err := z.Create(within + path)
		c.must(err)
		_, err = w.Write(data)
		c.must(err)
	}
	c.must(z.Close())
	name = filepath.Join(c.TempDir(), "record.chorus.zip")
	c.must(os.WriteFile(name, b.Bytes(), 0o600))
	return name
}

func (c *town) verify(args ...string) (string, error) {
	var out bytes.Buffer
	err := verify(c.Context(), args, &out)
	return out.String(), err
}

func TestVerify(t *testing.T) {
	c := newTown(t)
	files, key := c.files(), c.key()
	folder, held := c.write(files), filepath.Join(t.TempDir(), "checkpoint")
	inside := record.FolderOf(key.Origin()) + "/"
	carried := map[string][]byte{"policy.txt": []byte("log " + key.Verifier() + "\nquorum none\n"), "site/index.html": []byte("<h1>")}
	for path, data := range files {
		if path != "vkey" {
			carried[inside+path] = data
		}
	}
	early := without(files, "counts")
	early["counts"] = []byte(`{"as_of":0,"declaration":"x","people":0,"organisations":0,"waiting":0}` + "\n")
	first := "All 14 entries of " + key.Origin() + " are as they were signed, the last of "
	counts := ": 1 declaration, 2 signatures counted again, 1 withdrawn, 1 taken out, 2 erased"
	for name, run := range map[string]struct {
		args []string
		want []string
	}{
		"the site":           {[]string{c.in.URL, "--save", held}, []string{first, counts + ".\n", "Nobody else vouches", "is kept in " + held + " for next time", "No --key", key.Verifier(), "numbers, as of entry 14, are the same"}},
		"its record":         {[]string{c.in.URL + "/record/"}, []string{first, counts}},
		"with a key":         {[]string{"--key", key.Verifier(), c.in.URL}, []string{first, "       2              0        1          1          1"}},
		"a folder":           {[]string{folder}, []string{first, "More trams at  [31mnight"}},
		"an unpacked zip":    {[]string{c.write(carried)}, []string{first}},
		"a zip":              {[]string{c.pack("", carried)}, []string{first, "as of entry 14"}},
		"a zip of a record":  {[]string{c.pack("", files)}, []string{first}},
		"a held checkpoint":  {[]string{folder, "--since", filepath.Join(folder, "checkpoint")}, []string{first, "; nothing was added or removed in silence, and it goes on from the checkpoint you held (size 14).\n"}},
		"an old claim":       {[]string{c.write(early)}, []string{first, "as of entry 0, are the same. They leave out the last 14 entries."}},
		"nothing is claimed": {[]string{c.write(without(files, "counts"))}, []string{first, "No numbers came with the record"}},
	} {
		out, err := c.verify(run.args...)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		for _, want := range run.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is missing in\n%s", name, want, out)
			}
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%s: a title steers the terminal: %q", name, out)
		}
	}
	if got, err := os.ReadFile(held); err != nil || !bytes.Equal(got, files["checkpoint"]) {
		t.Errorf("kept is %q, %v", got, err)
	}
}

func without(files map[string][]byte, path string) map[string][]byte {
	less := map[string][]byte{}
	for p, data := range files {
		if p != path {
			less[p] = data
		}
	}
	return less
}

// TestVerifyFinds: each attack is told in a sentence of its own, with exit code 1.
func TestVerifyFinds(t *testing.T) {
	c := newTown(t)
	files, key := c.files(), c.key()
	change := func(path, old, with string) map[string][]byte {
		changed := without(files, path)
		if changed[path] = bytes.Replace(files[path], []byte(old), []byte(with), 1); bytes.Equal(changed[path], files[path]) {
			t.Fatalf("%s does not hold %q:\n%s", path, old, files[path])
		}
		return changed
	}
	sign := func(size int64, root record.Hash) string {
		signed, err := key.Sign(size, root)
		c.must(err)
		return filepath.Join(c.write(map[string][]byte{"held": signed}), "held")
	}
	erased := string(regexp.MustCompile(`"redacted_by":\d+`).Find(files["bodies/000"]))
	shown := regexp.MustCompile(`{"salt":"[^}]*}`).Find(files["bodies/000"])
	other, err := record.NewKey(key.Origin())
	c.must(err)
	for name, run := range map[string]struct {
		args []string
		want string
	}{
		"a leaf":         {[]string{c.write(change("tile/entries/000.p/14", `"k":"withdrawal"`, `"k":"invitation"`))}, "was changed: its text is not the one that was signed."},
		"a tile":         {[]string{c.write(change("tile/0/000.p/14", string(files["tile/0/000.p/14"][:32]), strings.Repeat("x", 32)))}, "The file tile/0/000.p/14 was changed"},
		"a name":         {[]string{c.write(change("bodies/000", `"body":"ey`, `"body":"eZ`))}, "is not what was signed."},
		"an erasure":     {[]string{c.write(change("bodies/000", erased, `"redacted_by":0`))}, "and that entry does not say so."},
		"a hidden text":  {[]string{c.write(change("bodies/000", string(shown), `{"withheld":true}`))}, "holds its words back."},
		"hidden words":   {[]string{c.write(change("bodies/000", erased, `"redacted_by":14`))}, "was erased by entry 14, and the record that is signed ends before that."},
		"the number":     {[]string{c.write(change("counts", `"people":2`, `"people":3`))}, "The site says 3 people"},
		"a later number": {[]string{c.write(change("counts", `"as_of":14`, `"as_of":15`))}, "The numbers are of 15 entries, and only 14 are signed."},
		"an older state": {[]string{c.write(files), "--since", sign(15, record.Hash{1})}, "The record was shortened: it has 14 entries"},
		"a fork":         {[]string{c.write(files), "--since", sign(13, record.Hash{1})}, "The record was rewritten: its first 13 entries"},
		"another key":    {[]string{c.in.URL, "--key", other.Verifier()}, "is not signed with the key of this record"},
		"no witness":     {[]string{c.write(files), "--policy", c.policy()}, "This record lacks signatures that you asked for.\nToo few of the witnesses"},
	} {
		out, err := c.verify(run.args...)
		wrong := strings.Contains(out, "This record is not as it was signed.\n")
		if err != exit(1) || wrong != (name != "no witness" && name != "hidden words") || !strings.Contains(out, run.want) {
			t.Errorf("%s: %v, want %q in\n%s", name, err, run.want, out)
		}
	}
}

// policy is a file that asks for a witness who has not signed.
func (c *town) policy() string {
	witness, err := record.NewWitnessKey("witness.example")
	c.must(err)
	text := "log " + c.key().Verifier() + "\nwitness w " + witness.Verifier() + "\nquorum w\n"
	return filepath.Join(c.write(map[string][]byte{"policy.txt": []byte(text)}), "policy.txt")
}

// TestVerifyRefuses: what is no record at all is an error, not a finding.
func TestVerifyRefuses(t *testing.T) {
	c := newTown(t)
	files := c.files()
	for name, run := range map[string]struct {
		args []string
		want string
	}{
		"nothing":          {nil, "name one file"},
		"no such file":     {[]string{filepath.Join(t.TempDir(), "x.zip")}, "no such file"},
		"an empty folder":  {[]string{t.TempDir()}, "0 records"},
		"another origin":   {[]string{c.pack(record.FolderOf("other.example/record")+"/", files)}, "folder of another"},
		"a zip that leaps": {[]string{c.pack("../", files)}, "leads out"},
		"a zip that grows": {[]string{c.pack("", map[string][]byte{"checkpoint": make([]byte, 80<<20)})}, "longer than"},
		"no key":           {[]string{c.write(without(files, "vkey"))}, "no key came with this record"},
		"no address":       {[]string{c.in.URL + "/about"}, "serves no record"},
	} {
		out, err := c.verify(run.args...)
		if err == nil || !strings.Contains(err.Error(), run.want) {
			t.Errorf("%s: %v, want %q\n%s", name, err, run.want, out)
		}
	}
}

// TestVerifyErasing: on the web, words that are said to be erased just now are
// waited for, and found missing if what comes does not say so.
func TestVerifyErasing(t *testing.T) {
	c := newTown(t)
	key := c.sign("fay")
	before := c.files()
	c.must(c.in.Signing.Erase(t.Context(), key))
	after := c.files()
	between := without(before, "bodies/000") // words are gone, and the checkpoint is the one before
	between["bodies/000"] = after["bodies/000"]
	later := without(after, "bodies/000") // the entry that erased them is told to be another, and another
	later["bodies/000"] = bytes.ReplaceAll(after["bodies/000"], fmt.Appendf(nil, `"redacted_by":%d}`, lines(before)), []byte(`"redacted_by":999}`))
	for name, run := range map[string]struct {
		then map[string][]byte
		want string
		err  error
	}{
		"borne out":     {after, fmt.Sprintf("All %d entries of", lines(after)), nil},
		"not borne out": {later, "by entry 999, and the record that is signed ends before that.", exit(1)},
	} {
		t.Run(name, func(t *testing.T) {
			files, one := between, sync.Mutex{}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				one.Lock()
				defer one.Unlock()
				path := strings.TrimPrefix(r.URL.Path, "/")
				data, ok := files[path]
				if !ok {
					w.WriteHeader(http.StatusNotFound)
				}
				w.Write(data)
				if path == "bodies/000" {
					files = run.then
				}
			}))
			defer server.Close()
			out, err := c.verify(server.URL)
			if err != run.err || !strings.Contains(out, run.want) {
				t.Errorf("%v, want %q in\n%s", err, run.want, out)
			}
		})
	}
}

// lines is how many entries the files of a record have.
func lines(files map[string][]byte) int { return bytes.Count(files["bodies/000"], []byte("\n")) }
