// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"math"
)

// assess counts the answers of each group and says what they come to, statement by statement.
func (a *analysis) assess(context.Context) error {
	r := a.result
	counts := a.groupTallies()
	labels := make([]int, max(1, len(r.Groups)))
	for g := range r.Groups {
		labels[g] = r.Groups[g].Label
	}
	r.Statements = make([]Assessed, len(a.tallies))
	pieces := parts(len(a.tallies), 16, 64)
	parallel(pieces, func(p int) {
		from, to := piece(len(a.tallies), pieces, p)
		for j := from; j < to; j++ {
			r.Statements[j] = a.assessOne(j, counts, labels)
		}
	})
	for g, list := range represent(r.Statements, len(r.Groups)) {
		r.Groups[g].Representative = list
	}
	return nil
}

func (a *analysis) assessOne(j int, counts [][]Tally, labels []int) Assessed {
	st, all := a.v.statements[j], a.tallies[j]
	s := Assessed{ID: st.ID, Counted: a.counts[j], All: all, Groups: make([]GroupShare, len(counts))}
	s.Agree = shareInterval(all.Agrees, all.Seen())
	s.Disagree = shareInterval(all.Disagrees, all.Seen())
	if load := a.model.load[j*a.model.axes:]; a.model.axes > 0 {
		s.X = load[0]
		if a.model.axes > 1 {
			s.Y = load[1]
		}
	}
	s.Extremity = (1 - a.y.mean[j]) * math.Hypot(s.X, s.Y)
	for g := range counts {
		s.Groups[g] = shareOf(counts[g][j], a.p.MinGroupVotes)
	}
	if s.Counted {
		s.Consensus = consensusOf(a.sharesOf(&s), labels)
	}
	s.Priority = priority(st, all, s.Extremity)
	return s
}

// sharesOf is what consensus is measured over: the groups, or everybody where there are none.
func (a *analysis) sharesOf(s *Assessed) []GroupShare {
	if len(s.Groups) > 0 {
		return s.Groups
	}
	return []GroupShare{shareOf(s.All, a.p.MinGroupVotes)}
}

func (a *analysis) groupTallies() [][]Tally {
	groups, columns := len(a.result.Groups), len(a.tallies)
	if groups == 0 {
		return nil
	}
	pieces := rowParts(len(a.rows))
	sums := make([][3][]int32, pieces)
	parallel(pieces, func(p int) {
		for k := range sums[p] {
			sums[p][k] = make([]int32, groups*columns)
		}
		from, to := piece(len(a.rows), pieces, p)
		for _, i := range a.rows[from:to] {
			g := a.groupOf[i]
			if g == NoGroup {
				continue
			}
			for k, cols := range [...][]uint16{a.v.agreed(int(i)), a.v.disagreed(int(i)), a.v.passed(int(i))} {
				line := sums[p][k][g*columns:][:columns]
				for _, c := range cols {
					line[c]++
				}
			}
		}
	})
	out := make([][]Tally, groups)
	for g := range out {
		out[g] = make([]Tally, columns)
		for j := range out[g] {
			for p := range sums {
				at := g*columns + j
				out[g][j].Agrees += int(sums[p][0][at])
				out[g][j].Disagrees += int(sums[p][1][at])
				out[g][j].Passes += int(sums[p][2][at])
			}
		}
	}
	return out
}
