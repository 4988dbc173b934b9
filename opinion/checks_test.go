// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestChecksNameStraightLinersAndCopies(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	log := story(r, 200, 40)
	for j := range 30 {
		log.Add(Event{5000, StatementID(10 + j), Agree, 0}) // straight
		for p := range 6 {                                  // a burst
			log.Add(Event{ParticipantID(6000 + p), StatementID(10 + j), Vote(1 + (j*j+j/3)%3), 0})
		}
	}
	c := analyze(t, log.Votes(), Params{}).Checks
	if len(c.StraightLiners) != 1 || c.StraightLiners[0].Person != 5000 || c.StraightLiners[0].Answer != "agree" {
		t.Errorf("straight-liners %+v", c.StraightLiners)
	}
	want := []ParticipantID{6000, 6001, 6002, 6003, 6004, 6005}
	if len(c.Identical) != 1 || !slices.Equal(c.Identical[0].People, want) || c.Identical[0].Votes != 30 {
		t.Errorf("identical %+v", c.Identical)
	}
	if c.Without == nil || c.Without.People != 7 || c.Without.Agreement < .9 {
		t.Errorf("without %+v", c.Without)
	}
	if c.Blocks != 100 || c.Influence.Agreement < .8 || c.Influence.Shift <= 0 || c.Influence.Shift > .5 {
		t.Errorf("influence %+v of %d blocks", c.Influence, c.Blocks)
	}
}

// TestFalseDiscoveries: where groups do not differ, next to nothing is called representative.
func TestFalseDiscoveries(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	found, cells := 0, 0
	for range 20 {
		statements := make([]Assessed, 200)
		for j := range statements {
			statements[j] = Assessed{ID: StatementID(j), Counted: true}
			for range 3 {
				var tally Tally
				for range 40 {
					tally.add(Vote(1+r.IntN(2)), 1)
				}
				statements[j].Groups = append(statements[j].Groups, shareOf(tally, 5))
			}
		}
		for _, list := range represent(statements, 3) {
			for _, s := range list {
				cells++
				if s.FalseRate < .05 {
					found++
				}
			}
		}
	}
	if found > cells/500 {
		t.Errorf("%d of %d called representative where nothing is", found, cells)
	}
}
