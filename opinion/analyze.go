// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"math"
	"sync"
)

// Analyze finds the map, the groups and the common ground of a conversation. The result depends on nothing but
// the votes and the parameters, to the last bit. The error is that of the context, or names a parameter.
func Analyze(ctx context.Context, v *Votes, p Params) (*Result, error) {
	p, err := p.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &analysis{v: v.sorted(), p: p, result: &Result{Version: Version, Params: p}}
	a.result.Params.Previous, a.result.Params.Progress = nil, nil // a result must not hold on to all before it
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"counting", a.count},
		{"finding the axes", a.findAxes},
		{"placing people", a.placePeople},
		{"finding groups", a.findGroups},
		{"comparing groups", a.assess},
		{"looking for bridges", a.bridge},
		{"checking how firm it is", a.verify},
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.Progress(step.name)
		if err := step.do(ctx); err != nil {
			return nil, err
		}
	}
	return a.result, nil
}

// Result analyses the conversation as it is now, and lets the outcome guide which statements are shown next.
// It is what Analyze gives for State.Votes, bit for bit; while there are few enough statements it is much
// faster, since the counts of pairs are kept up to date with every vote.
func (s *State) Result(ctx context.Context, p Params) (*Result, error) {
	s.computing.Lock()
	defer s.computing.Unlock()
	v := s.copyForResult()
	v.hashBlocks(v.blocks)
	r, err := Analyze(ctx, v, p)
	if err != nil {
		return nil, err
	}
	s.follow(r, v)
	return r, nil
}

// analysis is one computation under way.
type analysis struct {
	v       *Votes
	p       Params
	result  *Result
	rows    []uint32 // those not banned
	counts  []bool   // by column: shapes the map
	tallies []Tally
	y       *centred
	axes    axes
	model   *model
	placed  *placement
	grouped []uint32 // rows with enough votes
	points  *cloud   // of those, the axes upright
	leaves  *cloud
	cuts    []cut
	members [][]uint32 // rows of each leaf; for checks
	leafOf  []int32    // by row; -1 none
	chosen  *choice
	groupOf []int // by row, in order of labels; NoGroup
}

func (a *analysis) count(context.Context) error {
	a.rows = make([]uint32, 0, len(a.v.spans))
	for i := range a.v.spans {
		if !a.v.isBanned(i) {
			a.rows = append(a.rows, uint32(i))
		}
	}
	a.tallies = a.v.Tallies()
	a.counts = make([]bool, len(a.v.statements))
	in := &a.result.Input
	for j, s := range a.v.statements {
		if a.counts[j] = s.counts(); a.counts[j] {
			in.Counted++
		}
	}
	in.Hash = a.v.Hash()
	in.Participants, in.Banned = len(a.v.participants), len(a.v.participants)-len(a.rows)
	in.Statements, in.Votes = len(a.v.statements), a.v.Len()
	a.y = newCentred(&a.v.matrix, a.rows, means(a.tallies), a.counts)
	return nil
}

// operator is Y'Y in the form that costs least. Which one is decided by the votes alone.
func (a *analysis) operator() symmetric {
	if len(a.counts) > gramColumns || pairsOf(&a.v.matrix, a.v.isBanned) > gramPairs {
		return a.y
	}
	g := a.v.gram
	if g == nil {
		g = countPairs(&a.v.matrix, len(a.counts), a.v.isBanned)
	}
	return newCovariance(g, a.y.mean, a.tallies, a.counts)
}

func (a *analysis) findAxes(ctx context.Context) error {
	if a.result.Input.Counted == 0 || len(a.rows) == 0 {
		return nil
	}
	solver := sync.OnceValue(func() *lanczos { return newLanczos(a.operator(), spread(a.v.statements, a.counts)) })
	var leading sync.WaitGroup
	leading.Go(func() {
		if l := solver(); len(a.rows) > noisePeople {
			l.settle(ctx, 2) // which are wanted in any case
		}
	})
	carried, err := carriedAxes(ctx, a.y, solver, a.p.Seed, a.p.MaxAxes)
	leading.Wait()
	if err != nil {
		return err
	}
	if a.axes, err = solver().lead(ctx, max(2, carried)); err != nil {
		return err
	}
	a.axes.carried = min(carried, len(a.axes.values))
	a.result.Residual = a.axes.residual
	return nil
}

func (a *analysis) placePeople(context.Context) error {
	a.model = newModel(a.axes, a.y, a.counts)
	a.model.fit(&a.v.matrix, a.rows)
	a.placed = newPlacement(a.model.axes, len(a.v.spans))
	pieces := rowParts(len(a.rows))
	parallel(pieces, func(p int) {
		from, to := piece(len(a.rows), pieces, p)
		sums := make([]float64, sumsWidth(a.model.axes))
		for _, i := range a.rows[from:to] {
			a.model.sums(&a.v.matrix, int(i), sums)
			a.model.place(sums, a.placed.point(int(i)), a.placed.spread(int(i)))
			a.placed.votes[i] = int32(a.model.votes(&a.v.matrix, int(i)))
		}
	})
	a.result.Noise = math.Sqrt(a.model.noise)
	a.result.model, a.result.places = a.model, a.placed
	return a.describeAxes()
}

func (a *analysis) describeAxes() error {
	total := 0.0
	for j, t := range a.tallies {
		if a.counts[j] {
			total += float64(t.Agrees+t.Disagrees) - a.y.mean[j]*float64(t.Agrees-t.Disagrees)
		}
	}
	a.result.Axes = []Axis{}
	for k, value := range a.axes.values {
		a.result.Axes = append(a.result.Axes, Axis{value, value / total, math.Sqrt(a.model.variance[k]), k < a.axes.carried})
	}
	return nil
}

func (a *analysis) bridge(ctx context.Context) error {
	if a.p.Brief || len(a.axes.vectors) == 0 {
		return nil
	}
	b, list, err := bridge(ctx, &a.v.matrix, a.rows, a.result.Input.Votes, a.counts, a.axes.vectors[0])
	if err != nil {
		return err
	}
	a.result.Bridging = b
	for j, s := range list {
		a.result.Statements[j].Bridge = s
	}
	return nil
}

func (a *analysis) verify(context.Context) error {
	if !a.p.Brief {
		a.result.Checks = a.check()
	}
	return nil
}
