// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/record"
	"example.org/chorus/seed"
)

// entries is how many the record of TestSpeed has; make bench-record asks for a million.
var entries = flag.Int64("entries", 2000, "entries in the record that is timed")

// TestSpeed writes a record to the disk and times tessera's fsck and our
// verifier over the same files, one after the other, twice; the better run
// counts. It prints a table.
func TestSpeed(t *testing.T) {
	folder := t.TempDir()
	w := newWriter(t, folder)
	began := time.Now()
	w.fill(*entries)
	written := time.Since(began)
	key := w.key.Verifier()

	files := record.Files(os.DirFS(folder))
	leavesOnly := record.VerifyOptions{Keys: []string{key}, SkipBodies: true}
	runs := []struct {
		name string
		do   func() error
	}{
		{"tessera fsck, the entries", func() error { return judgeIn(t, folder).check() }},
		{"record.Verify, the entries", func() error { _, err := record.Verify(t.Context(), files, leavesOnly); return err }},
		{"record.Verify and count, with bodies", func() error { _, _, err := ours(t, files, key); return err }},
	}
	best := make([]cost, len(runs))
	for range 2 {
		for i, run := range runs {
			runtime.GC() // nobody pays for what another left
			began, before := time.Now(), processor()
			if err := run.do(); err != nil {
				t.Fatalf("%s: %v", run.name, err)
			}
			if took := time.Since(began); best[i].wall == 0 || took < best[i].wall {
				best[i] = cost{took, processor() - before}
			}
		}
	}
	fmt.Printf("a record of %d entries, written in %.1f s\n", *entries, written.Seconds())
	fmt.Printf("  %-38s %10s %12s %15s %18s\n", "", "time", "processor", "entries/s", "beside fsck")
	for i, run := range runs {
		b := best[i]
		fmt.Printf("  %-38s %8.2f s %10.2f s %15.0f %17.2fx\n", run.name, b.wall.Seconds(), b.processor.Seconds(), float64(*entries)/b.wall.Seconds(), b.wall.Seconds()/best[0].wall.Seconds())
	}
	w.sizes()
}

// A cost is what a run took.
type cost struct{ wall, processor time.Duration }

// processor is the time that this process has computed for, on all processors
// together: other programs on the machine do not disturb it much.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A writer makes a record in a folder: signatures by the people of the seed
// town, and among each hundred one withdrawal, one invalidation, one hidden
// name and one that is erased.
type writer struct {
	t      *testing.T
	folder string
	key    *record.Key
	tree   record.Tree
	edge   map[int]record.Tile // by level, those that are not full
	all    int64               // entries it will have
	hashes []record.Hash       // of the entries
	bundle []byte
	bodies bytes.Buffer
	bytes  map[string]int64 // written, by what it is
}

func newWriter(t *testing.T, folder string) *writer {
	return &writer{t: t, folder: folder, key: stranger(t, "lindholm.example/record"), edge: map[int]record.Tile{}, bytes: map[string]int64{}}
}

func (w *writer) fill(n int64) {
	w.t.Helper()
	town, err := seed.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	w.all = n
	w.add(&fact.DeclarationPublished{Declaration: letter, Core: fact.Show(fact.DeclarationCore{Kind: fact.OpenLetter, Slug: "harbour"})})
	for p := range town.Signers(int(n-1), 1) {
		w.add(w.next(p))
	}
	if len(w.hashes)%record.TileWidth > 0 {
		w.flush()
	}
	for _, tile := range w.edge {
		w.tile(tile)
	}
	write(w.t, filepath.Join(w.folder, "vkey"), []byte(w.key.Verifier()+"\n"))
	write(w.t, filepath.Join(w.folder, "checkpoint"), signed(w.t, w.key, n, w.tree.Root()))
}

// next is the fact at the next place.
func (w *writer) next(p seed.Signer) fact.Fact {
	before := func(n int) fact.Hash { return fact.Hash(w.hashes[len(w.hashes)-n]) }
	identity := fact.Identity{Name: p.Name, Town: p.Town}
	f := &fact.SignatureAdded{Declaration: letter, Core: fact.Show(fact.SignatureCore{Country: p.Country}), Identity: fact.Show(identity)}
	switch len(w.hashes) % 100 {
	case 0:
		return erased(before(100 - erasedPlace))
	case 10:
		return withdrawn(before(3))
	case 30:
		return invalidated(before(7))
	case 64:
		f.Identity = fact.Withhold(identity)
	}
	return f
}

