// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"context"
	"errors"

	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

// What witnesses need of us, and give us.

// ProveSince proves that a published checkpoint goes on from its own first
// entries, older of them.
func (r *Recorder) ProveSince(ctx context.Context, c record.Checkpoint, older int64) (proof []record.Hash, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		var failed, err error
		proof, err = record.ProveExtends(c, older, tilesIn(ctx, tx, &failed))
		return errors.Join(failed, err)
	})
	return proof, err
}

// AddCosignature puts the line of a witness under the published checkpoint of
// a size. The line has been checked, and ends with a newline. A later line of
// the same witness takes its place.
func (r *Recorder) AddCosignature(ctx context.Context, size int64, witness, line string) error {
	return r.db.WriteApart(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, saveCosignature, size, witness, line, tx.Now)
		return err
	})
}

// NewestErasure is the place of the newest entry that erased words, or -1.
func NewestErasure(ctx context.Context, tx *db.Tx) (int64, error) {
	return db.Value[int64](ctx, tx, newestErasure)
}
