// SPDX-License-Identifier: Apache-2.0

package opinion

// laidOut is a centred matrix with its entries in order of columns, so that sums are formed in the same order as over
// a full matrix: when the iteration stops depends on their last bit.
type laidOut struct {
	columns int
	ends    []int // of each row in cols and entries
	cols    []uint16
	entries []float64
}

func layOut(y *centred) *laidOut {
	out := &laidOut{columns: y.order(), ends: make([]int, len(y.rows))}
	var row rowOfScores
	for n, i := range y.rows {
		row.merge(y.m, int(i))
		for k, c := range row.cols {
			out.cols = append(out.cols, c)
			out.entries = append(out.entries, [3][]float64{y.onDis, y.onPass, y.onAgree}[row.scores[k]][c])
		}
		out.ends[n] = len(out.cols)
	}
	return out
}

func (y *laidOut) times(x, out []float64) {
	clear(out)
	from := 0
	for _, to := range y.ends {
		t := 0.0
		entries := y.entries[from:to]
		cols := y.cols[from:to][:len(entries)]
		for k, e := range entries {
			t += e * x[cols[k]]
		}
		for k, e := range entries {
			out[cols[k]] += e * t
		}
		from = to
	}
}

func (y *laidOut) order() int { return y.columns }
