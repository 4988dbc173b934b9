// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// fewestPeople is how many people with enough votes it takes to speak of groups.
const fewestPeople = 10

// betweenBelow is the probability under which a person is said to stand between groups.
const betweenBelow = 2.0 / 3

// refineRounds bounds the rounds in which people, no longer little clusters, find their nearest centre.
const refineRounds = 4

func (a *analysis) findGroups(ctx context.Context) error {
	r := a.result
	r.Structure, r.Groups, r.Choices = TooFew, []Group{}, []Choice{}
	a.gather()
	if len(a.grouped) >= fewestPeople && a.points.axes > 0 {
		upright := a.points.upright()
		a.leaves, a.members = leaves(upright)
		most := a.p.MaxGroups
		if a.p.Groups > 0 {
			most = a.p.Groups
		}
		list := a.leaves.examine(most, a.p.Seed)
		for _, c := range list {
			r.Choices = append(r.Choices, c.Choice)
		}
		if a.chosen = pick(list); a.p.Groups > 0 && len(list) > a.p.Groups-2 {
			a.chosen = &list[a.p.Groups-2]
		}
		if a.chosen != nil {
			r.Structure = structureOf(a.chosen.Silhouette)
			a.divide(upright)
		}
	}
	for l, members := range a.members {
		for _, p := range members {
			a.leafOf[a.grouped[p]] = int32(l)
		}
	}
	a.describePeople()
	return ctx.Err()
}

// gather collects those with enough votes as points on the axes that people are grouped by.
func (a *analysis) gather() {
	enough := max(1, min(a.p.MinVotes, a.result.Input.Counted))
	a.groupOf, a.leafOf = make([]int, len(a.v.spans)), make([]int32, len(a.v.spans))
	for i := range a.groupOf {
		a.groupOf[i], a.leafOf[i] = NoGroup, -1
	}
	axes := min(len(a.axes.vectors), max(2, a.axes.carried))
	a.points = &cloud{axes, make([]float64, 0, axes*len(a.rows)), make([]float64, 0, len(a.rows))}
	a.grouped = make([]uint32, 0, len(a.rows))
	for _, i := range a.rows {
		if p := &a.placed[i]; p.votes >= enough {
			a.grouped = append(a.grouped, i)
			a.points.at = append(a.points.at, p.at[:axes]...)
			a.points.weight = append(a.points.weight, 1)
		}
	}
	a.result.Input.Grouped = len(a.grouped)
}

// divide gives every person to the nearest centre, moves the centres to their people, and orders and names the groups.
func (a *analysis) divide(upright *cloud) {
	p := partition{centers: slices.Clone(a.chosen.best.centers), label: make([]int, upright.len())}
	k := a.chosen.K
	sums := make([]float64, k*(upright.axes+1))
	for round := range refineRounds {
		if !upright.assignMany(&p, sums) && round > 0 {
			break
		}
		p.move(sums, upright.axes)
	}
	size, first := make([]int, k), make([]int, k)
	for i := len(p.label) - 1; i >= 0; i-- {
		size[p.label[i]]++
		first[p.label[i]] = i
	}
	var order []int
	for g := range k {
		if size[g] > 0 {
			order = append(order, g)
		}
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Or(cmp.Compare(size[y], size[x]), cmp.Compare(first[x], first[y])) })
	place := make([]int, k)
	for n, g := range order {
		place[g] = n
		a.result.Groups = append(a.result.Groups, Group{Label: n, Size: size[g]})
	}
	for i, g := range p.label {
		a.groupOf[a.grouped[i]] = place[g]
	}
	a.relabel()
}

