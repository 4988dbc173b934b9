// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"
)

// The paths are examples of C2SP tlog-tiles.
func TestTilePaths(t *testing.T) {
	for path, want := range map[string]TileRef{
		"tile/0/x001/x234/067":                     {0, 1234067, 256},
		"tile/0/000":                               {0, 0, 256},
		"tile/0/273.p/112":                         {0, 273, 112},
		"tile/63/999.p/1":                          {63, 999, 1},
		"tile/1/x001/000":                          {1, 1000, 256},
		"tile/entries/x001/x234/067":               {EntriesLevel, 1234067, 256},
		"tile/entries/000.p/255":                   {EntriesLevel, 0, 255},
		"tile/0/x009/x223/x372/x036/x854/x775/807": {0, 9223372036854775807, 256},
	} {
		if got := want.Path(); got != path {
			t.Errorf("%+v.Path() = %s, want %s", want, got, path)
		}
		if got, err := ParseTilePath(path); err != nil || got != want {
			t.Errorf("ParseTilePath(%s) = %+v, %v", path, got, err)
		}
	}
}

func TestHostileTilePaths(t *testing.T) {
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "0/000", "tile/00/000", "tile/-1/000", "tile/64/000", "tile/+1/000",
		"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1234", "tile/0/x000/001", "tile/0/001/001", "tile/0/x001", "tile/0/x1/001", "tile/0/X001/001",
		"tile/0/-01", "tile/0/x-01/001", "tile/0/+01", "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/256", "tile/0/000.p/257", "tile/0/000.p/-1",
		"tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p", "tile/0/000.p/1.p/1", "tile/0/x001.p/1/000", "tile/0/x010/x000/x000/x000/x000/x000/000",
		"tile/0/x009/x223/x372/x036/x854/x775/808", "tile/data/000", "tile/Entries/000", "tile/entries/entries/000", "tile/0/٠٠٠", "tile/0/000\n", "tile/8/0/000",
	} {
		if got, err := ParseTilePath(path); !errors.Is(err, ErrPath) {
			t.Errorf("ParseTilePath(%q) = %+v, %v, want a refusal", path, got, err)
		}
	}
}

// Size 70 000 is the example of C2SP tlog-tiles.
func TestTileWidthAt(t *testing.T) {
	for _, c := range []struct {
		size  int64
		level int
		n     int64
		want  int
	}{
		{70000, 0, 272, 256}, {70000, 0, 273, 112}, {70000, 0, 274, 0}, {70000, EntriesLevel, 273, 112},
		{70000, 1, 0, 256}, {70000, 1, 1, 17}, {70000, 2, 0, 1}, {70000, 3, 0, 0}, {70000, 63, 0, 0},
		{0, 0, 0, 0}, {256, 0, 0, 256}, {256, 0, 1, 0}, {256, 1, 0, 1}, {1<<63 - 1, 0, 1<<63 - 1, 0},
	} {
		if got := TileWidthAt(c.size, c.level, c.n); got != c.want {
			t.Errorf("TileWidthAt(%d, %d, %d) = %d, want %d", c.size, c.level, c.n, got, c.want)
		}
	}
}

func TestBundles(t *testing.T) {
	want := [][]byte{{}, []byte("a"), bytes.Repeat([]byte("b"), 65535)}
	var bundle []byte
	var err error
	for _, e := range want {
		if bundle, err = AppendEntry(bundle, e); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ParseEntries(bundle, 3)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%d entries came back, %v", len(got), err)
	}
	if _, err := AppendEntry(nil, make([]byte, 65536)); !errors.Is(err, ErrBundle) {
		t.Errorf("an entry that is too long gives %v", err)
	}
	for name, c := range map[string]struct {
		bundle string
		width  int
	}{
		"half a length": {"\x00", 1}, "no entry": {"", 1}, "cut short": {"\x00\x02a", 1}, "too few": {"\x00\x01a", 2}, "too many": {"\x00\x01a\x00\x01b", 1},
		"a byte behind": {"\x00\x01a\x00", 1},
	} {
		if got, err := ParseEntries([]byte(c.bundle), c.width); !errors.Is(err, ErrBundle) {
			t.Errorf("%s: %q, %v, want a refusal", name, got, err)
		}
	}
}

