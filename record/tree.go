// SPDX-License-Identifier: Apache-2.0

package record

import (
	"crypto/sha256"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// TileWidth is how many hashes a full tile holds: tiles are 8 levels high.
const TileWidth = 256

// A Tile is a piece of the tree as C2SP tlog-tiles serves it: hashes of
// consecutive subtrees of TileWidth^Level leaves each. Data holds 1 to
// TileWidth hashes; with fewer than TileWidth it is the growing right edge.
type Tile struct {
	Level int
	N     int64
	Data  []byte
}

// Width is how many hashes the tile holds.
func (t Tile) Width() int { return len(t.Data) / tlog.HashSize }

// A Tree grows the Merkle tree of the record. It keeps only the right edge in
// memory, so appending costs two hashes a leaf whatever the size.
type Tree struct {
	size int64
	edge [][]Hash // per level, the hashes of the last tile, fewer than TileWidth
}

// LoadTree brings back a tree of the given size. tile must return at least the
// first width hashes of a tile that was saved.
func LoadTree(size int64, tile func(level int, n int64, width int) ([]byte, error)) (*Tree, error) {
	t := &Tree{size: size}
	for level, n := 0, size; n > 0; level, n = level+1, n/TileWidth {
		width := int(n % TileWidth)
		t.edge = append(t.edge, nil)
		if width == 0 {
			continue
		}
		data, err := tile(level, n/TileWidth, width)
		if err != nil {
			return nil, fmt.Errorf("loading tile %d/%d: %w", level, n/TileWidth, err)
		}
		if len(data) < width*tlog.HashSize {
			return nil, fmt.Errorf("record: tile %d/%d holds %d bytes, want %d hashes", level, n/TileWidth, len(data), width)
		}
		for i := range width {
			t.edge[level] = append(t.edge[level], Hash(data[i*tlog.HashSize:(i+1)*tlog.HashSize]))
		}
	}
	return t, nil
}

// Size is the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// Clone is a tree that can grow without changing t.
func (t *Tree) Clone() *Tree {
	c := &Tree{size: t.size, edge: make([][]Hash, len(t.edge))}
	for level, hashes := range t.edge {
		c.edge[level] = append([]Hash(nil), hashes...)
	}
	return c
}

// Append adds leaves and returns every tile that changed, each at its new
// width; a tile that is returned replaces a narrower one.
func (t *Tree) Append(leaves ...Hash) []Tile {
	if len(leaves) == 0 {
		return nil
	}
	var changed []Tile
	t.size += int64(len(leaves))
	for level, add := 0, leaves; len(add) > 0; level++ {
		if level == len(t.edge) {
			t.edge = append(t.edge, nil)
		}
		add, changed = t.extend(level, add, changed)
	}
	return changed
}

// extend adds hashes to one level and returns the hashes of the tiles that
// became full, which belong to the level above.
func (t *Tree) extend(level int, add []Hash, changed []Tile) (above []Hash, _ []Tile) {
	n := t.size >> (8 * level) / TileWidth // the tile that will be the edge
	row := append(t.edge[level], add...)
	for first := n - int64(len(row)/TileWidth); len(row) >= TileWidth; first++ {
		changed = append(changed, Tile{level, first, join(row[:TileWidth])})
		above = append(above, subtree(row[:TileWidth]))
		row = row[TileWidth:]
	}
	if len(row) > 0 {
		changed = append(changed, Tile{level, n, join(row)})
	}
	t.edge[level] = append([]Hash(nil), row...)
	return above, changed
}

// Root is the RFC 6962 hash of the whole tree; of the empty tree SHA-256("").
func (t *Tree) Root() Hash {
	root, any := Hash(sha256.Sum256(nil)), false
	for _, row := range t.edge {
		for len(row) > 0 { // the perfect subtrees of this level, right to left
			width := 1 << bits.TrailingZeros(uint(len(row)))
			h := subtree(row[len(row)-width:])
			if any {
				h = tlog.NodeHash(h, root)
			}
			root, any, row = h, true, row[:len(row)-width]
		}
	}
	return root
}

// subtree is the hash over a power of two of sibling hashes.
func subtree(row []Hash) Hash {
	if len(row) == 1 {
		return row[0]
	}
	return tlog.NodeHash(subtree(row[:len(row)/2]), subtree(row[len(row)/2:]))
}

func join(row []Hash) []byte {
	data := make([]byte, 0, len(row)*tlog.HashSize)
	for _, h := range row {
		data = append(data, h[:]...)
	}
	return data
}
