// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"context"
	"fmt"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

// Start makes sure that the record has a head, and fills the public tables if
// they are new. It must run before the first Write.
func (r *Recorder) Start(ctx context.Context, tablesAreNew bool) error {
	root := new(record.Tree).Root()
	err := r.db.Write(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, insertHead, root[:])
		return err
	})
	if err == nil {
		err = r.guard(ctx)
	}
	if err != nil || !tablesAreNew {
		return err
	}
	_, err = r.Rebuild(ctx, func(int64) {})
	return err
}

// rebuildBatch is how many entries are applied at a time.
const rebuildBatch = 5000

// Rebuild makes all public tables anew from the record and returns the number
// of entries applied. progress is told how many are done.
func (r *Recorder) Rebuild(ctx context.Context, progress func(done int64)) (done int64, err error) {
	err = r.db.WriteApart(ctx, func(tx *db.Tx) error {
		if _, err := db.Value[int64](ctx, tx, waitHead); err != nil { // no node places facts meanwhile
			return err
		}
		if err := r.db.Forget(ctx, tx); err != nil {
			return err
		}
		for done = 0; ; progress(done) {
			items, err := readItems(ctx, tx, done, rebuildBatch)
			if err != nil || len(items) == 0 {
				return err
			}
			if err := r.applyAgain(ctx, tx, items); err != nil {
				return err
			}
			done += int64(len(items))
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	})
	return done, err
}

// applyAgain shows items that have their places to the appliers.
func (r *Recorder) applyAgain(ctx context.Context, tx *db.Tx, items []*item) error {
	places := make(map[fact.Hash]*item, len(items))
	for _, it := range items {
		places[it.hash] = it
	}
	var entries []*Entry
	for _, it := range items {
		e, err := r.entry(ctx, tx, it, places)
		if err != nil {
			return fmt.Errorf("entry %d (%s): %w", it.idx, it.head.Kind, err)
		}
		if e != nil {
			entries = append(entries, e)
		}
	}
	return r.apply(ctx, tx, entries)
}

// readItems reads entries of the record from a place on, with their parts.
func readItems(ctx context.Context, tx *db.Tx, from int64, most int) ([]*item, error) {
	items, err := db.All(ctx, tx, entriesSince, scanItem, from, most)
	if err != nil {
		return nil, err
	}
	i := 0
	return items, db.Each(ctx, tx, bodiesSince, func(row db.Row) error {
		var eid []byte
		p, err := scanPart(row, &eid)
		for err == nil && string(items[i].eid) != string(eid) {
			i++
		}
		items[i].parts = append(items[i].parts, p)
		return err
	}, from, from+int64(len(items)))
}

func scanItem(row db.Row) (*item, error) {
	it, hash := new(item), []byte(nil)
	if err := row.Scan(&it.idx, &it.eid, &hash, &it.leaf); err != nil {
		return nil, err
	}
	it.hash = fact.Hash(hash)
	var err error
	it.head, err = record.ParseLeaf(it.leaf)
	return it, err
}

// A Raw is an entry as it travels between instances.
type Raw struct {
	Leaf  []byte
	Parts []RawPart
}

// A RawPart is the opening of a commitment; Body is nil when it was withheld
// or redacted.
type RawPart struct {
	Salt     record.Salt
	Body     []byte
	Redacted bool
	By       int64 // if redacted, the place of the redaction
}

// Entries reads the public record from a place on, at most so many entries.
func (r *Recorder) Entries(ctx context.Context, from int64, most int) (raws []Raw, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		items, err := readItems(ctx, tx, from, most)
		for _, it := range items {
			raw := Raw{Leaf: it.leaf}
			for _, p := range it.parts {
				travels := RawPart{Salt: p.salt, Body: p.body, Redacted: p.state == redacted}
				if p.by != nil {
					travels.By = *p.by
				}
				raw.Parts = append(raw.Parts, travels)
			}
			raws = append(raws, raw)
		}
		return err
	})
	return raws, err
}

// Replay checks entries of another instance that follow the ones here, and
// places and applies them. Nothing is taken unless all are good.
func (r *Recorder) Replay(ctx context.Context, raws []Raw) error {
	var items []*item
	erases := false
	for i, raw := range raws {
		it, err := checkRaw(raw)
		if err != nil {
			return fmt.Errorf("entry %d of the replay: %w", i, err)
		}
		items = append(items, it)
		erases = erases || it.head.Kind == (*fact.Redacted)(nil).Kind()
	}
	var tree *record.Tree
	err := r.db.WriteApart(ctx, func(tx *db.Tx) error {
		size, err := db.Value[int64](ctx, tx, waitHead)
		if err != nil {
			return err
		}
		if err := r.load(ctx, tx, size); err != nil {
			return err
		}
		for _, it := range items {
			if err := r.store(ctx, tx, it); err != nil {
				return err
			}
		}
		if tree, err = r.append(ctx, tx, items); err != nil || tx.Engine != db.PostgreSQL {
			return err
		}
		return dropDoubled(ctx, tx)
	})
	if err != nil {
		return err
	}
	r.tree = tree
	if erases {
		r.purge(ctx)
	}
	return nil
}

// dropDoubled lets go of facts that waited here for a place and have come back
// with the one that they had.
func dropDoubled(ctx context.Context, tx *db.Tx) error {
	if _, err := db.Exec(ctx, tx, dropPlacedBody); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, dropPlaced)
	return err
}

// checkRaw refuses leaves in another spelling and parts that do not open
// their commitment.
func checkRaw(raw Raw) (*item, error) {
	l, err := record.ParseLeaf(raw.Leaf)
	if err != nil {
		return nil, err
	}
	if len(raw.Parts) != len(l.Commitments) {
		return nil, fmt.Errorf("%d parts for %d commitments", len(raw.Parts), len(l.Commitments))
	}
	it := &item{leaf: raw.Leaf, head: l}
	for i, p := range raw.Parts {
		switch {
		case p.Redacted:
			it.parts = append(it.parts, part{state: redacted, by: &p.By})
		case p.Body == nil:
			it.parts = append(it.parts, part{state: withheld})
		case record.Commit(p.Salt, p.Body) != l.Commitments[i]:
			return nil, fmt.Errorf("part %d does not open its commitment", i)
		default:
			it.parts = append(it.parts, part{salt: p.Salt, body: p.Body})
		}
	}
	return it, it.identify()
}

// purge empties SQLite's write-ahead log after an erasure. Readers that hold
// it up are waited for; Run goes on where this gives up.
func (r *Recorder) purge(ctx context.Context) {
	r.purgeDue.Store(true)
	for wait := time.Millisecond; wait < time.Second && r.purgeDue.Load(); wait *= 2 {
		if r.purgeLeft(ctx); r.purgeDue.Load() {
			time.Sleep(wait)
		}
	}
}

func (r *Recorder) purgeLeft(ctx context.Context) {
	if !r.purgeDue.Load() {
		return
	}
	if err := r.db.Purge(context.WithoutCancel(ctx)); err != nil {
		r.log.Warn("erased text is still in the write-ahead log", "err", err)
		return
	}
	r.purgeDue.Store(false)
}

// PendingAge is how long the oldest pending fact has waited for its place.
func (r *Recorder) PendingAge(ctx context.Context) (age time.Duration, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		var since time.Time
		since, err := db.One(ctx, tx, oldestPending, func(row db.Row) (t time.Time, err error) { return t, row.Scan(&t) })
		if err == nil && !since.IsZero() {
			age = tx.Now.Sub(since)
		}
		return err
	})
	return age, err
}