var someCheckpoint = Checkpoint{"example.org/record", 20852163, Hash{1, 2, 3}}

func TestHostileCheckpoints(t *testing.T) {
	good := someCheckpoint.Text()
	if got, err := ParseCheckpoint(good); err != nil || got != someCheckpoint {
		t.Fatal(got, err)
	}
	for name, text := range map[string]string{
		"empty":             "",
		"no last line":      strings.TrimSuffix(good, "\n"),
		"a line more":       good + "\n",
		"an extension":      good + "more\n",
		"a line before":     "\n" + good,
		"no origin":         strings.TrimPrefix(good, "example.org/record"),
		"space in origin":   strings.Replace(good, "example", "exam ple", 1),
		"plus in origin":    strings.Replace(good, "example", "exam+ple", 1),
		"control in origin": strings.Replace(good, "example", "exam\x00ple", 1),
		"return":            strings.Replace(good, "\n", "\r\n", 1),
		"not UTF-8":         strings.Replace(good, "example", "exam\xffple", 1),
		"zero before size":  strings.Replace(good, "208", "0208", 1),
		"plus before size":  strings.Replace(good, "208", "+208", 1),
		"negative size":     strings.Replace(good, "208", "-208", 1),
		"size too large":    strings.Replace(good, "20852163", "9223372036854775808", 1),
		"no size":           strings.Replace(good, "20852163", "", 1),
		"short root":        "example.org/record\n1\nAQID\n",
		"root in base64url": strings.Replace(good, "AQID", "AQ-_", 1),
		"root without =":    strings.Replace(good, "=", "", 1),
		"root's loose bits": strings.Replace(good, "A=\n", "B=\n", 1),
	} {
		if c, err := ParseCheckpoint(text); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %+v, %v, want a refusal", name, c, err)
		}
	}
}

func TestOrigin(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.org/record": "example.org/record", "http://localhost:8080/record/": "localhost:8080/record", "example.org": "", "https://": "", "https://a+b": "",
	} {
		if got, err := Origin(address); got != want || (err == nil) != (want != "") {
			t.Errorf("Origin(%q) = %q, %v, want %q", address, got, err, want)
		}
	}
}

func newKey(t testing.TB, origin string) *Key {
	t.Helper()
	k, err := NewKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeys(t *testing.T) {
	for range 50 { // base64 holds every sort of character by then
		k := newKey(t, "example.org/record")
		again, err := ParseKey(k.Secret())
		if err != nil || again.Verifier() != k.Verifier() || again.Origin() != "example.org/record" {
			t.Fatalf("%s came back as %+v, %v", k.Verifier(), again, err)
		}
	}
	secret := newKey(t, "example.org/record").Secret()
	for name, text := range map[string]string{"empty": "", "cut": secret[:len(secret)-4], "another name": strings.Replace(secret, "example", "sample", 1),
		"a verifier key": newKey(t, "a").Verifier(), "words behind": secret + "\n# words"} {
		if _, err := ParseKey(text); err == nil || strings.Contains(err.Error(), secret[len(secret)-20:]) {
			t.Errorf("%s: %v, want a refusal that tells nothing", name, err)
		}
	}
	if _, err := NewKey("two words"); err == nil {
		t.Error("a record was named with a space")
	}
}

func TestOpenCheckpoint(t *testing.T) {
	key, other := newKey(t, "example.org/record"), newKey(t, "example.org/record")
	signed, err := key.Sign(someCheckpoint.Size, someCheckpoint.Root)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OpenCheckpoint(signed, key.Verifier()); err != nil || got != someCheckpoint {
		t.Errorf("OpenCheckpoint = %+v, %v", got, err)
	}
	if again, err := key.Sign(someCheckpoint.Size, someCheckpoint.Root); err != nil || string(again) != string(signed) {
		t.Errorf("signed twice: %q and %q, %v", signed, again, err)
	}
	foreign, err := note.Sign(&note.Note{Text: Checkpoint{"other.example/record", 1, Hash{}}.Text()}, key.signer)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		signed, key string
	}{
		"another key":       {string(signed), other.Verifier()},
		"another size":      {strings.Replace(string(signed), "20852163", "20852164", 1), key.Verifier()},
		"no signature":      {someCheckpoint.Text(), key.Verifier()},
		"another origin":    {string(foreign), key.Verifier()},
		"no key":            {string(signed), ""},
		"the secret as key": {string(signed), key.Secret()},
	} {
		if got, err := OpenCheckpoint([]byte(c.signed), c.key); err == nil {
			t.Errorf("%s: %+v was opened", name, got)
		}
	}
}

