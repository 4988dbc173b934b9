// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"cmp"
	"fmt"
	"slices"
)

// Log is an append-only list of events, 16 bytes each. The zero value is ready to use.
// It is not safe for concurrent use.
type Log struct {
	entries      []logEntry
	participants []ParticipantID
	statements   []Statement
	rowOf        index
	colOf        index
	lastID       ParticipantID // the row looked up last, for logs sorted by person
	lastRow      uint32
	lastStmt     StatementID
	lastCol      uint16
}

// logEntry packs an event: the row, the column and the vote in one word, in that order of weight.
type logEntry struct {
	time int64
	cell uint64 // row<<18 | column<<2 | vote
}

func (e logEntry) row() uint32 { return uint32(e.cell >> 18) }
func (e logEntry) col() uint16 { return uint16(e.cell >> 2) }
func (e logEntry) vote() Vote  { return Vote(e.cell & 3) }

// Add appends an event. It fails when an identifier is out of range or there are too many statements.
func (l *Log) Add(e Event) error {
	if err := checkIDs(e.Participant, e.Statement); err != nil {
		return err
	}
	col, err := l.column(e.Statement)
	if err != nil {
		return err
	}
	row := l.rowFor(e.Participant)
	if n := len(l.entries); n == cap(l.entries) && n < 1<<20 {
		l.entries = slices.Grow(l.entries, max(1<<10, n)) // twice as many: growing by a quarter copies more often
	}
	l.entries = append(l.entries, logEntry{e.Time, uint64(row)<<18 | uint64(col)<<2 | uint64(e.Vote)})
	return nil
}

// AddStatement makes a statement known, or changes what is known of it.
func (l *Log) AddStatement(s Statement) error {
	if err := checkIDs(0, s.ID); err != nil {
		return err
	}
	col, err := l.column(s.ID)
	if err == nil {
		l.statements[col] = s
	}
	return err
}

// Len is the number of events, revotes included.
func (l *Log) Len() int { return len(l.entries) }

// Events calls yield with every event in the order they were added, until it returns false.
func (l *Log) Events(yield func(Event) bool) {
	for _, e := range l.entries {
		if !yield(Event{l.participants[e.row()], l.statements[e.col()].ID, e.vote(), e.time}) {
			return
		}
	}
}

// Period is when the first and the last event of some people came, in
// milliseconds since 1970; both are 0 if there is none. People who gave the
// same votes within a short time may be one, or a program: see Identical. It
// stands apart from results, which do not depend on times.
func (l *Log) Period(people []ParticipantID) (first, last int64) {
	among := make(map[uint32]bool, len(people))
	for _, id := range people {
		if row, ok := l.rowOf.find(int64(id)); ok {
			among[row] = true
		}
	}
	seen := false
	for _, e := range l.entries {
		if !among[e.row()] {
			continue
		}
		if !seen {
			first, last, seen = e.time, e.time, true
		}
		first, last = min(first, e.time), max(last, e.time)
	}
	return first, last
}

func (l *Log) rowFor(id ParticipantID) uint32 {
	if id == l.lastID && len(l.participants) > 0 {
		return l.lastRow
	}
	row, ok := l.rowOf.find(int64(id))
	if !ok {
		row = uint32(len(l.participants))
		l.rowOf.put(int64(id), row)
		l.participants = append(l.participants, id)
	}
	l.lastID, l.lastRow = id, row
	return row
}

func (l *Log) column(id StatementID) (uint16, error) {
	if id == l.lastStmt && len(l.statements) > 0 {
		return l.lastCol, nil
	}
	place, ok := l.colOf.find(int64(id))
	col := uint16(place)
	if !ok {
		if len(l.statements) == MaxStatements {
			return 0, fmt.Errorf("%w: more than %d statements", ErrTooLarge, MaxStatements)
		}
		col = uint16(len(l.statements))
		l.colOf.put(int64(id), uint32(col))
		l.statements = append(l.statements, Statement{ID: id})
	}
	l.lastStmt, l.lastCol = id, col
	return col, nil
}

