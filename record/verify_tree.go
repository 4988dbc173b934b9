// SPDX-License-Identifier: Apache-2.0

package record

import (
	"context"
	"errors"
)

// raise adds a bundle to the tree above it, and compares the tiles that it
// completes.
func (v *verifier) raise(ctx context.Context, b *bundle) error {
	if len(b.hashes) < TileWidth {
		v.edge = b.hashes
		return nil
	}
	for _, t := range v.upper.Append(b.root) {
		t.Level++ // the upper tree begins there
		if t.Width() != TileWidthAt(v.at().Size, t.Level, t.N) {
			continue // it will be wider
		}
		ref := TileRef{t.Level, t.N, t.Width()}
		data, err := v.fetch(ctx, ref.Path())
		if err != nil {
			return err
		}
		if string(data) != string(t.Data) && v.suspect == nil {
			v.suspect = aboutFile(TileChanged, ref.Path(), nil)
		}
	}
	return nil
}

// close compares the root, and the older checkpoint, with what was read.
func (v *verifier) close(ctx context.Context) error {
	at := v.at()
	tree := Tree{size: at.Size, edge: append([][]Hash{v.edge}, v.upper.edge...)}
	if tree.Root() != at.Root {
		return about(RootDiffers, at.Size)
	}
	for _, found := range []*Finding{v.suspect, v.fault} {
		if found != nil {
			return found
		}
	}
	if since := v.report.Since; since != nil {
		err := Extends(at, *since, func(r TileRef) ([]byte, error) { return v.src.Fetch(ctx, r.Path()) })
		if errors.Is(err, ErrFork) {
			return &Finding{Fault: Forked, Entry: at.Size, Other: since.Size, Err: err}
		}
		if err != nil {
			return err
		}
	}
	return v.closeErasures(ctx)
}
