// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// A forger is a record, and somebody who has all its files and, in some
// attacks, its key.
type forger struct {
	t      testing.TB
	key    *Key
	leaves []Leaf
	parts  [][]Part // as they were signed
	bodies []Body   // as they are served
}

func newForger(t testing.TB, entries int) *forger {
	f := &forger{t: t, key: newKey(t, "lindholm.example/record")}
	for range entries {
		f.sign("Ada Lovelace")
	}
	return f
}

// sign adds an entry with two parts, of which one is withheld.
func (f *forger) sign(name string) {
	l := Leaf{Kind: "signature", Subject: subject, Day: "2026-11-21"}
	f.add(l, Part{Salt: NewSalt(), Bytes: []byte(`{"country":"DK"}`)}, Part{Salt: NewSalt(), Bytes: []byte(`{"name":"` + name + `"}`)})
	if len(f.leaves)%7 == 0 {
		f.bodies[len(f.bodies)-1].Parts[1] = Part{State: Withheld}
	}
}

func (f *forger) add(l Leaf, parts ...Part) {
	l.Version = Version
	for _, p := range parts {
		l.Commitments = append(l.Commitments, Commit(p.Salt, p.Bytes))
	}
	f.leaves, f.parts = append(f.leaves, l), append(f.parts, parts)
	f.bodies = append(f.bodies, Body{int64(len(f.bodies)), slices.Clone(parts)})
}

// redact erases part 1 of an entry in the open.
func (f *forger) redact(place int) {
	f.add(Leaf{Kind: Redaction, Subject: subject, Day: "2026-11-22", Ref: f.hash(place), Parts: []int64{1}, Reason: "gdpr"}, Part{Salt: NewSalt(), Bytes: []byte("{}")})
	f.bodies[place].Parts[1] = Part{State: Redacted, By: int64(len(f.leaves) - 1)}
}

