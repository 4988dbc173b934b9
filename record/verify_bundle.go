// SPDX-License-Identifier: Apache-2.0

package record

import (
	"context"
	"crypto/sha256"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// A bundle is what a worker found in up to 256 entries.
type bundle struct {
	n               int64
	entries         []Entry
	hashes          []Hash   // of the entries
	root            Hash     // over them, if there are 256
	shown, withheld int64    // parts
	suspect, fault  *Finding // see verifier
	err             error
}

// check reads the bundle of a number with all that belongs to it.
func (v *verifier) check(ctx context.Context, n int64) *bundle {
	b := &bundle{n: n}
	if b.err = ctx.Err(); b.err == nil {
		b.err = v.checkEntries(ctx, b)
	}
	if b.err == nil && b.fault == nil && !v.o.SkipBodies {
		b.fault, b.err = v.checkBodies(ctx, b)
	}
	return b
}

// checkEntries hashes the entries and compares them with their tile. When
// they differ, either may be wrong: the tiles above tell whether it is the
// entries, and otherwise the root will tell.
func (v *verifier) checkEntries(ctx context.Context, b *bundle) error {
	width := TileWidthAt(v.at().Size, EntriesLevel, b.n)
	ref := TileRef{EntriesLevel, b.n, width}
	data, err := v.fetch(ctx, ref.Path())
	if err != nil {
		return err
	}
	tile, err := v.fetch(ctx, TileRef{0, b.n, width}.Path())
	if err != nil {
		return err
	}
	raws, err := splitEntries(data)
	if err != nil {
		return aboutFile(BadFile, ref.Path(), err)
	}
	b.hashes = make([]Hash, len(raws))
	var buffer [1 + MaxLeaf]byte
	for i, raw := range raws {
		b.hashes[i] = leafHash(&buffer, raw)
	}
	if len(raws) != width || !b.gives(tile) { // the tile may be as short as they are
		signed, err := v.signedTile(ctx, b.n, width, tile)
		if err != nil {
			return err
		}
		if signed != nil {
			return difference(b.n*TileWidth, b.hashes, signed)
		}
		if len(raws) != width {
			_, err := ParseEntries(data, width)
			return aboutFile(BadFile, ref.Path(), err)
		}
		b.suspect = aboutFile(TileChanged, TileRef{0, b.n, width}.Path(), nil)
	}
	if width == TileWidth {
		b.root = subtree(b.hashes)
	}
	b.fault = b.parse(string(data), raws, v.o.Each == nil && v.o.SkipBodies)
	return nil
}

// gives reports whether the hashes of the entries make a tile.
func (b *bundle) gives(tile []byte) bool {
	if len(tile) != len(b.hashes)*tlog.HashSize {
		return false
	}
	for i, h := range b.hashes {
		if string(tile[i*tlog.HashSize:(i+1)*tlog.HashSize]) != string(h[:]) {
			return false
		}
	}
	return true
}

// parse reads the leaves of the entries, which are cut from a text, and keeps
// them unless nobody will look at them.
func (b *bundle) parse(text string, raws [][]byte, forget bool) *Finding {
	kept := len(raws)
	if forget {
		kept = min(kept, 1)
	}
	entries, hashes := make([]Entry, kept), make([]Hash, 0, 2*len(raws))
	for i, raw := range raws {
		text = text[2:] // its length
		e := &entries[i%kept]
		*e = Entry{Index: b.n*TileWidth + int64(i), Hash: b.hashes[i], Raw: raw}
		r := objectReader{all: text[:len(raw)], hashes: hashes}
		if err := e.Leaf.parse(&r); err != nil {
			return &Finding{Fault: NotALeaf, Entry: e.Index, Err: err}
		}
		text = text[len(raw):]
		if hashes = r.hashes; forget {
			hashes = hashes[:0]
		}
	}
	if !forget {
		b.entries = entries
	}
	return nil
}

// signedTile is the hashes of a tile of level 0 if they lead to the signed
// root, and nil if they do not.
func (v *verifier) signedTile(ctx context.Context, n int64, width int, data []byte) ([]Hash, error) {
	var failed error
	tiles := tileReader(func(r TileRef) ([]byte, error) {
		if r == (TileRef{0, n, width}) {
			return data, nil
		}
		b, err := v.src.Fetch(ctx, r.Path())
		failed = err
		return b, err
	})
	at := v.at()
	_, err := tlog.TileHashReader(tlog.Tree{N: at.Size, Hash: at.Root}, tiles).ReadHashes([]int64{tlog.StoredHashIndex(0, n*TileWidth)})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil || failed != nil {
		return nil, nil // some tile is not as it was signed
	}
	return split(data), nil
}

// split is the hashes in a tile.
func split(data []byte) []Hash {
	row := make([]Hash, len(data)/tlog.HashSize)
	for i := range row {
		copy(row[i][:], data[i*tlog.HashSize:])
	}
	return row
}

// difference says how entries from a place on differ from those that were signed.
func difference(from int64, got, signed []Hash) *Finding {
	i := 0
	for i < min(len(got), len(signed)) && got[i] == signed[i] {
		i++
	}
	place := from + int64(i)
	at := func(row []Hash, i int) Hash {
		if i < len(row) {
			return row[i]
		}
		return Hash{}
	}
	switch {
	case i == len(got):
		return about(EntryRemoved, place)
	case i == len(signed) || len(got) > len(signed) && at(got, i+1) == signed[i]:
		return about(EntryAdded, place)
	}
	switch other := slices.Index(signed, got[i]); {
	case other < 0 && at(got, i+1) == signed[i]:
		return about(EntryAdded, place)
	case other < 0:
		return about(EntryChanged, place)
	case other == i+1 && at(got, i+1) == at(signed, i+2):
		return about(EntryRemoved, place)
	default:
		return &Finding{Fault: EntryMoved, Entry: place, Other: from + int64(other)}
	}
}

// leafHash is LeafHash without memory of its own.
func leafHash(buffer *[1 + MaxLeaf]byte, entry []byte) Hash {
	if len(entry) > MaxLeaf {
		return LeafHash(entry)
	}
	buffer[0] = 0
	return sha256.Sum256(buffer[:1+copy(buffer[1:], entry)])
}
