// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// The constants of Polis as of October 2024 (conversation.clj and clusters.clj in math/src/polismath/math of its source): clusters of people, the rounds to find them, rounds on the level of groups,
// and how long a new number of groups must last before it is believed.
const (
	compatBase        = 100
	compatBaseRounds  = 100
	compatGroupRounds = 20
	compatMaxGroups   = 5
	compatKeepFor     = 4
	compatMinVotes    = 7
	compatMinPeople   = 15
)

// Compat computes what Polis computes, quirk by quirk, so that a doubter can compare: who is grouped, and how, depends on
// the order in which people arrived and on every earlier Tick. Numbers follow Polis's own sign, agree = -1, disagree = +1.
// Feed it Votes from CompatVotes, or from Log.VotesAsArrived of a log that only grows.
//
// It differs from Polis where Polis cannot be repeated: cold starts use a vector of ones instead of chance (and a scattered
// one where ones are mapped to nothing), distances are computed directly, ties in distance go to the later cluster by number, and
// the full calculation is made at every size. A Compat is not safe for concurrent use.
type Compat struct {
	// CurrentPriorities computes priorities from the counts of the same tick; Polis uses those of the tick before.
	CurrentPriorities bool

	included  map[ParticipantID]bool
	comps     [2][]float64
	base      []cluster
	clusters  map[int][]cluster
	smoother  CompatSmoother
	lastVotes []CompatGroupVotes
}

// CompatSmoother remembers the best number of groups, for how many ticks it has been the best, and the number in use.
type CompatSmoother struct {
	LastK     int `json:"last-k"`
	LastCount int `json:"last-k-count"`
	SmoothedK int `json:"smoothed-k"`
}

// CompatVotes puts a log into the order in which Polis reads votes when it recomputes a conversation: by statement, participant, time.
func CompatVotes(l *Log) (*Votes, error) {
	events := slices.Collect(l.Events)
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Statement, b.Statement), cmp.Compare(a.Participant, b.Participant), cmp.Compare(a.Time, b.Time))
	})
	ordered := new(Log)
	for _, e := range events {
		if err := ordered.Add(e); err != nil {
			return nil, err
		}
	}
	return ordered.VotesAsArrived().Moderate(l.statements), nil
}

// Include makes participants grouped whatever their number of votes, as those are who once had enough.
func (c *Compat) Include(ids ...ParticipantID) {
	if c.included == nil {
		c.included = map[ParticipantID]bool{}
	}
	for _, id := range ids {
		c.included[id] = true
	}
}

// Tick computes the conversation anew, starting from the outcome of the tick before.
// The rows and columns of v must continue those of the tick before. It fails only when ctx ends.
func (c *Compat) Tick(ctx context.Context, v *Votes) (*CompatResult, error) {
	t := newCompatTick(v)
	c.include(v)
	for i, id := range v.participants {
		if c.included[id] {
			t.in = append(t.in, i)
		}
	}
	if err := c.components(ctx, t); err != nil {
		return nil, err
	}
	t.project(c.comps)
	c.cluster(t)
	r := t.result(c)
	r.statistics(t, c)
	c.lastVotes = r.GroupVotes
	return r, nil
}

// include decides who is grouped (conversation.clj, :in-conv): who has voted on 7 statements or on all; if that is fewer than 15 people, those
// with most votes until there are 15; and everyone who ever was.
func (c *Compat) include(v *Votes) {
	c.Include()
	enough := min(compatMinVotes, len(v.statements))
	for i, id := range v.participants {
		if v.spans[i].len() >= enough {
			c.included[id] = true
		}
	}
	in := 0
	var others []int
	for i, id := range v.participants {
		if c.included[id] {
			in++
		} else {
			others = append(others, i)
		}
	}
	slices.SortStableFunc(others, func(a, b int) int { return cmp.Compare(v.spans[b].len(), v.spans[a].len()) })
	for _, i := range others[:min(len(others), max(0, compatMinPeople-in))] {
		c.included[v.participants[i]] = true
	}
}

// compatTick is one computation under way.
type compatTick struct {
	v           *Votes
	counts      []bool // by column: not moderated out
	out         int    // how many are
	tallies     []Tally
	center      []float64
	y           *centred
	in          []int // rows grouped
	places      [][2]float64
	extremity   []float64
	silhouettes map[int]float64

	statementPlaces [2][]float64
}

