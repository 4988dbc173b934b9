// SPDX-License-Identifier: AGPL-3.0-or-later

package relay

import (
	"context"
	"time"

	"example.org/chorus/internal/platform/db"
)

// How the origin answered.
type answer int

const (
	taken    answer = iota // it holds the request now, or held it already
	disliked               // not this one: it cannot be read there, or makes the origin fail
	away                   // nobody answers, or asks to come later
)

const (
	often    = 10 * time.Second
	again    = 24 * time.Hour // an origin may have lost what it took, by a backup brought back
	perhaps  = time.Hour      // until what was disliked is tried again
	shortest = 10 * time.Second
	longest  = 15 * time.Minute
)

// Run hands on and forgets until ctx ends.
func (b *Box) Run(ctx context.Context) {
	ticker := time.NewTicker(often)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := b.HandOn(ctx)
		if err == nil {
			_, err = b.Clear(ctx)
		}
		if err != nil && ctx.Err() == nil {
			b.Log.Error("handing on requests", "err", err)
		}
	}
}

// HandOn sends what is due to the origin, oldest first. While the origin does
// not answer everything waits, longer each time; that is no error.
func (b *Box) HandOn(ctx context.Context) error {
	b.handing.Lock()
	defer b.handing.Unlock()
	for now := b.db.Now(); !now.Before(b.next); {
		var due []envelope
		err := b.db.Read(ctx, func(tx *db.Tx) (err error) {
			due, err = db.All(ctx, tx, envelopesDue, scanEnvelope, now)
			return err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		for _, e := range due {
			if err := b.handOne(ctx, e, now); err != nil {
				return err
			}
			if now.Before(b.next) {
				return nil
			}
		}
	}
	return nil
}

func (b *Box) handOne(ctx context.Context, e envelope, now time.Time) error {
	wait := again
	switch said, err := b.courier.post(ctx, b.Origin()+Path, e.sealed); said {
	case away:
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b.pause = min(max(2*b.pause, shortest), longest)
		b.next = now.Add(b.pause)
		b.Log.Info("requests wait for the origin", "origin", b.Origin(), "err", err)
		return nil
	case disliked:
		b.Log.Warn("the origin does not take a request", "origin", b.Origin(), "place", e.place, "err", err)
		wait = perhaps
	}
	b.pause = 0
	return b.db.Write(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, postponed, e.place, now.Add(wait))
		return err
	})
}
