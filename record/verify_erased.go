// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"context"
	"fmt"
	"slices"
)

// Redaction is the kind of a leaf that says which parts of an earlier entry
// were erased. It is the one kind that this package must know.
const Redaction = "redaction"

// Erasures hold what is gone against the entries that erased it. The two meet
// in the order of the record: first the part that is gone, which names a later
// place, then the entry at that place.
type erasures struct {
	gone     map[int64][]gone // by the place of the entry that is said to have erased them
	erased   map[piece]bool   // parts that are gone, and an entry says so
	unproved map[piece]int64  // parts that an entry erased, and it is not known whether they are gone; the place of that entry
}

// A piece is a part of the entry that has a hash.
type piece struct {
	entry Hash
	part  int64
}

// A gone part and the place of its entry.
type gone struct {
	piece
	place int64
}

// follow looks at the next entry of a record of a size.
func (s *erasures) follow(e *Entry, size int64, r *Report) *Finding {
	if s.gone == nil {
		s.gone, s.erased, s.unproved = map[int64][]gone{}, map[piece]bool{}, map[piece]int64{}
	}
	if found := s.meet(e); found != nil {
		return found
	}
	if !e.Body.Redacted() {
		return nil
	}
	inTheOpen := false
	for i, p := range e.Body.Parts {
		switch {
		case p.State != Redacted:
		case p.By <= e.Index:
			return aboutPart(ErasedSilently, e.Index, i, p.By)
		case p.By >= size: // what lies behind the checkpoint is not known yet
			r.Fading = append(r.Fading, aboutPart(ErasedUnsigned, e.Index, i, p.By))
		default:
			inTheOpen = true
			s.gone[p.By] = append(s.gone[p.By], gone{piece{e.Hash, int64(i)}, e.Index})
		}
	}
	if inTheOpen {
		r.Erased++
	}
	return nil
}

// meet compares what an entry says it erased with what is gone in its name.
func (s *erasures) meet(e *Entry) *Finding {
	for _, g := range s.gone[e.Index] {
		if e.Leaf.Kind != Redaction || e.Leaf.Ref != g.entry || !slices.Contains(e.Leaf.Parts, g.part) {
			return aboutPart(ErasedSilently, g.place, int(g.part), e.Index)
		}
		s.erased[g.piece] = true
		delete(s.unproved, g.piece)
	}
	delete(s.gone, e.Index)
	if e.Leaf.Kind != Redaction {
		return nil
	}
	for _, part := range e.Leaf.Parts {
		if p := (piece{e.Leaf.Ref, part}); !s.erased[p] {
			s.unproved[p] = e.Index
		}
	}
	return nil
}

// closeErasures looks for the parts that an entry erased and that are not
// known to be gone: they may have been withheld before. In a record in which
// all is well there are few of them, or none.
func (v *verifier) closeErasures(ctx context.Context) error {
	open := map[Hash][]piece{} // by entry: a hostile record may have very many
	for p := range v.erasures.unproved {
		open[p.entry] = append(open[p.entry], p)
	}
	size := v.at().Size
	for n := int64(0); n*TileWidth < size && len(open) > 0; n++ {
		tile, err := v.fetch(ctx, TileRef{0, n, TileWidthAt(size, 0, n)}.Path())
		if err != nil {
			return err
		}
		if err := v.lookFor(ctx, n, split(tile), open); err != nil {
			return err
		}
	}
	return nil
}

// lookFor looks in one bundle, and takes out of open what stands there.
func (v *verifier) lookFor(ctx context.Context, n int64, hashes []Hash, open map[Hash][]piece) error {
	var lines [][]byte
	for i, h := range hashes {
		pieces := open[h]
		if len(pieces) == 0 {
			continue
		}
		delete(open, h)
		if lines == nil {
			data, err := v.fetch(ctx, bodiesPath(n))
			if err != nil {
				return err
			}
			lines = bytes.SplitN(data, []byte{'\n'}, TileWidth+1)
		}
		if err := v.areGone(n, i, lines, pieces); err != nil {
			return err
		}
	}
	return nil
}

// areGone makes sure that pieces of one entry are not shown. Its bundle was good a
// moment ago.
func (v *verifier) areGone(n int64, i int, lines [][]byte, pieces []piece) error {
	if i >= len(lines) {
		return aboutFile(BadFile, bodiesPath(n), fmt.Errorf("it ends before entry %d", n*TileWidth+int64(i)))
	}
	b, err := ParseBody(lines[i])
	if err != nil {
		return aboutFile(BadFile, bodiesPath(n), err)
	}
	for _, p := range pieces {
		if int(p.part) < len(b.Parts) && b.Parts[p.part].State == Shown {
			return aboutPart(ShownErased, b.Index, int(p.part), v.erasures.unproved[p])
		}
	}
	return nil
}
