// SPDX-License-Identifier: Apache-2.0

package record

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// ProveExtends proves that a record begins with its own first entries, older
// of them: the hashes of RFC 6962, section 2.1.2. There are none if older is 0
// or all. read gets tiles of the record; what they say is believed only as far
// as the record's root bears it out.
func ProveExtends(newer Checkpoint, older int64, read func(TileRef) ([]byte, error)) ([]Hash, error) {
	if older < 0 || older > newer.Size {
		return nil, fmt.Errorf("%w: %d entries, and there were %d", ErrFork, newer.Size, older)
	}
	if older == 0 || older == newer.Size {
		return nil, nil
	}
	tiles := tlog.TileHashReader(tlog.Tree{N: newer.Size, Hash: newer.Root}, tileReader(read))
	proof, err := tlog.ProveTree(newer.Size, older, tiles)
	return proof, err
}

// CheckExtends checks by a proof alone that the newer record begins with all
// that the older one held. It fails with ErrFork if that is not shown.
func CheckExtends(newer, older Checkpoint, proof []Hash) error {
	switch {
	case older.Size < 0 || older.Size > newer.Size:
		return fmt.Errorf("%w: %d entries, and there were %d", ErrFork, newer.Size, older.Size)
	case older.Size == 0 || older.Size == newer.Size:
		if len(proof) > 0 {
			return fmt.Errorf("%w: a proof of %d hashes where none is needed", ErrFork, len(proof))
		}
		for _, c := range []Checkpoint{newer, older} {
			if empty := new(Tree).Root(); c.Size == 0 && c.Root != empty {
				return fmt.Errorf("%w: no entries, and a root that is not of none", ErrFork)
			}
		}
		if older.Size == newer.Size {
			return sameRoot(newer.Root, older)
		}
		return nil
	}
	if err := tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("%w: %w", ErrFork, err)
	}
	return nil
}
