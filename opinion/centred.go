// SPDX-License-Identifier: Apache-2.0

package opinion

// centred is the matrix Y with Y_ij = v_ij - mean_j where i voted on j, and 0 elsewhere.
//
// It is what is left when missing votes are replaced by the mean of their column and the column is then centred, so the principal
// components of the completed matrix are those of Y: no completed matrix is ever needed,
// and a product with Y costs one step per vote.
type centred struct {
	m       *matrix
	rows    []uint32 // the rows that take part, in order
	mean    []float64
	onAgree []float64 // Y_ij by column, for each answer
	onDis   []float64
	onPass  []float64
}

// newCentred keeps the columns for which counts is true; the others become zero throughout.
func newCentred(m *matrix, rows []uint32, mean []float64, counts []bool) *centred {
	n := len(mean)
	y := &centred{m, rows, mean, make([]float64, n), make([]float64, n), make([]float64, n)}
	for j, mu := range mean {
		if counts[j] {
			y.onAgree[j], y.onDis[j], y.onPass[j] = 1-mu, -1-mu, -mu
		}
	}
	return y
}

// order is the number of columns.
func (y *centred) order() int { return len(y.mean) }

// times puts Y'Y x into out.
func (y *centred) times(x, out []float64) {
	n := len(x)
	agree, dis, pass := make([]float64, n), make([]float64, n), make([]float64, n)
	for j, f := range x {
		agree[j], dis[j], pass[j] = y.onAgree[j]*f, y.onDis[j]*f, y.onPass[j]*f
	}
	pieces := rowParts(len(y.rows))
	sums := make([][]float64, pieces)
	parallel(pieces, func(p int) {
		sums[p] = y.timesPart(p, pieces, agree, dis, pass)
	})
	clear(out)
	for _, part := range sums {
		for j := range out {
			out[j] += y.onAgree[j]*part[j] + y.onDis[j]*part[n+j] + y.onPass[j]*part[2*n+j]
		}
	}
}

// timesPart sums t_i = (Yx)_i over the rows of a piece, by column and answer.
func (y *centred) timesPart(p, pieces int, agree, dis, pass []float64) []float64 {
	n := len(agree)
	sums := make([]float64, 3*n)
	sumA, sumD, sumP := sums[:n], sums[n:2*n], sums[2*n:]
	from, to := piece(len(y.rows), pieces, p)
	for _, i := range y.rows[from:to] {
		a, d, s := y.m.agreed(int(i)), y.m.disagreed(int(i)), y.m.passed(int(i))
		t := gather(agree, a) + gather(dis, d) + gather(pass, s)
		scatter(sumA, a, t)
		scatter(sumD, d, t)
		scatter(sumP, s, t)
	}
	return sums
}

// gather sums table over the columns given, four running sums at a time.
func gather(table []float64, cols []uint16) float64 {
	var a, b, c, d float64
	for len(cols) >= 4 {
		a += table[cols[0]]
		b += table[cols[1]]
		c += table[cols[2]]
		d += table[cols[3]]
		cols = cols[4:]
	}
	for _, j := range cols {
		a += table[j]
	}
	return (a + b) + (c + d)
}

func scatter(sums []float64, cols []uint16, t float64) {
	for _, j := range cols {
		sums[j] += t
	}
}

// means is the mean vote on each column among those who voted on it; 0 where nobody did.
func means(tallies []Tally) []float64 {
	out := make([]float64, len(tallies))
	for j, t := range tallies {
		if n := t.Seen(); n > 0 {
			out[j] = float64(t.Agrees-t.Disagrees) / float64(n)
		}
	}
	return out
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, x := range a {
		s += x * b[i]
	}
	return s
}

// addScaled adds f*b to a.
func addScaled(a []float64, f float64, b []float64) {
	for i, x := range b {
		a[i] += f * x
	}
}

func scale(a []float64, f float64) {
	for i := range a {
		a[i] *= f
	}
}
