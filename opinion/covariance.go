// SPDX-License-Identifier: Apache-2.0

package opinion

// symmetric is a symmetric matrix known by its products with vectors.
type symmetric interface {
	order() int
	times(x, out []float64)
}

// covariance is Y'Y made from pair counts, its lower triangle row by row. It does not depend on how many people
// voted, and since the counts are exact it has the same bits however they came about.
type covariance struct {
	columns int
	entries []float64 // (j, k), j < k, at k(k-1)/2 + j
	diag    []float64
}

// newCovariance forms, with v = u - 1,
//
//	(Y'Y)_jk = sum v_j v_k - mean_k sum v_j - mean_j sum v_k + mean_j mean_k both
//
// summed over those who voted on both; columns for which counts is false are zero.
func newCovariance(g *gram, mean []float64, tallies []Tally, counts []bool) *covariance {
	c := &covariance{g.columns, make([]float64, len(g.pairs)), make([]float64, g.columns)}
	for k, t := range tallies {
		if counts[k] {
			c.diag[k] = float64(t.Agrees+t.Disagrees) - mean[k]*float64(t.Agrees-t.Disagrees)
		}
	}
	c.eachPart(func(_, from, to int) {
		for k := from; k < to; k++ {
			if counts[k] {
				c.fillRow(k, g.pairs[triangle(k):], mean, counts)
			}
		}
	})
	return c
}

func (c *covariance) fillRow(k int, pairs []pair, mean []float64, counts []bool) {
	row := c.entries[triangle(k):][:k]
	for j := range row {
		if !counts[j] {
			continue
		}
		p := pairs[j]
		both := float64(p.both)
		vj, vk := float64(p.uj)-both, float64(p.uk)-both
		vv := float64(p.uu) - float64(p.uj) - float64(p.uk) + both
		row[j] = vv - mean[k]*vj - mean[j]*vk + mean[j]*mean[k]*both
	}
}

func (c *covariance) order() int { return c.columns }

// covarianceParts is into how many parts of equal area the triangle is cut.
const covarianceParts = 8

func (c *covariance) eachPart(do func(part, from, to int)) {
	parallel(covarianceParts, func(p int) {
		edge := func(p int) int { // sqrt(p/parts) of the rows hold p/parts of the area
			k := 0
			for k*k*covarianceParts < p*c.columns*c.columns {
				k++
			}
			return k
		}
		do(p, edge(p), edge(p+1))
	})
}

func (c *covariance) times(x, out []float64) {
	var sums [covarianceParts][]float64
	c.eachPart(func(part, from, to int) {
		sum := make([]float64, to)
		k := from
		for ; k+4 <= to; k += 4 {
			c.fourRows(k, x, sum)
		}
		for ; k < to; k++ {
			c.endRow(k, 0, 0, x, sum)
		}
		sums[part] = sum
	})
	clear(out)
	for _, sum := range sums {
		for j, s := range sum {
			out[j] += s
		}
	}
}

// fourRows takes four rows at once, so that four sums grow side by side and x and sum are read once for all. Every single
// sum is formed in the same order as row by row.
func (c *covariance) fourRows(k int, x, sum []float64) {
	rowA, rowB := c.entries[triangle(k):][:k], c.entries[triangle(k+1):][:k]
	rowC, rowD := c.entries[triangle(k+2):][:k], c.entries[triangle(k+3):][:k]
	left, right := x[:k], sum[:k]
	xA, xB, xC, xD := x[k], x[k+1], x[k+2], x[k+3]
	var ownA, ownB, ownC, ownD float64
	for j, a := range rowA {
		b, c, d, xj := rowB[j], rowC[j], rowD[j], left[j]
		ownA += a * xj
		ownB += b * xj
		ownC += c * xj
		ownD += d * xj
		right[j] = right[j] + a*xA + b*xB + c*xC + d*xD
	}
	c.endRow(k, k, ownA, x, sum)
	c.endRow(k+1, k, ownB, x, sum)
	c.endRow(k+2, k, ownC, x, sum)
	c.endRow(k+3, k, ownD, x, sum)
}

// endRow does what is left of row k from entry j on, given the sum so far.
func (c *covariance) endRow(k, j int, own float64, x, sum []float64) {
	row := c.entries[triangle(k):][:k]
	for ; j < k; j++ {
		own += row[j] * x[j]
		sum[j] += row[j] * x[k]
	}
	sum[k] += own + c.diag[k]*x[k]
}
