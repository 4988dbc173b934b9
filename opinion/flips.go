// SPDX-License-Identifier: Apache-2.0

package opinion

import "math"

// contentNames are hashes by which rows and columns are told apart by their votes, whatever they are called.
type contentNames struct{ row, column []uint64 }

// names tells rows and columns apart. Rows that are equal are numbered. Names stay the same when all votes are flipped.
func (y *centred) names() contentNames {
	var both [2]contentNames
	parallel(len(both), func(i int) { both[i] = y.namesBy([...][3]uint64{{1, 2, 3}, {2, 1, 3}}[i]) })
	n, flipped := both[0], both[1]
	for r := range n.row {
		n.row[r] += flipped.row[r]
	}
	for c := range n.column {
		n.column[c] += flipped.column[c]
	}
	number(n.row)
	number(n.column)
	return n
}

// namesBy hashes every row and then every column with all its votes, answers coded as given; the first round sees
// numbers of votes only, the second what they belong to.
func (y *centred) namesBy(code [3]uint64) contentNames {
	n := contentNames{make([]uint64, len(y.rows)), make([]uint64, y.order())}
	for range 2 {
		columns := make([]uint64, y.order())
		var mixed [3][]uint64 // by answer and column
		for answer := range mixed {
			mixed[answer] = make([]uint64, y.order())
			for c, name := range n.column {
				mixed[answer][c] = mix(name + code[answer])
			}
		}
		for r, i := range y.rows {
			answers := [...][]uint16{y.m.agreed(int(i)), y.m.disagreed(int(i)), y.m.passed(int(i))}
			name := uint64(0)
			for answer, cols := range answers {
				table := mixed[answer]
				for _, c := range cols {
					name += table[c]
				}
			}
			n.row[r] = name
			for answer, cols := range answers {
				own := mix(name ^ code[answer]<<60)
				for _, c := range cols {
					columns[c] += own
				}
			}
		}
		n.column = columns
	}
	return n
}

// number makes equal names different.
func number(names []uint64) {
	seen := make(map[uint64]uint64, len(names))
	for i, name := range names {
		names[i] = mix(name + seen[name]*0x9e3779b97f4a7c15)
		seen[name]++
	}
}

// flipped is y with the sign of every entry drawn anew, by the names of its row and column.
func (y *centred) flipped(names contentNames, seed uint64) *writtenOut {
	out := y.writeOut()
	from := 0
	for r, to := range out.ends {
		name := names.row[r] + seed
		for k, c := range out.cols[from:to] {
			e := &out.entries[from+k]
			*e = math.Float64frombits(math.Float64bits(*e) ^ mix(name^names.column[c])<<63)
		}
		from = to
	}
	return out
}

func (y *centred) writeOut() *writtenOut {
	out := &writtenOut{columns: y.order(), ends: make([]int, len(y.rows))}
	total := 0
	for r, i := range y.rows {
		total += y.m.spans[i].len()
		out.ends[r] = total
	}
	out.cols, out.entries = make([]uint16, total), make([]float64, total)
	at := 0
	for _, i := range y.rows {
		for answer, cols := range [...][]uint16{y.m.agreed(int(i)), y.m.disagreed(int(i)), y.m.passed(int(i))} {
			table := [...][]float64{y.onAgree, y.onDis, y.onPass}[answer]
			entries := out.entries[at:][:len(cols)]
			at += copy(out.cols[at:], cols)
			for k, c := range cols {
				entries[k] = table[c]
			}
		}
	}
	return out
}

// writtenOut is a matrix with its entries beside their columns, in no order that matters.
type writtenOut struct {
	columns int
	ends    []int // of each row in cols and entries
	cols    []uint16
	entries []float64
}

func (y *writtenOut) order() int { return y.columns }

// times puts Y'Y x into out, a row's entries four at a time.
func (y *writtenOut) times(x, out []float64) {
	clear(out)
	from := 0
	for _, to := range y.ends {
		entries := y.entries[from:to]
		cols := y.cols[from:to][:len(entries)]
		from = to
		var a, b, c, d float64
		k := 0
		for ; k+4 <= len(entries); k += 4 {
			a += entries[k] * x[cols[k]]
			b += entries[k+1] * x[cols[k+1]]
			c += entries[k+2] * x[cols[k+2]]
			d += entries[k+3] * x[cols[k+3]]
		}
		for ; k < len(entries); k++ {
			a += entries[k] * x[cols[k]]
		}
		t := (a + b) + (c + d)
		for k, e := range entries {
			out[cols[k]] += e * t
		}
	}
}
