// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"math"
	"slices"
)

// Bridging is the outcome of a model that ranks statements without any groups: that of Community Notes
// (ranking-notes.md there). A vote r (1 agree, 1/2 pass, 0 disagree) is explained by
//
//	r = mean + leniency_u + intercept_n + viewpoint_u factor_n
//
// so intercept_n is the agreement with a statement that viewpoints do not explain. All parameters are kept small:
// squares of intercepts cost 0.15, of viewpoints and factors 0.03, each as a mean over its kind beside the mean squared error.
type Bridging struct {
	Mean   float64 `json:"mean"`
	People int     `json:"people"` // used; an even sample where there are very many votes
	Rounds int     `json:"rounds"`
}

// Bridge is a statement's place in the ranking.
type Bridge struct {
	Intercept float64 `json:"intercept"`
	Low       float64 `json:"low"` // the least intercept after one more vote against, by any extreme of person
	Factor    float64 `json:"factor"`
	Verdict   Verdict `json:"verdict"`
}

// Verdict applies the thresholds of Community Notes to the low intercept.
type Verdict string

// Bridges from 0.40; Rejects below -0.05 - 0.8 |factor|; Open between, and with fewer than 5 votes.
const (
	Bridges Verdict = "bridges"
	Rejects Verdict = "rejects"
	Open    Verdict = "open"
)

const (
	interceptCost = 0.15
	factorCost    = 0.03
	bridgeVotes   = 2 << 20 // beyond so many votes an even sample of people is taken
	bridgeRounds  = 15
	bridgeSettled = 1e-3 // largest change of an intercept
	bridgeEnough  = 5
)

var rating = [3]float64{1, 0, 0.5} // agree, disagree, pass

// bridger fits the model by alternating least squares: with one side fixed, the other is a 2 x 2 ridge regression each.
type bridger struct {
	m         *matrix
	rows      []uint32
	votes     []float64    // counted ones, by place in rows
	counts    []bool       // columns that shape the map and have votes
	seen      [3][]float64 // by answer and column
	mean      float64
	intercept []float64
	factor    []float64
	perPerson float64 // votes per person and per column: they turn means of squares into sums
	perColumn float64
	extremes  extremes
	spare     [][3][]columnSums // by piece: used again in every round
}

// extremes are the largest leniencies and viewpoints of people.
type extremes struct {
	leniency, viewpoint [2]float64
	sums                peopleSums
}

// columnSums is what a column needs to know of those who gave it one answer: sums of viewpoint f, f^2, leniency i and f i.
type columnSums struct{ f, ff, i, fi float64 }

func bridge(ctx context.Context, m *matrix, rows []uint32, votes int, counts []bool, start []float64) (*Bridging, []*Bridge, error) {
	if votes > bridgeVotes {
		rows = everyNth(rows, max(1, len(rows)*(bridgeVotes>>10)/(votes>>10)))
	}
	b := &bridger{m: m, rows: rows, counts: counts, intercept: make([]float64, len(counts)), factor: make([]float64, len(counts))}
	b.count()
	copy(b.factor, start)
	out := &Bridging{People: len(rows)}
	var sums [3][]columnSums
	for out.Rounds < bridgeRounds {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		out.Rounds++
		sums = b.people()
		if b.columns(sums) < bridgeSettled {
			break
		}
		b.balance(b.extremes.sums)
	}
	out.Mean = b.mean
	list := make([]*Bridge, len(counts))
	for j := range list {
		if votes := b.seen[0][j] + b.seen[1][j] + b.seen[2][j]; counts[j] && votes >= bridgeEnough {
			list[j] = b.verdict(j, sums)
		}
	}
	return out, list, nil
}

// count fixes what does not change from round to round.
func (b *bridger) count() {
	for a := range b.seen {
		b.seen[a] = make([]float64, len(b.counts))
	}
	b.votes = make([]float64, len(b.rows))
	people, columns, total, sum := 0.0, 0.0, 0.0, 0.0
	for n, i := range b.rows {
		for a, cols := range b.answers(int(i)) {
			for _, c := range cols {
				if b.counts[c] {
					b.seen[a][c]++
					b.votes[n]++
				}
			}
		}
		people += min(1, b.votes[n])
	}
	b.counts = slices.Clone(b.counts)
	for j := range b.counts {
		votes := b.seen[0][j] + b.seen[1][j] + b.seen[2][j]
		b.counts[j] = votes > 0
		columns += min(1, votes)
		total += votes
		sum += rating[0]*b.seen[0][j] + rating[2]*b.seen[2][j]
	}
	b.mean = sum / max(1, total)
	b.perPerson, b.perColumn = total/max(1, people), total/max(1, columns)
}

