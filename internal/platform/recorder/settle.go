// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"context"

	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

// settling is what deeds placed since the last commit on SQLite. Only the
// writer's goroutine touches it.
type settling struct {
	leaves []record.Hash
	next   *record.Tree
}

// undo forgets the leaves of a deed that failed.
func (s *settling) undo(tx *db.Tx, mark int) {
	if tx.Engine == db.SQLite {
		s.leaves = s.leaves[:mark]
	}
}

// placeNow places and applies one fact inside its deed, so that the next deed
// of the group sees it.
func (r *Recorder) placeNow(ctx context.Context, tx *db.Tx, it *item) error {
	if len(r.settling.leaves) == 0 { // another program, such as an import, may have written since
		if err := r.loadHead(ctx, tx); err != nil {
			return err
		}
	}
	if err := r.place(ctx, tx, r.tree.Size()+int64(len(r.settling.leaves)), []*item{it}); err != nil {
		return err
	}
	r.settling.leaves = append(r.settling.leaves, record.Hash(it.hash))
	return nil
}

func (r *Recorder) loadHead(ctx context.Context, tx *db.Tx) error {
	size, err := Size(ctx, tx)
	if err != nil {
		return err
	}
	return r.load(ctx, tx, size)
}

// Settle writes tiles and head once for all deeds of a group.
func (r *Recorder) Settle(ctx context.Context, tx *db.Tx) (err error) {
	if len(r.settling.leaves) > 0 {
		r.settling.next, err = r.grow(ctx, tx, r.settling.leaves)
	}
	return err
}

// Settled keeps the grown tree if its group was committed.
func (r *Recorder) Settled(committed bool) {
	if committed && r.settling.next != nil {
		r.tree = r.settling.next
	}
	r.settling = settling{leaves: r.settling.leaves[:0]}
}
