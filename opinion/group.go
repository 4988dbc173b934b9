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
	from, to int // in the order of people
	mean     [maxAxes]float64
	squares  [maxAxes]float64 // sum of squared distances to the mean, by axis
	widest   int              // the axis with the largest
	cell     int              // its node in the tree
}

// mostLeaves is how many little clusters the people are gathered into before they are grouped. Up to that many people
// everyone is a cluster of their own, and nothing is lost. The cuts between them are made by at most cutPeople.
const (
	mostLeaves = 256
	cutPeople  = 1 << 14
)

// A cut divides a cell at a value on an axis; a cell without cut is a leaf.
type cut struct {
	axis      int
	at        float64
	low, high int // cells; 0: none
}

// leaves gathers points into at most mostLeaves little clusters, by cutting the widest at its mean, again and again.
// It gives the clusters as a cloud and, for each, the points in it. It depends on places alone.
func leaves(points *cloud) (*cloud, [][]uint32) {
	order := everyNth(identity(points.len()), cutPeople)
	first := points.leaf(order, 0, len(order))
	list, cuts := []leaf{first}, []cut{{}}
	spare := make([]uint32, len(order))
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
		middle := points.split(order, spare, l)
		if middle == l.from || middle == l.to {
			break
		}
		low, high := points.leaf(order, l.from, middle), points.leaf(order, middle, l.to)
		low.cell, high.cell = len(cuts), len(cuts)+1
		cuts[l.cell] = cut{l.widest, l.mean[l.widest], low.cell, high.cell}
		cuts = append(cuts, cut{}, cut{})
		list[at] = low
		list = slices.Insert(list, at+1, high)
	}
	return points.sort(list, cuts)
}

// sort finds the leaf of every point.
func (c *cloud) sort(list []leaf, cuts []cut) (*cloud, [][]uint32) {
	leafOf := make([]int32, len(cuts))
	for n, l := range list {
		leafOf[l.cell] = int32(n)
	}
	label := make([]int32, c.len())
	pieces := rowParts(c.len())
	parallel(pieces, func(p int) {
		from, to := piece(c.len(), pieces, p)
		for i := from; i < to; i++ {
			cell := 0
			for at := c.point(i); cuts[cell].low != 0; {
				if cut := &cuts[cell]; at[cut.axis] < cut.at {
					cell = cut.low
				} else {
					cell = cut.high
				}
			}
			label[i] = leafOf[cell]
		}
	})
	small := &cloud{c.axes, make([]float64, c.axes*len(list)), make([]float64, len(list))}
	members := roomFor(label, len(list))
	for i, l := range label {
		members[l] = append(members[l], uint32(i))
		small.weight[l]++
		for k, x := range c.point(i) {
			small.at[int(l)*c.axes+k] += x
		}
	}
	for l, w := range small.weight {
		scale(small.at[l*c.axes:][:c.axes], 1/w)
	}
	return small, members
}

// roomFor makes an empty list for each label, with room for all that have it.
func roomFor(label []int32, labels int) [][]uint32 {
	size := make([]int, labels)
	for _, l := range label {
		size[l]++
	}
	lists, all := make([][]uint32, labels), make([]uint32, len(label))
	for l, n := range size {
		lists[l], all = all[:0:n], all[n:]
	}
	return lists
}

func (c *cloud) leaf(order []uint32, from, to int) leaf {
	l := leaf{from: from, to: to}
	n := float64(to - from)
	for _, i := range order[from:to] {
		for k, x := range c.point(int(i)) {
			l.mean[k] += x
		}
	}
	for k := range c.axes {
		l.mean[k] /= max(1, n)
	}
	for _, i := range order[from:to] {
		for k, x := range c.point(int(i)) {
			l.squares[k] += (x - l.mean[k]) * (x - l.mean[k])
		}
	}
	for k := range c.axes {
		if l.squares[k] > l.squares[l.widest] {
			l.widest = k
		}
	}
	return l
}

// split moves the points below the mean before the others, each side in its old order.
func (c *cloud) split(order, spare []uint32, l leaf) int {
	k, mean := l.widest, l.mean[l.widest]
	low, high := l.from, 0
	for _, i := range order[l.from:l.to] {
		if c.at[int(i)*c.axes+k] < mean {
			order[low] = i
			low++
		} else {
			spare[high] = i
			high++
		}
	}
	copy(order[low:l.to], spare[:high])
	return low
}

