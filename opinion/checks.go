// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"cmp"
	"math"
	"slices"
)

// Checks says how far the result rests on few people, or on people who may not have read what they voted on.
// Nobody named here is left out of the result: that is for people to decide.
type Checks struct {
	StraightLiners []StraightLiner `json:"straightLiners"`
	Identical      []Identical     `json:"identical"`
	Without        *Difference     `json:"without"`   // the result without all named above; nil when there are none
	Influence      Difference      `json:"influence"` // the worst that leaving out one per cent of like-minded people does
	Blocks         int             `json:"blocks"`    // how many such parts were left out, one after the other
}

// StraightLiner gave many votes and always the same answer, which few would by chance.
type StraightLiner struct {
	Person ParticipantID `json:"person"`
	Answer string        `json:"answer"`
	Votes  int           `json:"votes"`
	Chance float64       `json:"chance"` // of doing so, going by how often each answer was given to each statement
}

// Identical people gave the same answers to the same statements, and so many that chance hardly explains it.
type Identical struct {
	People []ParticipantID `json:"people"`
	Votes  int             `json:"votes"`
}

// Difference is what leaving people out changes.
type Difference struct {
	People    int         `json:"people"`
	Agreement float64     `json:"agreement"` // adjusted Rand of the groups with those before
	Shift     float64     `json:"shift"`     // largest change of any statement's consensus
	Statement StatementID `json:"statement"` // the one it belongs to
}

const (
	checkVotes  = 10   // fewer are not looked at
	checkChance = 0.05 // expected number of people flagged wrongly if votes were independent
	checkAlike  = 3    // people with identical votes before it is reported
	checkBlocks = 100
)

// chances is the logarithm of the share of each answer to each statement, one of each kind added.
func (a *analysis) chances() [3][]float64 {
	var out [3][]float64
	for k := range out {
		out[k] = make([]float64, len(a.tallies))
	}
	for j, t := range a.tallies {
		n := float64(t.Seen() + 3)
		for k, count := range [...]int{t.Agrees, t.Disagrees, t.Passes} {
			out[k][j] = math.Log(float64(count+1) / n)
		}
	}
	return out
}

func (a *analysis) check() *Checks {
	c := &Checks{StraightLiners: []StraightLiner{}, Identical: []Identical{}}
	chances := a.chances()
	flagged := map[uint32]bool{}
	a.sortPeople()
	a.straightLiners(c, chances, flagged)
	a.identical(c, chances, flagged)
	if len(flagged) > 0 {
		rows := make([]uint32, 0, len(flagged))
		for _, i := range a.rows {
			if flagged[i] {
				rows = append(rows, i)
			}
		}
		d := a.without(rows, a.agreement())
		c.Without = &d
	}
	a.influence(c)
	return c
}

func (a *analysis) straightLiners(c *Checks, chances [3][]float64, flagged map[uint32]bool) {
	for _, i := range a.rows {
		s := a.v.spans[i]
		n := s.len()
		if n < checkVotes {
			continue
		}
		for k, count := range [...]uint16{s.agrees, s.disagrees, s.passes} {
			if int(count) != n {
				continue
			}
			log := gather(chances[k], a.v.voted(int(i)))
			if chance := math.Exp(log); chance*float64(len(a.rows)) < checkChance {
				answer := [...]Vote{Agree, Disagree, Pass}[k]
				c.StraightLiners = append(c.StraightLiners, StraightLiner{a.v.participants[i], answer.String(), n, chance})
				flagged[i] = true
			}
		}
	}
}

func (a *analysis) identical(c *Checks, chances [3][]float64, flagged map[uint32]bool) {
	type hashed struct {
		hash uint64
		row  uint32
	}
	var list []hashed
	for _, i := range a.rows {
		if a.v.spans[i].len() >= checkVotes {
			list = append(list, hashed{a.v.rowHash(int(i)), i})
		}
	}
	slices.SortFunc(list, func(x, y hashed) int { return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.row, y.row)) })
	for from, to := 0, 0; from < len(list); from = to {
		for to = from; to < len(list) && list[to].hash == list[from].hash; to++ {
		}
		row := int(list[from].row)
		log := gather(chances[0], a.v.agreed(row)) + gather(chances[1], a.v.disagreed(row)) + gather(chances[2], a.v.passed(row))
		if to-from < checkAlike || math.Exp(log)*float64(len(a.rows)) > checkChance {
			continue
		}
		same := Identical{Votes: a.v.spans[row].len()}
		for _, h := range list[from:to] {
			same.People = append(same.People, a.v.participants[h.row])
			flagged[h.row] = true
		}
		c.Identical = append(c.Identical, same)
	}
	slices.SortStableFunc(c.Identical, func(x, y Identical) int {
		return cmp.Or(cmp.Compare(len(y.People), len(x.People)), cmp.Compare(x.People[0], y.People[0]))
	})
}

