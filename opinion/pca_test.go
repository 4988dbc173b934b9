// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// randomVotes is a small conversation in which opinions hang together.
func randomVotes(r *rand.Rand, people, statements int, density float64) *Votes {
	log := new(Log)
	for j := range statements {
		st := Statement{ID: StatementID(j)}
		if r.IntN(10) == 0 {
			st.Moderation = Rejected
		}
		log.AddStatement(st)
	}
	for p := range people {
		camp := float64(p%3) - 1
		for j := range statements {
			if r.Float64() > density {
				continue
			}
			lean := camp*math.Sin(float64(j)) + r.NormFloat64()*.6
			v := Pass
			if lean > .2 {
				v = Agree
			} else if lean < -.2 {
				v = Disagree
			}
			log.Add(Event{ParticipantID(p), StatementID(j), v, 0})
		}
	}
	return log.Votes()
}

// denseYtY is the judge: the completed matrix, centred, multiplied out.
func denseYtY(v *Votes) *mat.SymDense {
	n, m := len(v.participants), len(v.statements)
	y := mat.NewDense(n, m, nil)
	for j, s := range v.statements {
		sum, seen := 0.0, 0.0
		for i := range n {
			if answer := v.Vote(i, j); answer != Unseen {
				sum, seen = sum+answer.Value(), seen+1
			}
		}
		if seen == 0 || !s.counts() {
			continue
		}
		for i := range n {
			if answer := v.Vote(i, j); answer != Unseen {
				y.Set(i, j, answer.Value()-sum/seen)
			}
		}
	}
	var full mat.Dense
	full.Mul(y.T(), y)
	out := mat.NewSymDense(m, nil)
	for j := range m {
		for k := j; k < m; k++ {
			out.SetSym(j, k, full.At(j, k))
		}
	}
	return out
}

// bothOperators are the two ways the package multiplies by Y'Y.
func bothOperators(v *Votes) map[string]symmetric {
	tallies := v.Tallies()
	mean := means(tallies)
	counts := make([]bool, len(mean))
	for j, s := range v.statements {
		counts[j] = s.counts()
	}
	g := countPairs(&v.matrix, len(counts), v.isBanned)
	return map[string]symmetric{
		"pairs":  newCovariance(g, mean, tallies, counts),
		"sparse": newCentred(&v.matrix, identity(len(v.spans)), mean, counts),
	}
}

func TestAxesEqualDenseSolver(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		v := randomVotes(r, 1+r.IntN(60), 1+r.IntN(40), .1+.9*r.Float64())
		if len(v.participants) == 0 {
			continue
		}
		want := denseYtY(v)
		var eigen mat.EigenSym
		eigen.Factorize(want, true)
		values := eigen.Values(nil)
		m := len(values)
		for name, op := range bothOperators(v) {
			start := spread(v.statements, allTrue(m))
			a, err := leadingAxes(context.Background(), op, start, 5)
			if err != nil {
				t.Fatal(err)
			}
			if a.residual > 1e-10 {
				t.Errorf("%s: residual %.2g", name, a.residual)
			}
			for i, got := range a.values {
				if math.Abs(got-values[m-1-i]) > 1e-10*values[m-1] {
					t.Errorf("%s, %d x %d: eigenvalue %d = %v, want %v", name, len(v.participants), m, i, got, values[m-1-i])
				}
			}
			compareVectors(t, name, a, &eigen, values)
		}
	}
}

func compareVectors(t *testing.T, name string, a axes, eigen *mat.EigenSym, values []float64) {
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	m := len(values)
	for i, c := range a.vectors {
		at := m - 1 - i
		gap := math.Inf(1)
		for k, other := range values {
			if k != at {
				gap = min(gap, math.Abs(other-values[at]))
			}
		}
		if gap < 1e-3*values[m-1] {
			continue // the vector is not determined
		}
		cos := 0.0
		for j := range c {
			cos += c[j] * vectors.At(j, at)
		}
		if 1-math.Abs(cos) > 1e-10 {
			t.Errorf("%s: axis %d, 1-|cos| = %.2g", name, i, 1-math.Abs(cos))
		}
	}
}

func allTrue(n int) []bool {
	out := make([]bool, n)
	for i := range out {
		out[i] = true
	}
	return out
}

func TestAxesOfPublished(t *testing.T) {
	for _, set := range openSets {
		t.Run(set, func(t *testing.T) {
			v := loadSet(t, set).Votes()
			for name, op := range bothOperators(v) {
				a, err := leadingAxes(context.Background(), op, spread(v.statements, allTrue(len(v.statements))), 8)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%s: values %.0f, residual %.2g", name, a.values, a.residual)
			}
		})
	}
}

func TestInvert(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for n := 1; n <= maxAxes; n++ {
		full := mat.NewSymDense(n, nil)
		var a [maxAxes * (maxAxes + 1) / 2]float64
		for k := range 3 * n {
			v := mat.NewVecDense(n, nil)
			for i := range n {
				v.SetVec(i, r.NormFloat64())
			}
			full.SymRankOne(full, 1+float64(k), v)
		}
		for i := range n {
			for j := range i + 1 {
				a[lowerAt(i, j)] = full.At(i, j)
			}
		}
		invert(&a, n)
		var want mat.Dense
		want.Inverse(full)
		for i := range n {
			for j := range n {
				if got := a[lowerAt(i, j)]; math.Abs(got-want.At(i, j)) > 1e-10 {
					t.Errorf("order %d: entry %d, %d is %v, want %v", n, i, j, got, want.At(i, j))
				}
			}
		}
	}
}

// TestAxesOfFewDirections: ten columns with votes among two thousand without reach ten directions at most, and the
// solver must see that from one vector drawn at random instead of drawing hundreds.
func TestAxesOfFewDirections(t *testing.T) {
	log := new(Log)
	for j := range 2000 {
		if err := log.AddStatement(Statement{ID: StatementID(j)}); err != nil {
			t.Fatal(err)
		}
	}
	r := randomFor(3)
	for i := range 50 {
		for j := range 10 {
			vote := Agree
			if r.float() < .5 {
				vote = Disagree
			}
			if err := log.Add(Event{ParticipantID(i), StatementID(200 * j), vote, 0}); err != nil {
				t.Fatal(err)
			}
		}
	}
	v := log.Votes()
	counts := make([]bool, len(v.statements))
	for j := range counts {
		counts[j] = true
	}
	y := newCentred(&v.matrix, identity(len(v.participants)), means(v.Tallies()), counts)
	products := 0
	a := counted{y, &products}
	axes, err := leadingAxes(context.Background(), a, spread(v.statements, counts), 5)
	if err != nil || len(axes.values) != 5 || products > 30 {
		t.Errorf("%d axes after %d products, %v", len(axes.values), products, err)
	}
}

// counted counts the products.
type counted struct {
	symmetric
	products *int
}

func (c counted) times(x, out []float64) {
	*c.products++
	c.symmetric.times(x, out)
}
