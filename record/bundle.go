// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrBundle is what every refusal of a bundle of entries wraps.
var ErrBundle = errors.New("record: not a bundle of entries")

// AppendEntry adds an entry to a bundle as C2SP tlog-tiles writes it: its
// length as a big-endian uint16, then its bytes.
func AppendEntry(bundle, entry []byte) ([]byte, error) {
	if len(entry) > math.MaxUint16 {
		return nil, fmt.Errorf("%w: an entry of %d bytes", ErrBundle, len(entry))
	}
	return append(binary.BigEndian.AppendUint16(bundle, uint16(len(entry))), entry...), nil
}

// ParseEntries cuts a bundle of exactly width entries. They lie in the bundle's
// own memory. A record served by others may hold entries that are not leaves.
func ParseEntries(bundle []byte, width int) (entries [][]byte, err error) {
	entries, err = splitEntries(bundle)
	if err == nil && len(entries) != width {
		err = fmt.Errorf("%w: %d entries, want %d", ErrBundle, len(entries), width)
	}
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// splitEntries cuts a bundle that may have some entries more than it should.
func splitEntries(bundle []byte) (entries [][]byte, err error) {
	entries = make([][]byte, 0, TileWidth)
	for len(bundle) > 0 {
		if len(bundle) < 2 {
			return nil, fmt.Errorf("%w: half a length at its end", ErrBundle)
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < end {
			return nil, fmt.Errorf("%w: entry %d is cut short", ErrBundle, len(entries))
		}
		if len(entries) == 2*TileWidth {
			return nil, fmt.Errorf("%w: more than %d entries", ErrBundle, TileWidth)
		}
		entries, bundle = append(entries, bundle[2:end:end]), bundle[end:]
	}
	return entries, nil
}
