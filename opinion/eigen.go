// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"cmp"
	"math"
	"slices"
)

// eigenTridiagonal gives all eigenvalues, descending, and eigenvectors of the symmetric matrix with alpha on its diagonal and beta
// beside it, by QL steps with implicit shifts (Dubrulle, Martin, Wilkinson 1968).
func eigenTridiagonal(alpha, beta []float64) (values []float64, vectors [][]float64) {
	n := len(alpha)
	d, e := slices.Clone(alpha), make([]float64, n)
	copy(e, beta[:min(len(beta), n-1)])
	vectors = make([][]float64, n) // row i is the vector of value i
	for i := range vectors {
		vectors[i] = make([]float64, n)
		vectors[i][i] = 1
	}
	for l := range n {
		for range 60 {
			m := l
			for m < n-1 && math.Abs(e[m]) > 0x1p-53*(math.Abs(d[m])+math.Abs(d[m+1])) {
				m++
			}
			if m == l {
				break
			}
			stepQL(d, e, vectors, l, m)
		}
	}
	order := identity(n)
	slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(d[b], d[a]) })
	values = make([]float64, n)
	sorted := make([][]float64, n)
	for to, from := range order {
		values[to], sorted[to] = d[from], vectors[from]
	}
	return values, sorted
}

// stepQL chases the bulge of one shifted QL step from row m up to row l.
func stepQL(d, e []float64, vectors [][]float64, l, m int) {
	g := (d[l+1] - d[l]) / (2 * e[l])
	g = d[m] - d[l] + e[l]/(g+math.Copysign(math.Hypot(g, 1), g))
	s, c, p := 1.0, 1.0, 0.0
	for i := m - 1; i >= l; i-- {
		f, b := s*e[i], c*e[i]
		r := math.Hypot(f, g)
		e[i+1] = r
		if r == 0 {
			d[i+1] -= p
			e[m] = 0
			return
		}
		s, c = f/r, g/r
		g = d[i+1] - p
		r = (d[i]-g)*s + 2*c*b
		p = s * r
		d[i+1] = g + p
		g = c*r - b
		upper, lower := vectors[i], vectors[i+1]
		for k := range lower {
			f := lower[k]
			lower[k] = s*upper[k] + c*f
			upper[k] = c*upper[k] - s*f
		}
	}
	d[l] -= p
	e[l] = g
	e[m] = 0
}
