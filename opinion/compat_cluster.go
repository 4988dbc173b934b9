// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"cmp"
	"math"
	"slices"
)

// point is something to be grouped: a person, or a cluster of people with their number as weight.
type point struct {
	name   int
	at     [2]float64
	weight float64
}

// cluster is a set of points, by name.
type cluster struct {
	id      int
	members []int
	center  [2]float64
	weight  float64
}

func distance(a, b [2]float64) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]))
}

// cluster forms clusters of people, groups of those for every k, and settles on one k (clusters.clj, and
// conversation.clj from :base-clusters to :group-clusters).
func (c *Compat) cluster(t *compatTick) {
	people := make([]point, len(t.in))
	for n, i := range t.in {
		people[n] = point{i, t.places[i], 1}
	}
	c.base = lloyd(people, c.base, compatBase, compatBaseRounds)
	base := make([]point, len(c.base))
	for n, b := range c.base {
		base[n] = point{b.id, b.center, float64(len(b.members))}
	}
	last := c.clusters
	c.clusters = map[int][]cluster{}
	t.silhouettes = map[int]float64{}
	best := 0
	for k := 2; k <= min(compatMaxGroups, 2+len(base)/12); k++ {
		c.clusters[k] = lloyd(base, last[k], k, compatGroupRounds)
		t.silhouettes[k] = silhouette(base, c.clusters[k])
		if best == 0 || t.silhouettes[k] >= t.silhouettes[best] {
			best = k
		}
	}
	c.smoother.take(best, c.clusters)
}

// take counts how often in a row k was best, and moves to it when it was often enough.
func (s *CompatSmoother) take(k int, clusters map[int][]cluster) {
	if k == s.LastK {
		s.LastCount++
	} else {
		s.LastK, s.LastCount = k, 1
	}
	_, there := clusters[s.SmoothedK]
	if s.LastCount >= compatKeepFor || s.SmoothedK == 0 || !there {
		s.SmoothedK = k
	}
}

// lloyd is k-means as Polis has it: started from the first k distinct points, or from the clusters of the
// last tick, and stopped when no centre moves by 0.01.
func lloyd(points []point, last []cluster, k, rounds int) []cluster {
	if len(points) == 0 {
		return nil
	}
	clusters := firstDistinct(points, k)
	if last != nil {
		clusters = cleanStart(points, last, k)
	}
	for round := 0; ; round++ {
		next := assign(points, clusters)
		still := sameCenters(clusters, next)
		clusters = next
		if still || round == rounds {
			break
		}
	}
	slices.SortFunc(clusters, func(a, b cluster) int { return cmp.Compare(a.id, b.id) })
	return clusters
}

func firstDistinct(points []point, k int) []cluster {
	var out []cluster
	seen := map[[2]float64]bool{}
	for _, p := range points {
		if len(out) == k {
			break
		}
		if !seen[p.at] {
			seen[p.at] = true
			out = append(out, cluster{id: len(out), center: p.at})
		}
	}
	return out
}

// assign is one round: every point to its nearest centre, of equals the later; empty clusters go.
func assign(points []point, clusters []cluster) []cluster {
	next := make([]cluster, len(clusters))
	for n, c := range clusters {
		next[n].id = c.id
	}
	for _, p := range points {
		best, least := 0, math.Inf(1)
		for n := range clusters {
			if d := distance(p.at, clusters[n].center); d <= least {
				best, least = n, d
			}
		}
		next[best].members = append(next[best].members, p.name)
		next[best].weight += p.weight
		next[best].center[0] += p.weight * p.at[0]
		next[best].center[1] += p.weight * p.at[1]
	}
	next = slices.DeleteFunc(next, func(c cluster) bool { return len(c.members) == 0 })
	for n := range next {
		next[n].center[0] /= next[n].weight
		next[n].center[1] /= next[n].weight
	}
	return next
}

func sameCenters(a, b []cluster) bool {
	x, y := sortedCenters(a), sortedCenters(b)
	for n := range min(len(x), len(y)) {
		if distance(x[n], y[n]) >= 0.01 {
			return false
		}
	}
	return true
}

