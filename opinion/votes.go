// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"math/bits"
	"slices"
)

// A span is one participant's votes within matrix.cols: first the columns agreed with,
// then those disagreed with, then those passed; each part in ascending order.
// room is the number of entries reserved. A vote so costs two bytes.
type span struct {
	start                     int
	agrees, disagrees, passes uint16
	room                      uint16
}

func (s span) len() int { return int(s.agrees) + int(s.disagrees) + int(s.passes) }

// matrix holds votes sparsely, a row per participant and a column per statement.
type matrix struct {
	spans []span
	cols  []uint16
}

func (m *matrix) agreed(i int) []uint16 {
	s := &m.spans[i]
	return m.cols[s.start : s.start+int(s.agrees)]
}

func (m *matrix) disagreed(i int) []uint16 {
	s := &m.spans[i]
	from := s.start + int(s.agrees)
	return m.cols[from : from+int(s.disagrees)]
}

func (m *matrix) passed(i int) []uint16 {
	s := &m.spans[i]
	from := s.start + int(s.agrees) + int(s.disagrees)
	return m.cols[from : from+int(s.passes)]
}

// voted lists every column row i has an entry in.
func (m *matrix) voted(i int) []uint16 {
	s := &m.spans[i]
	return m.cols[s.start : s.start+s.len()]
}

func (m *matrix) at(i int, col uint16) Vote {
	if _, ok := slices.BinarySearch(m.agreed(i), col); ok {
		return Agree
	}
	if _, ok := slices.BinarySearch(m.disagreed(i), col); ok {
		return Disagree
	}
	if _, ok := slices.BinarySearch(m.passed(i), col); ok {
		return Pass
	}
	return Unseen
}

// replace puts the votes of a row of another matrix in the place of those of row i.
func (m *matrix) replace(i int, by *matrix, row int) {
	s := by.spans[row]
	s.start, s.room = m.spans[i].start, m.spans[i].room
	if n := s.len(); n > int(s.room) {
		room := min(n+n/4+4, MaxStatements)
		s.start, s.room = len(m.cols), uint16(room)
		m.cols = append(m.cols, make([]uint16, room)...)
	}
	m.spans[i] = s
	copy(m.cols[s.start:], by.voted(row))
}

func (m *matrix) total() int {
	n := 0
	for i := range m.spans {
		n += m.spans[i].len()
	}
	return n
}

// Tally counts the answers to one statement.
type Tally struct {
	Agrees    int `json:"agrees"`
	Disagrees int `json:"disagrees"`
	Passes    int `json:"passes"`
}

// Seen is the number of people who answered at all.
func (t Tally) Seen() int { return t.Agrees + t.Disagrees + t.Passes }

func (t *Tally) add(v Vote, by int) {
	switch v {
	case Agree:
		t.Agrees += by
	case Disagree:
		t.Disagrees += by
	case Pass:
		t.Passes += by
	}
}

// Votes is the state of a conversation at one moment: the latest vote of everyone on everything.
// It does not change; use State for a conversation that goes on. Safe for concurrent use.
type Votes struct {
	matrix
	participants []ParticipantID
	statements   []Statement
	banned       []bool    // nil: nobody
	gram         *gram     // pair counts, when they are at hand
	tallies      []Tally   // likewise
	origin       []uint32  // the rows of the State this was copied from
	blocks       []block   // hashes, when they are at hand
	grouping     *grouping // an earlier one, its counts brought up to date, when it is at hand
}

// Participants lists who voted, in row order. The caller must not change it.
func (v *Votes) Participants() []ParticipantID { return v.participants }

// Statements lists the statements, in column order. The caller must not change it.
func (v *Votes) Statements() []Statement { return v.statements }

// Len is the number of votes.
func (v *Votes) Len() int { return v.total() }

// Vote is what the participant in the given row says to the statement in the given column.
func (v *Votes) Vote(row, column int) Vote { return v.at(row, uint16(column)) }

// Tallies counts the answers to every statement, in column order, banned participants left out.
func (v *Votes) Tallies() []Tally {
	if v.tallies != nil {
		return slices.Clone(v.tallies)
	}
	out := make([]Tally, len(v.statements))
	for i := range v.spans {
		if v.isBanned(i) {
			continue
		}
		for _, c := range v.agreed(i) {
			out[c].Agrees++
		}
		for _, c := range v.disagreed(i) {
			out[c].Disagrees++
		}
		for _, c := range v.passed(i) {
			out[c].Passes++
		}
	}
	return out
}

func (v *Votes) isBanned(row int) bool { return v.banned != nil && v.banned[row] }

// Moderate returns the same votes with other decisions on statements.
// Statements not named keep theirs; names without a statement are ignored.
func (v *Votes) Moderate(decisions []Statement) *Votes {
	out := *v
	out.statements = slices.Clone(v.statements)
	byID := make(map[StatementID]int, len(out.statements))
	for j, s := range out.statements {
		byID[s.ID] = j
	}
	for _, d := range decisions {
		if j, ok := byID[d.ID]; ok {
			out.statements[j] = d
		}
	}
	return &out
}

// Ban returns the same votes with those of the participants named left out of every result.
func (v *Votes) Ban(ids ...ParticipantID) *Votes {
	out := *v
	out.banned = make([]bool, len(v.participants))
	copy(out.banned, v.banned)
	for i, id := range v.participants {
		out.banned[i] = out.banned[i] || slices.Contains(ids, id)
	}
	out.gram, out.tallies, out.blocks, out.grouping = nil, nil, nil, nil
	return &out
}

// Flip returns the votes with every Agree made a Disagree and the reverse.
func (v *Votes) Flip() *Votes {
	out := *v
	out.gram, out.tallies, out.blocks, out.grouping = nil, nil, nil, nil
	out.spans = slices.Clone(v.spans)
	out.cols = slices.Clone(v.cols)
	for i := range out.spans {
		s := &out.spans[i]
		at := s.start
		at += copy(out.cols[at:], v.disagreed(i))
		copy(out.cols[at:], v.agreed(i))
		s.agrees, s.disagrees = s.disagrees, s.agrees
	}
	return &out
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): it spreads the bits of x over the whole word.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// rowHash tells rows apart by content: equal rows have equal hashes.
func (m *matrix) rowHash(i int) uint64 {
	s := &m.spans[i]
	h := mix(uint64(s.agrees)<<32 | uint64(s.disagrees)<<16 | uint64(s.passes))
	for _, c := range m.voted(i) {
		h = bits.RotateLeft64(h, 5) ^ uint64(c)
		h *= 0x9e3779b97f4a7c15
	}
	return mix(h)
}

// VotesByParticipant is the number of votes each participant gave, in row order.
func (v *Votes) VotesByParticipant() []int {
	out := make([]int, len(v.spans))
	for i := range v.spans {
		out[i] = v.spans[i].len()
	}
	return out
}
