// SPDX-License-Identifier: AGPL-3.0-or-later

package witness

import (
	"context"
	"errors"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

var (
	heldByOrigin = db.SQL(`SELECT size, root, note, at, fork FROM record_witnessed WHERE origin = $1`)
	noteByHash   = db.SQL(`SELECT note FROM record_witnessed WHERE hash = $1`)
	forkByHash   = db.SQL(`SELECT fork FROM record_witnessed WHERE hash = $1 AND fork <> ''`)
	insertHeld   = db.SQL(`INSERT INTO record_witnessed (origin, hash, size, root, note, at, fork) VALUES ($1, $2, $3, $4, $5, $6, '') ON CONFLICT (origin) DO NOTHING`)
	moveHeld     = db.SQL(`UPDATE record_witnessed SET size = $4, root = $5, note = $6, at = $7 WHERE origin = $1 AND size = $2 AND root = $3`)
	keepFork     = db.SQL(`UPDATE record_witnessed SET fork = $2 WHERE origin = $1 AND fork = ''`)
)

// A held head is what is remembered of a record.
type held struct {
	head record.Checkpoint
	note string // "" if nothing was ever cosigned
	at   time.Time
	fork string
}

// heldOf is what is remembered of a record: a head of no entries if nothing is.
func heldOf(ctx context.Context, tx *db.Tx, origin string) (held, error) {
	h, err := db.One(ctx, tx, heldByOrigin, func(row db.Row) (h held, err error) {
		var root []byte
		err = row.Scan(&h.head.Size, &root, &h.note, &h.at, &h.fork)
		copy(h.head.Root[:], root)
		return h, err
	}, origin)
	if errors.Is(err, chorus.ErrNotFound) {
		h, err = held{head: record.Checkpoint{Root: new(record.Tree).Root()}}, nil
	}
	h.head.Origin = origin
	return h, err
}

// hold remembers a new head in place of the one that was read. It reports
// whether that one was still there.
func hold(ctx context.Context, tx *db.Tx, was held, c record.Checkpoint, note string) (done bool, err error) {
	var changed int64
	if was.note == "" {
		changed, err = db.Exec(ctx, tx, insertHeld, c.Origin, hashOf(c.Origin), c.Size, c.Root[:], note, tx.Now)
	} else {
		changed, err = db.Exec(ctx, tx, moveHeld, c.Origin, was.head.Size, was.head.Root[:], c.Size, c.Root[:], note, tx.Now)
	}
	return changed == 1, err
}
