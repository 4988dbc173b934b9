// SPDX-License-Identifier: Apache-2.0

package opinion

import "math"

// model says how a vote comes about: v_ij = mean_j + load_j . x_i + noise, with a place x_i
// drawn from a normal distribution around the centre. It places people by the votes they gave and nothing else.
type model struct {
	axes     int
	mean     []float64
	load     []float64       // by column, axes numbers each: the axis entry times the square root of the number of columns
	variance []float64       // of places, by axis
	noise    float64         // variance of a vote around what the model expects
	tables   [3][]float64    // see sums
	flat     [3][][5]float64 // the same where there are two axes
	squares  [3][]float64    // Y_ij^2 by answer and column
	counts   []float64       // 1 for a column that counts; nil when all do
}

// A person's votes enter the placing only as these sums, laid out in one vector per answer and column:
// b = sum load_j Y_ij (axes numbers) and G = sum load_j load_j' (lower triangle).
func sumsWidth(axes int) int { return axes + triangleOf(axes) }

// triangleOf is how many entries a lower triangle has, its diagonal included.
func triangleOf(axes int) int { return axes * (axes + 1) / 2 }

func newModel(a axes, y *centred, counts []bool) *model {
	m := &model{axes: len(a.vectors), mean: y.mean}
	columns := 0
	for _, c := range counts {
		if c {
			columns++
		}
	}
	if columns < len(counts) {
		m.counts = make([]float64, len(counts))
	}
	m.load = make([]float64, m.axes*y.order())
	for k, c := range a.vectors {
		for j, x := range c {
			m.load[j*m.axes+k] = x * math.Sqrt(float64(columns))
		}
	}
	width := sumsWidth(m.axes)
	for answer, entries := range [...][]float64{y.onAgree, y.onDis, y.onPass} {
		table, squares := make([]float64, width*y.order()), make([]float64, y.order())
		for j, entry := range entries {
			if counts[j] {
				fill(table[j*width:][:width], m.load[j*m.axes:][:m.axes], entry)
				squares[j] = entry * entry
			}
			if counts[j] && m.counts != nil {
				m.counts[j] = 1
			}
		}
		m.tables[answer], m.squares[answer] = table, squares
		if m.axes == 2 {
			m.flat[answer] = inFives(table)
		}
	}
	return m
}

func inFives(table []float64) [][5]float64 {
	out := make([][5]float64, len(table)/5)
	for j := range out {
		copy(out[j][:], table[j*5:])
	}
	return out
}

func fill(line, load []float64, entry float64) {
	at := len(load)
	for k, l := range load {
		line[k] = l * entry
		for _, o := range load[:k+1] {
			line[at] = l * o
			at++
		}
	}
}

// sums adds up a row's votes.
func (m *model) sums(v *matrix, row int, into []float64) {
	clear(into)
	for answer, cols := range [...][]uint16{v.agreed(row), v.disagreed(row), v.passed(row)} {
		if m.axes == 2 {
			addFive((*[5]float64)(into), m.flat[answer], cols)
			continue
		}
		table, width := m.tables[answer], len(into)
		for _, c := range cols {
			for k, x := range table[int(c)*width:][:width] {
				into[k] += x
			}
		}
	}
}

// addFive is the loop of sums for two axes. Two votes at a time, their sums apart, wait for each other half as often.
func addFive(into *[5]float64, table [][5]float64, cols []uint16) {
	a, b, c, d, e := into[0], into[1], into[2], into[3], into[4]
	var f, g, h, i, j float64
	k := 0
	for ; k+1 < len(cols); k += 2 {
		x, y := &table[cols[k]], &table[cols[k+1]]
		a, b, c, d, e = a+x[0], b+x[1], c+x[2], d+x[3], e+x[4]
		f, g, h, i, j = f+y[0], g+y[1], h+y[2], i+y[3], j+y[4]
	}
	if k < len(cols) {
		x := &table[cols[k]]
		a, b, c, d, e = a+x[0], b+x[1], c+x[2], d+x[3], e+x[4]
	}
	*into = [5]float64{a + f, b + g, c + h, d + i, e + j}
}

// votes is how many of a row's votes count.
func (m *model) votes(v *matrix, row int) int {
	if m.counts == nil {
		return v.spans[row].len()
	}
	return int(gather(m.counts, v.voted(row)))
}

// placement is where people stand, by row: the most likely place and its covariance (lower triangle).
type placement struct {
	axes       int
	at         []float64
	covariance []float64
	votes      []int32 // counted ones
}

