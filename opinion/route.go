// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// Policy says which statements are shown to whom. The zero value is the default.
type Policy struct {
	AcceptedOnly bool    // show only statements a moderator accepted
	Floor        float64 // share of draws made evenly among what is unseen, 0 to 1; 0 means 0.1, negative none
	Enough       int     // stop after this many votes of one person; 0 means never
	Settled      float64 // stop when the variance of a person's place on both axes has fallen to this share of what it was; 0 means never
}

func (p Policy) floor() float64 {
	if p.Floor == 0 {
		return 0.1
	}
	return min(1, max(0, p.Floor))
}

// Stop says why no further statement is offered.
type Stop int

// Going on, everything seen, as many votes as the policy asks for, and a place on the map known well enough.
const (
	GoOn Stop = iota
	AllSeen
	EnoughVotes
	PlaceSettled
)

// Offer is the statement to show next. Store the propensity beside the vote: it is the exact probability with which the
// statement was drawn, and dividing by it keeps later estimates free of the bias of showing some statements more
// (Horvitz and Thompson 1952).
type Offer struct {
	Statement  StatementID
	Propensity float64
	Left       int // statements the person has not seen, this one included
	Stop       Stop
}

// router draws statements. Weights are whole numbers in a binary indexed tree (Fenwick 1994), so that a vote changes
// one in logarithmic time and no rounding gathers.
type router struct {
	policy   Policy
	weight   []uint64
	tree     []uint64 // tree[i] sums weight over the lowbit(i+1) columns ending with i
	sum      uint64
	eligible int
	guide    guide
}

// guide is what the last result says to the statements shown and the votes counted until the next.
type guide struct {
	groupOf   []int16   // by row; NoGroup
	labels    []int     // of the groups
	enough    int       // votes of a group a figure needs
	tallies   [][]Tally // group x column
	extremity []float64 // by column
	loadings  [][2]float64
	prior     [2]float64 // precision of a place before any vote, in units of the noise
}

const weightUnit = 1 << 20 // the weight of priority 1

func (r *router) reset(statements []Statement, tallies []Tally) {
	*r = router{policy: r.policy, guide: r.guide}
	for range statements {
		r.addColumn()
	}
	for j, st := range statements {
		r.weigh(uint16(j), st, tallies[j])
	}
}

func (r *router) addColumn() {
	i, sum := len(r.tree), uint64(0)
	for j := i; j > i&(i+1); j &= j - 1 { // a new node sums the nodes below it
		sum += r.tree[j-1]
	}
	r.tree = append(r.tree, sum)
	r.weight = append(r.weight, 0)
}

// weigh sets the weight of a column from what is known of it now.
func (r *router) weigh(col uint16, st Statement, t Tally) {
	w := uint64(0)
	if st.Moderation == Accepted || st.Moderation == Unmoderated && !r.policy.AcceptedOnly {
		w = max(1, uint64(priority(st, t, r.guide.extremityOf(col))*weightUnit))
	}
	old := r.weight[col]
	if old == w {
		return
	}
	if old == 0 {
		r.eligible++
	} else if w == 0 {
		r.eligible--
	}
	r.weight[col] = w
	r.sum += w - old
	for i := int(col); i < len(r.tree); i |= i + 1 {
		r.tree[i] += w - old
	}
}

func (g *guide) extremityOf(col uint16) float64 {
	if int(col) < len(g.extremity) {
		return g.extremity[col]
	}
	return 0
}

// tallyOf is where the votes of a row on a column are counted for its group; nil when they are not.
func (g *guide) tallyOf(row int, col uint16) *Tally {
	if row >= len(g.groupOf) || g.groupOf[row] == NoGroup || int(col) >= len(g.tallies[g.groupOf[row]]) {
		return nil
	}
	return &g.tallies[g.groupOf[row]][col]
}

// voted takes notice of a vote that has just been counted.
func (r *router) voted(row int, col uint16, before, after Vote, st Statement, t Tally) {
	r.weigh(col, st, t)
	if line := r.guide.tallyOf(row, col); line != nil {
		line.add(before, -1)
		line.add(after, 1)
	}
}

// before sums the weights of the columns below col.
func (r *router) before(col int) uint64 {
	sum := uint64(0)
	for ; col > 0; col &= col - 1 {
		sum += r.tree[col-1]
	}
	return sum
}

// find is the column in which the running sum of weights passes x.
func (r *router) find(x uint64) int {
	at := 0
	for step := 1 << (bits.Len(uint(len(r.tree))) - 1); step > 0; step >>= 1 {
		if next := at + step; next <= len(r.tree) && r.tree[next-1] <= x {
			x -= r.tree[next-1]
			at = next
		}
	}
	return at
}

// SetPolicy changes which statements are shown.
func (s *State) SetPolicy(p Policy) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.route.policy = p
	s.route.reset(s.statements, s.tallies)
}