// describePeople writes down where everyone stands.
func (a *analysis) describePeople() {
	people := make([]Person, len(a.v.spans))
	family := newFamily(a)
	width := len(a.result.Groups)
	shares := make([]float32, width*len(people))
	pieces := rowParts(len(people))
	parallel(pieces, func(part int) {
		from, to := piece(len(people), pieces, part)
		for i := from; i < to; i++ {
			p, q := &people[i], &a.placed[i]
			*p = Person{ID: a.v.participants[i], Group: NoGroup, Votes: q.votes, X: q.at[0], Y: q.at[1]}
			if a.model.axes > 0 && !a.v.isBanned(i) {
				p.Uncertainty = ellipse(q.covariance[0], q.covariance[1], q.covariance[2])
			}
			if g := a.groupOf[i]; g != NoGroup {
				p.Group = a.result.Groups[g].Label
				p.Membership = shares[i*width : (i+1)*width : (i+1)*width]
				p.Between = family.membership(q, p.Membership) < betweenBelow
			}
		}
	})
	a.result.People = people
	for g := range a.result.Groups {
		a.result.Groups[g].Center, a.result.Groups[g].Spread = family.center(g), family.spread(g)
	}
}

// ellipse turns a covariance matrix into half axes and an angle.
func ellipse(xx, xy, yy float64) Ellipse {
	middle, half := (xx+yy)/2, math.Hypot((xx-yy)/2, xy)
	return Ellipse{
		Major: math.Sqrt(max(0, middle+half)),
		Minor: math.Sqrt(max(0, middle-half)),
		Angle: math.Atan2(2*xy, xx-yy) / 2,
	}
}

// family holds the groups as normal distributions of one shape, for the probability of belonging to each.
type family struct {
	axes    int
	centers []float64
	share   []float64                            // logarithm of each group's share of people
	within  [maxAxes * (maxAxes + 1) / 2]float64 // pooled covariance around the own centre
	shapes  [][3]float64                         // covariance of each group on the first two axes
}

func newFamily(a *analysis) *family {
	k, d := len(a.result.Groups), a.points.axes
	f := &family{axes: d, centers: make([]float64, k*d), share: make([]float64, k), shapes: make([][3]float64, k)}
	if k == 0 {
		return f
	}
	for n, i := range a.grouped {
		g := a.groupOf[i]
		size := float64(a.result.Groups[g].Size)
		for x, v := range a.points.point(n) {
			f.centers[g*d+x] += v / size
		}
	}
	for n, i := range a.grouped {
		g := a.groupOf[i]
		size := float64(a.result.Groups[g].Size)
		var off [maxAxes]float64
		for x, v := range a.points.point(n) {
			off[x] = v - f.centers[g*d+x]
			for y := range x + 1 {
				f.within[lowerAt(x, y)] += off[x] * off[y] / float64(len(a.grouped))
			}
		}
		for n, at := range [3][2]int{{0, 0}, {1, 0}, {1, 1}} {
			f.shapes[g][n] += off[at[0]] * off[at[1]] / size
		}
	}
	for g, group := range a.result.Groups {
		f.share[g] = math.Log(float64(group.Size) / float64(len(a.grouped)))
	}
	return f
}

func (f *family) center(g int) (c [2]float64) {
	copy(c[:], f.centers[g*f.axes:][:f.axes])
	return c
}

func (f *family) spread(g int) Ellipse {
	return ellipse(f.shapes[g][0], f.shapes[g][1], f.shapes[g][2])
}

// membership is the probability of each group, given a place that is itself uncertain:
//
//	p_g ~ share_g exp(-1/2 (x-c_g)' (within + covariance)^-1 (x-c_g))
//
// It gives the largest of them.
func (f *family) membership(p *placed, into []float32) float64 {
	a := f.within
	for n := range f.axes * (f.axes + 1) / 2 {
		a[n] += p.covariance[n]
	}
	invert(&a, f.axes)
	var logs [mostGroups]float64
	best := math.Inf(-1)
	for g := range into {
		logs[g] = f.share[g] - squareForm(&a, p.at[:f.axes], f.centers[g*f.axes:])/2
		best = max(best, logs[g])
	}
	total := 0.0
	for g := range into {
		if logs[g] != best {
			logs[g] = math.Exp(logs[g] - best)
		} else {
			logs[g] = 1
		}
		total += logs[g]
	}
	for g := range into {
		into[g] = float32(logs[g] / total)
	}
	return 1 / total
}

