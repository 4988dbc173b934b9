// SPDX-License-Identifier: AGPL-3.0-or-later

package relay

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/record"
)

// Path is where the log of what was taken is served, as C2SP tlog-tiles.
const Path = "/intake"

// ErrReadOnly is a chorus.ErrBusy: the log here is older than what was signed,
// or differs from it, and must not go on.
var ErrReadOnly = fmt.Errorf("the log of what was taken does not go on from what was signed: %w", chorus.ErrBusy)

const (
	keyName   = "intake.key"
	guardName = "intake.signed"
	keyNotice = "# The key that signs what this mirror took for another instance. Show it to nobody.\n"
)

// signed is the newest checkpoint of the log. What lies behind it is not served.
type signed struct {
	text string
	record.Checkpoint
	broken bool // the log does not go on from it
}

// OpenBox opens the box of a mirror at an address, with its key in a data
// folder; there is one process for a folder. The caller fills the public fields.
func OpenBox(ctx context.Context, d *db.DB, folder, address string) (*Box, error) {
	origin, err := record.Origin(address + Path)
	if err != nil {
		return nil, err
	}
	b := &Box{db: d, guard: filepath.Join(folder, guardName), courier: newCourier(), Log: slog.Default()}
	if b.key, err = openKey(folder, origin); err != nil {
		return nil, fmt.Errorf("the key of the intake: %w", err)
	}
	root := new(record.Tree).Root()
	err = d.Write(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, insertHead, root[:])
		return err
	})
	if err == nil {
		err = b.readGuard()
	}
	if err == nil {
		err = b.Publish(ctx)
	}
	if errors.Is(err, ErrReadOnly) {
		err = nil // what is there is still served and handed on
	}
	return b, err
}

func openKey(folder, origin string) (*record.Key, error) {
	file := vault.KeyFile{Path: filepath.Join(folder, keyName), Notice: keyNotice}
	text, err := file.Open(func() (string, error) {
		key, err := record.NewKey(origin)
		if err != nil {
			return "", err
		}
		return key.Secret(), nil
	})
	if err != nil {
		return nil, err
	}
	key, err := record.ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Path, err)
	}
	return key, nil
}

func (b *Box) readGuard() error {
	text, err := vault.ReadFile(b.guard)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	b.signed.text = text
	if b.signed.Checkpoint, err = record.OpenCheckpoint([]byte(text), b.key.Verifier()); err != nil {
		return fmt.Errorf("%s: %w", b.guard, err)
	}
	return nil
}

// add gives an entry the next place in the log.
func add(ctx context.Context, tx *db.Tx, entry []byte) (place int64, err error) {
	head, err := db.One(ctx, tx, lockHead, scanHead)
	if err != nil {
		return 0, err
	}
	tree, err := record.LoadTree(head.Size, func(level int, n int64, _ int) ([]byte, error) {
		return db.Value[[]byte](ctx, tx, tileData, level, n)
	})
	if err != nil {
		return 0, err
	}
	if tree.Root() != head.Root {
		return 0, fmt.Errorf("relay: tiles do not give the root of the log at %d", head.Size)
	}
	if _, err := db.Exec(ctx, tx, insertEntry, head.Size, entry); err != nil {
		return 0, err
	}
	for _, t := range tree.Append(record.LeafHash(entry)) {
		if _, err := db.Exec(ctx, tx, saveTile, t.Level, t.N, t.Data); err != nil {
			return 0, err
		}
	}
	root := tree.Root()
	_, err = db.Exec(ctx, tx, moveHead, tree.Size(), root[:])
	return head.Size, err
}

func scanHead(r db.Row) (c record.Checkpoint, err error) {
	var root []byte
	err = r.Scan(&c.Size, &root)
	copy(c.Root[:], root)
	return c, err
}

// Publish signs what the log holds now, unless that is signed already. It fails
// with ErrReadOnly when the log does not go on from what was signed before.
func (b *Box) Publish(ctx context.Context) error {
	b.publish.Lock()
	defer b.publish.Unlock()
	head, err := b.checked(ctx)
	if err != nil || b.signed.text != "" && head.Size == b.signed.Size {
		return err
	}
	text, err := b.key.Sign(head.Size, head.Root)
	if err != nil {
		return err
	}
	// The file comes first: what was shown to anybody is never forgotten.
	if err := vault.ReplaceFile(b.guard, string(text)); err != nil {
		return fmt.Errorf("keeping what is signed: %w", err)
	}
	b.signed = signed{string(text), record.Checkpoint{Origin: b.key.Origin(), Size: head.Size, Root: head.Root}, false}
	return nil
}

// checked is the head, once it is sure that it goes on from what was signed.
func (b *Box) checked(ctx context.Context) (head record.Checkpoint, err error) {
	var fork error
	err = b.db.Read(ctx, func(tx *db.Tx) (err error) {
		if head, err = db.One(ctx, tx, headIs, scanHead); err != nil || b.signed.text == "" {
			return err
		}
		fork = record.Extends(head, b.signed.Checkpoint, func(t record.TileRef) (data []byte, failed error) {
			if data, failed = tile(ctx, tx, t); failed != nil && !errors.Is(failed, chorus.ErrNotFound) {
				err = failed // of the database, which says nothing about the log
			}
			return data, failed
		})
		return err
	})
	if err == nil && fork != nil {
		b.signed.broken = true
		err = fmt.Errorf("%w: %w", ErrReadOnly, fork)
		b.Log.Error("nothing is taken for other instances any more; see Mirror in docs/operating.md", "err", err)
	}
	return head, err
}

func (b *Box) mayGrow() error {
	b.publish.Lock()
	defer b.publish.Unlock()
	if b.signed.broken {
		return ErrReadOnly
	}
	return nil
}

// VerifierKey is the text with which others check the checkpoints of the log.
func (b *Box) VerifierKey() string { return b.key.Verifier() }

// Checkpoint is the newest signed checkpoint of the log, as it is served.
func (b *Box) Checkpoint() string {
	b.publish.Lock()
	defer b.publish.Unlock()
	return b.signed.text
}

// Tile is a tile of the log, or a bundle of its entries, in the bytes of C2SP
// tlog-tiles; chorus.ErrNotFound for what is not signed yet.
func (b *Box) Tile(ctx context.Context, t record.TileRef) (data []byte, err error) {
	b.publish.Lock()
	size := b.signed.Size
	b.publish.Unlock()
	if t.Width > record.TileWidthAt(size, t.Level, t.N) {
		return nil, chorus.ErrNotFound
	}
	err = b.db.Read(ctx, func(tx *db.Tx) error {
		if t.Level == record.EntriesLevel {
			data, err = entries(ctx, tx, t)
		} else {
			data, err = tile(ctx, tx, t)
		}
		return err
	})
	return data, err
}

func tile(ctx context.Context, tx *db.Tx, t record.TileRef) ([]byte, error) {
	data, err := db.Value[[]byte](ctx, tx, tileData, t.Level, t.N)
	want := t.Width * len(record.Hash{})
	if err == nil && len(data) < want {
		err = chorus.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("tile %s of the log: %w", t.Path(), err)
	}
	return data[:want], nil
}

func entries(ctx context.Context, tx *db.Tx, t record.TileRef) (bundle []byte, err error) {
	from := t.N * record.TileWidth
	return bundle, db.Each(ctx, tx, hashesFrom, func(r db.Row) error {
		var hash []byte
		err := r.Scan(&hash)
		if err == nil {
			bundle, err = record.AppendEntry(bundle, hash)
		}
		return err
	}, from, from+int64(t.Width))
}