var someBodies = []Body{
	{Index: 0},
	{Index: 12345, Parts: []Part{{Salt: Salt{7}, Bytes: []byte("Ada <&> \u2028")}, {State: Withheld}, {State: Redacted, By: 70000}, {Salt: Salt{8}, Bytes: []byte{}}}},
}

func TestBodies(t *testing.T) {
	for _, want := range someBodies {
		line, err := json.Marshal(&want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseBody(line)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s came back as %+v, %v", line, got, err)
		}
	}
	if someBodies[0].Redacted() || !someBodies[1].Redacted() {
		t.Error("it is not known what was redacted")
	}
}

func TestHostileBodies(t *testing.T) {
	salt := strings.Repeat("A", 43)
	for name, line := range map[string]string{
		"empty":             "",
		"nothing":           "null",
		"no parts":          `{"i":1}`,
		"space":             `{"i":1, "parts":[]}`,
		"newline":           `{"i":1,"parts":[]}` + "\n",
		"negative place":    `{"i":-1,"parts":[]}`,
		"other case":        `{"I":1,"parts":[]}`,
		"doubled place":     `{"i":1,"i":1,"parts":[]}`,
		"unknown field":     `{"i":1,"parts":[],"name":"Ada"}`,
		"empty part":        `{"i":1,"parts":[{}]}`,
		"no salt":           `{"i":1,"parts":[{"body":""}]}`,
		"no body":           `{"i":1,"parts":[{"salt":"` + salt + `"}]}`,
		"short salt":        `{"i":1,"parts":[{"salt":"AA","body":""}]}`,
		"padded":            `{"i":1,"parts":[{"salt":"` + salt + `=","body":""}]}`,
		"not withheld":      `{"i":1,"parts":[{"withheld":false}]}`,
		"withheld words":    `{"i":1,"parts":[{"salt":"` + salt + `","body":"","withheld":true}]}`,
		"redacted words":    `{"i":1,"parts":[{"salt":"` + salt + `","body":"","redacted_by":2}]}`,
		"redacted before 0": `{"i":1,"parts":[{"redacted_by":-2}]}`,
	} {
		if b, err := ParseBody([]byte(line)); !errors.Is(err, ErrBody) {
			t.Errorf("%s: %+v, %v, want a refusal", name, b, err)
		}
	}
}

