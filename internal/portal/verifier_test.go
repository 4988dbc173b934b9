// SPDX-License-Identifier: AGPL-3.0-or-later

package portal_test

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/asset"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// A parcel is a bundle before it is zipped: files by their names.
type parcel struct {
	t      *testing.T
	files  map[string][]byte
	folder string
	key    *record.Key
	size   int64
	leaves [][]byte
	before [][]byte // the leaves until the one that was erased later
	first  string   // the line of its body as it was
}

// parcel is a record with everything that can happen to a signature.
func (in *instance) parcel() *parcel {
	in.t.Helper()
	in.asks()
	in.records("Ada Lindholm")
	before := in.packed()
	ada := fact.Hash(record.LeafHash(before.leaves[len(before.leaves)-1]))
	ben, eve := in.records("Ben"), in.records("Eve")
	in.records(people(0, 300)...)
	in.writes(
		&fact.SignatureWithdrawn{Declaration: asked, Signature: ben},
		&fact.SignatureInvalidated{Declaration: asked, Signature: eve, Reason: fact.Fraud},
		&fact.Redacted{Subject: asked, Entry: ada, Parts: []int64{1}, Reason: fact.GDPR})
	choir := in.writes(&fact.OrganisationEntered{Organisation: choirID, Core: fact.Show(fact.OrganisationCore{Name: "Choir"})})
	in.writes(&fact.OrganisationVerified{Organisation: choirID, Entered: choir}, &fact.OrganisationSigned{Declaration: asked, Entered: choir})
	in.records("Last")
	p := in.packed()
	p.before = before.leaves
	lines := bytes.SplitAfter(before.files[before.folder+"bodies/000"], []byte("\n"))
	p.first = string(lines[len(before.leaves)-1])
	return p
}

const choirID = "c7Kq0f3mQ5yW2tJ8uN4rCg"

// writes publishes facts and returns the hash of the last.
func (in *instance) writes(facts ...fact.Fact) (last fact.Hash) {
	in.t.Helper()
	in.must(in.Record.Write(in.t.Context(), func(d *recorder.Deed) (err error) {
		for _, f := range facts {
			if last, err = d.Publish(in.t.Context(), f); err != nil {
				return err
			}
		}
		return nil
	}))
	return last
}

// packed takes the files as the instance serves them.
func (in *instance) packed() *parcel {
	in.t.Helper()
	o := in.outsider()
	key, err := recorder.ReadKey(in.Config.Data)
	in.must(err)
	p := &parcel{t: in.t, files: map[string][]byte{}, key: key, size: o.tree().N, leaves: o.entries(o.tree().N)}
	sum := sha256.Sum256([]byte(key.Origin()))
	p.folder = hex.EncodeToString(sum[:]) + "/"
	for _, path := range append(p.paths(), "checkpoint", "vkey") {
		p.files[p.folder+path], _ = o.get("/"+path, 200, "")
	}
	p.files["bundle.json"] = fmt.Appendf(nil, `{"v":1,"origin":%q,"from":0,"to":%d,"created":"2026-11-22T00:00:00Z"}`+"\n", key.Origin(), p.size)
	return p
}

// paths are the tiles, entries and bodies of a record of this size.
func (p *parcel) paths() (all []string) {
	for level := record.EntriesLevel; level < 3; level++ {
		for n := int64(0); record.TileWidthAt(p.size, level, n) > 0; n++ {
			all = append(all, record.TileRef{Level: level, N: n, Width: record.TileWidthAt(p.size, level, n)}.Path())
			if level == record.EntriesLevel {
				all = append(all, "bodies/"+record.FormatN(n))
			}
		}
	}
	return all
}

func (p *parcel) clone() *parcel {
	c := *p
	c.files, c.leaves = maps.Clone(p.files), slices.Clone(p.leaves)
	return &c
}

// continues leaves out what was complete when the record had from entries.
func (p *parcel) continues(from int64) {
	for name := range p.files {
		path := strings.TrimPrefix(name, p.folder)
		if n, ok := strings.CutPrefix(path, "bodies/"); ok {
			path = "tile/entries/" + n
		}
		if ref, err := record.ParseTilePath(path); err == nil && record.TileWidthAt(from, ref.Level, ref.N) == record.TileWidth {
			delete(p.files, name)
		}
	}
	p.files["bundle.json"] = bytes.Replace(p.files["bundle.json"], []byte(`"from":0`), fmt.Appendf(nil, `"from":%d`, from), 1)
}