func (f *forger) raw(place int) []byte {
	b, err := f.leaves[place].Marshal()
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

func (f *forger) hash(place int) Hash { return LeafHash(f.raw(place)) }

// files are all files of the record, with a tree that fits them and a good signature.
func (f *forger) files() fstest.MapFS {
	folder := fstest.MapFS{}
	var hashes []Hash
	for n := 0; n*TileWidth < len(f.leaves); n++ {
		f.put(folder, n, f.bundle(n))
		for i := range f.bundle(n) {
			hashes = append(hashes, f.hash(n*TileWidth+i))
		}
	}
	folder["checkpoint"] = &fstest.MapFile{Data: f.grow(folder, hashes)}
	return folder
}

func (f *forger) bundle(n int) (raws [][]byte) {
	for i := n * TileWidth; i < min((n+1)*TileWidth, len(f.leaves)); i++ {
		raws = append(raws, f.raw(i))
	}
	return raws
}

// put writes entries as the bundle of a number, whatever their count, and their bodies.
func (f *forger) put(folder fstest.MapFS, n int, raws [][]byte) {
	var data, lines []byte
	var err error
	for _, raw := range raws {
		if data, err = AppendEntry(data, raw); err != nil {
			f.t.Fatal(err)
		}
	}
	for i := n * TileWidth; i < min((n+1)*TileWidth, len(f.bodies)); i++ {
		line, err := json.Marshal(&f.bodies[i])
		if err != nil {
			f.t.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	ref := TileRef{EntriesLevel, int64(n), TileWidthAt(int64(len(f.leaves)), EntriesLevel, int64(n))}
	folder[ref.Path()], folder[bodiesPath(int64(n))] = &fstest.MapFile{Data: data}, &fstest.MapFile{Data: lines}
}

// grow writes the tiles over hashes and gives the signed checkpoint.
func (f *forger) grow(folder fstest.MapFS, hashes []Hash) []byte {
	tree := new(Tree)
	for _, tile := range tree.Append(hashes...) {
		folder[TileRef{tile.Level, tile.N, tile.Width()}.Path()] = &fstest.MapFile{Data: tile.Data}
	}
	signed, err := f.key.Sign(tree.Size(), tree.Root())
	if err != nil {
		f.t.Fatal(err)
	}
	return signed
}

// replace puts other words into a file, which must hold those that it replaces.
func (f *forger) replace(folder fstest.MapFS, path, old, with string) {
	file := folder[path]
	if file == nil || !bytes.Contains(file.Data, []byte(old)) {
		f.t.Fatalf("%s does not hold %q", path, old)
	}
	folder[path] = &fstest.MapFile{Data: bytes.Replace(file.Data, []byte(old), []byte(with), 1)}
}

// attacks are what can be done to a record of 600 entries. In it 599 erased
// part 1 of 300, and 598 that of 13, which had been withheld.
var attacks = map[string]struct {
	do   func(f *forger, folder fstest.MapFS)
	want Finding // but for Err
}{
	"a leaf is changed": {
		func(f *forger, folder fstest.MapFS) {
			f.leaves[300].Day = "2026-11-20"
			f.put(folder, 1, f.bundle(1))
		}, Finding{Fault: EntryChanged, Entry: 300}},
	"a commitment is changed, with its words": {
		func(f *forger, folder fstest.MapFS) {
			p := Part{Salt: NewSalt(), Bytes: []byte("{}")}
			f.leaves[20].Commitments[0], f.bodies[20].Parts[0] = Commit(p.Salt, p.Bytes), p
			f.put(folder, 0, f.bundle(0))
		}, Finding{Fault: EntryChanged, Entry: 20}},
	"a leaf is dropped": {
		func(f *forger, folder fstest.MapFS) { f.put(folder, 1, slices.Delete(f.bundle(1), 44, 45)) },
		Finding{Fault: EntryRemoved, Entry: 300}},
	"a leaf is dropped and the next moves up": {
		func(f *forger, folder fstest.MapFS) {
			f.put(folder, 1, append(slices.Delete(f.bundle(1), 44, 45), f.raw(512)))
		}, Finding{Fault: EntryRemoved, Entry: 300}},
	"the last leaf is dropped": {
		func(f *forger, folder fstest.MapFS) { f.put(folder, 2, f.bundle(2)[:87]) },
		Finding{Fault: EntryRemoved, Entry: 599}},
	"two leaves are swapped": {
		func(f *forger, folder fstest.MapFS) {
			raws := f.bundle(1)
			raws[44], raws[45] = raws[45], raws[44]
			f.put(folder, 1, raws)
		}, Finding{Fault: EntryMoved, Entry: 300, Other: 301}},
	"a leaf is appended": {
		func(f *forger, folder fstest.MapFS) { f.put(folder, 2, append(f.bundle(2), f.raw(0))) },
		Finding{Fault: EntryAdded, Entry: 600}},
	"a leaf is appended to a full bundle": {
		func(f *forger, folder fstest.MapFS) { f.put(folder, 1, append(f.bundle(1), f.raw(0))) },
		Finding{Fault: EntryAdded, Entry: 512}},
	"a leaf is put in": {
		func(f *forger, folder fstest.MapFS) {
			f.put(folder, 1, slices.Insert(f.bundle(1), 44, []byte("{}")))
		}, Finding{Fault: EntryAdded, Entry: 300}},
	"a leaf is put in and one falls out": {
		func(f *forger, folder fstest.MapFS) {
			f.put(folder, 1, slices.Insert(f.bundle(1), 44, []byte("{}"))[:256])
		}, Finding{Fault: EntryAdded, Entry: 300}},
	"a leaf is changed, with all tiles": {
		func(f *forger, folder fstest.MapFS) {
			f.leaves[300].Day = "2026-11-20"
			signed := folder["checkpoint"]
			for path, file := range f.files() {
				folder[path] = file
			}
			folder["checkpoint"] = signed
		}, Finding{Fault: RootDiffers, Entry: 600}},
	"something else is signed as an entry": {
		func(f *forger, folder fstest.MapFS) {
			raws, hashes := f.bundle(2), []Hash(nil)
			raws[0] = []byte(`{"k":"signature", "v":1}`)
			for _, raw := range slices.Concat(f.bundle(0), f.bundle(1), raws) {
				hashes = append(hashes, LeafHash(raw))
			}
			f.put(folder, 2, raws)
			folder["checkpoint"].Data = f.grow(folder, hashes)
		}, Finding{Fault: NotALeaf, Entry: 512}},
	"a tile is changed": {
		func(f *forger, folder fstest.MapFS) { folder["tile/0/001"].Data[44] ^= 1 },
		Finding{Fault: TileChanged, Entry: -1, Path: "tile/0/001"}},
	"a partial tile is changed": {
		func(f *forger, folder fstest.MapFS) { folder["tile/0/002.p/88"].Data[0] ^= 1 },
		Finding{Fault: TileChanged, Entry: -1, Path: "tile/0/002.p/88"}},
	"a tile above is changed": {
		func(f *forger, folder fstest.MapFS) { folder["tile/1/000.p/2"].Data[0] ^= 1 },
		Finding{Fault: TileChanged, Entry: -1, Path: "tile/1/000.p/2"}},
	"a tile is cut": {
		func(f *forger, folder fstest.MapFS) { folder["tile/0/001"].Data = folder["tile/0/001"].Data[:8000] },
		Finding{Fault: TileChanged, Entry: -1, Path: "tile/0/001"}},
	"a tile is missing": {
		func(f *forger, folder fstest.MapFS) { delete(folder, "tile/0/001") },
		Finding{Fault: NoFile, Entry: -1, Path: "tile/0/001"}},
	"a bundle and its tile are empty": {
		func(f *forger, folder fstest.MapFS) {
			f.put(folder, 1, nil)
			folder["tile/0/001"].Data = nil
		}, Finding{Fault: BadFile, Entry: -1, Path: "tile/entries/001"}},
	"a bundle and its tile are cut alike": {
		func(f *forger, folder fstest.MapFS) {
			f.put(folder, 1, f.bundle(1)[:200])
			folder["tile/0/001"].Data = folder["tile/0/001"].Data[:200*32]
		}, Finding{Fault: BadFile, Entry: -1, Path: "tile/entries/001"}},
	"a bundle that no root covers": {
		func(f *forger, folder fstest.MapFS) {
			raws, tree := f.bundle(1)[:200], new(Tree)
			for _, raw := range slices.Concat(f.bundle(0), f.bundle(2)) {
				tree.Append(LeafHash(raw))
			}
			f.put(folder, 1, raws)
			folder["tile/0/001"].Data = folder["tile/0/001"].Data[:200*32]
			signed, err := f.key.Sign(600, tree.Root())
			if err != nil {
				f.t.Fatal(err)
			}
			folder["checkpoint"].Data = signed
		}, Finding{Fault: BadFile, Entry: -1, Path: "tile/entries/001"}},
	"a bundle is torn": {
		func(f *forger, folder fstest.MapFS) {
			folder["tile/entries/001"].Data = folder["tile/entries/001"].Data[:9000]
		}, Finding{Fault: BadFile, Entry: -1, Path: "tile/entries/001"}},
	"the checkpoint says another size": {
		func(f *forger, folder fstest.MapFS) { f.replace(folder, "checkpoint", "\n600\n", "\n599\n") },
		Finding{Fault: BadSignature, Entry: -1, Path: "checkpoint"}},
	"another key signed": {
		func(f *forger, folder fstest.MapFS) {
			f.key = newKey(f.t, "lindholm.example/record")
			folder["checkpoint"].Data = f.files()["checkpoint"].Data
		}, Finding{Fault: BadSignature, Entry: -1, Path: "checkpoint"}},
	"words are changed": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies[22].Parts[1].Bytes = []byte(`{"name":"Eve"}`)
			f.put(folder, 0, f.bundle(0))
		}, Finding{Fault: BodyChanged, Entry: 22, Part: 1}},
	"words are swapped for another's": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies[20].Parts = f.bodies[21].Parts
			f.put(folder, 0, f.bundle(0))
		}, Finding{Fault: BodySwapped, Entry: 20, Part: 0, Other: 21}},
	"lines of words are swapped": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies[20], f.bodies[21] = f.bodies[21], f.bodies[20]
			f.put(folder, 0, f.bundle(0))
		}, Finding{Fault: BadFile, Entry: -1, Path: "bodies/000"}},
	"a part is left out": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies[20].Parts = f.bodies[20].Parts[:1]
			f.put(folder, 0, f.bundle(0))
		}, Finding{Fault: BodyMissing, Entry: 20, Part: 1}},
	"a part is put in": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies[20].Parts = append(f.bodies[20].Parts, Part{State: Withheld})
			f.put(folder, 0, f.bundle(0))
		}, Finding{Fault: BodyChanged, Entry: 20, Part: 2}},
	"bodies end early": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies = f.bodies[:595]
			f.put(folder, 2, f.bundle(2))
		}, Finding{Fault: BadFile, Entry: -1, Path: "bodies/002"}},
	"bodies are missing": {
		func(f *forger, folder fstest.MapFS) { delete(folder, "bodies/002") },
		Finding{Fault: NoFile, Entry: -1, Path: "bodies/002"}},
	"a body is served after its redaction": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies[300].Parts[1] = f.parts[300][1]
			f.put(folder, 1, f.bundle(1))
		}, Finding{Fault: ShownErased, Entry: 300, Part: 1, Other: 599}},
	"a part is erased in nobody's name": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies[20].Parts[1] = Part{State: Redacted, By: 400}
			f.put(folder, 0, f.bundle(0))
		}, Finding{Fault: ErasedSilently, Entry: 20, Part: 1, Other: 400}},
	"a part is erased in the name of another's erasure": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies[20].Parts[1] = Part{State: Redacted, By: 599}
			f.put(folder, 0, f.bundle(0))
		}, Finding{Fault: ErasedSilently, Entry: 20, Part: 1, Other: 599}},
	"another part is erased than was said": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies[300].Parts[0] = Part{State: Redacted, By: 599}
			f.put(folder, 1, f.bundle(1))
		}, Finding{Fault: ErasedSilently, Entry: 300, Part: 0, Other: 599}},
	"a part is erased by an entry before it": {
		func(f *forger, folder fstest.MapFS) {
			f.bodies[300].Parts[1] = Part{State: Redacted, By: 2}
			f.put(folder, 1, f.bundle(1))
		}, Finding{Fault: ErasedSilently, Entry: 300, Part: 1, Other: 2}},
}

