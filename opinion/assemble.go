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
const refineRounds = 2

func (a *analysis) findGroups(ctx context.Context) error {
	r := a.result
	r.Structure, r.Groups, r.Choices = TooFew, []Group{}, []Choice{}
	a.gather()
	if len(a.grouped) >= fewestPeople {
		r.Structure = NoGroups
		a.chooseGroups()
	}
	if a.chosen != nil {
		r.Structure = structureOf(a.chosen.Silhouette)
		a.divide()
	}
	a.describePeople()
	return ctx.Err()
}

// chooseGroups settles on the number of groups and where they are. A group must have as many people as a figure needs votes, or no
// statement could have a consensus.
func (a *analysis) chooseGroups() {
	if a.points.axes == 0 {
		return // all alike
	}
	a.leaves, a.cuts = leaves(a.points)
	most := a.p.MaxGroups
	if a.p.Groups > 0 {
		most = a.p.Groups
	}
	list := a.leaves.examine(most, a.p.Seed)
	for _, c := range list {
		a.result.Choices = append(a.result.Choices, c.Choice)
	}
	if a.chosen = pick(list, float64(a.p.MinGroupVotes)); a.p.Groups > 0 && len(list) > a.p.Groups-2 {
		a.chosen = &list[a.p.Groups-2]
	}
}

// gather collects those with enough votes as points on the axes that people are grouped by. Each axis is turned so that the third
// moment of the places is positive: grouping so comes out the same when all votes are flipped, which turns every axis round.
func (a *analysis) gather() {
	enough := int32(max(1, min(a.p.MinVotes, a.result.Input.Counted)))
	a.groupOf = make([]int, len(a.v.spans))
	for i := range a.groupOf {
		a.groupOf[i] = NoGroup
	}
	a.grouped = make([]uint32, 0, len(a.rows))
	for _, i := range a.rows {
		if a.placed.votes[i] >= enough {
			a.grouped = append(a.grouped, i)
		}
	}
	a.result.Input.Grouped = len(a.grouped)
	axes := min(len(a.axes.vectors), max(2, a.axes.carried))
	moments := vectorSum(len(a.grouped), axes, func(n int, into []float64) {
		for k, x := range a.placed.point(int(a.grouped[n]))[:axes] {
			into[k] += x * x * x
		}
	})
	a.points = &cloud{axes, make([]float64, axes*len(a.grouped)), make([]float64, len(a.grouped))}
	pieces := rowParts(len(a.grouped))
	parallel(pieces, func(p int) {
		from, to := piece(len(a.grouped), pieces, p)
		for n := from; n < to; n++ {
			a.points.weight[n] = 1
			for k, x := range a.placed.point(int(a.grouped[n]))[:axes] {
				a.points.at[n*axes+k] = math.Copysign(1, moments[k]) * x
			}
		}
	})
}

// divide gives every person to the nearest centre, moves the centres to their people, and orders and names the groups.
func (a *analysis) divide() {
	p := partition{centers: slices.Clone(a.chosen.best.centers), label: make([]int, a.points.len())}
	k := a.chosen.K
	sums := make([]float64, k*(a.points.axes+1))
	for round := range refineRounds {
		if a.points.assignMany(&p, sums) == 0 && round > 0 {
			break
		}
		p.move(sums, a.points.axes)
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
			p := &people[i]
			p.ID, p.Group, p.Votes = a.v.participants[i], NoGroup, int(a.placed.votes[i])
			at := a.placed.point(i)
			p.X, p.Y = firstTwo(at)
			if a.model.axes > 0 && !a.v.isBanned(i) {
				p.Uncertainty = ellipseOf(a.placed.spread(i))
			}
			if g := a.groupOf[i]; g != NoGroup {
				p.Group = a.result.Groups[g].Label
				p.Membership = shares[i*width : (i+1)*width : (i+1)*width]
				p.Between = family.membership(at, a.placed.spread(i), p.Membership) < betweenBelow
			}
		}
	})
	a.result.People, a.result.groupOf = people, a.groupOf
	for g := range a.result.Groups {
		a.result.Groups[g].Center, a.result.Groups[g].Spread = family.center(g), family.spread(g)
	}
}

// firstTwo are the entries on the axes that are shown; an axis that is not there is 0.
func firstTwo(at []float64) (x, y float64) {
	switch len(at) {
	case 0:
		return 0, 0
	case 1:
		return at[0], 0
	}
	return at[0], at[1]
}