// swap changes bytes in a file of the record.
func (p *parcel) swap(path, old, new string) {
	p.t.Helper()
	data := p.files[p.folder+path]
	if !bytes.Contains(data, []byte(old)) {
		p.t.Fatalf("%s does not hold %q", path, old)
	}
	p.files[p.folder+path] = bytes.Replace(data, []byte(old), []byte(new), 1)
}

// grow makes entries and tiles anew from the leaves.
func (p *parcel) grow() record.Hash {
	p.t.Helper()
	tree := new(record.Tree)
	for n := int64(0); n*record.TileWidth < p.size; n++ {
		var bundle []byte
		var hashes []record.Hash
		for _, leaf := range p.leaves[n*record.TileWidth : min(p.size, (n+1)*record.TileWidth)] {
			var err error
			if bundle, err = record.AppendEntry(bundle, leaf); err != nil {
				p.t.Fatal(err)
			}
			hashes = append(hashes, record.LeafHash(leaf))
		}
		p.files[p.folder+record.TileRef{Level: record.EntriesLevel, N: n, Width: len(hashes)}.Path()] = bundle
		for _, tile := range tree.Append(hashes...) {
			p.files[p.folder+record.TileRef{Level: tile.Level, N: tile.N, Width: tile.Width()}.Path()] = tile.Data
		}
	}
	return tree.Root()
}

// fork signs another history with the right key.
func (p *parcel) fork() {
	p.t.Helper()
	last := len(p.leaves) - 1
	leaf, err := record.ParseLeaf(p.leaves[last])
	if err == nil {
		leaf.Day = "2001-01-01"
		p.leaves[last], err = leaf.Marshal()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	if p.files[p.folder+"checkpoint"], err = p.key.Sign(p.size, p.grow()); err != nil {
		p.t.Fatal(err)
	}
}

// receipt is a proof of one entry, as a signer keeps it.
func (p *parcel) receipt(index int64) string {
	p.t.Helper()
	var hashes []record.Hash
	read := tlog.HashReaderFunc(func(at []int64) (out []tlog.Hash, err error) {
		for _, i := range at {
			out = append(out, hashes[i])
		}
		return out, nil
	})
	for i, leaf := range p.leaves {
		more, err := tlog.StoredHashes(int64(i), leaf, read)
		if err != nil {
			p.t.Fatal(err)
		}
		hashes = append(hashes, more...)
	}
	path, err := tlog.ProveRecord(p.size, index, read)
	if err != nil {
		p.t.Fatal(err)
	}
	line := bytes.Split(p.files[p.folder+"bodies/"+record.FormatN(index/256)], []byte("\n"))[index%256]
	var body struct {
		Parts json.RawMessage `json:"parts"`
	}
	if err := json.Unmarshal(line, &body); err != nil {
		p.t.Fatal(err)
	}
	extra := fmt.Sprintf(`{"leaf":%q,"parts":%s}`, base64.RawURLEncoding.EncodeToString(p.leaves[index]), body.Parts)
	text := fmt.Sprintf("c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n", base64.StdEncoding.EncodeToString([]byte(extra)), index)
	for _, h := range path {
		text += h.String() + "\n"
	}
	return text + "\n" + string(p.files[p.folder+"checkpoint"])
}

// A cosignature is what a witness gave.
type cosignature int

const (
	right cosignature = iota
	wrong
	none
)

// witnessed adds a policy with one witness, and its signature.
func (p *parcel) witnessed(c cosignature) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	key := append([]byte{4}, public...)
	id := sha256.Sum256(append([]byte("eye.example\n"), key...))
	vkey := fmt.Sprintf("eye.example+%x+%s", id[:4], base64.StdEncoding.EncodeToString(key))
	p.files["policy.txt"] = fmt.Appendf(nil, "log %s\nwitness eye %s\ngroup eyes 1 eye\nquorum eyes\n", p.key.Verifier(), vkey)
	if c == none {
		return
	}
	text, _, _ := strings.Cut(string(p.files[p.folder+"checkpoint"]), "\n\n")
	signature := ed25519.Sign(private, []byte("cosignature/v1\ntime 1700000000\n"+text+"\n"))
	payload := append(binary.BigEndian.AppendUint64(slices.Clone(id[:4]), 1700000000+uint64(c)), signature...)
	p.files[p.folder+"checkpoint"] = fmt.Appendf(p.files[p.folder+"checkpoint"], "— eye.example %s\n", base64.StdEncoding.EncodeToString(payload))
}

