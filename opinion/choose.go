// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"math"
	"slices"
)

// Choice says how well the people divide into k groups.
type Choice struct {
	K          int     `json:"k"`
	Silhouette float64 `json:"silhouette"` // mean over people, -1 to 1 (Rousseeuw 1987)
	Error      float64 `json:"error"`      // its bootstrap standard error
	Stability  float64 `json:"stability"`  // mean agreement (adjusted Rand) of groups found in bootstrap samples with those found in all
}

// The bootstrap draws this many samples; a number of groups is stable when the samples agree at least so well with the whole
// (the bound Hennig 2007 gives for "valid, stable clusters" is 0.75 for its measure of agreement).
const (
	bootstraps  = 20
	wholeStarts = 10
	stableFrom  = 0.75
)

// choice is one k under examination.
type choice struct {
	Choice
	best     partition
	smallest float64   // people in the smallest group
	widths   []float64 // silhouette in each bootstrap sample
	agrees   []float64
}

// examine divides the cloud into 2 to most groups, and does the same in bootstrap samples of the people (Poisson weights, one for each
// little cluster; Oza and Russell 2001).
func (c *cloud) examine(most int, seed uint64) []choice {
	most = min(most, c.len())
	if most < 2 {
		return nil
	}
	gaps, settled := c.distances(), c.len()/100 // a start that so few points would still leave is near enough to be compared
	out := make([]choice, most-1)
	parallel(len(out), func(n int) {
		k := n + 2
		best := c.kMeans(k, wholeStarts, settled, c.weight, randomFor(seed, 0, k))
		c.lloyd(&best, 0, c.weight)
		out[n] = choice{
			Choice: Choice{K: k, Silhouette: c.silhouette(gaps, best.label, k, c.weight)},
			best:   best, smallest: slices.Min(best.sizes(k, c.weight)), widths: make([]float64, bootstraps), agrees: make([]float64, bootstraps),
		}
	})
	parallel(bootstraps, func(b int) {
		r := randomFor(seed, 1, b)
		weight := make([]float64, c.len())
		for i, w := range c.weight {
			weight[i] = r.poisson(w)
		}
		for n := range out {
			k := n + 2
			p := c.kMeans(k, 1, settled, weight, randomFor(seed, 2, b, k))
			if again := c.from(out[n].best.centers, settled, weight); again.cost < p.cost {
				p = again
			}
			out[n].widths[b] = c.silhouette(gaps, p.label, k, weight)
			out[n].agrees[b] = adjustedRand(out[n].best.label, p.label, c.weight)
		}
	})
	for n := range out {
		_, out[n].Error = meanAndDeviation(out[n].widths)
		out[n].Stability, _ = meanAndDeviation(out[n].agrees)
	}
	return out
}

// pick settles on one k, of those whose groups have at least so many people: among the stable ones (or, if none is, the most stable one)
// that with the best silhouette, unless a smaller one is worse by less than the bootstrap error of the difference. It gives nil if every
// k makes a smaller group.
func pick(list []choice, least float64) *choice {
	var stable []*choice
	var steadiest *choice
	for n := range list {
		if list[n].smallest < least {
			continue
		}
		if list[n].Stability >= stableFrom {
			stable = append(stable, &list[n])
		}
		if steadiest == nil || list[n].Stability > steadiest.Stability {
			steadiest = &list[n]
		}
	}
	if len(stable) == 0 {
		return steadiest
	}
	best := slices.MaxFunc(stable, func(a, b *choice) int {
		if a.Silhouette > b.Silhouette {
			return 1
		}
		return -1
	})
	for _, c := range stable {
		difference := make([]float64, len(c.widths))
		for b := range difference {
			difference[b] = best.widths[b] - c.widths[b]
		}
		if _, sd := meanAndDeviation(difference); best.Silhouette-c.Silhouette <= sd {
			return c
		}
	}
	return best
}

// sizes weighs the groups.
func (p *partition) sizes(k int, weight []float64) []float64 {
	out := make([]float64, k)
	for i, g := range p.label {
		out[g] += weight[i]
	}
	return out
}

func meanAndDeviation(x []float64) (mean, deviation float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / max(1, float64(len(x)-1)))
}

// distances is the full table of distances between points.
func (c *cloud) distances() [][]float64 {
	out := make([][]float64, c.len())
	parallel(c.len(), func(i int) {
		out[i] = make([]float64, c.len())
		for j := range out[i] {
			out[i][j] = math.Sqrt(squaredDistance(c.point(i), c.point(j)))
		}
	})
	return out
}

// silhouette is the mean over people of (b-a)/max(a,b); people in one little cluster count as standing together.
func (c *cloud) silhouette(gaps [][]float64, label []int, k int, weight []float64) float64 {
	members := make([][]weighed, k)
	size, total, score := make([]float64, k), 0.0, 0.0
	for i, g := range label {
		if weight[i] > 0 {
			members[g] = append(members[g], weighed{i, weight[i]})
			size[g] += weight[i]
			total += weight[i]
		}
	}
	add := func(i, own int, sums []float64) {
		a, b := sums[own]/(size[own]-1), math.Inf(1)
		for g := range sums {
			if g != own && size[g] > 0 {
				b = min(b, sums[g]/size[g])
			}
		}
		if larger := max(a, b); larger > 0 && !math.IsInf(b, 1) {
			score += weight[i] * (b - a) / larger
		}
	}
	first, second := make([]float64, k), make([]float64, k)
	for own, list := range members {
		for n := 0; n < len(list) && size[own] > 1; n += 2 {
			i, j := list[n].point, list[min(n+1, len(list)-1)].point
			for g, others := range members {
				first[g], second[g] = sumGaps(gaps[i], gaps[j], others)
			}
			add(i, own, first)
			if n+1 < len(list) {
				add(j, own, second)
			}
		}
	}
	if total == 0 {
		return 0
	}
	return score / total
}

// weighed is a point of a cloud and its weight.
type weighed struct {
	point  int
	weight float64
}

// sumGaps sums up the weighted gaps of two points to the members of a group: four sums side by side, where one would wait for
// every addition.
func sumGaps(first, second []float64, of []weighed) (sumFirst, sumSecond float64) {
	var a, b, c, d float64
	second = second[:len(first)]
	for len(of) >= 2 {
		m, n := of[0], of[1]
		a += m.weight * first[m.point]
		b += n.weight * first[n.point]
		c += m.weight * second[m.point]
		d += n.weight * second[n.point]
		of = of[2:]
	}
	if len(of) == 1 {
		a += of[0].weight * first[of[0].point]
		c += of[0].weight * second[of[0].point]
	}
	return a + b, c + d
}