// index finds the place of an identifier: small ones, the usual case, in a table, others in a map.
type index struct {
	small []uint32 // place + 1; 0: not there
	large map[int64]uint32
}

// smallID is the first identifier that is not small; the table takes 4 MB at most.
const smallID = 1 << 20

func (x *index) find(id int64) (place uint32, ok bool) {
	switch {
	case id < int64(len(x.small)):
		place = x.small[id]
		return place - 1, place > 0
	case id < smallID:
		return 0, false
	}
	place, ok = x.large[id]
	return place, ok
}

func (x *index) put(id int64, place uint32) {
	if id >= smallID {
		if x.large == nil {
			x.large = make(map[int64]uint32)
		}
		x.large[id] = place
		return
	}
	if id >= int64(len(x.small)) {
		x.small = append(x.small, make([]uint32, int(id)+1-len(x.small))...)
	}
	x.small[id] = place + 1
}

// Votes is the latest vote of everyone on everything, participants and statements in ascending order of their
// identifiers: the same for any order of arrival.
func (l *Log) Votes() *Votes {
	rows := ranks(l.participants, func(a, b ParticipantID) int { return cmp.Compare(a, b) })
	cols := ranks(l.statements, byStatementID)
	return l.build(rows, cols)
}

// VotesAsArrived is the same with participants and statements in the order in which they were first seen.
// Compat needs it: Polis depends on that order.
func (l *Log) VotesAsArrived() *Votes {
	return l.build(identity(len(l.participants)), identity(len(l.statements)))
}

// ranks gives each element's place in sorted order.
func ranks[T any](list []T, less func(a, b T) int) []uint32 {
	order := identity(len(list))
	slices.SortFunc(order, func(a, b uint32) int { return less(list[a], list[b]) })
	rank := make([]uint32, len(list))
	for place, at := range order {
		rank[at] = uint32(place)
	}
	return rank
}

func identity(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

// build sorts events into rows by counting, and each row by column and time.
func (l *Log) build(rows, cols []uint32) *Votes {
	v := &Votes{
		participants: make([]ParticipantID, len(rows)),
		statements:   make([]Statement, len(cols)),
	}
	for i, r := range rows {
		v.participants[r] = l.participants[i]
	}
	for j, c := range cols {
		v.statements[c] = l.statements[j]
	}
	start := make([]int, len(rows)+1)
	for _, e := range l.entries {
		start[rows[e.row()]+1]++
	}
	for i := range rows {
		start[i+1] += start[i]
	}
	sorted := make([]logEntry, len(l.entries))
	next := slices.Clone(start)
	for _, e := range l.entries {
		r := rows[e.row()]
		sorted[next[r]] = logEntry{e.time, uint64(cols[e.col()])<<2 | uint64(e.vote())}
		next[r]++
	}
	v.spans = make([]span, len(rows))
	v.cols = make([]uint16, 0, len(sorted))
	for i := range v.spans {
		v.spans[i] = v.settle(sorted[start[i]:start[i+1]])
	}
	return v
}

// settle appends the latest votes among one person's events to the columns, split by answer.
func (v *Votes) settle(events []logEntry) span {
	byColumn := func(a, b logEntry) int {
		if c := cmp.Compare(a.cell>>2, b.cell>>2); c != 0 {
			return c
		}
		return cmp.Compare(a.time, b.time)
	}
	if !slices.IsSortedFunc(events, byColumn) {
		slices.SortStableFunc(events, byColumn)
	}
	s := span{start: len(v.cols)}
	for _, want := range [...]Vote{Agree, Disagree, Pass} {
		for i, e := range events {
			last := i+1 == len(events) || events[i+1].cell>>2 != e.cell>>2
			if last && e.vote() == want {
				v.cols = append(v.cols, e.col())
			}
		}
		switch want {
		case Agree:
			s.agrees = uint16(len(v.cols) - s.start)
		case Disagree:
			s.disagrees = uint16(len(v.cols) - s.start - int(s.agrees))
		case Pass:
			s.passes = uint16(len(v.cols) - s.start - int(s.agrees) - int(s.disagrees))
		}
	}
	s.room = uint16(s.len())
	return s
}
