// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/record"
)

// What keeps a key from being changed.
var (
	errOldKeyThere = errors.New("the key before this one still signs: remove " + oldName + " first, once nobody needs it")
	errOtherSigner = errors.New("the key was not changed: something else signs this record now; stop every chorus serve, and try again")
	errWaits       = errors.New("the announcement of the new key waits for its place in the record; try again")
)

// RollKey changes the key of the record and gives the new one's verifier key.
// announce publishes the change as a fact and gives its hash. The new key holds
// from the next start on. Wherever RollKey ends, by an error or by a power cut,
// the instance can be started, and RollKey goes on with the same new key when
// it is called again:
//
//	record.key  .old  .new   what is done
//	old         -     -      nothing
//	old         -     new    drawn; it may be announced, and sign beside the old one
//	old         old   new    announced, and covered by a checkpoint of both keys
//	new         old   -      all
//
// Nothing else may sign the record meanwhile; RollKey looks for two of its own
// intervals whether anything does, and then changes nothing.
func (r *Recorder) RollKey(ctx context.Context, announce func(ctx context.Context, key, proof string) (fact.Hash, error)) (string, error) {
	n := r.notary
	if n == nil {
		return "", errIsMirror
	}
	if len(n.older) > 0 {
		return "", errOldKeyThere
	}
	next, err := draftKey(n.folder, n.key.Origin())
	if err != nil {
		return "", err
	}
	proof, err := next.ProveRoll(n.key.Verifier())
	if err != nil {
		return "", err
	}
	hash, err := announce(ctx, next.Verifier(), string(proof))
	if err != nil {
		return "", fmt.Errorf("announcing the new key: %w", err)
	}
	if err := r.othersRest(ctx, hash); err != nil {
		return "", err
	}
	if err := r.publish(ctx, next); err != nil {
		return "", err
	}
	if err := r.covers(ctx, hash, n.key, next); err != nil {
		return "", err
	}
	return next.Verifier(), replaceKey(n.folder)
}

// othersRest waits for as long as anybody who signs this record would take to
// sign an entry too, and fails if somebody does.
func (r *Recorder) othersRest(ctx context.Context, entry fact.Hash) error {
	for patience := time.After(2 * r.publishes); ; {
		var is bool
		err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
			is, err = isPublished(ctx, tx, entry)
			return err
		})
		if err == nil && is {
			err = errOtherSigner
		}
		if err != nil {
			return err
		}
		select {
		case <-patience:
			return nil
		case <-time.After(tick):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// isPublished reports whether a checkpoint covers an entry.
func isPublished(ctx context.Context, tx *db.Tx, entry fact.Hash) (bool, error) {
	place, err := PlaceOf(ctx, tx, entry)
	if errors.Is(err, chorus.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	size, _, err := newest(ctx, tx)
	if errors.Is(err, chorus.ErrNotFound) {
		return false, nil
	}
	return place < size, err
}

// draftKey is the new key, or the one from a change that was cut short.
func draftKey(folder, origin string) (*record.Key, error) {
	err := draw(folder, draftName, origin)
	if err != nil {
		return nil, fmt.Errorf("making the new key: %w", err)
	}
	next, err := readKey(folder, draftName)
	if err == nil && next.Origin() != origin {
		err = fmt.Errorf("%s is a key of %s, not of %s: remove it", draftName, next.Origin(), origin)
	}
	return next, err
}

// covers makes sure that the newest checkpoint holds an entry and that both
// keys have signed it: the old one, because it is trusted, and the new one, so
// that it can be read when the old key is gone.
func (r *Recorder) covers(ctx context.Context, entry fact.Hash, keys ...*record.Key) error {
	text, err := r.Checkpoint(ctx)
	if err != nil {
		return err
	}
	var c record.Checkpoint
	for _, key := range keys {
		if c, err = record.OpenCheckpoint([]byte(text), key.Verifier()); err != nil {
			return errors.Join(errOtherSigner, err)
		}
	}
	return r.db.Read(ctx, func(tx *db.Tx) error {
		place, err := PlaceOf(ctx, tx, entry)
		if err != nil || place >= c.Size {
			return errors.Join(errWaits, err)
		}
		return nil
	})
}

// replaceKey puts the new key in place. The old one is kept under its other
// name before its own is taken away.
func replaceKey(folder string) error {
	file := filepath.Join(folder, keyName)
	text, err := vault.ReadFile(file)
	if err != nil {
		return err
	}
	if err := vault.ReplaceFile(filepath.Join(folder, oldName), text); err != nil {
		return fmt.Errorf("keeping the old key: %w", err)
	}
	if err := vault.MoveFile(filepath.Join(folder, draftName), file); err != nil {
		return fmt.Errorf("putting the new key in place: %w", err)
	}
	return nil
}
