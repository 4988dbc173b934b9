// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"math"
	"slices"
)

// axes are the leading eigenvectors of Y'Y: the directions in which the votes differ most.
type axes struct {
	values   []float64   // eigenvalues, descending
	vectors  [][]float64 // unit length, by column; the largest entry of each is positive
	residual float64     // largest |Y'Y c - value c| as a share of the first eigenvalue
	carried  int         // how many values lie above what independent votes would give
}

// axisTolerance is the residual the solver works down to, as a share of the first eigenvalue.
const axisTolerance = 1e-11

// lanczosLimit bounds the number of products.
const lanczosLimit = 400

// leadingAxes finds the first eigenvectors by the method of Lanczos (1950) with full reorthogonalisation (Parlett 1998, ch. 13):
// about 20 products where power iteration takes hundreds. start decides nothing but the last bits.
// Fewer than asked for come back when the votes do not reach so many directions.
func leadingAxes(ctx context.Context, a symmetric, start []float64, count int) (axes, error) {
	return newLanczos(a, start).lead(ctx, count)
}

// lanczos builds an orthonormal basis in which a is tridiagonal: alpha on the diagonal, beta beside it.
type lanczos struct {
	a           symmetric
	basis       [][]float64
	alpha, beta []float64 // beta[i] joins i and i+1
	next        []float64
	drawn       bool // next was drawn at random, not made by a
	random      random
}

func newLanczos(a symmetric, start []float64) *lanczos {
	l := &lanczos{a: a, random: randomFor(uint64(len(start))), next: slices.Clone(start)}
	l.normalise(l.next)
	return l
}

// lead gives the first eigenvectors once they have settled.
func (l *lanczos) lead(ctx context.Context, count int) (axes, error) {
	values, shapes := l.settle(ctx, count)
	if err := ctx.Err(); err != nil {
		return axes{}, err
	}
	return l.axes(values, shapes, min(count, len(values))), nil
}

// settle goes on until the first eigenvectors have settled, or ctx ends.
func (l *lanczos) settle(ctx context.Context, count int) (values []float64, shapes [][]float64) {
	for ctx.Err() == nil {
		steps := len(l.alpha)
		if done := l.next == nil || steps == lanczosLimit; done || steps >= 8 && steps%2 == 0 {
			values, shapes = eigenTridiagonal(l.alpha, l.beta)
			if done || l.settled(values, shapes, min(count, len(values))) {
				break
			}
		}
		l.step()
	}
	return values, shapes
}

// values gives the largest eigenvalues to about a thousandth, after so many products.
func (l *lanczos) values(products int) []float64 {
	for len(l.alpha) < products && l.step() {
	}
	values, _ := eigenTridiagonal(l.alpha, l.beta)
	return values
}

func (l *lanczos) normalise(v []float64) float64 {
	n := math.Sqrt(dot(v, v))
	if n > 0 {
		scale(v, 1/n)
	}
	return n
}

// step multiplies once. It reports false when the space is exhausted.
func (l *lanczos) step() bool {
	if l.next == nil {
		return false
	}
	v, w := l.next, make([]float64, len(l.next))
	l.basis = append(l.basis, v)
	l.a.times(v, w)
	l.alpha = append(l.alpha, dot(v, w))
	l.clean(w)
	size := math.Sqrt(dot(w, w))
	largest := 0.0
	for _, a := range l.alpha {
		largest = max(largest, a)
	}
	nothing := 1e-13 * largest
	switch {
	case len(l.basis) == len(v), l.drawn && size <= nothing && l.alpha[len(l.alpha)-1] <= nothing:
		l.next = nil // nothing is left, or a vector drawn at random is mapped to nothing: then so are all others
	case size <= nothing:
		l.restart()
	default:
		scale(w, 1/size)
		l.beta = append(l.beta, size)
		l.next, l.drawn = w, false
	}
	return l.next != nil
}

// clean removes the basis from w, twice, since once leaves rounding behind (Kahan and Parlett: twice is enough).
func (l *lanczos) clean(w []float64) {
	for range 2 {
		for _, b := range l.basis {
			addScaled(w, -dotOfFour(b, w), b)
		}
	}
}