// zip writes the parcel to a file.
func (p *parcel) zip() string {
	p.t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(p.files[name])
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		p.t.Fatal(err)
	}
	return p.save(out.Bytes())
}

func (p *parcel) save(data []byte) string {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "parcel.chorus.zip")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// explodes makes the central directory lie about the length of one file.
func (p *parcel) explodes() string {
	p.t.Helper()
	name := p.folder + "checkpoint"
	p.files[name] = append(p.files[name], bytes.Repeat([]byte("x"), 1<<20)...)
	data, err := os.ReadFile(p.zip())
	if err != nil {
		p.t.Fatal(err)
	}
	at := bytes.LastIndex(data, []byte(name)) - 46
	binary.LittleEndian.PutUint32(data[at+24:], 100)
	return p.save(data)
}

// A doubter opens the page from a disk and checks what they were given.
type doubter struct {
	*chorustest.Visitor
	t      *testing.T
	page   string
	forced bool
}

func newDoubter(t *testing.T, screen chorustest.Screen) *doubter {
	t.Helper()
	page := filepath.Join(t.TempDir(), "verify.html")
	if err := os.WriteFile(page, asset.Verifier(), 0o644); err != nil {
		t.Fatal(err)
	}
	return &doubter{chorustest.Browser(t, screen), t, "file://" + page, screen.Forced}
}

// Given is what somebody puts into the page.
type given struct{ zip, paste, key string }

// verdict is what the page says of it: a word, then sentences.
func (d *doubter) verdict(g given) string {
	d.t.Helper()
	d.Open(d.page)
	if g.zip != "" {
		d.Attach("Receipt", g.zip)
	}
	if g.paste != "" {
		d.Fill("Or paste", g.paste)
	}
	if g.key != "" {
		d.Fill("Key of the record", g.key)
	}
	d.Press("Check")
	d.awaits()
	return d.Read(`document.getElementById("result").innerText`)
}

func (d *doubter) awaits() {
	d.t.Helper()
	d.Until(`!document.getElementById("go").disabled && document.getElementById("result").children.length`)
}

func (d *doubter) wants(g given, words ...string) {
	d.t.Helper()
	got := plain(d.verdict(g))
	for _, w := range words {
		if !strings.Contains(got, w) {
			d.t.Errorf("the page does not say %q, but:\n%s", w, got)
		}
	}
}

// plain drops the marks that isolate words of another direction.
func plain(s string) string { return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(s) }