func newPlacement(axes, rows int) *placement {
	return &placement{axes, make([]float64, axes*rows), make([]float64, triangleOf(axes)*rows), make([]int32, rows)}
}

func (p *placement) point(row int) []float64 { return p.at[row*p.axes:][:p.axes:p.axes] }

func (p *placement) spread(row int) []float64 {
	n := triangleOf(p.axes)
	return p.covariance[row*n:][:n:n]
}

// maxAxes is the largest number of axes anyone may ask for.
const maxAxes = 5

// place is ridge regression on the votes given, with the spread of places as the ridge (Hoerl and Kennard 1970):
//
//	x = (G + noise diag(1/variance))^-1 b,   covariance = noise (G + noise diag(1/variance))^-1
//
// so someone with few votes stays near the middle with a wide ellipse, instead of being thrown outwards.
func (m *model) place(sums, at, spread []float64) {
	var a [maxAxes * (maxAxes + 1) / 2]float64
	copy(a[:], sums[m.axes:][:len(spread)])
	for k, v := range m.variance {
		a[lowerAt(k, k)] += m.noise / v
	}
	invert(&a, m.axes)
	if m.axes == 2 { // the usual case
		at[0], at[1] = a[0]*sums[0]+a[1]*sums[1], a[1]*sums[0]+a[2]*sums[1]
	} else {
		for k := range at {
			at[k] = 0
			for o := range at {
				at[k] += a[lowerAt(k, o)] * sums[o]
			}
		}
	}
	for i := range spread {
		spread[i] = m.noise * a[i]
	}
}

// lowerAt is where entry (k, o) of a symmetric matrix stands in its lower triangle.
func lowerAt(k, o int) int {
	if o > k {
		k, o = o, k
	}
	return k*(k+1)/2 + o
}

// invert replaces a positive definite matrix, given by its lower triangle, by its inverse: a = L L', inverse = L'^-1 L^-1.
func invert(a *[maxAxes * (maxAxes + 1) / 2]float64, n int) {
	switch n { // the usual cases by their cofactors
	case 2:
		det := a[0]*a[2] - a[1]*a[1]
		a[0], a[1], a[2] = a[2]/det, -a[1]/det, a[0]/det
		return
	case 3:
		xx, xy, yy, xz, yz, zz := a[0], a[1], a[2], a[3], a[4], a[5]
		cxx, cxy, cxz := yy*zz-yz*yz, xz*yz-xy*zz, xy*yz-xz*yy
		det := xx*cxx + xy*cxy + xz*cxz
		a[0], a[1], a[2] = cxx/det, cxy/det, (xx*zz-xz*xz)/det
		a[3], a[4], a[5] = cxz/det, (xy*xz-xx*yz)/det, (xx*yy-xy*xy)/det
		return
	}
	var l [maxAxes * (maxAxes + 1) / 2]float64
	for i := range n {
		for j := range i + 1 {
			sum := a[lowerAt(i, j)]
			for k := range j {
				sum -= l[lowerAt(i, k)] * l[lowerAt(j, k)]
			}
			if i == j {
				l[lowerAt(i, i)] = 1 / math.Sqrt(sum) // the inverse of the diagonal
			} else {
				l[lowerAt(i, j)] = sum * l[lowerAt(j, j)]
			}
		}
	}
	for j := range n { // L^-1 in place, column by column
		for i := j + 1; i < n; i++ {
			sum := 0.0
			for k := j; k < i; k++ {
				sum -= l[lowerAt(i, k)] * l[lowerAt(k, j)]
			}
			l[lowerAt(i, j)] = sum * l[lowerAt(i, i)]
		}
	}
	for i := range n {
		for j := range i + 1 {
			sum := 0.0
			for k := i; k < n; k++ {
				sum += l[lowerAt(k, i)] * l[lowerAt(k, j)]
			}
			a[lowerAt(i, j)] = sum
		}
	}
}

// Fitting the variances looks at no more than this many people.
const fitPeople = 2048

