// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"bufio"
	"bytes"
	"slices"
	"testing"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"

	"example.org/chorus/record"
)

// What we accept, they accept too, and read the same in it. They may accept
// more: each format has one spelling here.

func FuzzProof(f *testing.F) {
	checkpoint := "lindholm.example/record\n2\n" + "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— lindholm.example/record AAAAAAAA\n"
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" + checkpoint))
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra e30=\nindex 0\n\n" + checkpoint))
	f.Fuzz(func(t *testing.T, text []byte) {
		ours, err := record.ParseProof(text)
		if err != nil || len(text) > bufio.MaxScanTokenSize { // they read no longer lines
			return
		}
		var theirs proof.TLogProof
		if err := theirs.Unmarshal(text); err != nil {
			t.Fatalf("they do not read it: %v", err)
		}
		same := func(a record.Hash, b [32]byte) bool { return a == b }
		if uint64(ours.Index) != theirs.Index || !slices.EqualFunc(ours.Hashes, theirs.Hashes, same) ||
			!bytes.Equal(ours.Extra, theirs.ExtraData) || !bytes.Equal(ours.Checkpoint, theirs.Checkpoint) {
			t.Errorf("they read %+v, we %+v", theirs, ours)
		}
		if !bytes.Equal(theirs.Marshal(), text) {
			t.Errorf("they write %s", theirs.Marshal())
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add("lindholm.example/record\n300\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")
	f.Add("x\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
	f.Fuzz(func(t *testing.T, text string) {
		ours, err := record.ParseCheckpoint(text)
		if err != nil {
			return
		}
		var theirs log.Checkpoint
		rest, err := theirs.Unmarshal([]byte(text))
		if err != nil || len(rest) > 0 || ours.Origin != theirs.Origin || uint64(ours.Size) != theirs.Size || !bytes.Equal(ours.Root[:], theirs.Hash) {
			t.Errorf("they read %+v, %q, %v, we %+v", theirs, rest, err, ours)
		}
	})
}

// FuzzPath: any tile lies where they look for it.
func FuzzPath(f *testing.F) {
	f.Add(uint8(0), int64(1234067), uint8(0))
	f.Add(uint8(63), int64(999), uint8(255))
	f.Fuzz(func(t *testing.T, level uint8, n int64, width uint8) {
		if n < 0 || level > 63 {
			return
		}
		ours := record.TileRef{Level: int(level), N: n, Width: int(width)}
		if width == 0 {
			ours.Width = record.TileWidth
		}
		if theirs := layout.TilePath(uint64(level), uint64(n), width); ours.Path() != theirs {
			t.Errorf("they look at %s, we at %s", theirs, ours.Path())
		}
		ours.Level = record.EntriesLevel
		if theirs := layout.EntriesPath(uint64(n), width); ours.Path() != theirs {
			t.Errorf("they look at %s, we at %s", theirs, ours.Path())
		}
	})
}

func FuzzBundle(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00\x00\x00\x02bc"), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, last uint8) {
		ours, err := record.ParseEntries(data, int(last)+1)
		if err != nil {
			return
		}
		var theirs api.EntryBundle
		if err := theirs.UnmarshalText(data); err != nil || !slices.EqualFunc(ours, theirs.Entries, bytes.Equal) {
			t.Errorf("they read %q, %v, we %q", theirs.Entries, err, ours)
		}
	})
}
