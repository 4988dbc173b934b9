// SPDX-License-Identifier: AGPL-3.0-or-later

package seed

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// The shapes in which signatures come in.
const (
	Spike    = "spike"     // most at the start, a newspaper later, then a long tail
	Steady   = "steady"    // about as many each day
	Slow     = "slow"      // few at first, more as word gets round
	TwoWaves = "two-waves" // a start, a lull, and a second start that is bigger
)

// Growth shares out total signatures over a number of days: how many on each, the
// first day first. They sum exactly to total. Days 4 and 5 of each week are quieter,
// as if the first day were a Tuesday. An unknown shape counts as steady; without
// days there is nothing to share out over, and the result is nil.
func Growth(shape string, days, total int, seed uint64) []int {
	if days <= 0 {
		return nil
	}
	draw := newDraw(seed)
	weights := curve(shape, days, draw)
	for day := range weights {
		weights[day] = max(1, weights[day]*weekday(day)/100*(75+draw.Int64N(51))/100)
	}
	return shareOut(weights, max(0, total))
}

// curve gives each day a weight. Whole numbers only: fractions are rounded
// differently on different processors, and the town must be the same on all.
func curve(shape string, days int, draw *rand.Rand) []int64 {
	weights := make([]int64, days)
	switch shape {
	case Spike:
		addLevel(weights, 40_000)
		addWave(weights, 0, 1_000_000, 76)
		addWave(weights, later(days, 45, draw), 420_000, 64)
	case TwoWaves:
		addLevel(weights, 20_000)
		addWave(weights, 0, 550_000, 70)
		addWave(weights, later(days, 50, draw), 900_000, 80)
	case Slow:
		for day := range weights {
			weights[day] = 20_000 + 400_000*int64(day)*int64(day)/int64(days*days)
		}
	default:
		addLevel(weights, 300_000)
		addWave(weights, 0, 250_000, 40)
	}
	return weights
}

// later picks a day for a second wave, from percent of the days on; short stories have none.
func later(days, percent int, draw *rand.Rand) int {
	first := days * percent / 100
	wave := first + draw.IntN(1+days/8)
	if days < 10 {
		return days
	}
	return wave
}

func addLevel(weights []int64, level int64) {
	for day := range weights {
		weights[day] += level
	}
}

// addWave adds a sudden rise on a day, of which so many per cent are left each day after.
func addWave(weights []int64, start int, height, percentLeft int64) {
	for day := start; day < len(weights); day++ {
		weights[day] += height
		height = height * percentLeft / 100
	}
}

// weekday is how many per cent of a working day's signatures a day sees.
func weekday(day int) int64 {
	switch day % 7 {
	case 4:
		return 55
	case 5:
		return 65
	}
	return 100
}

// shareOut divides total by weights, giving what rounding leaves to the largest remainders.
func shareOut(weights []int64, total int) []int {
	var sum int64
	for _, w := range weights {
		sum += w
	}
	counts := make([]int, len(weights))
	order := make([]int, len(weights))
	left := total
	for day, w := range weights {
		counts[day] = int(w * int64(total) / sum)
		order[day] = day
		left -= counts[day]
	}
	remainder := func(day int) int64 { return weights[day] * int64(total) % sum }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainder(b), remainder(a)) })
	for _, day := range order[:left] {
		counts[day]++
	}
	return counts
}