func (b *bridger) answers(i int) [3][]uint16 {
	return [3][]uint16{b.m.agreed(i), b.m.disagreed(i), b.m.passed(i)}
}

// people fits leniency and viewpoint of everyone, and sums them up by column at once.
func (b *bridger) people() [3][]columnSums {
	var tables [3][]columnSums // by column: factor, its square, what is left of the vote, factor times that
	for a, r := range rating {
		tables[a] = make([]columnSums, len(b.counts))
		for j, f := range b.factor {
			if b.counts[j] {
				left := r - b.mean - b.intercept[j]
				tables[a][j] = columnSums{f, f * f, left, f * left}
			}
		}
	}
	pieces := rowParts(len(b.rows))
	b.spare = slices.Grow(b.spare, pieces)[:pieces]
	sums := b.spare
	ends := make([]extremes, pieces)
	parallel(pieces, func(p int) {
		from, to := piece(len(b.rows), pieces, p)
		b.empty(&sums[p])
		for n := from; n < to; n++ {
			b.person(n, &tables, &sums[p], &ends[p])
		}
	})
	b.extremes = ends[0]
	for p := 1; p < pieces; p++ {
		b.extremes.widen(ends[p])
		for a := range sums[0] {
			for j := range sums[0][a] {
				sums[0][a][j].add(&sums[p][a][j])
			}
		}
	}
	return sums[0]
}

// empty makes a piece's sums zero.
func (b *bridger) empty(sums *[3][]columnSums) {
	for a := range sums {
		if sums[a] == nil {
			sums[a] = make([]columnSums, len(b.counts))
		}
		clear(sums[a])
	}
}

func (s *columnSums) add(o *columnSums) {
	s.f += o.f
	s.ff += o.ff
	s.i += o.i
	s.fi += o.fi
}

func (e *extremes) widen(o extremes) {
	e.leniency = [2]float64{min(e.leniency[0], o.leniency[0]), max(e.leniency[1], o.leniency[1])}
	e.viewpoint = [2]float64{min(e.viewpoint[0], o.viewpoint[0]), max(e.viewpoint[1], o.viewpoint[1])}
	e.sums.n += o.sums.n
	e.sums.intercept += o.sums.intercept
	e.sums.factor += o.sums.factor
	e.sums.squares += o.sums.squares
	e.sums.both += o.sums.both
}

func (b *bridger) person(n int, tables, sums *[3][]columnSums, ends *extremes) {
	if b.votes[n] == 0 {
		return
	}
	answers := b.answers(int(b.rows[n]))
	s := sumOver(tables, &answers)
	leniency, viewpoint := solveRidge(b.votes[n], s.f, s.ff, s.i, s.fi, interceptCost*b.perPerson, factorCost*b.perPerson)
	ends.widen(extremes{
		[2]float64{leniency, leniency}, [2]float64{viewpoint, viewpoint}, peopleSums{},
	})
	ends.sums.add(leniency, viewpoint)
	square, both := viewpoint*viewpoint, leniency*viewpoint
	for a, cols := range answers {
		column := sums[a]
		for _, c := range cols {
			sum := &column[c]
			sum.f += viewpoint
			sum.ff += square
			sum.i += leniency
			sum.fi += both
		}
	}
}

// sumOver adds up the lines of tables that a person's answers name. The sums are kept apart, not in a struct, so that they stay in registers.
func sumOver(tables *[3][]columnSums, answers *[3][]uint16) columnSums {
	var f, ff, i, fi float64
	for a, cols := range answers {
		table := tables[a]
		for _, c := range cols {
			line := &table[c]
			f += line.f
			ff += line.ff
			i += line.i
			fi += line.fi
		}
	}
	return columnSums{f, ff, i, fi}
}

