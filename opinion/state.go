// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"cmp"
	"errors"
	"slices"
	"sync"
)

// ErrUnknownStatement says that a vote names a statement the conversation does not have.
var ErrUnknownStatement = errors.New("opinion: unknown statement")

// State is a conversation that goes on. A vote costs time in proportion to the votes of its voter, whatever the size of the
// conversation, and allocates nothing once that person's row has room. The last call counts, whatever the
// time of the vote; calls for different votes may come in any order without changing any result.
//
// All methods are safe for concurrent use. Those that compute a result copy what they need
// under the lock and compute outside it, so that votes wait for the copy only.
type State struct {
	lock       sync.RWMutex
	rows       matrix // in order of arrival
	ids        []ParticipantID
	rowOf      map[ParticipantID]uint32
	banned     []bool
	counted    []bool // whether the pairs of this row are in gram; bans are settled when a result is wanted
	statements []Statement
	colOf      map[StatementID]uint16
	tallies    []Tally
	gram       *gram // nil when there are too many statements
	free       [17][]int
	route      router

	computing sync.Mutex // held by Result
	touched   []uint32   // rows changed since Result last took a copy
	isTouched []bool
	copied    *replica // what Result took last; nil before the first time
}

// NewState starts from the votes given, or from nothing when v is nil.
func NewState(v *Votes) *State {
	s := &State{rowOf: map[ParticipantID]uint32{}, colOf: map[StatementID]uint16{}, gram: newGram(0)}
	if v == nil {
		return s
	}
	s.rows = matrix{slices.Clone(v.spans), slices.Clone(v.cols)}
	s.ids = slices.Clone(v.participants)
	s.statements = slices.Clone(v.statements)
	s.banned = make([]bool, len(s.ids))
	copy(s.banned, v.banned)
	s.counted = make([]bool, len(s.ids))
	for i, id := range s.ids {
		s.rowOf[id] = uint32(i)
		s.counted[i] = !s.banned[i]
	}
	for j, st := range s.statements {
		s.colOf[st.ID] = uint16(j)
	}
	s.isTouched = make([]bool, len(s.ids))
	s.tallies = v.Tallies()
	s.gram = nil
	if len(s.statements) <= gramColumns {
		s.gram = countPairs(&s.rows, len(s.statements), v.isBanned)
	}
	s.route.reset(s.statements, s.tallies)
	return s
}

