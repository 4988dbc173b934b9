// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"cmp"
	"math"
	"slices"
)

// compatZ is the one-sided 90 % point of the normal distribution, as Polis rounds it.
const compatZ = 1.2816

// propTest asks whether a share differs from a half, with one success and one trial added (stats.clj): 2 sqrt(n+1) ((s+1)/(n+1) - 1/2).
func propTest(successes, trials float64) float64 {
	return 2 * math.Sqrt(trials+1) * ((successes+1)/(trials+1) - 0.5)
}

// twoPropTest asks whether two shares differ, with one added to each of the four numbers (stats.clj):
// (p1-p2) / sqrt(q (1-q) (1/n1 + 1/n2)), q being the share of both together.
func twoPropTest(s1, s2, n1, n2 float64) float64 {
	s1, s2, n1, n2 = s1+1, s2+1, n1+1, n2+1
	q := (s1 + s2) / (n1 + n2)
	if q == 1 {
		return 0
	}
	return (s1/n1 - s2/n2) / math.Sqrt(q*(1-q)*(1/n1+1/n2))
}

// CompatStatement is a representative statement of a group as Polis lists it.
type CompatStatement struct {
	Statement StatementID `json:"tid"`
	Successes int         `json:"n-success"`
	Trials    int         `json:"n-trials"`
	Success   float64     `json:"p-success"`
	Test      float64     `json:"p-test"`
	Ratio     float64     `json:"repness"`
	RatioTest float64     `json:"repness-test"`
	For       string      `json:"repful-for"` // agree or disagree
	BestAgree bool        `json:"best-agree,omitempty"`
	Agrees    int         `json:"n-agree,omitempty"`
}

func (s CompatStatement) metric() float64 { return s.Ratio * s.RatioTest * s.Success * s.Test }

// contrast is a group's answers to one statement beside those of all other groups (repness.clj): with na agreeing and nd disagreeing
// of ns in the group, and oa, od of os in the others,
//
//	pa = (na+1)/(ns+2)    ra = pa / ((oa+1)/(os+2))    pat = propTest(na, ns)    rat = twoPropTest(na, oa, ns, os)
//
// and pd, rd, pdt, rdt likewise for disagreeing.
type contrast struct {
	id                       StatementID
	group                    Tally
	pa, pd, pat, pdt, ra, rd float64
	rat, rdt                 float64
}

func newContrast(id StatementID, group, others Tally) contrast {
	na, nd, ns := float64(group.Agrees), float64(group.Disagrees), float64(group.Seen())
	oa, od, os := float64(others.Agrees), float64(others.Disagrees), float64(others.Seen())
	c := contrast{id: id, group: group}
	c.pa, c.pd = (na+1)/(ns+2), (nd+1)/(ns+2)
	c.pat, c.pdt = propTest(na, ns), propTest(nd, ns)
	c.ra, c.rd = c.pa/((1+oa)/(2+os)), c.pd/((1+od)/(2+os))
	c.rat, c.rdt = twoPropTest(na, oa, ns, os), twoPropTest(nd, od, ns, os)
	return c
}

func (c contrast) passes() bool {
	return c.rat > compatZ && c.pat > compatZ || c.rdt > compatZ && c.pdt > compatZ
}

func (c contrast) finalize() CompatStatement {
	if c.rat > c.rdt {
		return CompatStatement{c.id, c.group.Agrees, c.group.Seen(), c.pa, c.pat, c.ra, c.rat, Agree.String(), false, 0}
	}
	return CompatStatement{c.id, c.group.Disagrees, c.group.Seen(), c.pd, c.pdt, c.rd, c.rdt, Disagree.String(), false, 0}
}

// beatsAsAgree says whether c should take the place of best, the statement the group agrees with most characteristically.
func (c contrast) beatsAsAgree(best *contrast) bool {
	switch {
	case c.group.Agrees == 0 && c.group.Disagrees == 0:
		return false
	case best == nil:
		return c.pat > compatZ || c.ra > 1 && c.pa > 0.5
	case best.ra > 1:
		return c.ra*c.rat*c.pa*c.pat > best.ra*best.rat*best.pa*best.pat
	}
	return c.pa*c.pat > best.pa*best.pat
}

// compatRepresentative picks up to five statements that set a group apart. list is in column order.
func compatRepresentative(list []contrast) []CompatStatement {
	var sufficient []CompatStatement
	var best *CompatStatement
	var bestAgree *contrast
	for _, c := range list {
		if c.passes() {
			sufficient = append(sufficient, c.finalize())
		}
		if len(sufficient) == 0 && (best == nil || max(c.rat, c.rdt) > best.RatioTest) {
			f := c.finalize()
			best = &f
		}
		if c.beatsAsAgree(bestAgree) {
			bestAgree = &c
		}
	}
	head := []CompatStatement{}
	if bestAgree != nil {
		f := bestAgree.finalize()
		f.BestAgree, f.Agrees = true, bestAgree.group.Agrees
		head = append(head, f)
	} else if best != nil {
		head = append(head, *best)
	}
	if len(sufficient) == 0 {
		return head
	}
	if bestAgree == nil {
		head = head[:0]
	}
	return orderRepresentative(head, sufficient)
}

func orderRepresentative(head, sufficient []CompatStatement) []CompatStatement {
	rest := slices.DeleteFunc(sufficient, func(s CompatStatement) bool {
		return len(head) > 0 && s.Statement == head[0].Statement
	})
	slices.SortStableFunc(rest, func(a, b CompatStatement) int { return cmp.Compare(b.metric(), a.metric()) })
	out := append(head, rest...)
	out = out[:min(5, len(out))]
	slices.SortStableFunc(out, func(a, b CompatStatement) int { return cmp.Compare(a.For, b.For) })
	return out
}

// CompatAgreed is a statement all participants together agree, or disagree, with.
type CompatAgreed struct {
	Statement StatementID `json:"tid"`
	Successes int         `json:"n-success"`
	Trials    int         `json:"n-trials"`
	Success   float64     `json:"p-success"`
	Test      float64     `json:"p-test"`
}

// CompatConsensus lists up to five statements of each kind, the firmest first.
type CompatConsensus struct {
	Agree    []CompatAgreed `json:"agree"`
	Disagree []CompatAgreed `json:"disagree"`
}

// compatConsensus goes by everyone's votes, grouped or not (repness.clj, consensus-stats): those with a share pa above a half and
// pat above compatZ, by pa pat; likewise for disagreeing.
func compatConsensus(statements []Statement, tallies []Tally) CompatConsensus {
	list := func(successes func(Tally) int) []CompatAgreed {
		out := []CompatAgreed{}
		for j, s := range statements {
			n, trials := successes(tallies[j]), tallies[j].Seen()
			a := CompatAgreed{s.ID, n, trials, float64(n+1) / float64(trials+2), propTest(float64(n), float64(trials))}
			if s.counts() && a.Success > 0.5 && a.Test > compatZ {
				out = append(out, a)
			}
		}
		slices.SortStableFunc(out, func(a, b CompatAgreed) int { return cmp.Compare(b.Success*b.Test, a.Success*a.Test) })
		return out[:min(5, len(out))]
	}
	return CompatConsensus{
		Agree:    list(func(t Tally) int { return t.Agrees }),
		Disagree: list(func(t Tally) int { return t.Disagrees }),
	}
}