// squareForm is (at-center)' a (at-center), given the lower triangle of a.
func squareForm(a *[maxAxes * (maxAxes + 1) / 2]float64, at, center []float64) float64 {
	if len(at) == 2 { // the usual case
		x, y := at[0]-center[0], at[1]-center[1]
		return x*a[0]*x + x*a[1]*y + y*a[1]*x + y*a[2]*y
	}
	square := 0.0
	for x := range at {
		for y := range at {
			square += (at[x] - center[x]) * a[lowerAt(x, y)] * (at[y] - center[y])
		}
	}
	return square
}

// assess counts the answers of each group and says what they come to, statement by statement.
func (a *analysis) assess(context.Context) error {
	r := a.result
	counts := a.groupTallies()
	labels := make([]int, max(1, len(r.Groups)))
	for g := range r.Groups {
		labels[g] = r.Groups[g].Label
	}
	r.Statements = make([]Assessed, len(a.tallies))
	pieces := parts(len(a.tallies), 16, 64)
	parallel(pieces, func(p int) {
		from, to := piece(len(a.tallies), pieces, p)
		for j := from; j < to; j++ {
			r.Statements[j] = a.assessOne(j, counts, labels)
		}
	})
	for g, list := range represent(r.Statements, len(r.Groups)) {
		r.Groups[g].Representative = list
	}
	return nil
}

func (a *analysis) assessOne(j int, counts [][]Tally, labels []int) Assessed {
	st, all := a.v.statements[j], a.tallies[j]
	s := Assessed{ID: st.ID, Counted: a.counts[j], All: all, Groups: make([]GroupShare, len(counts))}
	s.Agree = shareInterval(all.Agrees, all.Seen())
	s.Disagree = shareInterval(all.Disagrees, all.Seen())
	if load := a.model.load[j*a.model.axes:]; a.model.axes > 0 {
		s.X = load[0]
		if a.model.axes > 1 {
			s.Y = load[1]
		}
	}
	s.Extremity = (1 - a.y.mean[j]) * math.Hypot(s.X, s.Y)
	for g := range counts {
		s.Groups[g] = shareOf(counts[g][j], a.p.MinGroupVotes)
	}
	if s.Counted {
		s.Consensus = consensusOf(a.sharesOf(&s), labels)
	}
	s.Priority = priority(st, all, s.Extremity)
	return s
}

// sharesOf is what consensus is measured over: the groups, or everybody where there are none.
func (a *analysis) sharesOf(s *Assessed) []GroupShare {
	if len(s.Groups) > 0 {
		return s.Groups
	}
	return []GroupShare{shareOf(s.All, a.p.MinGroupVotes)}
}

func (a *analysis) groupTallies() [][]Tally {
	groups, columns := len(a.result.Groups), len(a.tallies)
	if groups == 0 {
		return nil
	}
	pieces := rowParts(len(a.rows))
	sums := make([][3][]int32, pieces)
	parallel(pieces, func(p int) {
		for k := range sums[p] {
			sums[p][k] = make([]int32, groups*columns)
		}
		from, to := piece(len(a.rows), pieces, p)
		for _, i := range a.rows[from:to] {
			g := a.groupOf[i]
			if g == NoGroup {
				continue
			}
			for k, cols := range [...][]uint16{a.v.agreed(int(i)), a.v.disagreed(int(i)), a.v.passed(int(i))} {
				line := sums[p][k][g*columns:][:columns]
				for _, c := range cols {
					line[c]++
				}
			}
		}
	})
	out := make([][]Tally, groups)
	for g := range out {
		out[g] = make([]Tally, columns)
		for j := range out[g] {
			for p := range sums {
				at := g*columns + j
				out[g][j].Agrees += int(sums[p][0][at])
				out[g][j].Disagrees += int(sums[p][1][at])
				out[g][j].Passes += int(sums[p][2][at])
			}
		}
	}
	return out
}
