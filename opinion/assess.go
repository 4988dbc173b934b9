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

// grouping is a division of rows, and what each group says.
type grouping struct {
	of      []int16   // by row; NoGroup
	tallies [][]Tally // group x column
}

// groupTallies counts the answers of every group. Where an earlier grouping is at hand, only those are counted who have changed their
// group since; the sums are of whole numbers, and the same.
func (a *analysis) groupTallies() [][]Tally {
	groups, columns := len(a.result.Groups), len(a.tallies)
	if groups == 0 {
		return nil
	}
	out := make([][]Tally, groups)
	for g := range out {
		out[g] = make([]Tally, columns)
	}
	heir := a.heirs()
	for h, g := range heir {
		if g != NoGroup {
			copy(out[g], a.v.grouping.tallies[h])
		}
	}
	pieces := rowParts(len(a.rows))
	sums := make([][3][]int32, pieces)
	parallel(pieces, func(p int) {
		for k := range sums[p] {
			sums[p][k] = make([]int32, groups*columns)
		}
		from, to := piece(len(a.rows), pieces, p)
		for _, i := range a.rows[from:to] {
			was, is := NoGroup, a.groupOf[i]
			if len(heir) > 0 && a.v.grouping.of[i] != NoGroup {
				was = heir[a.v.grouping.of[i]]
			}
			if was != is {
				a.countRow(int(i), was, -1, &sums[p])
				a.countRow(int(i), is, 1, &sums[p])
			}
		}
	})
	for g := range out {
		for j := range out[g] {
			t, at := &out[g][j], g*columns+j
			for p := range sums {
				t.Agrees, t.Disagrees, t.Passes = t.Agrees+int(sums[p][0][at]), t.Disagrees+int(sums[p][1][at]), t.Passes+int(sums[p][2][at])
			}
		}
	}
	return out
}

// heirs gives the group that goes on from each group of the earlier grouping; none where there is none.
func (a *analysis) heirs() []int {
	if a.v.grouping == nil {
		return nil
	}
	common := make([][]int, len(a.v.grouping.tallies))
	for h := range common {
		common[h] = make([]int, len(a.result.Groups))
	}
	for i, h := range a.v.grouping.of {
		if g := a.groupOf[i]; h != NoGroup && g != NoGroup {
			common[h][g]++
		}
	}
	return assignBest(common)
}

// countRow adds a row's answers to those of a group, or takes them away.
func (a *analysis) countRow(i, group int, by int32, sums *[3][]int32) {
	if group == NoGroup {
		return
	}
	columns := len(a.tallies)
	for k, cols := range [...][]uint16{a.v.agreed(i), a.v.disagreed(i), a.v.passed(i)} {
		line := sums[k][group*columns:][:columns]
		for _, c := range cols {
			line[c] += by
		}
	}
}
