// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// grown is a record of n entries: its checkpoint at every size, and its tiles.
func grown(t *testing.T, n int) (at []Checkpoint, read func(TileRef) ([]byte, error)) {
	t.Helper()
	tree, tiles := new(Tree), map[[2]int64][]byte{}
	at = []Checkpoint{{"lindholm.example/record", 0, tree.Root()}}
	for i := range n {
		for _, tile := range tree.Append(LeafHash(fmt.Append(nil, i))) {
			tiles[[2]int64{int64(tile.Level), tile.N}] = tile.Data
		}
		at = append(at, Checkpoint{"lindholm.example/record", int64(i) + 1, tree.Root()})
	}
	return at, func(ref TileRef) ([]byte, error) {
		data := tiles[[2]int64{int64(ref.Level), ref.N}]
		if len(data) < ref.Width*len(Hash{}) {
			return nil, fmt.Errorf("no tile %s", ref.Path())
		}
		return data[:ref.Width*len(Hash{})], nil
	}
}

func TestProveExtends(t *testing.T) {
	at, read := grown(t, 300)
	for _, c := range [][2]int64{{0, 0}, {0, 1}, {1, 1}, {1, 2}, {1, 300}, {7, 8}, {255, 300}, {256, 300}, {257, 300}, {299, 300}, {300, 300}} {
		older, newer := at[c[0]], at[c[1]]
		proof, err := ProveExtends(newer, older.Size, read)
		if err == nil {
			err = CheckExtends(newer, older, proof)
		}
		if err != nil || len(proof) > 63 {
			t.Errorf("%d to %d: %d hashes, %v", c[0], c[1], len(proof), err)
		}
		other := older
		other.Root[0] ^= 1
		if err := CheckExtends(newer, other, proof); older.Size > 0 && !errors.Is(err, ErrFork) {
			t.Errorf("%d to %d: from another root: %v, want ErrFork", c[0], c[1], err)
		}
		if err := CheckExtends(newer, older, append(slices.Clone(proof), Hash{})); !errors.Is(err, ErrFork) {
			t.Errorf("%d to %d: with one hash too many: %v, want ErrFork", c[0], c[1], err)
		}
	}
	if _, err := ProveExtends(at[2], 3, read); !errors.Is(err, ErrFork) {
		t.Errorf("from what is longer: %v, want ErrFork", err)
	}
	if err := CheckExtends(at[2], at[3], nil); !errors.Is(err, ErrFork) {
		t.Errorf("to what is shorter: %v, want ErrFork", err)
	}
	if err := CheckExtends(Checkpoint{Root: Hash{1}}, at[0], nil); !errors.Is(err, ErrFork) {
		t.Errorf("nothing with a root of something: %v, want ErrFork", err)
	}
}
