// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"math"
	"slices"
)

// cloud is a set of weighted points; point i is at[i*axes : (i+1)*axes].
type cloud struct {
	axes   int
	at     []float64
	weight []float64
}

func (c *cloud) len() int { return len(c.weight) }

func (c *cloud) point(i int) []float64 { return c.at[i*c.axes:][:c.axes] }

// A leaf is a range of people standing close together.
type leaf struct {
	from, to int // in the sample
	mean     [maxAxes]float64
	squares  [maxAxes]float64 // sum of squared distances to the mean, by axis
	widest   int              // the axis with the largest
	cell     int              // its node in the tree
}

// mostLeaves is how many little clusters the people are gathered into before they are grouped. Up to that many people
// everyone is a cluster of their own, and nothing is lost. Of more than cutPeople, an even sample is gathered.
const (
	mostLeaves = 256
	cutPeople  = 1 << 14
)

// A cut divides a cell at a value on an axis; a cell without cut is a leaf.
type cut struct {
	axis      int
	at        float64
	low, high int   // cells; 0: none
	leaf      int32 // where there is no cut
}

// leaves gathers points into at most mostLeaves little clusters, by cutting the widest at its mean, again and again.
// It gives the clusters as a cloud, weighing as many as all points, and the cuts. It depends on places alone.
func leaves(points *cloud) (*cloud, []cut) {
	sample := points.thinned(cutPeople)
	list, cuts := []leaf{sample.leaf(0, sample.len())}, []cut{{}}
	spare := make([]float64, len(sample.at))
	for len(list) < mostLeaves {
		at := 0
		for i := range list {
			if list[i].squares[list[i].widest] > list[at].squares[list[at].widest] {
				at = i
			}
		}
		l := list[at]
		if l.squares[l.widest] <= 1e-18*float64(l.to-l.from) {
			break // everyone in it stands in one place
		}
		middle := sample.split(spare, l)
		if middle == l.from || middle == l.to {
			break
		}
		low, high := sample.leaf(l.from, middle), sample.leaf(middle, l.to)
		low.cell, high.cell = len(cuts), len(cuts)+1
		cuts[l.cell] = cut{axis: l.widest, at: l.mean[l.widest], low: low.cell, high: high.cell}
		cuts = append(cuts, cut{}, cut{})
		list[at] = low
		list = slices.Insert(list, at+1, high)
	}
	small := &cloud{axes: points.axes}
	for n, l := range list {
		cuts[l.cell].leaf = int32(n)
		small.at = append(small.at, l.mean[:points.axes]...)
		small.weight = append(small.weight, float64(l.to-l.from)*float64(points.len())/float64(sample.len()))
	}
	return small, cuts
}

// thinned is a copy of at most n of the points, evenly chosen.
func (c *cloud) thinned(n int) *cloud {
	n = min(n, c.len())
	out := &cloud{c.axes, make([]float64, 0, n*c.axes), c.weight[:n]}
	for i := range n {
		out.at = append(out.at, c.point(i*c.len()/n)...)
	}
	return out
}

// leafAt is the leaf of a place.
func leafAt(cuts []cut, at []float64) int32 {
	cell := &cuts[0]
	for cell.low != 0 {
		if at[cell.axis] < cell.at {
			cell = &cuts[cell.low]
		} else {
			cell = &cuts[cell.high]
		}
	}
	return cell.leaf
}

func (c *cloud) leaf(from, to int) leaf {
	l := leaf{from: from, to: to}
	for k := range c.axes {
		sum, squares := 0.0, 0.0
		for i := from*c.axes + k; i < to*c.axes; i += c.axes {
			sum += c.at[i]
		}
		mean := sum / float64(max(1, to-from))
		for i := from*c.axes + k; i < to*c.axes; i += c.axes {
			squares += (c.at[i] - mean) * (c.at[i] - mean)
		}
		l.mean[k], l.squares[k] = mean, squares
		if squares > l.squares[l.widest] {
			l.widest = k
		}
	}
	return l
}

// split moves the points below the mean before the others, each side in its old order.
func (c *cloud) split(spare []float64, l leaf) (middle int) {
	low, high := l.from*c.axes, 0
	for i := l.from; i < l.to; i++ {
		if at := c.point(i); at[l.widest] < l.mean[l.widest] {
			low += copy(c.at[low:], at)
		} else {
			high += copy(spare[high:], at)
		}
	}
	copy(c.at[low:], spare[:high])
	return low / c.axes
}

// partition is a division of a cloud into k groups.
type partition struct {
	centers []float64 // k points
	label   []int
	cost    float64 // weighted sum of squared distances to the own centre
}

// kMeans divides the cloud from several seeded starts and keeps the best (Lloyd 1982; seeding of Arthur and Vassilvitskii 2007).
// weight takes the place of the cloud's own weights. A start ends when no more points than settled change their group.
func (c *cloud) kMeans(k, starts, settled int, weight []float64, r random) partition {
	best := partition{cost: math.Inf(1)}
	nearest := make([]float64, c.len())
	for range starts {
		p := partition{centers: c.seed(k, weight, nearest, &r), label: make([]int, c.len())}
		c.lloyd(&p, settled, weight)
		if p.cost < best.cost*(1-1e-12) {
			best = p
		}
	}
	return best
}

// from divides the cloud starting at centres given.
func (c *cloud) from(centers []float64, settled int, weight []float64) partition {
	p := partition{centers: slices.Clone(centers), label: make([]int, c.len())}
	c.lloyd(&p, settled, weight)
	return p
}

