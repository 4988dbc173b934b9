// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"math/bits"
	"slices"
)

// relabel names the groups after those of the previous result that they share most members with, and puts them in the
// order of their names. A group that follows none gets a name never used there.
func (a *analysis) relabel() {
	if a.p.Previous == nil || len(a.p.Previous.Groups) == 0 {
		return
	}
	old := a.p.Previous.Groups
	overlap := a.overlap(old)
	heir := assignBest(overlap)
	next := 0
	for _, g := range old {
		next = max(next, g.Label+1)
	}
	groups := a.result.Groups
	for g := range groups {
		if h := heir[g]; h >= 0 && overlap[g][h] > 0 {
			groups[g].Label = old[h].Label
		} else {
			groups[g].Label = next
			next++
		}
	}
	order := identity(len(groups))
	slices.SortFunc(order, func(x, y uint32) int { return groups[x].Label - groups[y].Label })
	sorted, place := make([]Group, len(groups)), make([]int, len(groups))
	for to, from := range order {
		sorted[to], place[from] = groups[from], to
	}
	a.result.Groups = sorted
	for i, g := range a.groupOf {
		if g != NoGroup {
			a.groupOf[i] = place[g]
		}
	}
}

// overlap counts the members each group has in common with each old one.
func (a *analysis) overlap(old []Group) [][]int {
	at := map[int]int{}
	for h, g := range old {
		at[g.Label] = h
	}
	out := make([][]int, len(a.result.Groups))
	for g := range out {
		out[g] = make([]int, len(old))
	}
	before := a.p.Previous.People // in ascending order of ID, as rows are
	for i, p := range a.v.participants {
		for len(before) > 0 && before[0].ID < p {
			before = before[1:]
		}
		if len(before) == 0 {
			break
		}
		if h, ok := at[before[0].Group]; ok && before[0].ID == p && a.groupOf[i] != NoGroup {
			out[a.groupOf[i]][h]++
		}
	}
	return out
}

// assignBest pairs rows with columns so that the sum of gains is largest, each used once at most; -1 is no partner.
// With at most ten of each, every set of columns is tried (Held and Karp 1962).
func assignBest(gain [][]int) []int {
	columns := 0
	for _, row := range gain {
		columns = len(row)
	}
	best := make([][]int, len(gain)+1) // best[g][set]: gain of rows from g on with the columns in set taken
	best[len(gain)] = make([]int, 1<<columns)
	choice := make([][]int, len(gain))
	for g := len(gain) - 1; g >= 0; g-- {
		best[g], choice[g] = make([]int, 1<<columns), make([]int, 1<<columns)
		for set := range best[g] {
			best[g][set], choice[g][set] = best[g+1][set], -1
			for free := uint(1<<columns-1) &^ uint(set); free != 0; free &= free - 1 {
				h := bits.TrailingZeros(free)
				if sum := gain[g][h] + best[g+1][set|1<<h]; sum > best[g][set] {
					best[g][set], choice[g][set] = sum, h
				}
			}
		}
	}
	out, set := make([]int, len(gain)), 0
	for g := range out {
		out[g] = choice[g][set]
		if out[g] >= 0 {
			set |= 1 << out[g]
		}
	}
	return out
}