// attacked is a record of 600 entries, as attacks says.
func attacked(t testing.TB) (*forger, fstest.MapFS) {
	f := newForger(t, 598)
	f.redact(13)
	f.bodies[13].Parts[1] = Part{State: Withheld}
	f.redact(300)
	return f, f.files()
}

func TestAttacks(t *testing.T) {
	f, folder := attacked(t)
	options := VerifyOptions{Keys: []string{f.key.Verifier()}}
	r, err := Verify(t.Context(), Files(folder), options)
	if err != nil {
		t.Fatal(err)
	}
	if r.Checkpoint.Size != 600 || r.Erased != 1 || r.Fading != nil || r.Shown+r.Withheld+r.Erased != 598*2+2 {
		t.Errorf("a good record is said to be %+v", r)
	}
	said := map[string]string{}
	for name, attack := range attacks {
		f, folder := attacked(t)
		options.Keys = []string{f.key.Verifier()}
		attack.do(f, folder)
		_, err := Verify(t.Context(), Files(folder), options)
		found, ok := errors.AsType[*Finding](err)
		if !ok {
			t.Errorf("%s: %v, want a finding", name, err)
			continue
		}
		got := *found
		got.Err = nil
		if got != attack.want {
			t.Errorf("%s: found %+v, want %+v", name, *found, attack.want)
		}
		said[name] = found.Error()
		if len(found.Error()) < 20 || bytes.Contains([]byte(found.Error()), []byte("%!")) {
			t.Errorf("%s: nobody can quote %q", name, found)
		}
	}
	if testing.Verbose() {
		for name, sentence := range said {
			fmt.Printf("%-50s %s\n", name, sentence)
		}
	}
}