// Next draws a statement the participant has not voted on: with the share Policy.Floor evenly, so that none is starved,
// else in proportion to its priority. It allocates nothing and knows no limit on the number of statements.
// Votes of others may go on meanwhile; source is the caller's alone.
func (s *State) Next(p ParticipantID, source rand.Source) Offer {
	s.lock.RLock()
	defer s.lock.RUnlock()
	row, known := s.rowOf[p]
	i := -1
	if known {
		i = int(row)
	}
	open, left := s.unseen(i)
	switch {
	case left == 0:
		return Offer{Stop: AllSeen}
	case s.route.policy.Enough > 0 && known && s.rows.spans[i].len() >= s.route.policy.Enough:
		return Offer{Left: left, Stop: EnoughVotes}
	case s.settled(i):
		return Offer{Left: left, Stop: PlaceSettled}
	}
	floor := s.route.policy.floor()
	var col int
	if float64(source.Uint64()>>11)/(1<<53) < floor {
		col = s.drawEvenly(i, left, source)
	} else {
		col = s.drawWeighted(i, open, source)
	}
	chance := floor/float64(left) + (1-floor)*float64(s.route.weight[col])/float64(open)
	return Offer{Statement: s.statements[col].ID, Propensity: chance, Left: left}
}

// unseen is the weight and number of the statements the row has not voted on; row -1 has seen none.
func (s *State) unseen(row int) (open uint64, left int) {
	open, left = s.route.sum, s.route.eligible
	if row < 0 {
		return open, left
	}
	for _, c := range s.rows.voted(row) {
		if w := s.route.weight[c]; w > 0 {
			open -= w
			left--
		}
	}
	return open, left
}

// tries is how often a draw may hit something already seen before it is done the exact way.
const tries = 24

func (s *State) drawWeighted(row int, open uint64, source rand.Source) int {
	if row < 0 {
		return s.route.find(below(source, s.route.sum))
	}
	for range tries {
		col := s.route.find(below(source, s.route.sum))
		if s.rows.at(row, uint16(col)) == Unseen {
			return col
		}
	}
	// The place x on the line of unseen weights becomes one on the line of all weights by stepping over each seen one.
	x := below(source, open)
	s.eachVoted(row, func(c uint16) bool {
		if s.route.before(int(c)) > x {
			return false
		}
		x += s.route.weight[c]
		return true
	})
	return s.route.find(x)
}

func (s *State) drawEvenly(row, left int, source rand.Source) int {
	open := func(col int) bool {
		return s.route.weight[col] > 0 && (row < 0 || s.rows.at(row, uint16(col)) == Unseen)
	}
	for range tries {
		if col := int(below(source, uint64(len(s.statements)))); open(col) {
			return col
		}
	}
	nth := int(below(source, uint64(left)))
	for col := range s.statements {
		if !open(col) {
			continue
		}
		if nth == 0 {
			return col
		}
		nth--
	}
	return -1 // cannot be: left counts what open finds
}

// eachVoted visits a row's columns in ascending order.
func (s *State) eachVoted(row int, visit func(col uint16) bool) {
	a, d, p := s.rows.agreed(row), s.rows.disagreed(row), s.rows.passed(row)
	for len(a)+len(d)+len(p) > 0 {
		from := &a
		if len(*from) == 0 || len(d) > 0 && d[0] < (*from)[0] {
			from = &d
		}
		if len(*from) == 0 || len(p) > 0 && p[0] < (*from)[0] {
			from = &p
		}
		if !visit((*from)[0]) {
			return
		}
		*from = (*from)[1:]
	}
}

// below is uniform on 0..n-1 (Lemire 2019, without the rejection step: n is tiny beside 2^64).
func below(source rand.Source, n uint64) uint64 {
	high, _ := bits.Mul64(source.Uint64(), n)
	return high
}

// settled compares the variance of a place after the votes given with that before any:
// trace of (prior + sum c c')^-1 against trace of prior^-1, in units of the noise.
func (s *State) settled(row int) bool {
	g := &s.route.guide
	if row < 0 || s.route.policy.Settled <= 0 || g.prior[0] <= 0 || g.prior[1] <= 0 {
		return false
	}
	xx, xy, yy := g.prior[0], 0.0, g.prior[1]
	for _, c := range s.rows.voted(row) {
		if int(c) < len(g.loadings) {
			l := g.loadings[c]
			xx, xy, yy = xx+l[0]*l[0], xy+l[0]*l[1], yy+l[1]*l[1]
		}
	}
	return (xx+yy)/(xx*yy-xy*xy) <= s.route.policy.Settled*(1/g.prior[0]+1/g.prior[1])
}

// priority weighs a statement for showing (Polis, priority-metric): more when people who see it rarely pass, agree more, when it
// separates people, and while few have seen it.
//
//	importance = (1 - (P+1)/(S+2)) (E+1) (A+1)/(S+2)
//	priority   = (importance (1 + 8 * 2^(-S/5)))^2, 49 for statements about people themselves
func priority(st Statement, t Tally, extremity float64) float64 {
	if st.Meta {
		return metaPriority
	}
	seen := float64(t.Seen())
	importance := (1 - (float64(t.Passes)+1)/(seen+2)) * (extremity + 1) * (float64(t.Agrees) + 1) / (seen + 2)
	p := importance * (1 + 8*math.Exp2(-seen/5))
	return p * p
}

const metaPriority = 49
