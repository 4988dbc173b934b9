// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parts is into how many pieces n items are cut, per items to a piece and at most most pieces.
// It depends on n alone, never on the machine: floating-point sums are formed piece by piece and the pieces
// added in order, so the result has the same bits on any number of processors.
func parts(n, per, most int) int {
	return max(1, min((n+per-1)/per, most))
}

// piece is the half-open range of items that belongs to one of several pieces.
func piece(n, pieces, which int) (from, to int) {
	return n * which / pieces, n * (which + 1) / pieces
}

// parallel calls do for every number below n, on as many processors as there are. The order is not defined.
func parallel(n int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}

// rowParts cuts rows for passes over all votes.
func rowParts(rows int) int { return parts(rows, 256, 32) }

// vectorSum adds up vectors of a width over n items, in parallel.
func vectorSum(n, width int, add func(i int, into []float64)) []float64 {
	pieces := rowParts(n)
	sums := make([][]float64, pieces)
	parallel(pieces, func(p int) {
		sums[p] = make([]float64, width)
		from, to := piece(n, pieces, p)
		for i := from; i < to; i++ {
			add(i, sums[p])
		}
	})
	out := make([]float64, width)
	for _, s := range sums {
		addScaled(out, 1, s)
	}
	return out
}
