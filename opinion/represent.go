// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"cmp"
	"math"
	"slices"
)

// Representative says how a group's answer to a statement differs from everyone else's in groups.
type Representative struct {
	Statement StatementID `json:"statement"`
	Kind      Kind        `json:"kind"`
	Side      string      `json:"side"`   // agree or disagree: what the group says more often than others
	Effect    float64     `json:"effect"` // log odds ratio against the others, shrunk towards 0 for want of evidence
	Low       float64     `json:"low"`    // its interval of 95 %
	High      float64     `json:"high"`
	FalseRate float64     `json:"falseRate"` // the rate of false discoveries among all statements at least as striking (q value)
}

// Kind says what the group itself thinks, whatever the others do.
type Kind string

// A group agrees or disagrees when more than half do, with evidence; it is divided when at least a quarter stands on each side.
const (
	Agrees    Kind = "agrees"
	Disagrees Kind = "disagrees"
	Divided   Kind = "divided"
	Unsettled Kind = "unsettled"
)

func kindOf(s GroupShare) Kind {
	switch {
	case s.Agree.Low > .5:
		return Agrees
	case s.Disagree.Low > .5:
		return Disagrees
	case s.Agree.Low > .25 && s.Disagree.Low > .25:
		return Divided
	}
	return Unsettled
}

// comparison is one test: a group against the others on one side of one statement.
type comparison struct {
	group, column int
	side          Vote
	ratio         float64 // log odds ratio
	variance      float64
	p             float64
	q             float64
}

func newComparison(group, column int, side Vote, successes, trials, otherSuccesses, otherTrials int) comparison {
	a, b := float64(successes), float64(trials-successes)
	c, d := float64(otherSuccesses), float64(otherTrials-otherSuccesses)
	// The difference of two shares, by the "N-1" chi-squared test, which holds for small numbers too (Campbell 2007).
	n, cross := a+b+c+d, a*d-b*c
	chi := 0.0
	if margins := (a + b) * (c + d) * (a + c) * (b + d); margins > 0 {
		chi = (n - 1) * cross * cross / margins
	}
	// A half is added to each cell (Haldane 1956), so that the ratio and its variance are finite.
	a, b, c, d = a+.5, b+.5, c+.5, d+.5
	return comparison{
		group: group, column: column, side: side,
		ratio: math.Log(a * d / (b * c)), variance: 1/a + 1/b + 1/c + 1/d,
		p: math.Erfc(math.Sqrt(chi / 2)),
	}
}

// represent ranks all statements for every group. Columns that do not count, and cells with fewer votes than
// enough, are left out.
func represent(statements []Assessed, groups int) [][]Representative {
	tests := compareAll(statements, groups)
	falseDiscoveries(tests)
	spread := spreadOf(tests)
	out := make([][]Representative, groups)
	for g := range out {
		out[g] = []Representative{} // never null in JSON
	}
	for ; len(tests) > 0; tests = tests[2:] {
		t := tests[0]
		if tests[1].ratio > t.ratio {
			t = tests[1]
		}
		keep := spread / (spread + t.variance)
		margin := 1.96 * math.Sqrt(keep*t.variance)
		s := &statements[t.column]
		out[t.group] = append(out[t.group], Representative{
			Statement: s.ID, Kind: kindOf(s.Groups[t.group]), Side: t.side.String(),
			Effect: keep * t.ratio, Low: keep*t.ratio - margin, High: keep*t.ratio + margin, FalseRate: t.q,
		})
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b Representative) int {
			return cmp.Or(cmp.Compare(b.Low, a.Low), cmp.Compare(a.Statement, b.Statement))
		})
	}
	return out
}

// compareAll tests both sides, one after the other, of every statement for every group.
func compareAll(statements []Assessed, groups int) []comparison {
	var tests []comparison
	for j, s := range statements {
		if !s.Counted {
			continue
		}
		var sum Tally
		for _, g := range s.Groups {
			sum = Tally{sum.Agrees + g.Agrees, sum.Disagrees + g.Disagrees, sum.Passes + g.Passes}
		}
		for g := range groups {
			own := s.Groups[g]
			others := Tally{sum.Agrees - own.Agrees, sum.Disagrees - own.Disagrees, sum.Passes - own.Passes}
			if !own.Enough || others.Seen() == 0 {
				continue
			}
			tests = append(tests,
				newComparison(g, j, Agree, own.Agrees, own.Seen(), others.Agrees, others.Seen()),
				newComparison(g, j, Disagree, own.Disagrees, own.Seen(), others.Disagrees, others.Seen()))
		}
	}
	return tests
}

// falseDiscoveries sets q: the rate of false discoveries if this test and all with a smaller p were believed
// (Benjamini and Hochberg 1995).
func falseDiscoveries(tests []comparison) {
	order := identity(len(tests))
	slices.SortFunc(order, func(a, b uint32) int { return cmp.Or(cmp.Compare(tests[a].p, tests[b].p), cmp.Compare(a, b)) })
	q := 1.0
	for rank := len(order); rank > 0; rank-- {
		t := &tests[order[rank-1]]
		q = min(q, t.p*float64(len(order))/float64(rank))
		t.q = q
	}
}

// spreadOf is the variance of the true log odds ratios, by the method of moments: that of the ratios seen less that of their errors.
// Each ratio is shrunk towards 0 in proportion (empirical Bayes; Efron and Morris 1975).
func spreadOf(tests []comparison) float64 {
	sum, weight := 0.0, 0.0
	for _, t := range tests {
		w := 1 / (t.variance * t.variance)
		sum += w * (t.ratio*t.ratio - t.variance)
		weight += w
	}
	if weight == 0 {
		return 1
	}
	return max(0.01, sum/weight)
}