// Cast records a vote, a changed vote or, with Unseen, a vote taken back.
func (s *State) Cast(p ParticipantID, st StatementID, v Vote) error {
	if err := checkIDs(p, st); err != nil {
		return err
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	col, ok := s.colOf[st]
	if !ok {
		return ErrUnknownStatement
	}
	row, ok := s.rowOf[p]
	if !ok {
		if v == Unseen {
			return nil
		}
		row = s.addRow(p)
	}
	i := int(row)
	before := s.rows.at(i, col)
	if before == v {
		return nil
	}
	s.change(i, col, before, v)
	return nil
}

func (s *State) change(i int, col uint16, before, after Vote) {
	s.touch(i)
	if before != Unseen {
		s.remove(i, col, before)
		if s.gram != nil && s.counted[i] {
			s.gram.put(&s.rows, i, col, before, -1)
		}
	}
	if after != Unseen {
		if s.gram != nil && s.counted[i] {
			s.gram.put(&s.rows, i, col, after, 1)
		}
		s.insert(i, col, after)
	}
	if !s.banned[i] {
		s.tallies[col].add(before, -1)
		s.tallies[col].add(after, 1)
		s.route.voted(i, col, before, after, s.statements[col], s.tallies[col])
	}
}

func (s *State) touch(i int) {
	if !s.isTouched[i] {
		s.isTouched[i] = true
		s.touched = append(s.touched, uint32(i))
	}
}

func (s *State) addRow(p ParticipantID) uint32 {
	row := uint32(len(s.ids))
	s.rowOf[p] = row
	s.ids = append(s.ids, p)
	s.rows.spans = append(s.rows.spans, span{})
	s.banned = append(s.banned, false)
	s.counted = append(s.counted, true)
	s.isTouched = append(s.isTouched, false)
	return row
}

// bounds is where the part of a row that holds v begins and ends in the columns.
func (s *span) bounds(v Vote) (from, to int) {
	from = s.start
	to = from + int(s.agrees)
	if v == Agree {
		return from, to
	}
	from, to = to, to+int(s.disagrees)
	if v == Disagree {
		return from, to
	}
	return to, to + int(s.passes)
}

func (s *span) lengthen(v Vote, by int) {
	switch v {
	case Agree:
		s.agrees += uint16(by)
	case Disagree:
		s.disagrees += uint16(by)
	case Pass:
		s.passes += uint16(by)
	}
}

func (s *State) remove(i int, col uint16, v Vote) {
	row := &s.rows.spans[i]
	from, to := row.bounds(v)
	at, _ := slices.BinarySearch(s.rows.cols[from:to], col)
	end := row.start + row.len()
	copy(s.rows.cols[from+at:end], s.rows.cols[from+at+1:end])
	row.lengthen(v, -1)
}

func (s *State) insert(i int, col uint16, v Vote) {
	if s.rows.spans[i].len() == int(s.rows.spans[i].room) {
		s.makeRoom(i)
	}
	row := &s.rows.spans[i]
	from, to := row.bounds(v)
	at, _ := slices.BinarySearch(s.rows.cols[from:to], col)
	end := row.start + row.len()
	copy(s.rows.cols[from+at+1:end+1], s.rows.cols[from+at:end])
	s.rows.cols[from+at] = col
	row.lengthen(v, 1)
}

// makeRoom moves a full row to a place twice its size. Places given up are used again.
func (s *State) makeRoom(i int) {
	row := &s.rows.spans[i]
	class := 3
	for 1<<class <= int(row.room) {
		class++
	}
	size := min(1<<class, MaxStatements)
	to := len(s.rows.cols)
	if spare := s.free[class]; len(spare) > 0 {
		to = spare[len(spare)-1]
		s.free[class] = spare[:len(spare)-1]
	} else {
		s.rows.cols = append(s.rows.cols, make([]uint16, size)...)
	}
	copy(s.rows.cols[to:], s.rows.voted(i))
	if was := int(row.room); was >= 8 && was&(was-1) == 0 {
		s.free[class-1] = append(s.free[class-1], row.start)
	}
	row.start, row.room = to, uint16(size)
}

// SetStatement adds a statement, or changes its moderation or text.
func (s *State) SetStatement(st Statement) error {
	if err := checkIDs(0, st.ID); err != nil {
		return err
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if col, ok := s.colOf[st.ID]; ok {
		s.statements[col] = st
		s.route.weigh(col, st, s.tallies[col])
		return nil
	}
	if len(s.statements) == MaxStatements {
		return ErrTooLarge
	}
	col := uint16(len(s.statements))
	s.colOf[st.ID] = col
	s.statements = append(s.statements, st)
	s.tallies = append(s.tallies, Tally{})
	s.route.addColumn()
	s.route.weigh(col, st, Tally{})
	switch {
	case len(s.statements) > gramColumns:
		s.gram = nil
	case s.gram != nil:
		s.gram.grow(len(s.statements))
	}
	return nil
}

// Ban leaves all votes of the participant out of every result from now on; Unban takes them back in.
func (s *State) Ban(p ParticipantID) { s.setBanned(p, true) }

// Unban takes back a Ban.
func (s *State) Unban(p ParticipantID) { s.setBanned(p, false) }

func (s *State) setBanned(p ParticipantID, banned bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	row, ok := s.rowOf[p]
	if !ok {
		if !banned {
			return
		}
		row = s.addRow(p)
	}
	i := int(row)
	if s.banned[i] == banned {
		return
	}
	s.banned[i] = banned
	s.touch(i)
	by := 1
	if banned {
		by = -1
	}
	for _, v := range [...]Vote{Agree, Disagree, Pass} {
		from, to := s.rows.spans[i].bounds(v)
		for _, col := range s.rows.cols[from:to] {
			s.tallies[col].add(v, by)
			s.route.weigh(col, s.statements[col], s.tallies[col])
			if line := s.route.guide.tallyOf(i, col); line != nil {
				line.add(v, by)
			}
		}
	}
}

// Tally counts the answers to a statement now.
func (s *State) Tally(id StatementID) (Tally, error) {
	s.lock.RLock()
	defer s.lock.RUnlock()
	col, ok := s.colOf[id]
	if !ok {
		return Tally{}, ErrUnknownStatement
	}
	return s.tallies[col], nil
}

// settleBans brings the pair counts up to date with the bans.
func (s *State) settleBans() {
	var row rowOfScores
	for i, banned := range s.banned {
		if s.counted[i] != banned {
			continue
		}
		s.counted[i] = !banned
		if s.gram == nil {
			continue
		}
		row.merge(&s.rows, i)
		sign := int32(1)
		if banned {
			sign = -1
		}
		s.gram.putRow(&row, sign)
	}
}

// Votes copies the state as it is now, participants and statements in ascending order of identifiers.
func (s *State) Votes() *Votes {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.votes()
}

func (s *State) votes() *Votes {
	s.settleBans()
	v, cols := arranged(&s.rows, s.ids, s.banned, s.statements)
	v.tallies = make([]Tally, len(cols))
	for j, c := range cols {
		v.tallies[c] = s.tallies[j]
	}
	if s.gram != nil {
		v.gram = s.gram.copied(cols, nil)
	}
	return v
}

// arranged copies votes with participants and statements in ascending order of identifiers, and gives each column's new place.
func arranged(rows *matrix, ids []ParticipantID, banned []bool, statements []Statement) (*Votes, []uint32) {
	rank := ranks(ids, func(a, b ParticipantID) int { return cmp.Compare(a, b) })
	cols := ranks(statements, byStatementID)
	v := &Votes{
		matrix:       matrix{spans: make([]span, len(rank))},
		participants: make([]ParticipantID, len(rank)),
		statements:   make([]Statement, len(cols)),
		banned:       make([]bool, len(rank)),
		origin:       make([]uint32, len(rank)),
	}
	for j, c := range cols {
		v.statements[c] = statements[j]
	}
	for i, r := range rank {
		v.participants[r], v.origin[r] = ids[i], uint32(i)
		v.banned[r] = banned != nil && banned[i]
	}
	total := 0
	for r, i := range v.origin {
		v.spans[r] = rows.spans[i]
		v.spans[r].start, v.spans[r].room = total, uint16(v.spans[r].len())
		total += v.spans[r].len()
	}
	v.cols = make([]uint16, total)
	inOrder := isIdentity(cols)
	pieces := rowParts(len(rank))
	parallel(pieces, func(part int) {
		lo, hi := piece(len(rank), pieces, part)
		for r := lo; r < hi; r++ {
			copy(v.cols[v.spans[r].start:], rows.voted(int(v.origin[r])))
			if !inOrder {
				v.renumber(r, cols)
			}
		}
	})
	return v, cols
}

func byStatementID(a, b Statement) int { return cmp.Compare(a.ID, b.ID) }

func isIdentity(rank []uint32) bool {
	for i, r := range rank {
		if int(r) != i {
			return false
		}
	}
	return true
}

// copied is g with the columns in another order; the memory of spare is used where that can be.
func (g *gram) copied(rank []uint32, spare *gram) *gram {
	if !isIdentity(rank) {
		return g.reordered(rank)
	}
	if spare == nil || len(spare.pairs) != len(g.pairs) {
		spare = &gram{pairs: make([]pair, len(g.pairs))}
	}
	spare.columns = g.columns
	pieces := parts(len(g.pairs), 1<<14, 8)
	parallel(pieces, func(p int) {
		from, to := piece(len(g.pairs), pieces, p)
		copy(spare.pairs[from:to], g.pairs[from:to])
	})
	return spare
}

// renumber gives the columns of a row their new numbers and sorts each part.
func (v *Votes) renumber(row int, rank []uint32) {
	for _, part := range [...][]uint16{v.agreed(row), v.disagreed(row), v.passed(row)} {
		for i, c := range part {
			part[i] = uint16(rank[c])
		}
		slices.Sort(part)
	}
}