// TestHeldCheckpoint: what agrees with itself is found by who holds an older checkpoint.
func TestHeldCheckpoint(t *testing.T) {
	f, folder := attacked(t)
	held := folder["checkpoint"].Data
	options := VerifyOptions{Keys: []string{f.key.Verifier()}, Since: held}
	for range 500 {
		f.sign("Grace Hopper")
	}
	if r, err := Verify(t.Context(), Files(f.files()), options); err != nil || r.Since.Size != 600 {
		t.Fatalf("a record that grew: %+v, %v", r, err)
	}
	fork := *f
	fork.leaves = slices.Clone(f.leaves)
	fork.leaves[3].Day = "2026-11-20"
	shorter, foreign, elsewhere := *f, newForger(t, 1), newForger(t, 1)
	elsewhere.key = newKey(t, "elsewhere.example/record")
	options.Keys = append(options.Keys, elsewhere.key.Verifier())
	shorter.leaves, shorter.bodies = f.leaves[:598], slices.Clone(f.bodies[:598])
	shorter.bodies[300].Parts = f.parts[300]
	for name, c := range map[string]struct {
		record *forger
		since  []byte
		want   Finding
	}{
		"an older record":   {&shorter, held, Finding{Fault: Shortened, Entry: 598, Other: 600}},
		"a fork":            {&fork, held, Finding{Fault: Forked, Entry: 1100, Other: 600}},
		"a fork, same size": {&fork, f.files()["checkpoint"].Data, Finding{Fault: Forked, Entry: 1100, Other: 1100}},
		"another's":         {f, foreign.files()["checkpoint"].Data, Finding{Fault: BadSignature, Entry: -1}},
		"another record's":  {f, elsewhere.files()["checkpoint"].Data, Finding{Fault: BadSignature, Entry: -1}},
	} {
		folder := c.record.files()
		options.Since = nil
		if _, err := Verify(t.Context(), Files(folder), options); err != nil {
			t.Errorf("%s does not agree with itself: %v", name, err)
		}
		options.Since = c.since
		_, err := Verify(t.Context(), Files(folder), options)
		found, ok := errors.AsType[*Finding](err)
		if !ok {
			t.Errorf("%s: %v, want a finding", name, err)
			continue
		}
		found.Err = nil
		if *found != c.want {
			t.Errorf("%s: found %+v, want %+v", name, *found, c.want)
		}
	}
}

