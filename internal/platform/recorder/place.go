// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"context"
	"errors"
	"fmt"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

// place gives items the next places, erases what they redact and applies
// them. The caller adds their hashes to the tree in the same transaction.
func (r *Recorder) place(ctx context.Context, tx *db.Tx, first int64, items []*item) error {
	entries := make([]*Entry, 0, len(items))
	rows := make([][]any, len(items))
	places := make(map[fact.Hash]*item, len(items))
	for i, it := range items {
		it.idx = first + int64(i)
		places[it.hash] = it
		rows[i] = []any{it.idx, it.eid, it.hash[:], it.ref(), it.leaf}
	}
	if err := db.InsertMany(ctx, tx, insertEntry, rows); err != nil {
		return err
	}
	for _, it := range items {
		e, err := r.entry(ctx, tx, it, places)
		if err != nil {
			return fmt.Errorf("placing entry %d (%s): %w", it.idx, it.head.Kind, err)
		}
		if e != nil {
			entries = append(entries, e)
		}
	}
	return r.apply(ctx, tx, entries)
}

func (it *item) ref() any {
	if it.head.Ref == (record.Hash{}) {
		return nil
	}
	return it.head.Ref[:]
}

// entry makes an item ready for the appliers; nil for kinds that are newer
// than this program. places holds the items placed in the same batch.
func (r *Recorder) entry(ctx context.Context, tx *db.Tx, it *item, places map[fact.Hash]*item) (*Entry, error) {
	f, err := fact.Decode(it.sealed())
	if errors.Is(err, fact.ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e := &Entry{Index: it.idx, Hash: it.hash, Ref: -1, Day: it.head.Day, Fact: f}
	if it.ref() == nil {
		return e, nil
	}
	target, err := r.target(ctx, tx, fact.Hash(it.head.Ref), places)
	if err != nil {
		return nil, fmt.Errorf("its reference: %w", err)
	}
	e.Ref = target.idx
	if erasure, ok := f.(*fact.Redacted); ok {
		return e, erase(ctx, tx, erasure, target.eid, e.Index)
	}
	return e, nil
}

func (r *Recorder) target(ctx context.Context, tx *db.Tx, h fact.Hash, places map[fact.Hash]*item) (*item, error) {
	if it, ok := places[h]; ok {
		return it, nil
	}
	return db.One(ctx, tx, entryByHash, func(row db.Row) (*item, error) {
		it := new(item)
		return it, row.Scan(&it.idx, &it.eid)
	}, h[:])
}

// sealed is the fact with the parts that are there to be read.
func (it *item) sealed() fact.Sealed {
	s := fact.Sealed{Head: fact.Head{Kind: it.head.Kind, Subject: chorus.ID(it.head.Subject), Ref: fact.Hash(it.head.Ref),
		Erased: it.head.Parts, Reason: it.head.Reason, Request: fact.Hash(it.head.Request)}}
	for _, p := range it.parts {
		sealed := fact.SealedPart{Withheld: p.state == withheld}
		if p.state == shown {
			sealed.Bytes = p.body
		}
		s.Parts = append(s.Parts, sealed)
	}
	return s
}

// erase removes the words of parts of an entry. The entry itself stays.
func erase(ctx context.Context, tx *db.Tx, f *fact.Redacted, eid []byte, by int64) error {
	for _, p := range f.Parts {
		if _, err := db.Exec(ctx, tx, redactBody, eid, p, by); err != nil {
			return err
		}
		if _, err := db.Exec(ctx, tx, deleteOpening, f.Entry[:], p); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recorder) apply(ctx context.Context, tx *db.Tx, entries []*Entry) error {
	if len(entries) == 0 {
		return nil
	}
	for _, a := range r.appliers {
		if err := a.Apply(ctx, tx, entries); err != nil {
			return fmt.Errorf("%T applying entries %d to %d: %w", a, entries[0].Index, entries[len(entries)-1].Index, err)
		}
	}
	return nil
}

// grow adds leaves to a copy of the tree, saves what changed and moves the head.
func (r *Recorder) grow(ctx context.Context, tx *db.Tx, leaves []record.Hash) (*record.Tree, error) {
	tree := r.tree.Clone()
	from := tree.Size()
	for _, t := range tree.Append(leaves...) {
		if _, err := db.Exec(ctx, tx, saveTile, t.Level, t.N, t.Data); err != nil {
			return nil, err
		}
	}
	root := tree.Root()
	moved, err := db.Exec(ctx, tx, moveHead, from, tree.Size(), root[:])
	if err == nil && moved != 1 {
		err = fmt.Errorf("recorder: the head is not at %d any more", from)
	}
	return tree, err
}

// load reads the tree at the head that tx sees, unless it is known already.
func (r *Recorder) load(ctx context.Context, tx *db.Tx, size int64) error {
	if r.tree != nil && r.tree.Size() == size {
		return nil
	}
	tree, err := treeAt(ctx, tx, size)
	if err != nil {
		return err
	}
	root, err := db.Value[[]byte](ctx, tx, headRoot)
	if err == nil && record.Hash(root) != tree.Root() {
		err = fmt.Errorf("recorder: tiles do not give the root of the head at %d", size)
	}
	r.tree = tree
	return err
}

func treeAt(ctx context.Context, tx *db.Tx, size int64) (*record.Tree, error) {
	return record.LoadTree(size, func(level int, n int64, _ int) ([]byte, error) {
		return db.Value[[]byte](ctx, tx, tileData, level, n)
	})
}