// fit estimates the variances of places and of the noise from the votes themselves, by expectation and maximisation
// (Dempster, Laird, Rubin 1977; for this model Tipping and Bishop 1999) with the axes held fixed.
//
// Of each person it needs, behind the sums of placing, q = sum Y_ij^2 and the number of votes that count.
func (m *model) fit(v *matrix, rows []uint32) {
	sample := everyNth(rows, fitPeople)
	width := sumsWidth(m.axes) + 2
	sums := make([]float64, width*len(sample))
	pieces := rowParts(len(sample))
	parallel(pieces, func(p int) {
		from, to := piece(len(sample), pieces, p)
		for i := from; i < to; i++ {
			row, s := int(sample[i]), sums[i*width:][:width]
			m.sums(v, row, s[:width-2])
			s[width-2] = gather(m.squares[0], v.agreed(row)) + gather(m.squares[1], v.disagreed(row)) + gather(m.squares[2], v.passed(row))
			s[width-1] = float64(m.votes(v, row))
		}
	})
	m.begin(sums, width)
	for range 60 {
		if m.improve(sums, width) < 3e-3 {
			return
		}
	}
}

// begin estimates the variances by the method of moments, from which fit has not far to go: over people, the mean of b_k^2 is that of
// variance_k G_kk^2 + noise G_kk, and the mean of q that of noise n + sum variance_k G_kk.
func (m *model) begin(sums []float64, width int) {
	var squares, sizes, products [maxAxes]float64
	votes, all := 0.0, 0.0
	for from := 0; from < len(sums); from += width {
		s := sums[from:][:width]
		for k := range m.axes {
			b, g := s[k], s[m.axes+lowerAt(k, k)]
			squares[k], sizes[k], products[k] = squares[k]+b*b, sizes[k]+g, products[k]+g*g
		}
		votes, all = votes+s[width-1], all+s[width-2]
	}
	m.noise, m.variance = 0.5, make([]float64, m.axes)
	for range 4 {
		explained := 0.0
		for k := range m.variance {
			m.variance[k] = max(leastVariance, (squares[k]-m.noise*sizes[k])/max(1e-9, products[k]))
			explained += m.variance[k] * sizes[k]
		}
		m.noise = max(leastVariance, (all-explained)/max(1, votes))
	}
}

// evidence is what a round of fit sums up over people.
type evidence struct {
	people, votes, square float64
	spread                [maxAxes]float64
}

// improve is one round of fit. It reports the largest relative change.
func (m *model) improve(sums []float64, width int) float64 {
	people := len(sums) / width
	pieces := rowParts(people)
	found := make([]evidence, pieces)
	parallel(pieces, func(p int) {
		from, to := piece(people, pieces, p)
		found[p] = m.expectation(sums[from*width:to*width], width)
	})
	var all evidence
	for _, e := range found {
		all.people, all.votes, all.square = all.people+e.people, all.votes+e.votes, all.square+e.square
		for k := range all.spread {
			all.spread[k] += e.spread[k]
		}
	}
	if all.people == 0 {
		return 0
	}
	change := m.set(&m.noise, all.square/all.votes)
	for k := range m.axes {
		change = max(change, m.set(&m.variance[k], all.spread[k]/all.people))
	}
	return change
}

func (m *model) expectation(sums []float64, width int) (e evidence) {
	at, spread := make([]float64, m.axes), make([]float64, triangleOf(m.axes))
	for from := 0; from < len(sums); from += width {
		s := sums[from:][:width]
		if s[width-1] == 0 {
			continue
		}
		m.place(s, at, spread)
		e.people++
		e.votes += s[width-1]
		e.square += s[width-2]
		n := 0
		for k := range m.axes {
			e.spread[k] += at[k]*at[k] + spread[lowerAt(k, k)]
			e.square -= 2 * at[k] * s[k]
			for o := range k + 1 {
				both := s[m.axes+n] * (at[k]*at[o] + spread[n])
				if o < k {
					both *= 2
				}
				e.square += both
				n++
			}
		}
	}
	return e
}

// leastVariance keeps the variances away from zero where votes agree perfectly.
const leastVariance = 1e-4

func (m *model) set(variance *float64, to float64) float64 {
	to = max(leastVariance, to)
	change := math.Abs(to-*variance) / *variance
	*variance = to
	return change
}

// expect is the vote the model expects on a column from someone at a place, given on the first axes or all.
func (m *model) expect(at []float64, col int) float64 {
	e := m.mean[col]
	for k, l := range m.load[col*m.axes:][:len(at)] {
		e += l * at[k]
	}
	return max(-1, min(1, e))
}

// Expect is the vote, from -1 to 1, that the map expects of the participant in row on the statement in column: the mean vote,
// and what the axes that the votes carry add to it. Rows and columns are places in People and Statements.
// It is there only on a Result that Analyze has returned, not on one read from JSON.
func (r *Result) Expect(row, column int) float64 {
	carried := 0
	for _, a := range r.Axes {
		if a.Carried {
			carried++
		}
	}
	return r.model.expect(r.places.point(row)[:carried], column)
}
