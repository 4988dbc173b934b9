// SPDX-License-Identifier: Apache-2.0

package record

import "golang.org/x/mod/sumdb/tlog"

// Prove makes the hashes of a Proof: the siblings on the way from the entry at
// a place to the root of a checkpoint. read gets tiles; what they say is
// believed only as far as the root bears it out.
func Prove(c Checkpoint, index int64, read func(TileRef) ([]byte, error)) ([]Hash, error) {
	if index < 0 || index >= c.Size {
		return nil, badProof("entry %d in a record of %d", index, c.Size)
	}
	return tlog.ProveRecord(c.Size, index, tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: c.Root}, tileReader(read)))
}