// erasedPlace is which of each hundred entries is erased by the next hundredth.
const erasedPlace = 42

// add seals a fact as an instance does.
func (w *writer) add(f fact.Fact) {
	w.t.Helper()
	s, err := fact.Encode(f)
	if err != nil {
		w.t.Fatal(err)
	}
	place := int64(len(w.hashes))
	l := record.Leaf{Version: record.Version, Kind: s.Kind, Subject: string(s.Subject), Ref: record.Hash(s.Ref), Parts: s.Erased, Reason: s.Reason, Day: "2026-11-22"}
	body := record.Body{Index: place}
	by := place - erasedPlace + 100
	for i, p := range s.Parts {
		salt := record.NewSalt()
		l.Commitments = append(l.Commitments, record.Commit(salt, p.Bytes))
		switch {
		case p.Withheld:
			body.Parts = append(body.Parts, record.Part{State: record.Withheld})
		case place%100 == erasedPlace && by < w.all && int64(i) == fact.SignatureIdentityPart:
			body.Parts = append(body.Parts, record.Part{State: record.Redacted, By: by})
		default:
			body.Parts = append(body.Parts, record.Part{Salt: salt, Bytes: p.Bytes})
		}
	}
	w.entry(&l, &body)
}

func (w *writer) entry(l *record.Leaf, body *record.Body) {
	w.t.Helper()
	leaf, err := l.Marshal()
	if err == nil {
		w.bundle, err = record.AppendEntry(w.bundle, leaf)
	}
	if err == nil {
		err = json.NewEncoder(&w.bodies).Encode(body)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	if w.hashes = append(w.hashes, record.LeafHash(leaf)); len(w.hashes)%record.TileWidth == 0 {
		w.flush()
	}
}

// flush writes a bundle and the tiles that it fills.
func (w *writer) flush() {
	w.t.Helper()
	size := int64(len(w.hashes))
	n := (size - 1) / record.TileWidth
	w.write("entries", record.TileRef{Level: record.EntriesLevel, N: n, Width: record.TileWidthAt(size, record.EntriesLevel, n)}.Path(), w.bundle)
	w.write("bodies", "bodies/"+record.FormatN(n), w.bodies.Bytes())
	w.bundle = w.bundle[:0]
	w.bodies.Reset()
	for _, tile := range w.tree.Append(w.hashes[n*record.TileWidth:]...) {
		if w.edge[tile.Level] = tile; tile.Width() == record.TileWidth {
			w.tile(tile)
			delete(w.edge, tile.Level)
		}
	}
}

func (w *writer) tile(t record.Tile) {
	w.write("tiles", record.TileRef{Level: t.Level, N: t.N, Width: t.Width()}.Path(), t.Data)
}

func (w *writer) write(what, path string, data []byte) {
	w.t.Helper()
	write(w.t, filepath.Join(w.folder, path), data)
	w.bytes[what] += int64(len(data))
}

// sizes says what an entry and a receipt weigh.
func (w *writer) sizes() {
	w.t.Helper()
	for _, what := range []string{"entries", "tiles", "bodies"} {
		fmt.Printf("  %-38s %8.1f bytes an entry\n", what, float64(w.bytes[what])/float64(w.all))
	}
	const named = 1 // a signature with a name
	first, err := os.ReadFile(filepath.Join(w.folder, "bodies/000"))
	if err != nil {
		w.t.Fatal(err)
	}
	receipt := judgeIn(w.t, w.folder).receipt(w.t, named, bytes.Split(first, []byte("\n"))[named]).Marshal()
	c, err := record.CheckReceipt(receipt, nil, w.key.Verifier())
	if err != nil || c.Leaf.Subject != string(chorus.ID(letter)) {
		w.t.Fatalf("the receipt: %+v, %v", c, err)
	}
	fmt.Printf("  %-38s %8d bytes\n", "receipt of a signature", len(receipt))
}
