// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// TestBridgeIsAMinimum writes the cost down as it stands in the documentation, fits to the end, and finds that no
// statement's parameters can be moved without paying more.
func TestBridgeIsAMinimum(t *testing.T) {
	v := story(rand.New(rand.NewPCG(2, 3)), 120, 30).Votes()
	counts := make([]bool, len(v.statements))
	for j, s := range v.statements {
		counts[j] = s.counts()
	}
	b := &bridger{m: &v.matrix, rows: identity(len(v.spans)), counts: counts,
		intercept: make([]float64, len(counts)), factor: spread(v.statements, counts)}
	b.count()
	for range 300 {
		b.columns(b.people())
		b.balance(b.extremes.sums)
	}
	b.columns(b.people())
	least := bridgeCost(b)
	for j, c := range b.counts {
		if !c {
			continue
		}
		for _, move := range []float64{-1e-3, 1e-3} {
			for _, of := range [][]float64{b.intercept, b.factor} {
				of[j] += move
				if cost := bridgeCost(b); cost < least-1e-9 {
					t.Errorf("moving statement %d by %v saves %v of %v", j, move, least-cost, least)
				}
				of[j] -= move
			}
		}
	}
	for _, move := range []float64{-1e-3, 1e-3} {
		b.mean += move
		if cost := bridgeCost(b); cost < least-1e-9 {
			t.Errorf("moving the mean by %v saves %v", move, least-cost)
		}
		b.mean -= move
	}
}

// bridgeCost is the cost with the best people for the statements given.
func bridgeCost(b *bridger) float64 {
	cost := 0.0
	votes := 0.0
	for n, i := range b.rows {
		var x, xx, y, xy float64
		each := func(do func(left, f float64)) {
			for a, cols := range b.answers(int(i)) {
				for _, c := range cols {
					if b.counts[c] {
						do(rating[a]-b.mean-b.intercept[c], b.factor[c])
					}
				}
			}
		}
		each(func(left, f float64) { x, xx, y, xy = x+f, xx+f*f, y+left, xy+left*f })
		leniency, viewpoint := solveRidge(b.votes[n], x, xx, y, xy, interceptCost*b.perPerson, factorCost*b.perPerson)
		each(func(left, f float64) { cost += (left - leniency - viewpoint*f) * (left - leniency - viewpoint*f) })
		cost += b.perPerson * (interceptCost*leniency*leniency + factorCost*viewpoint*viewpoint)
		votes += b.votes[n]
	}
	for j := range b.counts {
		cost += b.perColumn * (interceptCost*b.intercept[j]*b.intercept[j] + factorCost*b.factor[j]*b.factor[j])
	}
	return cost + votes*interceptCost*b.mean*b.mean
}

func TestBridgeRanksSharedStatementsFirst(t *testing.T) {
	r := analyze(t, story(rand.New(rand.NewPCG(5, 6)), 240, 40).Votes(), Params{})
	shared, disputed := math.Inf(1), math.Inf(-1)
	for j, s := range r.Statements {
		if s.Bridge == nil {
			continue
		}
		if j%3 == 2 {
			shared = min(shared, s.Bridge.Intercept)
		} else {
			disputed = max(disputed, s.Bridge.Intercept)
		}
		if s.Bridge.Low > s.Bridge.Intercept {
			t.Errorf("statement %d: low %v above %v", s.ID, s.Bridge.Low, s.Bridge.Intercept)
		}
	}
	if shared <= disputed {
		t.Errorf("intercepts of shared statements from %.3f, of disputed ones to %.3f", shared, disputed)
	}
}

func TestBridgeStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	v := story(rand.New(rand.NewPCG(5, 6)), 20, 10).Votes()
	if _, _, err := bridge(ctx, &v.matrix, identity(20), v.Len(), allTrue(10), make([]float64, 10)); err != context.Canceled {
		t.Errorf("after cancelling: %v", err)
	}
}