func sortedCenters(clusters []cluster) [][2]float64 {
	out := make([][2]float64, len(clusters))
	for n, c := range clusters {
		out[n] = c.center
	}
	slices.SortFunc(out, func(a, b [2]float64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return out
}

// cleanStart makes the clusters of the last tick ready for the points of this one: centred on the members that are left,
// those with equal centres merged, and split at the point farthest from all until there are k.
func cleanStart(points []point, last []cluster, k int) []cluster {
	byName := make(map[int]point, len(points))
	distinct := map[[2]float64]bool{}
	for _, p := range points {
		byName[p.name] = p
		distinct[p.at] = true
	}
	clusters := mergeEqual(recentre(byName, last))
	if len(clusters) == 0 {
		all := cluster{}
		for _, p := range points {
			all.members = append(all.members, p.name)
		}
		clusters = []cluster{all}
	}
	for {
		clusters = recentre(byName, clusters)
		if len(clusters) >= min(k, len(distinct)) {
			return clusters
		}
		far, gap := farthest(points, clusters)
		if gap <= 0 {
			return clusters
		}
		id := 0
		for n := range clusters {
			id = max(id, clusters[n].id+1)
			clusters[n].members = slices.DeleteFunc(slices.Clone(clusters[n].members), func(name int) bool { return name == far.name })
		}
		clusters = append(clusters, cluster{id: id, members: []int{far.name}, center: far.at, weight: 1})
	}
}

func recentre(byName map[int]point, clusters []cluster) []cluster {
	var out []cluster
	for _, c := range clusters {
		next := cluster{id: c.id}
		for _, name := range c.members {
			if p, ok := byName[name]; ok {
				next.members = append(next.members, name)
				next.center[0] += p.weight * p.at[0]
				next.center[1] += p.weight * p.at[1]
				next.weight += p.weight
			}
		}
		if next.weight > 0 {
			next.center[0] /= next.weight
			next.center[1] /= next.weight
			out = append(out, next)
		}
	}
	return out
}

func mergeEqual(clusters []cluster) []cluster {
	var out []cluster
	for _, c := range clusters {
		same := slices.IndexFunc(out, func(o cluster) bool { return o.center == c.center })
		if same < 0 {
			out = append(out, c)
			continue
		}
		if len(c.members) > len(out[same].members) {
			out[same].id = c.id
		}
		out[same].members = append(out[same].members, c.members...)
		out[same].weight += c.weight
	}
	return out
}

// farthest is the point with the largest distance to its nearest centre; of equals the later.
func farthest(points []point, clusters []cluster) (far point, gap float64) {
	gap = -1
	for _, p := range points {
		least := math.Inf(1)
		for _, c := range clusters {
			least = min(least, distance(p.at, c.center))
		}
		if least >= gap {
			far, gap = p, least
		}
	}
	return far, gap
}

// silhouette is the plain mean over points of (b-a)/max(a,b): a the mean distance to the others of the
// cluster, b the least mean distance to another cluster (Rousseeuw 1987); 0 for a cluster of one.
func silhouette(points []point, clusters []cluster) float64 {
	at := make(map[int][2]float64, len(points))
	for _, p := range points {
		at[p.name] = p.at
	}
	sum := 0.0
	for n, own := range clusters {
		for _, name := range own.members {
			if len(own.members) == 1 {
				continue
			}
			a, b := 0.0, math.Inf(1)
			for o, other := range clusters {
				total := 0.0
				for _, mate := range other.members {
					total += distance(at[name], at[mate])
				}
				if o == n {
					a = total / float64(len(own.members)-1)
				} else {
					b = min(b, total/float64(len(other.members)))
				}
			}
			if larger := max(a, b); larger > 0 && !math.IsInf(b, 1) {
				sum += (b - a) / larger
			}
		}
	}
	if len(points) == 0 {
		return 0
	}
	return sum / float64(len(points))
}
