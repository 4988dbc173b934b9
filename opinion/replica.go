// SPDX-License-Identifier: Apache-2.0

package opinion

import "slices"

// replica is the copy of a State that a result is computed from. It is kept, so that the next result costs a copy of what has changed.
type replica struct {
	votes *Votes
	place []uint32 // by row of the state: the row in votes
	cols  []uint32 // by column of the state: the column in votes
	live  int      // votes in it when it was made
}

// copyForResult brings the replica up to date and begins a new list of rows that change.
func (s *State) copyForResult() *Votes {
	s.lock.Lock()
	defer s.lock.Unlock()
	if c := s.copied; c == nil || !c.refresh(s) {
		s.copied = newReplica(s)
	}
	for _, row := range s.touched {
		s.isTouched[row] = false
	}
	s.touched = s.touched[:0]
	s.copied.votes.grouping = s.copied.grouping(s)
	return s.copied.votes
}

// grouping is that of the last result, its counts kept up to date with every vote since; nil if there are new statements.
func (c *replica) grouping(s *State) *grouping {
	guide := &s.route.guide
	out := &grouping{of: make([]int16, len(c.votes.spans)), tallies: make([][]Tally, len(guide.tallies))}
	for g, line := range guide.tallies {
		if len(line) != len(c.cols) {
			return nil
		}
		out.tallies[g] = make([]Tally, len(line))
		for j, to := range c.cols {
			out.tallies[g][to] = line[j]
		}
	}
	for row, r := range c.place {
		out.of[r] = NoGroup
		if row < len(guide.groupOf) && !s.banned[row] {
			out.of[r] = guide.groupOf[row]
		}
	}
	return out
}

func newReplica(s *State) *replica {
	v := s.votes()
	c := &replica{votes: v, place: make([]uint32, len(s.ids)), live: v.Len()}
	for r, row := range v.origin {
		c.place[row] = uint32(r)
	}
	c.cols = ranks(s.statements, byStatementID)
	v.blocks = make([]block, (len(v.spans)+hashRows-1)/hashRows)
	return c
}

// refresh copies what has changed in the state. It reports false where copying everything is simpler: there are new statements, or new
// people that do not come last, or rows that moved have left too much room behind.
func (c *replica) refresh(s *State) bool {
	v := c.votes
	if len(s.statements) != len(v.statements) || len(v.cols) > 2*c.live+1024 || !c.admit(s) {
		return false
	}
	s.settleBans()
	for j, to := range c.cols {
		v.statements[to], v.tallies[to] = s.statements[j], s.tallies[j]
	}
	inOrder := isIdentity(c.cols)
	for _, row := range s.touched {
		r := int(c.place[row])
		v.replace(r, &s.rows, int(row))
		if !inOrder {
			v.renumber(r, c.cols)
		}
		v.banned[r] = s.banned[row]
		v.blocks[r/hashRows].known = false
	}
	if s.gram != nil {
		v.gram = s.gram.copied(c.cols, v.gram)
	}
	return true
}

// admit adds the people who are new to the state, if they come after all others.
func (c *replica) admit(s *State) bool {
	v, known := c.votes, len(c.place)
	fresh := identity(len(s.ids) - known)
	slices.SortFunc(fresh, func(a, b uint32) int { return int(s.ids[known+int(a)] - s.ids[known+int(b)]) })
	if len(fresh) > 0 && known > 0 && s.ids[known+int(fresh[0])] < v.participants[known-1] {
		return false
	}
	c.place = append(c.place, make([]uint32, len(fresh))...)
	for _, f := range fresh {
		row := known + int(f)
		c.place[row] = uint32(len(v.participants))
		v.participants, v.origin = append(v.participants, s.ids[row]), append(v.origin, uint32(row))
		v.spans, v.banned = append(v.spans, span{}), append(v.banned, false)
	}
	for len(v.blocks)*hashRows < len(v.spans) {
		v.blocks = append(v.blocks, block{})
	}
	return true
}
