// SPDX-License-Identifier: AGPL-3.0-or-later

package seed

import (
	"slices"
	"testing"
)

func sum(counts []int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

func TestGrowthSumsExactly(t *testing.T) {
	for _, shape := range []string{Spike, Steady, Slow, TwoWaves, "unheard-of"} {
		for _, days := range []int{1, 2, 9, 40, 365} {
			for _, total := range []int{0, 1, 3, 318, 12_408, 5_000_000} {
				got := Growth(shape, days, total, uint64(days+total))
				if len(got) != days || sum(got) != total || slices.Min(got) < 0 {
					t.Errorf("Growth(%s, %d, %d) has %d days and sums to %d", shape, days, total, len(got), sum(got))
				}
			}
		}
	}
}

func TestGrowthIsTheSameForTheSameSeed(t *testing.T) {
	first := Growth(Spike, 40, 2400, 1)
	if !slices.Equal(first, Growth(Spike, 40, 2400, 1)) {
		t.Error("the same seed grows differently")
	}
	if slices.Equal(first, Growth(Spike, 40, 2400, 2)) {
		t.Error("another seed grows the same")
	}
}

func TestGrowthHasItsShape(t *testing.T) {
	for seed := range uint64(50) {
		spike := Growth(Spike, 40, 10_000, seed)
		if sum(spike[:7]) < 3500 || sum(spike[33:]) > 1500 {
			t.Errorf("spike %d: %v", seed, spike)
		}
		waves := Growth(TwoWaves, 60, 10_000, seed)
		if sum(waves[20:30])*3 > sum(waves[30:50]) {
			t.Errorf("two waves %d: no lull before the second: %v", seed, waves)
		}
		slow := Growth(Slow, 60, 10_000, seed)
		if sum(slow[:20])*3 > sum(slow[40:]) {
			t.Errorf("slow %d: %v", seed, slow)
		}
		steady := Growth(Steady, 70, 10_000, seed)
		if half := sum(steady[:35]); half < 4500 || half > 6000 {
			t.Errorf("steady %d: %d in the first half", seed, half)
		}
	}
}

func TestGrowthOfNothing(t *testing.T) {
	if got := Growth(Spike, 0, 10, 1); got != nil {
		t.Errorf("without days: %v", got)
	}
	if got := Growth(Spike, 3, -5, 1); !slices.Equal(got, []int{0, 0, 0}) {
		t.Errorf("fewer than none: %v", got)
	}
}

func TestGrowthOfEveryDeclaration(t *testing.T) {
	for _, d := range load(t).Declarations {
		if got := d.Growth(); len(got) != d.Days || sum(got) != d.Signatures {
			t.Errorf("%s: %d days sum to %d", d.Name, len(got), sum(got))
		}
	}
}
