// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// TestCompatEqualsPlain computes small conversations of odd shapes a second time, cell by cell as Polis describes it: columns
// moderated out are zero for everyone, missing votes are the mean of their column, and nothing is sparse.
func TestCompatEqualsPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for range 300 {
		n, m := 1+r.IntN(40), 1+r.IntN(20)
		log, density := new(Log), []float64{.1, .4, 1}[r.IntN(3)]
		for j := range m {
			s := Statement{ID: StatementID(j), Moderation: Moderation(r.IntN(3) - 1), Meta: r.IntN(8) == 0}
			if err := log.AddStatement(s); err != nil {
				t.Fatal(err)
			}
		}
		for i := range n {
			for j := range m {
				if r.Float64() < density || i+j == 0 {
					if err := log.Add(Event{ParticipantID(i), StatementID(j), Agree + Vote(r.IntN(3)), 0}); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		v, err := CompatVotes(log)
		if err != nil {
			t.Fatal(err)
		}
		c := &Compat{CurrentPriorities: true}
		got, err := c.Tick(context.Background(), v)
		if err != nil {
			t.Fatal(err)
		}
		plain := newPlainVotes(v)
		plain.comparePlaces(t, got)
		plain.compareGroups(t, got)
	}
}

// plainVotes is the matrix written out, agree = -1, disagree = +1, NaN where there is no vote; zeroed has the columns moderated out at 0.
type plainVotes struct{ raw, zeroed [][]float64 }

func newPlainVotes(v *Votes) plainVotes {
	var p plainVotes
	for i := range v.participants {
		raw, zeroed := make([]float64, len(v.statements)), make([]float64, len(v.statements))
		for j, s := range v.statements {
			if raw[j] = -v.Vote(i, j).Value(); v.Vote(i, j) == Unseen {
				raw[j] = math.NaN()
			}
			if s.counts() {
				zeroed[j] = raw[j]
			}
		}
		p.raw, p.zeroed = append(p.raw, raw), append(p.zeroed, zeroed)
	}
	return p
}

// comparePlaces checks means, places and extremities against the axes found.
func (p plainVotes) comparePlaces(t *testing.T, got *CompatResult) {
	t.Helper()
	m := float64(len(got.Statements))
	places, extremity := make([][2]float64, len(p.raw)), make([]float64, len(got.Statements))
	voted := make([]float64, len(p.raw))
	for j := range got.Statements {
		sum, count := 0.0, 0.0
		for i := range p.zeroed {
			if x := p.zeroed[i][j]; !math.IsNaN(x) {
				sum, count = sum+x, count+1
			}
		}
		mean := sum / count
		near(t, "mean", []float64{got.PCA.Center[j]}, []float64{mean}, 1e-14)
		if min(len(p.raw), len(got.Statements)) < 2 {
			continue
		}
		a, b := got.PCA.Components[0][j], got.PCA.Components[1][j]
		extremity[j] = math.Sqrt(m) * math.Abs(1+mean) * math.Hypot(a, b)
		for i := range p.zeroed {
			if x := p.zeroed[i][j]; !math.IsNaN(x) {
				voted[i]++
				places[i][0] += (x - mean) * a
				places[i][1] += (x - mean) * b
			}
		}
	}
	for i := range places {
		scale := math.Sqrt(m / max(voted[i], 1))
		near(t, "place", got.Places[i][:], []float64{scale * places[i][0], scale * places[i][1]}, 1e-11)
	}
	near(t, "extremity", got.PCA.Extremity, extremity, 1e-11)
}

// compareGroups recounts who is grouped and what groups answered.
func (p plainVotes) compareGroups(t *testing.T, got *CompatResult) {
	t.Helper()
	at := map[ParticipantID]int{}
	enough := 0
	for i, id := range got.Participants {
		at[id] = i
		votes := 0
		for _, x := range p.raw[i] {
			if !math.IsNaN(x) {
				votes++
			}
		}
		if votes != got.VoteCounts[id] {
			t.Errorf("%d has %d votes, not %d", id, votes, got.VoteCounts[id])
		}
		if votes >= min(7, len(got.Statements)) {
			enough++
		}
	}
	if want := min(len(p.raw), max(15, enough)); len(got.Included) != want {
		t.Errorf("%d of %d people are grouped, %d have enough votes", len(got.Included), len(p.raw), enough)
	}
	members := labels(got.Base, got.Groups)
	for _, g := range got.GroupVotes {
		count := make([]Tally, len(got.Statements))
		for id, label := range members {
			for j, x := range p.raw[at[id]] {
				if label == g.ID && !math.IsNaN(x) {
					count[j].add(map[float64]Vote{-1: Agree, 1: Disagree, 0: Pass}[x], 1)
				}
			}
		}
		for j := range count {
			if count[j] != g.Tallies[j] {
				t.Errorf("group %d on %d: %+v, want %+v", g.ID, got.Statements[j], g.Tallies[j], count[j])
			}
		}
	}
}
