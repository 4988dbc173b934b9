// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"math"
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

func TestPredict(t *testing.T) {
	for _, set := range openSets {
		for seed := range uint64(3) {
			kept, hidden := hide(loadSet(t, set), seed)
			v := kept.Votes()
			tallies := v.Tallies()
			mean := means(tallies)
			counts := make([]bool, len(mean))
			cc := 0.0
			for j, s := range v.statements {
				counts[j] = s.counts()
				if counts[j] {
					cc++
				}
			}
			y := newCentred(&v.matrix, identity(len(v.spans)), mean, counts)
			carried, _ := carriedAxes(context.Background(), y, 1, 8)
			for _, d := range []int{1, 2, 3, 4, 5} {
				a, _ := leadingAxes(context.Background(), y, spread(v.statements, counts), max(2, d))
				if d == 1 {
					a.vectors = a.vectors[:1]
				}
				m := newModel(a, y, counts)
				m.fit(&v.matrix, y.rows)
				buf := make([]float64, sumsWidth(m.axes))
				ps := make([]placed, len(v.spans))
				polis := make([][]float64, len(v.spans))
				polis2 := make([][]float64, len(v.spans))
				for i := range ps {
					m.sums(&v.matrix, i, buf)
					m.place(buf, &ps[i])
					polis[i] = make([]float64, m.axes)
					polis2[i] = make([]float64, m.axes)
					for k := range m.axes {
						polis[i][k] = buf[k] / cc
						polis2[i][k] = buf[k] / max(1, buf[len(buf)-1])
					}
				}
				if d == 2 || d == carried {
					t.Logf("%s d=%d carried %d: column mean %.4f, polis %.4f, polis scaled %.4f, ridge %.4f  var %.3f noise %.3f", set, d, carried,
						rmse(v, hidden, func(i, j int) float64 { return mean[j] }),
						rmse(v, hidden, func(i, j int) float64 { return m.expect(polis[i], j) }),
						rmse(v, hidden, func(i, j int) float64 { return m.expect(polis2[i], j) }),
						rmse(v, hidden, func(i, j int) float64 { return m.expect(ps[i].at[:], j) }), m.variance, m.noise)
				}
			}
		}
	}
}
