// SPDX-License-Identifier: Apache-2.0

package opinion

import "math"

// random is SplitMix64. It is written out here, not taken from the standard library,
// because a published result must be recomputable from its seed for ever.
type random struct{ state uint64 }

// randomFor makes a generator of its own for each use, so that uses may run in any order.
func randomFor(seed uint64, use ...int) random {
	s := mix(seed + 0x9e3779b97f4a7c15)
	for _, u := range use {
		s = mix(s ^ mix(uint64(u)+0x9e3779b97f4a7c15))
	}
	return random{s}
}

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	return mix(r.state)
}

// float is uniform on [0, 1).
func (r *random) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// normal is standard normal, by the method of Box and Muller (1958).
func (r *random) normal() float64 {
	return math.Sqrt(-2*math.Log(1-r.float())) * math.Cos(2*math.Pi*r.float())
}

// poisson has the given mean: by inversion when it is small, else rounded from a normal.
func (r *random) poisson(mean float64) float64 {
	if mean > 30 {
		return max(0, math.Round(mean+math.Sqrt(mean)*r.normal()))
	}
	k, p := 0.0, math.Exp(-mean)
	for u, sum := r.float(), p; u > sum && k < 200; {
		k++
		p *= mean / k
		sum += p
	}
	return k
}

func (r *random) intBelow(n int) int { return int(r.float() * float64(n)) }
