// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

const (
	maxPlaced = 5000                  // facts in one batch
	tick      = 50 * time.Millisecond // between batches
	promise   = 2 * time.Second       // a deed waits at most so long to be applied, unless AwaitFor says otherwise
)

// Run does the recorder's background work until ctx ends: on PostgreSQL it
// places pending facts, on SQLite it repeats purges that readers held up.
func (r *Recorder) Run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-r.wake:
		}
		if r.db.Engine == db.SQLite {
			r.purgeLeft(ctx)
			continue
		}
		if err := r.Integrate(ctx); err != nil && ctx.Err() == nil {
			r.log.Error("placing facts", "err", err)
		}
	}
}

// Integrate places and applies the facts that are pending on PostgreSQL, if no
// other node is doing so, and tells the deeds that wait for them.
func (r *Recorder) Integrate(ctx context.Context) error {
	for {
		placed, err := r.integrateBatch(ctx)
		if err != nil {
			return err
		}
		if err := r.tell(ctx); err != nil {
			return err
		}
		if placed < maxPlaced {
			return nil
		}
	}
}

func (r *Recorder) integrateBatch(ctx context.Context) (placed int, err error) {
	if r.mayGrow() != nil {
		return 0, nil // what is pending waits
	}
	var tree *record.Tree
	err = r.db.WriteApart(ctx, func(tx *db.Tx) error {
		tree, placed = nil, 0
		size, err := db.Value[int64](ctx, tx, lockHead)
		if errors.Is(err, chorus.ErrNotFound) {
			return nil // another node holds the head
		}
		if err != nil {
			return err
		}
		items, err := takePending(ctx, tx)
		if err != nil || len(items) == 0 {
			return err
		}
		if err := r.load(ctx, tx, size); err != nil {
			return err
		}
		placed = len(items)
		tree, err = r.append(ctx, tx, items)
		return err
	})
	if err == nil && tree != nil {
		r.tree = tree
	}
	return placed, err
}

// append places items after the head and moves it.
func (r *Recorder) append(ctx context.Context, tx *db.Tx, items []*item) (*record.Tree, error) {
	if err := r.place(ctx, tx, r.tree.Size(), items); err != nil {
		return nil, err
	}
	leaves := make([]record.Hash, len(items))
	for i, it := range items {
		leaves[i] = record.Hash(it.hash)
	}
	return r.grow(ctx, tx, leaves)
}

// takePending empties the queue of pending facts, oldest first, with the
// parts that are there.
func takePending(ctx context.Context, tx *db.Tx) ([]*item, error) {
	items, err := db.All(ctx, tx, deletePending, func(row db.Row) (*item, error) {
		it, hash := new(item), []byte(nil)
		if err := row.Scan(&it.eid, &hash, &it.leaf); err != nil {
			return nil, err
		}
		it.hash = fact.Hash(hash)
		var err error
		it.head, err = record.ParseLeaf(it.leaf)
		return it, err
	}, maxPlaced)
	if err != nil || len(items) == 0 {
		return nil, err
	}
	slices.SortFunc(items, func(a, b *item) int { return bytes.Compare(a.eid, b.eid) })
	byEID := make(map[string]*item, len(items))
	for _, it := range items {
		byEID[string(it.eid)] = it
	}
	return items, db.Each(ctx, tx, bodiesBetween, func(row db.Row) error {
		var eid []byte
		p, err := scanPart(row, &eid)
		if it, ok := byEID[string(eid)]; ok {
			it.parts = append(it.parts, p)
		}
		return err
	}, items[0].eid, items[len(items)-1].eid)
}

func scanPart(row db.Row, eid *[]byte) (p part, err error) {
	var salt []byte
	if err := row.Scan(eid, &p.state, &salt, &p.body, &p.by); err != nil {
		return p, err
	}
	copy(p.salt[:], salt)
	return p, nil
}

// waiting is the deeds on this node that wait for their facts to be applied.
type waiting struct {
	mu   sync.Mutex
	seen int64 // entries below have been told
	who  map[fact.Hash]chan struct{}
}

// expect has a deed told when its last fact is applied. It comes before the
// commit: after it the news may have been told already.
func (w *waiting) expect(d *Deed) {
	if d.Tx.Engine != db.PostgreSQL || len(d.items) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.who == nil {
		w.who = map[fact.Hash]chan struct{}{}
	}
	d.applied = make(chan struct{})
	w.who[d.items[len(d.items)-1].hash] = d.applied
}

func (w *waiting) forget(d *Deed) {
	if d == nil || d.applied == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.who, d.items[len(d.items)-1].hash)
}

// await returns when the deed's facts have been applied, or when the promised
// time is over: they are durable in any case.
func (r *Recorder) await(ctx context.Context, d *Deed) {
	if d.applied == nil {
		return
	}
	late := time.NewTimer(r.promise)
	defer late.Stop()
	select {
	case <-d.applied:
	case <-late.C:
	case <-ctx.Done():
	}
}

// tell wakes the deeds whose entries have been applied here or on another node.
func (r *Recorder) tell(ctx context.Context) error {
	r.waiting.mu.Lock()
	idle := len(r.waiting.who) == 0
	r.waiting.mu.Unlock()
	if idle {
		return nil
	}
	var placed []fact.Hash
	var size int64
	err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
		if size, err = Size(ctx, tx); err != nil || size == r.waiting.seen {
			return err
		}
		placed, err = db.All(ctx, tx, hashesSince, scanHash, r.waiting.seen)
		return err
	})
	if err != nil {
		return err
	}
	r.waiting.mu.Lock()
	defer r.waiting.mu.Unlock()
	for _, h := range placed {
		if done, ok := r.waiting.who[h]; ok {
			close(done)
			delete(r.waiting.who, h)
		}
	}
	r.waiting.seen = size
	return nil
}

func scanHash(row db.Row) (fact.Hash, error) {
	var b []byte
	if err := row.Scan(&b); err != nil {
		return fact.Hash{}, err
	}
	return fact.Hash(b), nil
}
