// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"math/rand/v2"
	"testing"
)

// TestFollowCountsVotesMadeMeanwhile: votes, statements and bans that come while a result is computed are in the counts
// of its groups as soon as it is there.
func TestFollowCountsVotesMadeMeanwhile(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	s := NewState(story(r, 120, 30).Votes())
	copied := s.copyForResult()
	result := analyze(t, copied, Params{Brief: true})

	s.SetStatement(Statement{ID: 3})
	disturb(s, r)
	s.Ban(104)
	s.follow(result, copied)
	compareCounts(t, s, result, 104)
	disturb(s, r)
	s.Ban(108)
	s.Cast(108, 12, Pass)
	compareCounts(t, s, result, 104, 108)
	s.Unban(108)
	compareCounts(t, s, result, 104)
}

func disturb(s *State, r *rand.Rand) {
	for range 300 {
		s.Cast(ParticipantID(100+r.IntN(130)), StatementID(10+r.IntN(30)), Vote(r.IntN(4)))
	}
}

// compareCounts counts the groups of a result again from the votes as they are now.
func compareCounts(t *testing.T, s *State, r *Result, banned ...ParticipantID) {
	t.Helper()
	group := groupsOf(r)
	for _, p := range banned {
		delete(group, p)
	}
	v := s.Votes()
	for j, st := range v.statements {
		want := make([]Tally, len(r.Groups))
		for i, p := range v.participants {
			if g, ok := group[p]; ok {
				want[g].add(v.Vote(i, j), 1)
			}
		}
		got, err := s.Standing(st.ID)
		if err != nil {
			t.Fatal(err)
		}
		for g := range want {
			if got.Groups[g].Tally != want[g] {
				t.Fatalf("statement %d, group %d: %+v, want %+v", st.ID, g, got.Groups[g].Tally, want[g])
			}
		}
	}
}

func TestNextStopsWhenAPlaceIsSettled(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	s := NewState(story(r, 120, 30).Votes())
	s.SetPolicy(Policy{Settled: .1})
	if _, err := s.Result(t.Context(), Params{Brief: true}); err != nil {
		t.Fatal(err)
	}
	source := rand.NewPCG(1, 1)
	if o := s.Next(900, source); o.Stop != GoOn {
		t.Errorf("a newcomer: %+v", o)
	}
	votes := 0
	for ; votes < 40; votes++ {
		o := s.Next(900, source)
		if o.Stop == PlaceSettled {
			break
		}
		s.Cast(900, o.Statement, Agree)
	}
	if votes < 3 || votes > 25 {
		t.Errorf("settled after %d votes", votes)
	}
}