// solveRidge minimises sum (y - i - f x)^2 + costI i^2 + costF f^2, given n, sum x, sum x^2, sum y, sum x y.
func solveRidge(n, x, xx, y, xy, costI, costF float64) (i, f float64) {
	n, xx = n+costI, xx+costF
	det := n*xx - x*x
	if det <= 0 {
		return y / n, 0
	}
	return (xx*y - x*xy) / det, (n*xy - x*y) / det
}

// columns fits intercept and factor of every statement and then the mean. It reports the largest change of an intercept.
func (b *bridger) columns(sums [3][]columnSums) (change float64) {
	for j, counts := range b.counts {
		if !counts {
			continue
		}
		s, votes := b.column(j, sums)
		i, f := s.solve(votes, b.perColumn)
		change = max(change, math.Abs(i-b.intercept[j]))
		b.intercept[j], b.factor[j] = i, f
	}
	return change
}

// balance moves along the four directions in which the parameters can change without changing what is expected of any vote, to
// where they cost least. Alternating alone gets there slowly.
func (b *bridger) balance(p peopleSums) {
	var c peopleSums // the same sums of the statements
	for j, counts := range b.counts {
		if counts {
			c.add(b.intercept[j], b.factor[j])
		}
	}
	if c.n == 0 || p.n == 0 || c.squares == 0 || p.squares == 0 {
		return
	}
	// what mean, leniencies and intercepts share
	third := (b.mean + c.intercept/c.n + p.intercept/p.n) / 3
	lift := third - c.intercept/c.n
	b.mean = third
	// a shift of viewpoints into intercepts, and one of factors into leniencies
	toIntercept := (factorCost*p.factor/p.n - interceptCost*(c.both+lift*c.factor)/c.n) / (factorCost + interceptCost*c.squares/c.n)
	down := (factorCost*c.factor/c.n - interceptCost*p.both/p.n) / (factorCost + interceptCost*p.squares/p.n)
	// the scale that viewpoints and factors share
	size := math.Pow(p.squares/p.n*c.n/c.squares, 0.25)
	for j, counts := range b.counts {
		if counts {
			b.intercept[j] += lift + toIntercept*b.factor[j]
			b.factor[j] = (b.factor[j] - down) * size
		}
	}
}

// peopleSums sums up intercepts and factors, which are called leniencies and viewpoints in people.
type peopleSums struct{ n, intercept, factor, squares, both float64 }

func (p *peopleSums) add(intercept, factor float64) {
	p.n++
	p.intercept += intercept
	p.factor += factor
	p.squares += factor * factor
	p.both += intercept * factor
}

// normal holds the sums of one statement's regression on viewpoints.
type normal struct{ x, xx, y, xy float64 }

func (s normal) solve(votes, perColumn float64) (intercept, factor float64) {
	return solveRidge(votes, s.x, s.xx, s.y, s.xy, interceptCost*perColumn, factorCost*perColumn)
}

func (b *bridger) column(j int, sums [3][]columnSums) (s normal, votes float64) {
	for a, r := range rating {
		t, n := sums[a][j], b.seen[a][j]
		votes += n
		s.x += t.f
		s.xx += t.ff
		s.y += n*(r-b.mean) - t.i
		s.xy += t.f*(r-b.mean) - t.fi
	}
	return s, votes
}

func (b *bridger) verdict(j int, sums [3][]columnSums) *Bridge {
	s, votes := b.column(j, sums)
	out := &Bridge{Verdict: Open}
	out.Intercept, out.Factor = s.solve(votes, b.perColumn)
	out.Low = out.Intercept
	for _, leniency := range b.extremes.leniency {
		for _, f := range [...]float64{b.extremes.viewpoint[0], 0, b.extremes.viewpoint[1]} {
			y := 0 - b.mean - leniency
			more := normal{s.x + f, s.xx + f*f, s.y + y, s.xy + f*y}
			i, _ := more.solve(votes+1, b.perColumn)
			out.Low = min(out.Low, i)
		}
	}
	switch {
	case out.Low >= 0.40:
		out.Verdict = Bridges
	case out.Low < -0.05-0.8*math.Abs(out.Factor):
		out.Verdict = Rejects
	}
	return out
}
