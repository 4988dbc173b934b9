// SPDX-License-Identifier: Apache-2.0

package record

import (
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// TestTreeAgainstTlog grows trees in random batches and compares the root and
// every tile with what golang.org/x/mod computes from the same leaves.
func TestTreeAgainstTlog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		judge := new(judge)
		tree, tiles := new(Tree), map[string][]byte{}
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			leaves := leafHashes(tree.Size(), rapid.IntRange(0, 700).Draw(t, "leaves"))
			judge.add(t, leaves)
			for _, tile := range tree.Append(leaves...) {
				name := fmt.Sprint(tile.Level, "/", tile.N)
				if old := tiles[name]; string(tile.Data[:len(old)]) != string(old) {
					t.Fatalf("tile %s is not a prefix of its wider self", name)
				}
				tiles[name] = tile.Data
			}
			if got, want := tree.Root(), judge.root(t); got != want {
				t.Fatalf("root of %d leaves = %v, want %v", tree.Size(), got, want)
			}
			loaded, err := LoadTree(tree.Size(), func(level int, n int64, width int) ([]byte, error) {
				return tiles[fmt.Sprint(level, "/", n)], nil
			})
			if err != nil || loaded.Root() != tree.Root() {
				t.Fatalf("a loaded tree of %d leaves differs: %v", tree.Size(), err)
			}
		}
		judge.tiles(t, tree.Size(), tiles)
	})
}

func TestEmptyTree(t *testing.T) {
	const want = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	if got := new(Tree).Root().String(); got != want {
		t.Errorf("root of nothing = %s, want %s", got, want)
	}
}

func TestLoadTreeRefusesShortTile(t *testing.T) {
	_, err := LoadTree(3, func(int, int64, int) ([]byte, error) { return make([]byte, 64), nil })
	if err == nil {
		t.Error("a tile of two hashes was taken for three")
	}
}

func BenchmarkAppend(b *testing.B) {
	leaves, tree := leafHashes(0, 1000), new(Tree)
	for b.Loop() {
		tree.Append(leaves...)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(tree.Size()), "ns/leaf")
}

func leafHashes(from int64, n int) []Hash {
	hashes := make([]Hash, n)
	for i := range hashes {
		hashes[i] = LeafHash(fmt.Appendf(nil, "leaf %d", from+int64(i)))
	}
	return hashes
}

// judge is the tree as golang.org/x/mod stores it.
type judge struct {
	size   int64
	hashes []Hash
}

func (j *judge) ReadHashes(indexes []int64) (out []Hash, err error) {
	for _, i := range indexes {
		out = append(out, j.hashes[i])
	}
	return out, nil
}

func (j *judge) add(t *rapid.T, leaves []Hash) {
	for _, h := range leaves {
		more, err := tlog.StoredHashesForRecordHash(j.size, h, j)
		if err != nil {
			t.Fatal(err)
		}
		j.hashes = append(j.hashes, more...)
		j.size++
	}
}

func (j *judge) root(t *rapid.T) Hash {
	root, err := tlog.TreeHash(j.size, j)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func (j *judge) tiles(t *rapid.T, size int64, got map[string][]byte) {
	want := map[string][]byte{}
	for _, tile := range tlog.NewTiles(8, 0, size) {
		data, err := tlog.ReadTileData(tile, j)
		if err != nil {
			t.Fatal(err)
		}
		if name := fmt.Sprint(tile.L, "/", tile.N); len(data) > len(want[name]) {
			want[name] = data
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d tiles, want %d", len(got), len(want))
	}
	for name, data := range want {
		if string(got[name]) != string(data) {
			t.Errorf("tile %s differs", name)
		}
	}
}
