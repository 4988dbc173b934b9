// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// hashRows is the number of rows hashed together: few enough that a vote costs little when the others' hashes are at hand.
const hashRows = 8

// Hash names the votes: it is the same for the same latest votes, moderation and bans, in whatever order they came.
// It is the SHA-256 of a header and of the SHA-256 of every 8 rows; docs/opinion.md gives the bytes, so that others can compute it.
func (v *Votes) Hash() string {
	v = v.sorted()
	blocks := v.blocks
	if blocks == nil {
		blocks = make([]block, (len(v.spans)+hashRows-1)/hashRows)
		v.hashBlocks(blocks)
	}
	h := sha256.New()
	h.Write(v.header())
	for i := range blocks {
		h.Write(blocks[i].sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// block is the hash of hashRows rows, if it is known.
type block struct {
	sum   [sha256.Size]byte
	known bool
}

// hashBlocks computes those that are not known.
func (v *Votes) hashBlocks(blocks []block) {
	pieces := rowParts(len(blocks))
	parallel(pieces, func(p int) {
		from, to := piece(len(blocks), pieces, p)
		var text []byte
		for b := from; b < to; b++ {
			if blocks[b].known {
				continue
			}
			text = text[:0]
			for i := b * hashRows; i < min(len(v.spans), (b+1)*hashRows); i++ {
				text = v.appendRow(text, i)
			}
			blocks[b] = block{sha256.Sum256(text), true}
		}
	})
}

func (v *Votes) appendRow(text []byte, i int) []byte {
	id, s, cols := uint64(v.participants[i]), &v.spans[i], v.voted(i)
	if v.isBanned(i) {
		id |= 1 << 63
	}
	text = binary.LittleEndian.AppendUint64(text, id)
	text = binary.LittleEndian.AppendUint16(text, s.agrees)
	text = binary.LittleEndian.AppendUint16(text, s.disagrees)
	text = binary.LittleEndian.AppendUint16(text, s.passes)
	at := len(text)
	text = slices.Grow(text, 2*len(cols))[:at+2*len(cols)]
	for ; len(cols) >= 4; cols, at = cols[4:], at+8 {
		four := uint64(cols[0]) | uint64(cols[1])<<16 | uint64(cols[2])<<32 | uint64(cols[3])<<48
		binary.LittleEndian.PutUint64(text[at:], four)
	}
	for k, c := range cols {
		binary.LittleEndian.PutUint16(text[at+2*k:], c)
	}
	return text
}

func (v *Votes) header() []byte {
	text := []byte("chorus.opinion votes 1\n")
	text = binary.LittleEndian.AppendUint64(text, uint64(len(v.statements)))
	for _, s := range v.statements {
		text = binary.LittleEndian.AppendUint64(text, uint64(s.ID))
		kind := byte(s.Moderation + 1)
		if s.Meta {
			kind |= 4
		}
		text = append(text, kind)
	}
	return binary.LittleEndian.AppendUint64(text, uint64(len(v.participants)))
}

// sorted is v with participants and statements in ascending order.
func (v *Votes) sorted() *Votes {
	people := slices.IsSorted(v.participants)
	if people && slices.IsSortedFunc(v.statements, byStatementID) {
		return v
	}
	out, _ := arranged(&v.matrix, v.participants, v.banned, v.statements)
	return out
}
