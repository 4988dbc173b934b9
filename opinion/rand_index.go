// SPDX-License-Identifier: Apache-2.0

package opinion

// adjustedRand compares two groupings of the same things (Hubert and Arabie 1985): 1 when they are the same up to
// labels, about 0 when they have nothing to do with each other. Labels below 0 are left out;
// weights may be nil, else each thing counts as that many.
func adjustedRand(a, b []int, weights []float64) float64 {
	width := 0
	for i := range a {
		width = max(width, a[i]+1, b[i]+1)
	}
	table, rows, cols := make([]float64, width*width), make([]float64, width), make([]float64, width)
	total := 0.0
	for i := range a {
		if a[i] < 0 || b[i] < 0 {
			continue
		}
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		table[a[i]*width+b[i]] += w
		rows[a[i]] += w
		cols[b[i]] += w
		total += w
	}
	both, left, right, all := pairsIn(table...), pairsIn(rows...), pairsIn(cols...), pairsIn(total)
	if all <= 0 {
		return 1
	}
	chance := left * right / all
	if most := (left + right) / 2; most > chance {
		return (both - chance) / (most - chance)
	}
	return 1
}

// pairsIn sums n(n-1)/2.
func pairsIn(counts ...float64) float64 {
	sum := 0.0
	for _, n := range counts {
		sum += n * max(0, n-1) / 2
	}
	return sum
}
