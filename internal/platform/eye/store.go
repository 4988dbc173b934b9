// SPDX-License-Identifier: AGPL-3.0-or-later

package eye

import (
	"context"
	"errors"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
)

var (
	insertWitness = db.SQL(`INSERT INTO record_witness (witness, acked, at, next, fails) VALUES ($1, 0, 0, 0, 0) ON CONFLICT (witness) DO NOTHING`)
	claimWitness  = db.SQL(`UPDATE record_witness SET next = $2 WHERE witness = $1 AND next <= $3`)
	witnessIs     = db.SQL(`SELECT acked, at, fails FROM record_witness WHERE witness = $1`)
	witnessDid    = db.SQL(`UPDATE record_witness SET acked = $2, at = $3, fails = 0 WHERE witness = $1`)
	witnessFailed = db.SQL(`UPDATE record_witness SET fails = $2, next = $3 WHERE witness = $1`)
)

// A standing is what is known of a witness.
type standing struct {
	acked int64
	at    time.Time
	fails int64
}

func standingOf(ctx context.Context, tx *db.Tx, key string) (standing, error) {
	st, err := db.One(ctx, tx, witnessIs, func(row db.Row) (st standing, err error) {
		return st, row.Scan(&st.acked, &st.at, &st.fails)
	}, key)
	if errors.Is(err, chorus.ErrNotFound) {
		err = nil
	}
	return st, err
}

// claim takes the next turn to ask a witness, if its time has come and no
// other node has taken it.
func (s *Service) claim(ctx context.Context, key string) (st standing, mine bool, err error) {
	err = s.DB.WriteApart(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, insertWitness, key); err != nil {
			return err
		}
		changed, err := db.Exec(ctx, tx, claimWitness, key, tx.Now.Add(askEvery), tx.Now)
		if mine = changed == 1; err == nil && mine {
			st, err = standingOf(ctx, tx, key)
		}
		return err
	})
	return st, mine, err
}

// did notes that a witness has cosigned.
func (s *Service) did(ctx context.Context, key string, size int64) error {
	return s.DB.WriteApart(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, witnessDid, key, size, tx.Now)
		return err
	})
}

// failed puts the next turn off, the longer the more often it has failed.
func (s *Service) failed(ctx context.Context, key string, fails int64) error {
	wait := min(askEvery<<min(fails, 8), mostBackoff)
	return s.DB.WriteApart(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, witnessFailed, key, fails, tx.Now.Add(wait))
		return err
	})
}