func TestVerifierPage(t *testing.T) {
	in := open(t, filepath.Join(t.TempDir(), "chorus.db"))
	p := in.parcel()
	d := newDoubter(t, chorustest.Screen{Width: 360, Height: 740})
	vkey := p.key.Verifier()
	sum := sha256.Sum256([]byte(vkey))
	fingerprint := hex.EncodeToString(sum[:])

	t.Run("bundle", func(t *testing.T) {
		d.wants(given{zip: p.zip()}, "True\n", fmt.Sprintf("True: all %d entries in the record of %s", p.size, p.key.Origin()), "first sight",
			"Numbers as of #311", "A harbour for all\nPeople: 302 · Organisations: 1 · Organisations not checked yet: 0", fingerprint[:4]+" "+fingerprint[4:8])
		p.files[p.folder+"counts"] = fmt.Appendf(nil, claim, p.size, 302, 1)
		d.wants(given{zip: p.zip(), key: fingerprint}, "True\n", "The key is the one that you gave.")
		d.wants(given{zip: p.zip(), paste: p.receipt(3), key: vkey}, "True\n", "entry #3 stands", "one and the same record", "#305 invalidation")
	})
	t.Run("continuation", func(t *testing.T) {
		c := p.clone()
		c.continues(260)
		d.wants(given{zip: c.zip(), paste: p.receipt(300), key: vkey}, "True\n", "entries #256 to #310 of the record of", "one and the same record")
		c.swap("tile/1/000.p/1", string(c.files[c.folder+"tile/1/000.p/1"][:1]), "?")
		d.wants(given{zip: c.zip()}, "Refused\n", "not those that were signed")
	})
	t.Run("receipt", func(t *testing.T) {
		for _, i := range []int64{0, 1, 255, 256, p.size - 1} {
			d.wants(given{paste: p.receipt(i), key: vkey}, "True\n", fmt.Sprintf("entry #%d stands in the record of %s", i, p.key.Origin()))
		}
		d.wants(given{paste: p.receipt(int64(len(p.before) - 1)), key: vkey}, `{"country":"DK"}`, "erased by entry #")
		d.wants(given{paste: string(p.files[p.folder+"checkpoint"]), key: vkey}, "True\n", "this checkpoint of "+p.key.Origin())
		d.wants(given{paste: p.receipt(2)}, "Could not be checked\n", "only be checked with the key")
	})
	t.Run("witnesses", func(t *testing.T) {
		for c, want := range map[cosignature]string{right: "True\n", wrong: "The signature of the witness eye is false.", none: "Fewer witnesses have signed"} {
			seen := p.clone()
			seen.witnessed(c)
			d.wants(given{zip: seen.zip()}, want)
		}
	})
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			c := p.clone()
			c.t = t
			d := &doubter{d.Visitor, t, d.page, false}
			g := given{key: vkey}
			if a.on(c, &g); g.zip == "" && g.paste == "" {
				g.zip = c.zip()
			}
			d.wants(g, "Refused\n", a.says)
		})
	}
}

const claim = `{"as_of":%d,"declaration":"` + string(asked) + `","people":%d,"organisations":%d,"waiting":0}` + "\n"

