// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"context"
	"fmt"
	"strings"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

// What others may fetch. All of it ends where the newest published checkpoint
// ends; what lies behind is chorus.ErrNotFound until it is signed.

// Checkpoint is the newest signed checkpoint, as it is served: with what
// witnesses have put under it.
func (r *Recorder) Checkpoint(ctx context.Context) (text string, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) (err error) {
		size, signed, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		lines, err := linesUnder(ctx, tx, size)
		text = signed + lines
		return err
	})
	return text, err
}

// linesUnder are the cosignatures of the checkpoint of a size.
func linesUnder(ctx context.Context, tx *db.Tx, size int64) (string, error) {
	lines, err := db.All(ctx, tx, cosignatureLines, func(row db.Row) (s string, err error) { return s, row.Scan(&s) }, size)
	return strings.Join(lines, ""), err
}

// Tile is a tile, or a bundle of entries, in the bytes of C2SP tlog-tiles.
func (r *Recorder) Tile(ctx context.Context, t record.TileRef) (data []byte, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) (err error) {
		size, _, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		if t.Width > record.TileWidthAt(size, t.Level, t.N) {
			return chorus.ErrNotFound
		}
		if t.Level == record.EntriesLevel {
			data, err = bundle(ctx, tx, t)
			return err
		}
		data, err = db.Value[[]byte](ctx, tx, tileData, t.Level, t.N)
		if want := t.Width * len(record.Hash{}); err == nil && len(data) >= want {
			data = data[:want]
			return nil
		}
		return fmt.Errorf("tile %s: %d bytes: %w", t.Path(), len(data), err)
	})
	return data, err
}

func bundle(ctx context.Context, tx *db.Tx, t record.TileRef) (data []byte, err error) {
	n, from := 0, t.N*record.TileWidth
	err = db.Each(ctx, tx, leavesBetween, func(row db.Row) error {
		var leaf []byte
		err := row.Scan(&leaf)
		if err == nil {
			data, err = record.AppendEntry(data, leaf)
		}
		n++
		return err
	}, from, from+int64(t.Width))
	if err == nil && n != t.Width {
		err = fmt.Errorf("%s has %d entries", t.Path(), n)
	}
	return data, err
}

// Bodies are the bodies of the entries in the bundle of a number.
func (r *Recorder) Bodies(ctx context.Context, n int64) (all []*record.Body, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		size, _, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		width := record.TileWidthAt(size, record.EntriesLevel, n)
		if width == 0 {
			return chorus.ErrNotFound
		}
		all, err = bodiesOf(ctx, tx, n*record.TileWidth, width)
		return err
	})
	return all, err
}

// Body is the body of the entry at a place.
func (r *Recorder) Body(ctx context.Context, place int64) (body *record.Body, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		size, _, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		if place < 0 || place >= size {
			return chorus.ErrNotFound
		}
		one, err := bodiesOf(ctx, tx, place, 1)
		if err == nil {
			body = one[0]
		}
		return err
	})
	return body, err
}

func bodiesOf(ctx context.Context, tx *db.Tx, from int64, n int) ([]*record.Body, error) {
	all := make([]*record.Body, n)
	for i := range all {
		all[i] = &record.Body{Index: from + int64(i)}
	}
	return all, db.Each(ctx, tx, partsBetween, func(row db.Row) error {
		var place, state int64
		var salt []byte
		var by *int64
		var p record.Part
		if err := row.Scan(&place, &state, &salt, &p.Bytes, &by); err != nil {
			return err
		}
		copy(p.Salt[:], salt)
		if by != nil {
			p.By = *by
		}
		p.State = record.PartState(state)
		b := all[place-from]
		b.Parts = append(b.Parts, p)
		return nil
	}, from, from+int64(n))
}