// TestFalseCosignature: who forges the line of a witness is not said to have
// forged the record.
func TestFalseCosignature(t *testing.T) {
	f, folder := attacked(t)
	key, err := NewWitnessKey("witness.example")
	if err != nil {
		t.Fatal(err)
	}
	line, err := key.Cosign([]byte("lindholm.example/record\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— x AAAAAAAA\n"), 1_790_000_000)
	if err != nil {
		t.Fatal(err)
	}
	folder["checkpoint"].Data = append(folder["checkpoint"].Data, line...)
	policy := &Policy{Witnesses: []Witness{{Name: "w", Key: key.Verifier()}}, Quorum: "none"}
	_, err = Verify(t.Context(), Files(folder), VerifyOptions{Keys: []string{f.key.Verifier()}, Policy: policy})
	if found, ok := errors.AsType[*Finding](err); !ok || found.Fault != BadCosignature || !errors.Is(err, ErrCosignature) {
		t.Errorf("found %v", err)
	}
}

// TestVerifyWhileItGrows: what comes behind the checkpoint is left alone.
func TestVerifyWhileItGrows(t *testing.T) {
	f, before := attacked(t)
	f.redact(20)
	f.redact(300)
	after := f.files()
	for path, file := range before {
		if path == "checkpoint" || after[path] == nil {
			after[path] = file
		}
	}
	r, err := Verify(t.Context(), Files(after), VerifyOptions{Keys: []string{f.key.Verifier()}})
	if err != nil || len(r.Fading) != 2 || r.Erased != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if first := *r.Fading[0]; first != (Finding{Fault: ErasedUnsigned, Entry: 20, Part: 1, Other: 600}) || !strings.Contains(first.Error(), "ends before that") {
		t.Errorf("the first is %+v", first)
	}
}

func TestVerifySizes(t *testing.T) {
	for _, size := range []int{0, 1, 255, 256, 257, 512, 70000} {
		if testing.Short() && size > 1000 {
			continue
		}
		f := newForger(t, size)
		var seen, told int64
		options := VerifyOptions{Keys: []string{newKey(t, "old.example").Verifier(), f.key.Verifier()}, Workers: 3,
			Progress: func(done, total int64) { told = done },
			Each: func(e *Entry) error {
				if e.Index != seen || e.Hash != f.hash(int(seen)) || e.Body.Index != seen {
					return fmt.Errorf("entry %d comes as %d", seen, e.Index)
				}
				seen++
				return nil
			}}
		_, err := Verify(t.Context(), Files(f.files()), options)
		if err != nil || seen != int64(size) || told != int64(size) {
			t.Errorf("%d entries: %d seen, %d told, %v", size, seen, told, err)
		}
	}
}

// TestVerifyStops: errors that are no findings come back as they are.
func TestVerifyStops(t *testing.T) {
	f, folder := attacked(t)
	stop := errors.New("stop")
	options := VerifyOptions{Keys: []string{f.key.Verifier()}, Each: func(*Entry) error { return stop }}
	if _, err := Verify(t.Context(), Files(folder), options); !errors.Is(err, stop) {
		t.Errorf("an error of Each gives %v", err)
	}
	options.Each, options.SkipBodies = nil, true
	delete(folder, "bodies/000")
	if _, err := Verify(t.Context(), Files(folder), options); err != nil {
		t.Errorf("without bodies: %v", err)
	}
	options.Keys = nil
	if _, err := Verify(t.Context(), Files(folder), options); err == nil {
		t.Error("a record was good without a key")
	}
	if _, err := Verify(t.Context(), Files(fstest.MapFS{}), options); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing at all gives %v", err)
	}
}
