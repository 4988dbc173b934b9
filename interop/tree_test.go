// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/transparency-dev/formats/log"

	"example.org/chorus/record"
)

// TestServedRecord has the record of a living instance checked as it grows.
func TestServedRecord(t *testing.T) {
	in := open(t)
	for _, n := range []int{1, 254, 1, 500} { // tiles that are narrow, full, and the first above them
		in.sign(n)
		if err := judgeOf(t, in.address()).check(); err != nil {
			t.Errorf("after %d signatures: %v", len(in.signed), err)
		}
	}
}

// TestDamagedRecord copies a record and damages it in every way we could think of.
func TestDamagedRecord(t *testing.T) {
	in := open(t)
	in.sign(650)
	whole := t.TempDir()
	copyRecord(t, in.address(), whole)
	if err := judgeIn(t, whole).check(); err != nil {
		t.Fatalf("a record that nobody has touched: %v", err)
	}
	for name, damage := range damages(t, in.key(), in.head()) {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.CopyFS(folder, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			damage(t, folder)
			if err := judgeIn(t, folder).checkWithin(10 * time.Second); err == nil {
				t.Error("fsck has nothing against it")
			}
			if _, _, err := ours(t, record.Files(os.DirFS(folder)), in.key().Verifier()); err == nil {
				t.Error("we have nothing against it")
			}
		})
	}
}

// damages are what may be done to the files of a record of 700 to 799 entries,
// also by who has its key.
func damages(t *testing.T, key *record.Key, c record.Checkpoint) map[string]func(*testing.T, string) {
	const bundle, tile, above = "tile/entries/001", "tile/0/001", "tile/1/000.p/2"
	flip := func(data []byte) []byte {
		data[len(data)/2] ^= 1
		return data
	}
	return map[string]func(*testing.T, string){
		"an entry is changed": changing(bundle, flip),
		"an entry is dropped": changing(bundle, func(b []byte) []byte { return b[2+int(b[0])<<8+int(b[1]):] }),
		"two entries change places": changing(bundle, func(b []byte) []byte {
			first := 2 + int(b[0])<<8 + int(b[1])
			second := first + 2 + int(b[first])<<8 + int(b[first+1])
			return append(append(bytes.Clone(b[first:second]), b[:first]...), b[second:]...)
		}),
		"a bundle is cut short":   changing(bundle, func(b []byte) []byte { return b[:len(b)-1] }),
		"a bundle is missing":     removing(bundle),
		"a tile is changed":       changing(tile, flip),
		"a tile above is changed": changing(above, flip),
		"a tile is another's":     changing(tile, func([]byte) []byte { return make([]byte, 8192) }),
		"a tile is missing":       removing(tile),
		"a signature is changed": changing("checkpoint", func(c []byte) []byte {
			c[len(c)-10] ^= 1
			return c
		}),
		"the size is another":              changing("checkpoint", func(c []byte) []byte { return bytes.Replace(c, []byte("\n7"), []byte("\n6"), 1) }),
		"the checkpoint is another's":      changing("checkpoint", func([]byte) []byte { return signed(t, stranger(t, c.Origin), c.Size, c.Root) }),
		"the checkpoint promises one more": changing("checkpoint", func([]byte) []byte { return signed(t, key, c.Size+1, c.Root) }),
		"the checkpoint has another root":  changing("checkpoint", func([]byte) []byte { return signed(t, key, c.Size, record.Hash{1}) }),
	}
}

// TestBesidesTheTree damages what fsck does not look at, and we do.
func TestBesidesTheTree(t *testing.T) {
	in := open(t)
	in.sign(300)
	whole, key := t.TempDir(), in.key().Verifier()
	copyRecord(t, in.address(), whole)
	const bodies = "bodies/000"
	last := record.TileRef{Level: record.EntriesLevel, N: 1, Width: int(in.head().Size) - 256}.Path()
	for name, damage := range map[string]func(*testing.T, string){
		"a name is another": changing(bodies, func(b []byte) []byte {
			at := bytes.Index(b, []byte(`"body":"`)) + 12
			b[at] ^= 1
			return b
		}),
		"two bodies change places": changing(bodies, func(b []byte) []byte {
			line := bytes.SplitAfterN(b, []byte("\n"), 4)
			line[1] = bytes.Replace(line[2], []byte(`"i":2`), []byte(`"i":1`), 1)
			return bytes.Join(line, nil)
		}),
		"bodies are missing": removing(bodies),
		"an entry too many":  changing(last, func(b []byte) []byte { return append(b, 0, 1, 'x') }),
	} {
		folder := t.TempDir()
		if err := os.CopyFS(folder, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		damage(t, folder)
		if err := judgeIn(t, folder).check(); err != nil {
			t.Errorf("%s: fsck sees it after all: %v", name, err)
		}
		if _, _, err := ours(t, record.Files(os.DirFS(folder)), key); err == nil {
			t.Errorf("%s: we have nothing against it", name)
		}
	}
}

func changing(path string, change func([]byte) []byte) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		file := filepath.Join(folder, path)
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		after := change(bytes.Clone(before))
		if bytes.Equal(before, after) {
			t.Fatalf("%s was not changed", path)
		}
		write(t, file, after)
	}
}

func removing(path string) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		if err := os.Remove(filepath.Join(folder, path)); err != nil {
			t.Fatal(err)
		}
	}
}

func signed(t *testing.T, key *record.Key, size int64, root record.Hash) []byte {
	t.Helper()
	text, err := key.Sign(size, root)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// stranger is another key for a record of the same name.
func stranger(t *testing.T, origin string) *record.Key {
	t.Helper()
	key, err := record.NewKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestRolledKey: a checkpoint that is signed with a new key and the one before
// is good for those who know either.
func TestRolledKey(t *testing.T) {
	older, newer := stranger(t, "lindholm.example/record"), stranger(t, "lindholm.example/record")
	text, err := newer.Sign(300, record.Hash{7}, older)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]*record.Key{"the new key": newer, "the one before": older} {
		if c, _, _, err := log.ParseCheckpoint(text, key.Origin(), verifier(t, key.Verifier())); err != nil || c.Size != 300 {
			t.Errorf("who knows %s: %+v, %v", name, c, err)
		}
	}
	if c, _, _, err := log.ParseCheckpoint(text, newer.Origin(), verifier(t, stranger(t, newer.Origin()).Verifier())); err == nil {
		t.Errorf("who knows another key: %+v", c)
	}
}