// sortPeople finds the little cluster of everyone who is grouped; a cluster now weighs as many as are in it.
func (a *analysis) sortPeople() {
	a.leafOf = make([]int32, len(a.v.spans))
	for i := range a.leafOf {
		a.leafOf[i] = -1
	}
	if a.leaves == nil {
		return
	}
	pieces := rowParts(len(a.grouped))
	parallel(pieces, func(p int) {
		from, to := piece(len(a.grouped), pieces, p)
		for n := from; n < to; n++ {
			a.leafOf[a.grouped[n]] = leafAt(a.cuts, a.points.point(n))
		}
	})
	a.members = make([][]uint32, a.leaves.len())
	for _, row := range a.grouped {
		l := a.leafOf[row]
		a.members[l] = append(a.members[l], row)
	}
	for l, m := range a.members {
		a.leaves.weight[l] = float64(len(m))
	}
}

// influence leaves out one per cent of the people after the other, neighbours on the map together, and keeps the worst.
func (a *analysis) influence(c *Checks) {
	var order []uint32
	for _, members := range a.members {
		order = append(order, members...)
	}
	c.Blocks = min(checkBlocks, len(order))
	effects, before := make([]Difference, c.Blocks), a.agreement()
	parallel(c.Blocks, func(b int) {
		from, to := piece(len(order), c.Blocks, b)
		effects[b] = a.without(order[from:to], before)
	})
	c.Influence.Agreement = 1
	for _, e := range effects {
		c.Influence.People = max(c.Influence.People, e.People)
		c.Influence.Agreement = min(c.Influence.Agreement, e.Agreement)
		if e.Shift > c.Influence.Shift {
			c.Influence.Shift, c.Influence.Statement = e.Shift, e.Statement
		}
	}
}

// without computes groups and consensus without some people. The axes and places of the others stay; the groups are found anew
// from where they were. before is agreement with everyone.
func (a *analysis) without(rows []uint32, before [][]float64) Difference {
	d := Difference{People: len(rows), Agreement: 1}
	if len(a.result.Groups) > 0 {
		weight := slices.Clone(a.leaves.weight)
		for _, i := range rows {
			if l := a.leafOf[i]; l >= 0 {
				weight[l]--
			}
		}
		p := a.leaves.from(a.chosen.best.centers, 0, weight)
		d.Agreement = adjustedRand(a.chosen.best.label, p.label, weight)
	}
	d.Shift, d.Statement = a.consensusShift(rows, before)
	return d
}

// agreement is the logarithm of the lower bound of agreement, by statement and group; nil where there is no consensus.
func (a *analysis) agreement() [][]float64 {
	out := make([][]float64, len(a.result.Statements))
	for j := range out {
		s := &a.result.Statements[j]
		if s.Consensus == nil {
			continue
		}
		for _, own := range a.sharesOf(s) {
			out[j] = append(out[j], math.Log(roughlyAtLeast(own.Agrees, own.Seen())))
		}
	}
	return out
}

// consensusShift is the largest change of the agreement all groups share.
func (a *analysis) consensusShift(rows []uint32, agreement [][]float64) (shift float64, at StatementID) {
	groups := max(1, len(a.result.Groups))
	less := make([]Tally, groups*len(a.tallies))
	for _, i := range rows {
		g := 0
		if len(a.result.Groups) > 0 {
			if g = a.groupOf[i]; g < 0 {
				continue
			}
		}
		line := less[g*len(a.tallies):]
		for _, c := range a.v.agreed(int(i)) {
			line[c].Agrees++
		}
		for _, c := range a.v.disagreed(int(i)) {
			line[c].Disagrees++
		}
		for _, c := range a.v.passed(int(i)) {
			line[c].Passes++
		}
	}
	for j := range a.result.Statements {
		s := &a.result.Statements[j]
		if s.Consensus == nil {
			continue
		}
		before, after := 0.0, 0.0
		for g, own := range a.sharesOf(s) {
			if out := less[g*len(a.tallies)+j]; out != (Tally{}) {
				before += agreement[j][g]
				after += math.Log(roughlyAtLeast(own.Agrees-out.Agrees, own.Seen()-out.Seen()))
			}
		}
		// the share that all groups agree changes by the same factor, whatever it was exactly
		if moved := s.Consensus.Agree * math.Abs(math.Expm1((after-before)/float64(groups))); moved > shift {
			shift, at = moved, s.ID
		}
	}
	return shift, at
}
