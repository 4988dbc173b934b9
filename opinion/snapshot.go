// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// snapshotMark begins every snapshot and names its form.
const snapshotMark = "chorus.opinion votes 1 snapshot\n"

// ErrSnapshot says that bytes are not a snapshot, or a damaged one.
var ErrSnapshot = errors.New("opinion: not a sound snapshot")

// MarshalBinary writes the votes as bytes, about two for each vote and eight for each participant.
// RestoreState and UnmarshalBinary read them back.
func (v *Votes) MarshalBinary() ([]byte, error) {
	v = v.sorted()
	text := []byte(snapshotMark)
	text = binary.AppendUvarint(text, uint64(len(v.statements)))
	for _, s := range v.statements {
		text = binary.AppendUvarint(text, uint64(s.ID))
		kind := byte(s.Moderation + 1)
		if s.Meta {
			kind |= 4
		}
		text = append(text, kind)
		text = binary.AppendUvarint(text, uint64(len(s.Text)))
		text = append(text, s.Text...)
	}
	text = binary.AppendUvarint(text, uint64(len(v.participants)))
	for i, p := range v.participants {
		s := v.spans[i]
		text = binary.AppendUvarint(text, uint64(p)<<1|bit(v.isBanned(i)))
		text = binary.AppendUvarint(text, uint64(s.agrees))
		text = binary.AppendUvarint(text, uint64(s.disagrees))
		text = binary.AppendUvarint(text, uint64(s.passes))
		for _, c := range v.voted(i) {
			text = binary.LittleEndian.AppendUint16(text, c)
		}
	}
	sum := sha256.Sum256(text)
	return append(text, sum[:]...), nil
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// UnmarshalBinary reads what MarshalBinary wrote. The error is ErrSnapshot.
func (v *Votes) UnmarshalBinary(text []byte) error {
	body, ok := bytes.CutPrefix(text, []byte(snapshotMark))
	if !ok || len(body) < sha256.Size {
		return fmt.Errorf("%w: it does not begin as one, or is too short", ErrSnapshot)
	}
	end := len(text) - sha256.Size
	if sum := sha256.Sum256(text[:end]); !bytes.Equal(sum[:], text[end:]) {
		return fmt.Errorf("%w: its checksum is wrong", ErrSnapshot)
	}
	r := &snapshotReader{rest: body[:len(body)-sha256.Size]}
	out := Votes{}
	r.statements(&out)
	r.participants(&out)
	if r.bad || len(r.rest) > 0 {
		return fmt.Errorf("%w: its content makes no sense", ErrSnapshot)
	}
	*v = out
	return nil
}

// snapshotReader takes a snapshot apart. Once something is bad, it stays bad.
type snapshotReader struct {
	rest []byte
	bad  bool
}

func (r *snapshotReader) number(most uint64) uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > most {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *snapshotReader) take(n int) []byte {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *snapshotReader) statements(v *Votes) {
	for range r.number(MaxStatements) {
		s := Statement{ID: StatementID(r.number(MaxID))}
		kind := r.take(1)
		text := r.take(int(r.number(math.MaxInt32)))
		if r.bad || kind[0]&3 > 2 || kind[0] > 6 || len(v.statements) > 0 && s.ID <= v.statements[len(v.statements)-1].ID {
			r.bad = true
			return
		}
		s.Moderation, s.Meta, s.Text = Moderation(kind[0]&3)-1, kind[0]&4 != 0, string(text)
		v.statements = append(v.statements, s)
	}
}

func (r *snapshotReader) participants(v *Votes) {
	most := uint64(len(v.statements))
	for range r.number(math.MaxUint32) {
		id := r.number(MaxID<<1 | 1)
		s := span{start: len(v.cols), agrees: uint16(r.number(most)), disagrees: uint16(r.number(most)), passes: uint16(r.number(most))}
		cols := r.take(2 * s.len())
		if r.bad || s.len() > int(most) || len(v.participants) > 0 && ParticipantID(id>>1) <= v.participants[len(v.participants)-1] {
			r.bad = true
			return
		}
		for k := 0; k < len(cols); k += 2 {
			v.cols = append(v.cols, binary.LittleEndian.Uint16(cols[k:]))
		}
		s.room = uint16(s.len())
		v.participants = append(v.participants, ParticipantID(id>>1))
		v.spans = append(v.spans, s)
		v.banned = append(v.banned, id&1 == 1)
		r.bad = !v.soundRow(len(v.spans) - 1)
	}
}

// soundRow says whether a row names existing columns, each once, in order.
func (v *Votes) soundRow(i int) bool {
	seen := 0
	var row rowOfScores
	for _, part := range [...][]uint16{v.agreed(i), v.disagreed(i), v.passed(i)} {
		for k, c := range part {
			if int(c) >= len(v.statements) || k > 0 && c <= part[k-1] {
				return false
			}
		}
		seen += len(part)
	}
	row.merge(&v.matrix, i)
	for k := 1; k < seen; k++ {
		if row.cols[k] == row.cols[k-1] {
			return false
		}
	}
	return true
}

// Snapshot writes the state as bytes. What a result has made known to the router is not part of it: compute a Result after restoring.
func (s *State) Snapshot() ([]byte, error) { return s.Votes().MarshalBinary() }

// RestoreState is the State a Snapshot was taken of.
func RestoreState(snapshot []byte) (*State, error) {
	var v Votes
	if err := v.UnmarshalBinary(snapshot); err != nil {
		return nil, err
	}
	return NewState(&v), nil
}