// dotOfFour is dot with four sums side by side, where one would wait for every addition.
func dotOfFour(a, b []float64) float64 {
	var s, t, u, v float64
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s, t, u, v = s+a[i]*b[i], t+a[i+1]*b[i+1], u+a[i+2]*b[i+2], v+a[i+3]*b[i+3]
	}
	for ; i < len(a); i++ {
		s += a[i] * b[i]
	}
	return (s + t) + (u + v)
}

// restart goes on in a direction not yet seen, when the basis has closed on itself.
func (l *lanczos) restart() {
	w := make([]float64, len(l.next))
	for j := range w {
		w[j] = l.random.float() - 0.5
	}
	l.clean(w)
	l.next, l.drawn = w, true
	if l.normalise(w) < 1e-8 {
		l.next = nil
		return
	}
	l.beta = append(l.beta, 0)
}

// settled says whether the residuals, beta times the last entry of each shape, are small enough.
func (l *lanczos) settled(values []float64, shapes [][]float64, want int) bool {
	last := l.beta[len(l.beta)-1]
	for i := range want {
		if s := shapes[i]; math.Abs(last*s[len(s)-1]) > axisTolerance*values[0] {
			return false
		}
	}
	return last > 0
}

func (l *lanczos) axes(values []float64, shapes [][]float64, want int) axes {
	var out axes
	n := len(l.basis[0])
	product := make([]float64, n)
	for i := range want {
		if values[i] <= 1e-12*values[0] || values[i] <= 0 {
			break // the votes do not reach so many directions
		}
		c := make([]float64, n)
		for k, b := range l.basis {
			addScaled(c, shapes[i][k], b)
		}
		l.normalise(c)
		orient(c)
		l.a.times(c, product)
		addScaled(product, -values[i], c)
		out.residual = max(out.residual, math.Sqrt(dot(product, product))/values[0])
		out.values, out.vectors = append(out.values, values[i]), append(out.vectors, c)
	}
	return out
}

// orient turns a vector so that its largest entry is positive.
func orient(c []float64) {
	at := 0
	for j, x := range c {
		if math.Abs(x) > math.Abs(c[at])*(1+1e-9) {
			at = j
		}
	}
	if c[at] < 0 {
		scale(c, -1)
	}
}

// spread scatters the start vector over all directions: a vector of ones can be orthogonal to the answer.
func spread(statements []Statement, counts []bool) []float64 {
	out := make([]float64, len(statements))
	for j, s := range statements {
		if counts[j] {
			r := randomFor(uint64(s.ID))
			out[j] = 0.5 + r.float()
		}
	}
	return out
}

// Parallel analysis looks at no more than this many people, and flips signs this often.
const (
	noisePeople = 2048
	noiseFlips  = 3
)

// carriedAxes counts the axes the votes really carry, by parallel analysis with sign flips (Hong, Sheng, Dobriban 2020):
// flipping the sign of every entry of Y at random keeps the size of each and destroys what they have in common, so
// the largest eigenvalue of the flipped matrix is what independent votes would give. More than most are not looked for.
// whole solves Y'Y of everyone, which saves passes over the votes where the sample is everyone.
func carriedAxes(ctx context.Context, y *centred, whole func() *lanczos, seed uint64, most int) (int, error) {
	sample := *y
	sample.rows = everyNth(y.rows, noisePeople)
	start := onesOf(y.order())
	edges := make([]float64, noiseFlips)
	var values []float64
	names := sample.names()
	parallel(1+noiseFlips, func(i int) { // the longest work first
		switch {
		case i > 0:
			edges[i-1] = newLanczos(sample.flipped(names, mix(seed+uint64(i-1))), start).values(10)[0]
		case len(sample.rows) == len(y.rows):
			values = whole().values(24)
		default:
			values = newLanczos(sample.writeOut(), start).values(24)
		}
	})
	edge, n := slices.Max(edges), 0
	for n < min(most, len(values)) && values[n] > edge {
		n++
	}
	return n, ctx.Err()
}

// everyNth thins a list to at most n, evenly.
func everyNth(list []uint32, n int) []uint32 {
	if len(list) <= n {
		return list
	}
	out := make([]uint32, n)
	for i := range out {
		out[i] = list[i*len(list)/n]
	}
	return out
}

func onesOf(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1 + float64(i%7)/8
	}
	return out
}
