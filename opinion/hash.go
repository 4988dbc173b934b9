// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// hashRows is the number of rows hashed together.
const hashRows = 4096

// Hash names the votes: it is the same for the same latest votes, moderation and bans, in whatever order they came.
// It is the SHA-256 of a header (statements, participants) and of the SHA-256 of every 4096 rows;
// docs/opinion.md gives the bytes, so that others can compute it.
func (v *Votes) Hash() string {
	v = v.sorted()
	h := sha256.New()
	h.Write(v.header())
	blocks := (len(v.spans) + hashRows - 1) / hashRows
	sums := make([][sha256.Size]byte, blocks)
	parallel(blocks, func(b int) {
		rows := v.spans[b*hashRows : min(len(v.spans), (b+1)*hashRows)]
		block := sha256.New()
		text := make([]byte, 0, 1<<16) // short enough to stay in the processor's cache
		for i := range rows {
			s := &rows[i]
			if need := 6 + 2*s.len(); len(text)+need > cap(text) {
				block.Write(text)
				text = slices.Grow(text[:0], need)
			}
			text = binary.LittleEndian.AppendUint16(text, s.agrees)
			text = binary.LittleEndian.AppendUint16(text, s.disagrees)
			text = binary.LittleEndian.AppendUint16(text, s.passes)
			cols := v.voted(b*hashRows + i)
			at := len(text)
			text = text[:at+2*len(cols)]
			for ; len(cols) >= 4; cols, at = cols[4:], at+8 {
				four := uint64(cols[0]) | uint64(cols[1])<<16 | uint64(cols[2])<<32 | uint64(cols[3])<<48
				binary.LittleEndian.PutUint64(text[at:], four)
			}
			for k, c := range cols {
				binary.LittleEndian.PutUint16(text[at+2*k:], c)
			}
		}
		block.Write(text)
		block.Sum(sums[b][:0])
	})
	for _, s := range sums {
		h.Write(s[:])
	}
	return hex.EncodeToString(h.Sum(nil))
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
	text = binary.LittleEndian.AppendUint64(text, uint64(len(v.participants)))
	for i, p := range v.participants {
		id := uint64(p)
		if v.isBanned(i) {
			id |= 1 << 63
		}
		text = binary.LittleEndian.AppendUint64(text, id)
	}
	return text
}

// sorted is v with participants and statements in ascending order.
func (v *Votes) sorted() *Votes {
	people := slices.IsSorted(v.participants)
	if people && slices.IsSortedFunc(v.statements, func(a, b Statement) int { return cmp.Compare(a.ID, b.ID) }) {
		return v
	}
	out, _ := arranged(&v.matrix, v.participants, v.banned, v.statements)
	return out
}
