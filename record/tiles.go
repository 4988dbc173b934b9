// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// EntriesLevel is the level of a TileRef that names a bundle of entries, from
// which the hashes of level 0 are made.
const EntriesLevel = -1

// maxLevel is the highest level that C2SP tlog-tiles allows.
const maxLevel = 63

// A TileRef names a tile, or a bundle of entries, at one width.
type TileRef struct {
	Level int   // 0 to 63, or EntriesLevel
	N     int64 // place in its level, from 0
	Width int   // hashes or entries in it, 1 to TileWidth
}

// ErrPath is what every refusal of a path wraps.
var ErrPath = errors.New("record: not the path of a tile")

// Path is where C2SP tlog-tiles puts the tile below the address of the log:
// tile/<L>/<N>[.p/<W>], or tile/entries/<N>[.p/<W>]. The paths of
// golang.org/x/mod/sumdb/tlog are different ones.
func (r TileRef) Path() string {
	level := "entries"
	if r.Level != EntriesLevel {
		level = strconv.Itoa(r.Level)
	}
	path := "tile/" + level + "/" + FormatN(r.N)
	if r.Width != TileWidth {
		path += ".p/" + strconv.Itoa(r.Width)
	}
	return path
}

// ParseTilePath reads what Path writes and refuses every other spelling.
func ParseTilePath(path string) (TileRef, error) {
	r := TileRef{Width: TileWidth}
	rest, _ := strings.CutPrefix(path, "tile/")
	level, number, _ := strings.Cut(rest, "/")
	number, width, partial := strings.Cut(number, ".p/")
	var errs [3]error
	if r.Level = EntriesLevel; level != "entries" {
		r.Level, errs[0] = strconv.Atoi(level)
	}
	r.N, errs[1] = ParseN(number)
	if partial {
		r.Width, errs[2] = strconv.Atoi(width)
	}
	if errors.Join(errs[:]...) != nil || r.Level < EntriesLevel || r.Level > maxLevel || r.Width < 1 || r.Width > TileWidth || r.Path() != path {
		return TileRef{}, fmt.Errorf("%w: %q", ErrPath, path)
	}
	return r, nil
}

// FormatN writes the number of a tile in groups of three digits, all but the
// last with an x before them: 1234067 is x001/x234/067.
func FormatN(n int64) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	return s
}

// ParseN reads what FormatN writes and refuses every other spelling.
func ParseN(s string) (int64, error) {
	digits := strings.NewReplacer("x", "", "/", "").Replace(s)
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || FormatN(n) != s {
		return 0, fmt.Errorf("%w: number %q", ErrPath, s)
	}
	return n, nil
}

// TileWidthAt is how many hashes, or entries, a tile holds in a record of the
// given size: 0 when it is not there yet.
func TileWidthAt(size int64, level int, n int64) int {
	count := size >> (8 * max(level, 0))
	switch full := count / TileWidth; {
	case n < full:
		return TileWidth
	case n == full:
		return int(count % TileWidth)
	}
	return 0
}

// Extends checks that the newer record begins with all that the older one
// held. read gets tiles of the newer record; what they say is believed only
// as far as the newer root bears it out.
func Extends(newer, older Checkpoint, read func(TileRef) ([]byte, error)) error {
	if older.Size > newer.Size {
		return fmt.Errorf("%w: %d entries, and there were %d", ErrFork, newer.Size, older.Size)
	}
	if newer.Size == 0 || older.Size == newer.Size {
		return sameRoot(newer.Root, older)
	}
	root := new(Tree).Root()
	if older.Size > 0 {
		var err error
		tiles := tlog.TileHashReader(tlog.Tree{N: newer.Size, Hash: newer.Root}, tileReader(read))
		if root, err = tlog.TreeHash(older.Size, tiles); err != nil {
			return err
		}
	}
	return sameRoot(root, older)
}

// ErrFork says that one record does not go on from another.
var ErrFork = errors.New("record: not a continuation")

func sameRoot(root Hash, older Checkpoint) error {
	if root != older.Root {
		return fmt.Errorf("%w: the first %d entries are others", ErrFork, older.Size)
	}
	return nil
}

// A tileReader gives tiles to golang.org/x/mod, which checks them.
type tileReader func(TileRef) ([]byte, error)

func (read tileReader) Height() int { return 8 }

func (read tileReader) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, t := range tiles {
		b, err := read(TileRef{t.L, t.N, t.W})
		if err != nil {
			return nil, err
		}
		data = append(data, b)
	}
	return data, nil
}

func (read tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