// seed draws the first centre by weight, each further one by weight times squared distance to the nearest so far.
func (c *cloud) seed(k int, weight, nearest []float64, r *random) []float64 {
	centers := make([]float64, 0, k*c.axes)
	for i := range nearest {
		nearest[i] = 1
	}
	for len(centers) < k*c.axes {
		total := 0.0
		for i, w := range weight {
			total += w * nearest[i]
		}
		at, left := -1, r.float()*total
		for i, w := range weight {
			if share := w * nearest[i]; share > 0 {
				at = i
				if left -= share; left < 0 {
					break
				}
			}
		}
		if at < 0 {
			at = r.intBelow(c.len()) // all points are taken: any will do
		}
		first := len(centers) == 0
		centers = append(centers, c.point(at)...)
		for i := range nearest {
			d := squaredDistance(c.point(i), c.point(at))
			if first || d < nearest[i] {
				nearest[i] = d
			}
		}
	}
	return centers
}

func squaredDistance(a, b []float64) float64 {
	s := 0.0
	b = b[:len(a)]
	for k, x := range a {
		s += (x - b[k]) * (x - b[k])
	}
	return s
}

// lloydRounds bounds the rounds of Lloyd's algorithm; it nearly always ends by itself.
const lloydRounds = 100

// lloyd moves centres to the means of their points until hardly any point changes its group. Ties go to the lower group.
func (c *cloud) lloyd(p *partition, settled int, weight []float64) {
	k := len(p.centers) / c.axes
	sums := make([]float64, k*(c.axes+1))
	for round := range lloydRounds {
		if changed := c.assign(p, weight, sums); changed <= settled && round > 0 {
			return
		}
		p.move(sums, c.axes)
	}
}

// move puts every centre at the mean of its points; a centre without points stays.
func (p *partition) move(sums []float64, axes int) {
	for g := 0; g*axes < len(p.centers); g++ {
		if w := sums[g*(axes+1)+axes]; w > 0 {
			for a := range axes {
				p.centers[g*axes+a] = sums[g*(axes+1)+a] / w
			}
		}
	}
}

// assign gives every point to its nearest centre and sums up the points of each.
func (c *cloud) assign(p *partition, weight, sums []float64) (changed int) {
	clear(sums)
	p.cost = 0
	return c.assignPart(p, weight, sums, 0, len(weight))
}

// assignMany is assign for very many points, in parallel; the cost is not computed.
func (c *cloud) assignMany(p *partition, sums []float64) (changed int) {
	pieces := rowParts(c.len())
	parts, changes := make([][]float64, pieces), make([]int, pieces)
	parallel(pieces, func(n int) {
		from, to := piece(c.len(), pieces, n)
		own := partition{centers: p.centers, label: p.label}
		parts[n] = make([]float64, len(sums))
		changes[n] = c.assignPart(&own, c.weight, parts[n], from, to)
	})
	clear(sums)
	for n, part := range parts {
		addScaled(sums, 1, part)
		changed += changes[n]
	}
	return changed
}

func (c *cloud) assignPart(p *partition, weight, sums []float64, from, to int) (changed int) {
	switch c.axes {
	case 2:
		return c.assignTwo(p, weight, sums, from, to)
	case 3:
		return c.assignThree(p, weight, sums, from, to)
	}
	for i := from; i < to; i++ {
		w := weight[i]
		at := c.point(i)
		g, d := nearestCenter(p.centers, at)
		if p.label[i] != g {
			p.label[i] = g
			changed++
		}
		p.cost += w * d
		sum := sums[g*(c.axes+1):][:c.axes+1]
		for a, x := range at {
			sum[a] += w * x
		}
		sum[c.axes] += w
	}
	return changed
}

// assignTwo is assignPart for two axes, the usual case, with nothing to call.
func (c *cloud) assignTwo(p *partition, weight, sums []float64, from, to int) (changed int) {
	for i := from; i < to; i++ {
		at, w := (*[2]float64)(c.at[i*2:]), weight[i]
		x, y := at[0], at[1]
		group, squared := 0, math.Inf(1)
		for g, centers := 0, p.centers; len(centers) >= 2; g, centers = g+1, centers[2:] {
			dx, dy := x-centers[0], y-centers[1]
			if d := dx*dx + dy*dy; d < squared {
				group, squared = g, d
			}
		}
		if p.label[i] != group {
			p.label[i] = group
			changed++
		}
		p.cost += w * squared
		sum := (*[3]float64)(sums[group*3:])
		sum[0], sum[1], sum[2] = sum[0]+w*x, sum[1]+w*y, sum[2]+w
	}
	return changed
}

// assignThree is the same for three.
func (c *cloud) assignThree(p *partition, weight, sums []float64, from, to int) (changed int) {
	for i := from; i < to; i++ {
		at, w := (*[3]float64)(c.at[i*3:]), weight[i]
		x, y, z := at[0], at[1], at[2]
		group, squared := 0, math.Inf(1)
		for g, centers := 0, p.centers; len(centers) >= 3; g, centers = g+1, centers[3:] {
			dx, dy, dz := x-centers[0], y-centers[1], z-centers[2]
			if d := dx*dx + dy*dy + dz*dz; d < squared {
				group, squared = g, d
			}
		}
		if p.label[i] != group {
			p.label[i] = group
			changed++
		}
		p.cost += w * squared
		sum := (*[4]float64)(sums[group*4:])
		sum[0], sum[1], sum[2], sum[3] = sum[0]+w*x, sum[1]+w*y, sum[2]+w*z, sum[3]+w
	}
	return changed
}

func nearestCenter(centers, at []float64) (group int, squared float64) {
	squared = math.Inf(1)
	for g := 0; g*len(at) < len(centers); g++ {
		if d := squaredDistance(at, centers[g*len(at):][:len(at)]); d < squared {
			group, squared = g, d
		}
	}
	return group, squared
}