// partition is a division of a cloud into k groups.
type partition struct {
	centers []float64 // k points
	label   []int
	cost    float64 // weighted sum of squared distances to the own centre
}

// kMeans divides the cloud from several seeded starts and keeps the best (Lloyd 1982; seeding of Arthur and Vassilvitskii 2007).
// weight takes the place of the cloud's own weights.
func (c *cloud) kMeans(k, starts int, weight []float64, r random) partition {
	best := partition{cost: math.Inf(1)}
	nearest := make([]float64, c.len())
	for range starts {
		p := partition{centers: c.seed(k, weight, nearest, &r), label: make([]int, c.len())}
		c.lloyd(&p, weight)
		if p.cost < best.cost*(1-1e-12) {
			best = p
		}
	}
	return best
}

// from divides the cloud starting at centres given.
func (c *cloud) from(centers, weight []float64) partition {
	p := partition{centers: slices.Clone(centers), label: make([]int, c.len())}
	c.lloyd(&p, weight)
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

// lloyd moves centres to the means of their points until no point changes its group. Ties go to the lower group.
func (c *cloud) lloyd(p *partition, weight []float64) {
	k := len(p.centers) / c.axes
	sums := make([]float64, k*(c.axes+1))
	for round := range lloydRounds {
		changed := c.assign(p, weight, sums) || round == 0
		if !changed {
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
func (c *cloud) assign(p *partition, weight, sums []float64) (changed bool) {
	clear(sums)
	p.cost = 0
	return c.assignPart(p, weight, sums, 0, len(weight))
}

// assignMany is assign for very many points, in parallel; the cost is not computed.
func (c *cloud) assignMany(p *partition, sums []float64) (changed bool) {
	pieces := rowParts(c.len())
	parts, changes := make([][]float64, pieces), make([]bool, pieces)
	parallel(pieces, func(n int) {
		from, to := piece(c.len(), pieces, n)
		own := partition{centers: p.centers, label: p.label}
		parts[n] = make([]float64, len(sums))
		changes[n] = c.assignPart(&own, c.weight, parts[n], from, to)
	})
	clear(sums)
	for n, part := range parts {
		addScaled(sums, 1, part)
		changed = changed || changes[n]
	}
	return changed
}

func (c *cloud) assignPart(p *partition, weight, sums []float64, from, to int) (changed bool) {
	if c.axes == 2 || c.axes == 3 {
		return c.assignFew(p, weight, sums, from, to)
	}
	for i := from; i < to; i++ {
		w := weight[i]
		at := c.point(i)
		g, d := nearestCenter(p.centers, at)
		if p.label[i] != g {
			p.label[i], changed = g, true
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

// assignFew is assignPart for two or three axes, the usual cases, with nothing to call or loop over.
func (c *cloud) assignFew(p *partition, weight, sums []float64, from, to int) (changed bool) {
	var xs, ys, zs [mostGroups]float64 // a third axis that is not there stays zero
	axes, k := c.axes, len(p.centers)/c.axes
	for g := range k {
		center := p.centers[g*axes:][:axes]
		xs[g], ys[g] = center[0], center[1]
		copy(zs[g:g+1], center[2:])
	}
	for i := from; i < to; i++ {
		at, w := c.at[i*axes:][:axes], weight[i]
		x, y, z := at[0], at[1], 0.0
		if axes == 3 {
			z = at[2]
		}
		group, squared := 0, math.Inf(1)
		for g, cx := range xs[:k] {
			dx, dy, dz := x-cx, y-ys[g], z-zs[g]
			if d := dx*dx + dy*dy + dz*dz; d < squared {
				group, squared = g, d
			}
		}
		if p.label[i] != group {
			p.label[i], changed = group, true
		}
		p.cost += w * squared
		sum := sums[group*(axes+1):][:axes+1]
		sum[0] += w * x
		sum[1] += w * y
		sum[2] += w * z // of two axes, the weight stands here and z is 0
		sum[axes] += w
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

// upright turns each axis so that the third moment of the places is positive. Grouping so comes out the same when all
// votes are flipped, which turns every axis round.
func (c *cloud) upright() *cloud {
	sign := make([]float64, c.axes)
	for i := range c.len() {
		for k, x := range c.point(i) {
			sign[k] += x * x * x
		}
	}
	out := &cloud{c.axes, make([]float64, len(c.at)), c.weight}
	for i, x := range c.at {
		out.at[i] = x
		if sign[i%c.axes] < 0 {
			out.at[i] = -x
		}
	}
	return out
}
