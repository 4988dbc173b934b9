// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/record"
)

// What was signed once can be held against us for ever. So a node signs only
// what is committed, and only what goes on from all that it knows was signed:
// by the table of checkpoints, and by a file beside the key, which a database
// brought back from a backup does not make older.

// ErrReadOnly is a chorus.ErrBusy: the record here is older than what was
// signed, or differs from it, and must not go on.
var ErrReadOnly = fmt.Errorf("the record is read-only: it does not go on from what was signed: %w", chorus.ErrBusy)

// ErrKey says that the key at hand is not the one that signed this record.
var ErrKey = errors.New("the file record.key in the data folder is not the key that signed this record: bring back the right one, docs/operating.md says how")

const (
	guardName = "record.signed"
	publishes = time.Second // at most one checkpoint in this time, unless PublishEvery says otherwise
)

// A notary signs checkpoints.
type notary struct {
	key      *record.Key
	older    []*record.Key // signs beside it, while its file is kept
	origin   string        // what the key would be called if it were made today
	folder   string        // of the keys
	guard    string        // file with the newest checkpoint that was signed here
	readOnly atomic.Bool
	mu       sync.Mutex // held while what was signed last is replaced
}

// signed is the newest checkpoint in the guard file; the zero one if none was signed.
func (n *notary) signed() (record.Checkpoint, error) {
	text, err := vault.ReadFile(n.guard)
	if errors.Is(err, fs.ErrNotExist) {
		return record.Checkpoint{}, nil
	}
	if err != nil {
		return record.Checkpoint{}, fmt.Errorf("reading what was signed last: %w", err)
	}
	c, err := record.OpenCheckpoint([]byte(text), n.verifiers()...)
	if err != nil {
		return c, fmt.Errorf("%s: %w", n.guard, errors.Join(ErrKey, err))
	}
	return c, nil
}

// PublishEvery has the publisher publish less often than every second: where
// witnesses are asked, what is served should mostly bear their cosignatures.
// It comes before RunPublisher.
func (r *Recorder) PublishEvery(d time.Duration) { r.publishes = d }