func newCompatTick(v *Votes) *compatTick {
	t := &compatTick{v: v, counts: make([]bool, len(v.statements))}
	unbanned := *v // Polis computes with the votes of banned people too
	unbanned.banned, unbanned.tallies = nil, nil
	t.tallies = unbanned.Tallies()
	mean := means(t.tallies)
	for j, s := range v.statements {
		t.counts[j] = s.counts()
		if !t.counts[j] {
			t.out++
			mean[j] = 0
		}
	}
	t.y = newCentred(&v.matrix, identity(len(v.participants)), mean, t.counts)
	t.center = slices.Clone(mean)
	scale(t.center, -1)
	return t
}

// components finds both axes by power iteration (pca.clj, powerit-pca): with Y_ij = v_ij - mean_j where i has voted on j and 0 elsewhere,
// s <- Y'Y s / |Y'Y s| until it has settled, and for the second axis the same with Y - Y c c' for Y, c being the first.
func (c *Compat) components(ctx context.Context, t *compatTick) error {
	columns := len(t.v.statements)
	y := layOut(t.y)
	var found [][]float64
	for a := range min(2, columns, len(t.v.participants)) {
		start := slices.Clone(c.comps[a])
		if dot(start, start) == 0 {
			start = start[:0]
		}
		for len(start) < columns {
			start = append(start, 1)
		}
		axis, err := powerIteration(ctx, y, start, found)
		if err == nil && dot(axis, axis) == 0 { // a vector of ones can lie across everything; one drawn at random, as in Polis, never does
			axis, err = powerIteration(ctx, y, spread(t.v.statements, t.counts), found)
		}
		if err != nil {
			return err
		}
		found = append(found, axis)
	}
	c.comps = [2][]float64{make([]float64, columns), make([]float64, columns)}
	copy(c.comps[:], found)
	return nil
}

const compatPowerRounds = 100

// powerIteration applies Y'Y up to 101 times, with the axes found before removed from Y; it stops early
// only when the length of the product repeats to the last bit.
func powerIteration(ctx context.Context, y *laidOut, s []float64, found [][]float64) ([]float64, error) {
	product, last := make([]float64, len(s)), 0.0
	for round := 0; ; round++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, c := range found {
			removeAxis(s, c)
		}
		y.times(s, product)
		for _, c := range found {
			removeAxis(product, c)
		}
		length := math.Sqrt(dot(product, product))
		if length > 0 {
			scale(product, 1/length)
		}
		s, product = product, s
		if round == compatPowerRounds || length == last {
			return s, nil
		}
		last = length
	}
}

func removeAxis(s, axis []float64) {
	if l := dot(axis, axis); l > 0 {
		addScaled(s, -dot(axis, s)/l, axis)
	}
}

// project places everyone and every statement, in Polis's sign (pca.clj, sparsity-aware-project-ptpt and pca-project-cmnts):
//
//	person     x_i = sqrt(m / max(n_i, 1)) sum_j (v_ij - mean_j) c_j    over the j that i has voted on
//	statement  y_j = sqrt(m) (-1 - mean_j) c_j                          extremity |y_j|
//
// with m statements, the votes n_i of i, and columns moderated out counted as voted on by everyone.
// A statement stands where someone would who had only agreed with it.
func (t *compatTick) project(comps [2][]float64) {
	m := float64(len(t.v.statements))
	t.places = make([][2]float64, len(t.v.participants))
	t.statementPlaces = [2][]float64{make([]float64, len(t.center)), make([]float64, len(t.center))}
	t.extremity = make([]float64, len(t.center))
	if min(len(t.v.participants), len(t.v.statements)) < 2 {
		return // one row or one column has one axis only: everything then stands at the middle in Polis
	}
	for j, mu := range t.center {
		for a, c := range comps {
			t.statementPlaces[a][j] = math.Sqrt(m) * (-1 - mu) * c[j]
		}
		t.extremity[j] = math.Hypot(t.statementPlaces[0][j], t.statementPlaces[1][j])
	}
	for i := range t.places {
		voted, outVoted := 0, 0
		for _, col := range t.v.voted(i) {
			voted++
			if !t.counts[col] {
				outVoted++
			}
		}
		size := math.Sqrt(m / float64(max(1, voted+t.out-outVoted)))
		for a, c := range comps {
			sum := 0.0
			for _, col := range t.v.agreed(i) {
				sum += t.y.onAgree[col] * c[col]
			}
			for _, col := range t.v.disagreed(i) {
				sum += t.y.onDis[col] * c[col]
			}
			for _, col := range t.v.passed(i) {
				sum += t.y.onPass[col] * c[col]
			}
			t.places[i][a] = -size * sum
		}
	}
}
