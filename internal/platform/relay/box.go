// SPDX-License-Identifier: AGPL-3.0-or-later

package relay

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

// Schema is the tables of a box.
//
//go:embed schema.sql
var Schema string

// A Box is where a mirror keeps what it took until the origin has answered.
type Box struct {
	Origin func() string // address of the instance that the requests are for
	// Ended reports whether the origin's record, as far as it was verified here,
	// says what became of a request.
	Ended func(ctx context.Context, tx *db.Tx, request fact.Hash) (bool, error)
	Log   *slog.Logger

	db      *db.DB
	key     *record.Key
	guard   string // file with the newest checkpoint that was signed
	publish sync.Mutex
	signed  signed

	courier courier
	handing sync.Mutex
	pause   time.Duration // since the last try failed
	next    time.Time     // no try before
}

// A Slip is what the person who handed something in can hold on to.
type Slip struct {
	Place int64  // in the log
	Name  string // of the envelope; its hash stands at that place
	Day   string // on which it was taken
}

// Take keeps an envelope, adds its hash to the log and signs the log. When it
// returns nil all of that is durable. request is the SHA-256 of the id of the
// request. It fails with chorus.ErrBusy while the log must not grow.
func (b *Box) Take(ctx context.Context, request fact.Hash, sealed []byte) error {
	if err := b.mayGrow(); err != nil {
		return err
	}
	hash := sha256.Sum256(sealed)
	err := b.db.Write(ctx, func(tx *db.Tx) error {
		place, err := add(ctx, tx, hash[:])
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, tx, insertEnvelope, place, request[:], sealed, tx.Now.Format(time.DateOnly), time.Time{})
		return err
	})
	if err != nil {
		return err
	}
	return b.Publish(context.WithoutCancel(ctx)) // though whoever handed it in is gone meanwhile
}

// Find is the slip of a request that waits here; chorus.ErrNotFound once it has
// its answer.
func Find(ctx context.Context, tx *db.Tx, request fact.Hash) (Slip, error) {
	return db.One(ctx, tx, envelopeOf, func(r db.Row) (s Slip, err error) {
		var hash []byte
		err = r.Scan(&s.Place, &s.Day, &hash)
		s.Name = hex.EncodeToString(hash)
		return s, err
	}, request[:])
}

// Waiting is how many envelopes have no answer yet.
func (b *Box) Waiting(ctx context.Context) (n int64, err error) {
	err = b.db.Read(ctx, func(tx *db.Tx) error {
		n, err = db.Value[int64](ctx, tx, countEnvelopes)
		return err
	})
	return n, err
}

// Clear forgets the envelopes whose requests have their answer, and tells how
// many they were. Their hashes stay in the log.
func (b *Box) Clear(ctx context.Context) (cleared int, err error) {
	last, more := int64(-1), true
	for err == nil && more {
		var ended []int64
		err = b.db.Read(ctx, func(tx *db.Tx) error {
			all, err := db.All(ctx, tx, requestsAfter, scanRequest, last)
			more = len(all) > 0
			for _, e := range all {
				if err != nil {
					break
				}
				last = e.place
				var is bool
				if is, err = b.Ended(ctx, tx, fact.Hash(e.request)); is {
					ended = append(ended, e.place)
				}
			}
			return err
		})
		if err == nil && len(ended) > 0 {
			err = b.forget(ctx, ended)
			cleared += len(ended)
		}
	}
	return cleared, err
}

func (b *Box) forget(ctx context.Context, places []int64) error {
	return b.db.Write(ctx, func(tx *db.Tx) error {
		for _, place := range places {
			if _, err := db.Exec(ctx, tx, forgetEnvelope, place); err != nil {
				return err
			}
		}
		return nil
	})
}

// Export hands every envelope that waits in a mirror's database to put, with its name, for somebody to
// carry: on a stick, in a bundle. The envelopes stay.
func Export(ctx context.Context, d *db.DB, put func(name string, sealed []byte) error) error {
	for last := int64(-1); ; {
		var some []envelope
		err := d.Read(ctx, func(tx *db.Tx) (err error) {
			some, err = db.All(ctx, tx, envelopesAfter, scanEnvelope, last)
			return err
		})
		if err != nil || len(some) == 0 {
			return err
		}
		for _, e := range some {
			last = e.place
			if err := put(Name(e.sealed), e.sealed); err != nil {
				return err
			}
		}
	}
}
