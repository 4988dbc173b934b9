// SPDX-License-Identifier: Apache-2.0

package opinion

// Standing is where a statement stands at this moment: counts and consensus of this moment, groups of the last result.
type Standing struct {
	All       Tally
	Groups    []GroupShare // in the order of the last result's groups
	Consensus *Consensus   // nil: not enough votes, or no groups yet
	Priority  float64
}

// Standing looks a statement up. It costs a few microseconds, however many votes there are.
func (s *State) Standing(id StatementID) (Standing, error) {
	s.lock.RLock()
	defer s.lock.RUnlock()
	col, ok := s.colOf[id]
	if !ok {
		return Standing{}, ErrUnknownStatement
	}
	g := &s.route.guide
	out := Standing{All: s.tallies[col], Priority: priority(s.statements[col], s.tallies[col], g.extremityOf(col))}
	for _, line := range g.tallies {
		if int(col) < len(line) {
			out.Groups = append(out.Groups, shareOf(line[col], g.enough))
		}
	}
	out.Consensus = consensusOf(out.Groups, g.labels)
	return out, nil
}

// follow lets a result guide the router and the standings. v is the copy it was computed from; votes given since are added.
func (s *State) follow(r *Result, v *Votes) {
	s.lock.Lock()
	defer s.lock.Unlock()
	g := guide{enough: r.Params.MinGroupVotes}
	for _, group := range r.Groups {
		g.labels = append(g.labels, group.Label)
		g.tallies = append(g.tallies, make([]Tally, len(s.statements)))
	}
	g.extremity = make([]float64, len(s.statements))
	g.loadings = make([][2]float64, len(s.statements))
	for _, st := range r.Statements {
		col := s.colOf[st.ID]
		g.extremity[col], g.loadings[col] = st.Extremity, [2]float64{st.X, st.Y}
		for n := range g.tallies {
			g.tallies[n][col] = st.Groups[n].Tally
		}
	}
	g.groupOf = make([]int16, len(s.ids))
	for i := range g.groupOf {
		g.groupOf[i] = NoGroup
	}
	for i, n := range r.groupOf {
		g.groupOf[v.origin[i]] = int16(n)
	}
	for k := range min(2, r.model.axes) {
		g.prior[k] = r.model.noise / r.model.variance[k]
	}
	s.catchUp(&g, v)
	s.route.guide = g
	s.route.reset(s.statements, s.tallies)
}

// catchUp brings the counts of groups from the copy to this moment, by the rows changed since.
func (s *State) catchUp(g *guide, v *Votes) {
	for _, row := range s.touched {
		n := g.groupOf[row]
		if n == NoGroup {
			continue
		}
		r := int(s.copied.place[row])
		s.addRowTo(g.tallies[n], &s.rows, int(row), s.banned[row], 1, nil)
		s.addRowTo(g.tallies[n], &v.matrix, r, v.banned[r], -1, v.statements)
		if s.banned[row] {
			g.groupOf[row] = NoGroup
		}
	}
}

// addRowTo adds a row's answers, or takes them away; statements gives the columns of a copy their meaning.
func (s *State) addRowTo(line []Tally, m *matrix, row int, banned bool, by int, statements []Statement) {
	if banned {
		return
	}
	for _, v := range [...]Vote{Agree, Disagree, Pass} {
		from, to := m.spans[row].bounds(v)
		for _, col := range m.cols[from:to] {
			if statements != nil {
				col = s.colOf[statements[col].ID]
			}
			line[col].add(v, by)
		}
	}
}
