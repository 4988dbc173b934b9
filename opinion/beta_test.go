// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

func TestBetaQuantileEqualsGonum(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5, 17, 100, 1000, 30_000, 1_000_000} {
		for _, s := range []int{0, 1, 2, n / 10, n / 2, n - 2, n - 1, n} {
			if s < 0 || s > n {
				continue
			}
			beta := distuv.Beta{Alpha: float64(s) + .5, Beta: float64(n-s) + .5}
			got := shareInterval(s, n)
			for p, x := range map[float64]float64{.1: got.Low, .9: got.High} {
				if back := beta.CDF(x); math.Abs(back-p) > 3e-6 {
					t.Errorf("%d of %d: the %v quantile %v has probability %v", s, n, p, x, back)
				}
			}
		}
	}
}

func BenchmarkShareInterval(b *testing.B) {
	for i := range b.N {
		shareInterval(i%1000, 1700)
	}
}