// attacks are all refused, each with its own sentence.
var attacks = []struct {
	name string
	on   func(*parcel, *given)
	says string
}{
	{"leaf changed", func(p *parcel, _ *given) { p.swap("tile/entries/000", `"v":1`, `"v":1,"w":"test"`) }, "Entry #0 is not written as"},
	{"leaf moved in time", func(p *parcel, _ *given) { p.swap("tile/entries/000", `"d":"20`, `"d":"19`) }, "does not fit the entries"},
	{"leaf and tiles changed", func(p *parcel, _ *given) {
		signed := p.files[p.folder+"checkpoint"]
		p.fork()
		p.files[p.folder+"checkpoint"] = signed
	}, "not those that were signed"},
	{"leaf spelled otherwise", func(p *parcel, _ *given) { p.swap("tile/entries/000", `{"c"`, `{"C"`) }, "not written as an entry must be"},
	{"tile changed", func(p *parcel, _ *given) {
		p.swap("tile/1/000.p/1", string(p.files[p.folder+"tile/1/000.p/1"][:1]), "?")
	}, "The file tile/1/000.p/1 does not fit"},
	{"file lacking", func(p *parcel, _ *given) { delete(p.files, p.folder+"tile/0/000") }, "lacks a file: "},
	{"entry dropped", func(p *parcel, _ *given) {
		path := p.folder + "tile/entries/000"
		p.files[path] = p.files[path][:len(p.files[path])-2-len(p.leaves[255])]
	}, "The file with entry #255 is damaged"},
	{"body changed", func(p *parcel, _ *given) { p.swap("bodies/000", `"body":"ey`, `"body":"fy`) }, "were changed: part 0"},
	{"body held back", func(p *parcel, _ *given) {
		path := p.folder + "bodies/000"
		p.files[path] = regexp.MustCompile(`{"salt":"[^}]*}`).ReplaceAll(p.files[path], []byte(`{"withheld":true}`))
	}, "missing or damaged"},
	{"body lacking", func(p *parcel, _ *given) { p.files[p.folder+"bodies/001"] = nil }, "missing or damaged"},
	{"body after its erasure", func(p *parcel, _ *given) {
		lines := bytes.SplitAfter(p.files[p.folder+"bodies/000"], []byte("\n"))
		lines[len(p.before)-1] = []byte(p.first)
		p.files[p.folder+"bodies/000"] = bytes.Join(lines, nil)
	}, "are shown although entry #"},
	{"body erased in silence", func(p *parcel, _ *given) {
		lines := bytes.SplitAfter(p.files[p.folder+"bodies/000"], []byte("\n"))
		lines[200] = []byte(`{"i":200,"parts":[{"redacted_by":303},{"redacted_by":303}]}` + "\n")
		p.files[p.folder+"bodies/000"] = bytes.Join(lines, nil)
	}, "does not say that they were erased"},
	{"signature changed", func(p *parcel, _ *given) {
		n := p.files[p.folder+"checkpoint"]
		p.files[p.folder+"checkpoint"] = slices.Concat(n[:len(n)-20], []byte("AAAA"), n[len(n)-16:])
	}, "is false"},
	{"another key", func(p *parcel, g *given) { g.key = otherKey(p.t, p.key.Origin()).Verifier() }, "not signed with this key"},
	{"another fingerprint", func(p *parcel, g *given) { g.key = strings.Repeat("0f", 32) }, "not the one whose fingerprint you gave"},
	{"signed by another", func(p *parcel, _ *given) {
		var err error
		if p.files[p.folder+"checkpoint"], err = otherKey(p.t, p.key.Origin()).Sign(p.size, p.grow()); err != nil {
			p.t.Fatal(err)
		}
	}, "not signed with this key"},
	{"fork", func(p *parcel, g *given) { g.paste = string(p.files[p.folder+"checkpoint"]); p.fork(); g.zip = p.zip() }, "There are two histories"},
	{"fork of one entry", func(p *parcel, g *given) { g.paste = p.receipt(p.size - 1); p.fork(); g.zip = p.zip() }, "There are two histories"},
	{"witness counted twice", func(p *parcel, _ *given) {
		p.witnessed(right)
		lines := strings.Split(string(p.files["policy.txt"]), "\n")
		p.files["policy.txt"] = []byte(lines[0] + "\n" + lines[1] + "\n" + strings.Replace(lines[1], "witness eye", "witness ear", 1) + "\ngroup eyes 2 eye ear\nquorum eyes\n")
	}, "The policy has a line that cannot be read"},
	{"count", func(p *parcel, _ *given) {
		p.files[p.folder+"counts"] = fmt.Appendf(nil, claim, p.size, 303, 1)
	}, "not the one that the entries give"},
	{"count of another size", func(p *parcel, _ *given) {
		p.files[p.folder+"counts"] = fmt.Appendf(nil, claim, p.size-1, 302, 1)
	}, "not the one that the entries give"},
	{"count left out", func(p *parcel, _ *given) { p.files[p.folder+"counts"] = nil }, "not the one that the entries give"},
	{"zip that explodes", func(p *parcel, g *given) { g.zip = p.explodes() }, "far more than it says"},
	{"zip of noughts", func(p *parcel, _ *given) { p.files["site/big"] = make([]byte, 200<<20) }, "far more than it says"},
	{"path out of the folder", func(p *parcel, _ *given) { p.files["site/../../escape.html"] = []byte("x") }, "outside of its folder: site/../../escape.html"},
	{"path from the root", func(p *parcel, _ *given) { p.files["/etc/escape"] = []byte("x") }, "outside of its folder"},
	{"path of Windows", func(p *parcel, _ *given) { p.files[`site\..\escape`] = []byte("x") }, "outside of its folder"},
	{"second origin", func(p *parcel, _ *given) { p.files[strings.Repeat("ab", 32)+"/checkpoint"] = []byte("x") }, "another record beside"},
	{"another origin", func(p *parcel, _ *given) {
		p.files["bundle.json"] = bytes.Replace(p.files["bundle.json"], []byte(p.key.Origin()), []byte("other.example/record"), 1)
	}, "another record beside"},
	{"shorter than signed", func(p *parcel, _ *given) {
		p.files["bundle.json"] = bytes.Replace(p.files["bundle.json"], fmt.Appendf(nil, `"to":%d`, p.size), []byte(`"to":5`), 1)
	}, "does not say rightly"},
	{"cut zip", func(p *parcel, g *given) {
		data, err := os.ReadFile(p.zip())
		if err != nil {
			p.t.Fatal(err)
		}
		g.zip = p.save(data[:len(data)-30])
	}, "The zip is damaged"},
	{"receipt with another leaf", func(p *parcel, g *given) {
		other := p.clone()
		other.leaves[7] = other.leaves[8]
		g.paste = strings.Replace(p.receipt(7), extra(p.receipt(7)), extra(p.receipt(8)), 1)
	}, "is not in the record that the checkpoint describes"},
	{"receipt with other words", func(p *parcel, g *given) {
		old, err := base64.StdEncoding.DecodeString(extra(p.receipt(7)))
		if err != nil {
			p.t.Fatal(err)
		}
		new := strings.Replace(string(old), `"body":"ey`, `"body":"fy`, 1)
		g.paste = strings.Replace(p.receipt(7), extra(p.receipt(7)), base64.StdEncoding.EncodeToString([]byte(new)), 1)
	}, "The words of entry #7 were changed"},
	{"receipt at another place", func(p *parcel, g *given) { g.paste = strings.Replace(p.receipt(7), "index 7\n", "index 6\n", 1) }, "is not in the record"},
	{"receipt with another signature", func(p *parcel, g *given) { g.paste = p.receipt(7); g.key = otherKey(p.t, p.key.Origin()).Verifier() }, "not signed with this key"},
	{"no receipt", func(p *parcel, g *given) { g.paste = "Dear all" }, "not a receipt, or it is damaged"},
}

