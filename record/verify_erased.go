// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"context"
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
		case p.State != Redacted || p.By >= size: // what lies behind the checkpoint is not known yet
		case p.By <= e.Index:
			return aboutPart(ErasedSilently, e.Index, i, p.By)
		default:
			inTheOpen = true
			s.gone[p.By] = append(s.gone[p.By], gone{piece{e.Hash, int64(i)}, e.Index})
		}
	}
	if inTheOpen {
		r.Erased++
	} else {
		r.Fading++
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
	size := v.at().Size
	for n := int64(0); n*TileWidth < size && len(v.erasures.unproved) > 0; n++ {
		tile, err := v.fetch(ctx, TileRef{0, n, TileWidthAt(size, 0, n)}.Path())
		if err != nil {
			return err
		}
		if err := v.lookFor(ctx, n, split(tile)); err != nil {
			return err
		}
	}
	return nil
}

// lookFor looks in one bundle.
func (v *verifier) lookFor(ctx context.Context, n int64, hashes []Hash) error {
	for p, by := range v.erasures.unproved {
		i := slices.Index(hashes, p.entry)
		if i < 0 {
			continue
		}
		delete(v.erasures.unproved, p)
		b, err := v.body(ctx, n, i)
		if err != nil {
			return err
		}
		if int(p.part) < len(b.Parts) && b.Parts[p.part].State == Shown {
			return aboutPart(ShownErased, b.Index, int(p.part), by)
		}
	}
	return nil
}

// body is one body of a bundle that was good a moment ago.
func (v *verifier) body(ctx context.Context, n int64, i int) (*Body, error) {
	data, err := v.fetch(ctx, bodiesPath(n))
	if err != nil {
		return nil, err
	}
	for range i {
		_, data, _ = bytes.Cut(data, []byte{'\n'})
	}
	line, _, _ := bytes.Cut(data, []byte{'\n'})
	b, err := ParseBody(line)
	if err != nil {
		return nil, aboutFile(BadFile, bodiesPath(n), err)
	}
	return b, nil
}