func TestBodyOpensItsLeaf(t *testing.T) {
	salt := NewSalt()
	l := &Leaf{Commitments: []Hash{Commit(salt, []byte("Ada")), {1}}}
	good := Body{Parts: []Part{{Salt: salt, Bytes: []byte("Ada")}, {State: Redacted}}}
	if err := good.Check(l); err != nil {
		t.Error(err)
	}
	for name, b := range map[string]Body{
		"another name": {Parts: []Part{{Salt: salt, Bytes: []byte("Eve")}, {State: Withheld}}},
		"another salt": {Parts: []Part{{Bytes: []byte("Ada")}, {State: Withheld}}},
		"a part less":  {Parts: good.Parts[:1]},
		"swapped":      {Parts: []Part{good.Parts[1], good.Parts[0]}},
	} {
		if err := b.Check(l); !errors.Is(err, ErrBody) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

// TestExtends grows a record and holds it against what it was before, against
// another record, and with tiles that were changed.
func TestExtends(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree, tiles := new(Tree), map[TileRef][]byte{}
		grow := func(n int) Checkpoint {
			for _, tile := range tree.Append(leafHashes(tree.Size(), n)...) {
				tiles[TileRef{tile.Level, tile.N, 0}] = tile.Data
			}
			return Checkpoint{"a", tree.Size(), tree.Root()}
		}
		read := func(r TileRef) ([]byte, error) { return tiles[TileRef{r.Level, r.N, 0}][:r.Width*32], nil }
		older := grow(rapid.IntRange(0, 700).Draw(t, "older"))
		newer := grow(rapid.IntRange(1, 700).Draw(t, "more"))
		if err := Extends(newer, older, read); err != nil {
			t.Fatalf("from %d to %d: %v", older.Size, newer.Size, err)
		}
		if err := Extends(newer, newer, read); err != nil {
			t.Fatal(err)
		}
		if err := Extends(older, newer, read); !errors.Is(err, ErrFork) {
			t.Errorf("a record that shrank gives %v", err)
		}
		fork := older
		fork.Root[3] ^= 1
		if err := Extends(newer, fork, read); !errors.Is(err, ErrFork) {
			t.Errorf("another beginning gives %v", err)
		}
		lies := func(r TileRef) ([]byte, error) {
			data, err := read(r)
			data = slices.Clone(data)
			data[0] ^= 1
			return data, err
		}
		if err := Extends(newer, older, lies); older.Size > 0 && err == nil {
			t.Error("changed tiles were believed")
		}
	})
}

func FuzzParseTilePath(f *testing.F) {
	f.Add("tile/0/x001/x234/067")
	f.Add("tile/entries/000.p/255")
	f.Fuzz(func(t *testing.T, path string) {
		if r, err := ParseTilePath(path); err == nil && r.Path() != path {
			t.Errorf("%q came back as %q", path, r.Path())
		}
	})
}

func FuzzParseEntries(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00\x00"), 2)
	f.Fuzz(func(t *testing.T, bundle []byte, width int) {
		entries, err := ParseEntries(bundle, width)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			if again, err = AppendEntry(again, e); err != nil {
				t.Fatal(err)
			}
		}
		if len(entries) != width || !bytes.Equal(again, bundle) {
			t.Errorf("%q came back as %q", bundle, again)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(someCheckpoint.Text())
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseCheckpoint(text); err == nil && c.Text() != text {
			t.Errorf("%q came back as %q", text, c.Text())
		}
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	key, err := NewKey("example.org/record")
	if err != nil {
		f.Fatal(err)
	}
	signed, err := key.Sign(3, Hash{1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed, key.Verifier())
	f.Fuzz(func(t *testing.T, signed []byte, verifier string) {
		if c, err := OpenCheckpoint(signed, verifier); err == nil && !strings.HasPrefix(string(signed), c.Text()+"\n") {
			t.Errorf("%q opens as %+v", signed, c)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	key, err := NewKey("example.org/record")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(key.Secret())
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParseKey(text); err == nil {
			if _, err := note.NewVerifier(k.Verifier()); err != nil {
				t.Errorf("%q has a verifier key that nobody can use: %v", text, err)
			}
		}
	})
}

func FuzzParseBody(f *testing.F) {
	for _, b := range someBodies {
		line, err := json.Marshal(&b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		b, err := ParseBody(line)
		if err != nil {
			return
		}
		if again, err := json.Marshal(b); err != nil || string(again) != string(line) {
			t.Errorf("%q came back as %q, %v", line, again, err)
		}
	})
}
