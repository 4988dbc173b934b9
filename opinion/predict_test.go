// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// hide takes a tenth of the votes away, chosen by a hash, and gives them back as a list.
func hide(log *Log, seed uint64) (kept *Log, hidden []Event) {
	kept = new(Log)
	for _, s := range log.statements {
		kept.AddStatement(s)
	}
	v := log.Votes()
	for i, p := range v.participants {
		for j, s := range v.statements {
			answer := v.Vote(i, j)
			if answer == Unseen {
				continue
			}
			e := Event{p, s.ID, answer, 0}
			if mix(seed^mix(uint64(p)<<20^uint64(s.ID)))%10 == 0 && s.counts() {
				hidden = append(hidden, e)
			} else {
				kept.Add(e)
			}
		}
	}
	return kept, hidden
}

// errors sums squared errors of a prediction over hidden votes.
func rmse(v *Votes, hidden []Event, predict func(row, col int) float64) float64 {
	rows, cols := map[ParticipantID]int{}, map[StatementID]int{}
	for i, p := range v.participants {
		rows[p] = i
	}
	for j, s := range v.statements {
		cols[s.ID] = j
	}
	sum, n := 0.0, 0
	for _, e := range hidden {
		i, ok := rows[e.Participant]
		if !ok {
			continue
		}
		d := e.Vote.Value() - predict(i, cols[e.Statement])
		sum += d * d
		n++
	}
	return math.Sqrt(sum / float64(n))
}

// placements are the ways of predicting that are compared.
type placements struct{ mean, polis, factors, ours float64 }

// predictAll fits every model to the votes kept and measures it on those hidden.
func predictAll(t *testing.T, kept *Log, hidden []Event) (p placements) {
	v := kept.Votes()
	r := analyze(t, v, Params{Brief: true})
	m := r.model
	mean := func(_, j int) float64 { return m.mean[j] }
	p.mean = rmse(v, hidden, mean)
	p.ours = rmse(v, hidden, func(i, j int) float64 { return r.Expect(i, j) })

	// Polis: two axes of the completed matrix, and the projection of the completed row onto them.
	counts := make([]bool, len(v.statements))
	for j, s := range v.statements {
		counts[j] = s.counts()
	}
	y := newCentred(&v.matrix, identity(len(v.spans)), m.mean, counts)
	a, err := leadingAxes(context.Background(), y, spread(v.statements, counts), 2)
	if err != nil {
		t.Fatal(err)
	}
	two := newModel(a, y, counts)
	sums := make([]float64, sumsWidth(2))
	p.polis = rmse(v, hidden, func(i, j int) float64 {
		two.sums(&v.matrix, i, sums)
		columns := float64(r.Input.Counted)
		return two.expect([]float64{sums[0] / columns, sums[1] / columns}, j)
	})
	p.factors = rmse(v, hidden, factorise(v, counts))
	return p
}

// factorise fits v = mean_j + f_i . g_j, two factors and a ridge of 3, by alternating least squares: a judge.
func factorise(v *Votes, counts []bool) func(row, col int) float64 {
	mean := means(v.Tallies())
	r := rand.New(rand.NewPCG(1, 1))
	people, columns := make([][2]float64, len(v.spans)), make([][2]float64, len(counts))
	for j := range columns {
		columns[j] = [2]float64{r.NormFloat64() * .3, r.NormFloat64() * .3}
	}
	type entry struct {
		row, col int
		left     float64
	}
	var entries []entry
	for i := range v.spans {
		for _, c := range v.voted(i) {
			if counts[c] {
				entries = append(entries, entry{i, int(c), v.Vote(i, int(c)).Value() - mean[c]})
			}
		}
	}
	solve := func(into, from [][2]float64, sides func(entry) (int, int)) {
		sums := make([][5]float64, len(into))
		for _, e := range entries {
			to, of := sides(e)
			f, s := from[of], &sums[to]
			s[0], s[1], s[2] = s[0]+f[0]*f[0], s[1]+f[0]*f[1], s[2]+f[1]*f[1]
			s[3], s[4] = s[3]+f[0]*e.left, s[4]+f[1]*e.left
		}
		for i, s := range sums {
			a, b, c := s[0]+3, s[1], s[2]+3
			into[i] = [2]float64{(c*s[3] - b*s[4]) / (a*c - b*b), (a*s[4] - b*s[3]) / (a*c - b*b)}
		}
	}
	for range 60 {
		solve(people, columns, func(e entry) (int, int) { return e.row, e.col })
		solve(columns, people, func(e entry) (int, int) { return e.col, e.row })
	}
	return func(i, j int) float64 {
		return max(-1, min(1, mean[j]+people[i][0]*columns[j][0]+people[i][1]*columns[j][1]))
	}
}

func TestPredictsHiddenVotes(t *testing.T) {
	for _, set := range openSets {
		t.Run(set, func(t *testing.T) {
			log := loadSet(t, set)
			const splits = 3
			var sum placements
			for seed := range uint64(splits) {
				kept, hidden := hide(log, seed)
				p := predictAll(t, kept, hidden)
				sum = placements{sum.mean + p.mean/splits, sum.polis + p.polis/splits, sum.factors + p.factors/splits, sum.ours + p.ours/splits}
				if p.ours >= p.polis || p.ours >= p.mean {
					t.Errorf("split %d: %.4f, Polis %.4f, column mean %.4f", seed, p.ours, p.polis, p.mean)
				}
			}
			t.Logf("root mean squared error: column mean %.4f, Polis %.4f, two factors %.4f, ours %.4f", sum.mean, sum.polis, sum.factors, sum.ours)
		})
	}
}