// RunPublisher publishes a checkpoint every second in which the record grew,
// until ctx ends. One process runs it for one data folder.
func (r *Recorder) RunPublisher(ctx context.Context) {
	if n := r.notary; n != nil && n.key.Origin() != n.origin {
		r.log.Warn("the record is signed under another name than its address", "name", n.key.Origin(), "address", n.origin)
	}
	ticker := time.NewTicker(r.publishes)
	defer ticker.Stop()
	for {
		if err := r.PublishCheckpoint(ctx); err != nil && !errors.Is(err, ErrReadOnly) && ctx.Err() == nil {
			r.log.Error("publishing a checkpoint", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// PublishCheckpoint signs the committed head and makes it the one that is
// served, unless it is already. It fails with ErrReadOnly, as Write will from
// then on, when the head does not go on from what was signed.
func (r *Recorder) PublishCheckpoint(ctx context.Context) error {
	if r.notary == nil {
		return nil
	}
	return r.publish(ctx, r.notary.older...)
}

// publish has other keys sign beside the one that signs the record.
func (r *Recorder) publish(ctx context.Context, beside ...*record.Key) error {
	r.notary.mu.Lock()
	defer r.notary.mu.Unlock()
	head, published, err := r.checked(ctx)
	if err != nil || published {
		return err
	}
	text, err := r.notary.key.Sign(head.Size, head.Root, beside...)
	if err != nil {
		return err
	}
	// The file comes first: if it ends here, the next start signs the same or more.
	if err := vault.ReplaceFile(r.notary.guard, string(text)); err != nil {
		return fmt.Errorf("keeping what is signed: %w", err)
	}
	return r.db.WriteApart(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, insertCheckpoint, head.Size, head.Root[:], string(text), tx.Now); err != nil {
			return err
		}
		kept, err := db.Value[string](ctx, tx, checkpointNote, head.Size)
		if err == nil && kept != string(text) { // another node signed too
			err = ErrKey
		}
		return err
	})
}

// checked is the committed head, and whether it is published, once it is sure
// that it goes on from all that was signed.
func (r *Recorder) checked(ctx context.Context) (head record.Checkpoint, published bool, err error) {
	signed, err := r.notary.signed() // before the head, which so cannot be older
	if err != nil {
		return head, false, err
	}
	err = r.db.Read(ctx, func(tx *db.Tx) (err error) {
		if head, err = headNow(ctx, tx); err != nil {
			return err
		}
		last, err := r.notary.published(ctx, tx)
		if err != nil {
			return err
		}
		published = last.Origin != "" && last.Size == head.Size
		for _, earlier := range []record.Checkpoint{signed, last} {
			if err := goesOn(ctx, tx, head, earlier); err != nil {
				return err
			}
		}
		return nil
	})
	r.note(head, signed, err)
	if errors.Is(err, record.ErrFork) {
		err = fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return head, published, err
}

func headNow(ctx context.Context, tx *db.Tx) (record.Checkpoint, error) {
	return db.One(ctx, tx, headIs, func(row db.Row) (c record.Checkpoint, err error) {
		var root []byte
		err = row.Scan(&c.Size, &root)
		copy(c.Root[:], root)
		return c, err
	})
}

// published is the newest checkpoint that is served; the zero one before the first.
func (n *notary) published(ctx context.Context, tx *db.Tx) (record.Checkpoint, error) {
	_, text, err := newest(ctx, tx)
	if errors.Is(err, chorus.ErrNotFound) {
		return record.Checkpoint{}, nil
	}
	if err != nil {
		return record.Checkpoint{}, err
	}
	c, err := record.OpenCheckpoint([]byte(text), n.verifiers()...)
	if err != nil {
		return c, errors.Join(ErrKey, err)
	}
	return c, nil
}

func newest(ctx context.Context, tx *db.Tx) (size int64, text string, err error) {
	text, err = db.One(ctx, tx, newestCheckpoint, func(row db.Row) (s string, err error) { return s, row.Scan(&size, &s) })
	return size, text, err
}

// goesOn makes sure that the head goes on from an earlier checkpoint, by tiles
// that the head's root bears out.
func goesOn(ctx context.Context, tx *db.Tx, head, earlier record.Checkpoint) error {
	if earlier.Origin == "" {
		return nil
	}
	var failed error
	err := record.Extends(head, earlier, tilesIn(ctx, tx, &failed))
	if err == nil || failed != nil || errors.Is(err, record.ErrFork) {
		return errors.Join(failed, err)
	}
	return fmt.Errorf("%w: %w", record.ErrFork, err) // tiles that do not give the root
}

// tilesIn reads tiles for the proofs of package record. What is not there is
// theirs to judge; what the database refuses is put into failed.
func tilesIn(ctx context.Context, tx *db.Tx, failed *error) func(record.TileRef) ([]byte, error) {
	return func(t record.TileRef) ([]byte, error) {
		data, err := db.Value[[]byte](ctx, tx, tileData, t.Level, t.N)
		if err != nil && !errors.Is(err, chorus.ErrNotFound) {
			*failed = err
			return nil, err
		}
		if len(data) < t.Width*len(record.Hash{}) {
			return nil, fmt.Errorf("tile %s is not whole", t.Path())
		}
		return data[:t.Width*len(record.Hash{})], nil
	}
}

// note says in the log when writing ends, and when it may go on.
func (r *Recorder) note(head, signed record.Checkpoint, err error) {
	forked := errors.Is(err, record.ErrFork)
	if err != nil && !forked {
		return // nothing is known
	}
	switch was := r.notary.readOnly.Swap(forked); {
	case forked && !was:
		r.log.Error("the record is read-only: it does not go on from what was signed; see Restore in docs/operating.md",
			"entries", head.Size, "signed", signed.Size, "err", err)
	case was && !forked:
		r.log.Info("the record goes on: it holds all that was signed", "entries", head.Size)
	}
}

// mayGrow fails while the record is read-only.
func (r *Recorder) mayGrow() error {
	if r.notary != nil && r.notary.readOnly.Load() {
		return ErrReadOnly
	}
	return nil
}

// ReadOnly reports whether nothing is written, because the record here does
// not go on from what was signed.
func (r *Recorder) ReadOnly() bool { return r.notary != nil && r.notary.readOnly.Load() }

// guard looks once, before anything is written.
func (r *Recorder) guard(ctx context.Context) error {
	if r.follower != nil {
		return r.db.Read(ctx, func(tx *db.Tx) error {
			head, err := headNow(ctx, tx)
			if err != nil {
				return err
			}
			return r.goesOnFromAdopted(ctx, tx, head)
		})
	}
	if r.notary == nil {
		return nil
	}
	if _, _, err := r.checked(ctx); err != nil && !errors.Is(err, ErrReadOnly) {
		return err
	}
	return nil
}