// extra is the line of a receipt with the leaf and its words.
func extra(receipt string) string {
	_, rest, _ := strings.Cut(receipt, "extra ")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

func otherKey(t *testing.T, origin string) *record.Key {
	t.Helper()
	key, err := record.NewKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestVerifierPageForAll looks at the page as people of two languages and with other eyes would.
func TestVerifierPageForAll(t *testing.T) {
	in := open(t, filepath.Join(t.TempDir(), "chorus.db"))
	p := in.parcel()
	for name, screen := range map[string]chorustest.Screen{
		"phone":         {Width: 360, Height: 740},
		"Arabic, dark":  {Width: 360, Height: 740, Language: "ar", Dark: true},
		"large, dark":   {Dark: true},
		"few colours":   {Width: 360, Height: 740, Forced: true},
		"Arabic, large": {Language: "ar"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoubter(t, screen)
			d.Open(d.page)
			d.accessible("empty")
			arabic := screen.Language == "ar"
			labels := map[bool][3]string{false: {"Receipt", "Check", "True"}, true: {"إيصال", "تحقق", "صحيح"}}[arabic]
			d.Attach(labels[0], p.zip())
			d.Press(labels[1])
			d.awaits()
			d.See(labels[2])
			if got := d.Read(`document.activeElement.id`); got != "result" {
				t.Errorf("the verdict is not what is read next, but %q", got)
			}
			d.accessible("true")
			if arabic {
				d.Press("English")
				d.See("True: all")
			}
		})
	}
}

func (d *doubter) accessible(when string) {
	d.t.Helper()
	if !d.forced { // axe-core sees the page's own colours, nobody else does
		for _, v := range d.Axe() {
			d.t.Errorf("%s: %s", when, v)
		}
	}
	if out := d.Overflow(); out != "" {
		d.t.Errorf("%s: sticks out: %s", when, out)
	}
	if folder := os.Getenv("CHORUS_TEST_SHOTS"); folder != "" {
		d.Shot(filepath.Join(folder, strings.NewReplacer("/", "-", " ", "-", ",", "").Replace(d.t.Name())+"-"+when+".png"))
	}
}

// TestVerifierPageIsServed: the page is the same everywhere and may ask nobody.
func TestVerifierPageIsServed(t *testing.T) {
	in := open(t, filepath.Join(t.TempDir(), "chorus.db"))
	res, err := in.visitor().client.Get(in.URL + "/verify.html")
	in.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	in.must(err)
	if res.StatusCode != 200 || !bytes.Equal(body, asset.Verifier()) || res.Header.Get("Content-Type") != "text/html; charset=utf-8" || len(res.Cookies()) > 0 {
		t.Errorf("%d, %v, %d bytes", res.StatusCode, res.Header, len(body))
	}
	in.wants(string(body), `content="default-src 'none'; script-src 'sha256-`)
}
