// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
)

// deeds does random things to a state and keeps the truth beside it in maps.
type deeds struct {
	state  *State
	truth  map[[2]int]Vote
	banned map[int]bool
	status map[int]Statement
}

func (d *deeds) one(r *rand.Rand, people, statements int) {
	p, s := r.IntN(people), r.IntN(statements)
	switch k := r.IntN(40); {
	case k == 0:
		d.state.Ban(ParticipantID(p))
		d.banned[p] = true
	case k == 1:
		d.state.Unban(ParticipantID(p))
		delete(d.banned, p)
	case k == 2 || d.status[s] == Statement{}:
		st := Statement{ID: StatementID(s), Moderation: Moderation(r.IntN(3) - 1), Meta: r.IntN(9) == 0, Text: "x"}
		d.state.SetStatement(st)
		d.status[s] = st
	default:
		v := Vote(r.IntN(4))
		d.state.Cast(ParticipantID(p), StatementID(s), v)
		d.truth[[2]int{p, s}] = v
	}
}

// recount builds the same conversation from scratch.
func (d *deeds) recount(r *rand.Rand) *Votes {
	log := new(Log)
	var ids []int
	for s := range d.status {
		ids = append(ids, s)
	}
	slices.Sort(ids)
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for _, s := range ids {
		log.AddStatement(d.status[s])
	}
	for key, v := range d.truth {
		log.Add(Event{ParticipantID(key[0]), StatementID(key[1]), v, 0})
	}
	var banned []ParticipantID
	for p := range d.banned {
		banned = append(banned, ParticipantID(p))
	}
	return log.Votes().Ban(banned...)
}

func TestStateEqualsRecount(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := &deeds{NewState(nil), map[[2]int]Vote{}, map[int]bool{}, map[int]Statement{}}
		for step := range 1500 {
			d.one(r, 25, 30)
			if step%500 == 499 {
				compareStates(t, d.state, d.recount(r))
			}
		}
		again := NewState(d.state.Votes())
		compareStates(t, again, d.state.Votes())
	}
}

func compareStates(t *testing.T, s *State, want *Votes) {
	t.Helper()
	got := s.Votes()
	for j, st := range want.statements {
		if got.statements[j] != st {
			t.Fatalf("statement %d = %+v, want %+v", j, got.statements[j], st)
		}
		if tally, _ := s.Tally(st.ID); tally != want.Tallies()[j] {
			t.Fatalf("tally of %d = %+v, want %+v", st.ID, tally, want.Tallies()[j])
		}
	}
	for i, id := range want.participants {
		at, ok := slices.BinarySearch(got.participants, id)
		if !ok {
			if want.spans[i].len() > 0 {
				t.Fatalf("participant %d is missing", id)
			}
			continue
		}
		for j := range want.statements {
			if a, b := got.Vote(at, j), want.Vote(i, j); a != b {
				t.Fatalf("vote of %d on %d = %v, want %v", id, j, a, b)
			}
		}
		if got.isBanned(at) != want.isBanned(i) {
			t.Fatalf("participant %d banned = %v", id, got.isBanned(at))
		}
	}
	counted := countPairs(&want.matrix, len(want.statements), want.isBanned)
	if !reflect.DeepEqual(got.gram, counted) {
		t.Fatal("pair counts kept differ from pair counts made anew")
	}
	checkRouter(t, s)
}

func checkRouter(t *testing.T, s *State) {
	t.Helper()
	sum := uint64(0)
	for j, st := range s.statements {
		if got := s.route.before(j); got != sum {
			t.Fatalf("weights before %d = %d, want %d", j, got, sum)
		}
		want := uint64(0)
		if st.Moderation != Rejected {
			want = max(1, uint64(priority(st, s.tallies[j], 0)*weightUnit))
		}
		if s.route.weight[j] != want {
			t.Fatalf("weight of %d = %d, want %d", j, s.route.weight[j], want)
		}
		if want > 0 && (s.route.find(sum) != j || s.route.find(sum+want-1) != j) {
			t.Fatalf("find does not lead to column %d", j)
		}
		sum += want
	}
	if s.route.sum != sum {
		t.Fatalf("sum of weights = %d, want %d", s.route.sum, sum)
	}
}

func TestNextDrawsByItsPropensity(t *testing.T) {
	s := NewState(nil)
	for j := range 12 {
		s.SetStatement(Statement{ID: StatementID(j), Moderation: Moderation(j%3 - 1)})
	}
	for p := range 30 {
		for j := range 12 {
			s.Cast(ParticipantID(p), StatementID(j), Vote(1+(p*7+j*j)%3))
		}
	}
	for _, j := range []StatementID{1, 4, 5, 7, 8} {
		s.Cast(99, j, Agree)
	}
	source := rand.NewPCG(1, 2)
	const draws = 60000
	drawn, chance := map[StatementID]int{}, map[StatementID]float64{}
	for range draws {
		o := s.Next(99, source)
		drawn[o.Statement]++
		chance[o.Statement] = o.Propensity
		if o.Left != 3 {
			t.Fatalf("Left = %d, want 3", o.Left)
		}
	}
	total := 0.0
	for id, n := range drawn {
		total += chance[id]
		if got := float64(n) / draws; got < chance[id]-.01 || got > chance[id]+.01 {
			t.Errorf("statement %d drawn with %.3f, propensity says %.3f", id, got, chance[id])
		}
		if id%3 == 0 {
			t.Errorf("rejected statement %d was shown", id)
		}
	}
	if total < 1-1e-9 || total > 1+1e-9 {
		t.Errorf("propensities add up to %v", total)
	}
}

func TestNextStops(t *testing.T) {
	s := NewState(nil)
	source := rand.NewPCG(1, 2)
	if o := s.Next(1, source); o.Stop != AllSeen {
		t.Errorf("nothing to show: %v", o)
	}
	s.SetStatement(Statement{ID: 5})
	if o := s.Next(1, source); o.Statement != 5 || o.Propensity != 1 || o.Stop != GoOn {
		t.Errorf("one to show: %+v", o)
	}
	s.Cast(1, 5, Pass)
	if o := s.Next(1, source); o.Stop != AllSeen {
		t.Errorf("all seen: %+v", o)
	}
	s.SetStatement(Statement{ID: 6})
	s.SetPolicy(Policy{Enough: 1})
	if o := s.Next(1, source); o.Stop != EnoughVotes {
		t.Errorf("enough: %+v", o)
	}
	s.SetPolicy(Policy{AcceptedOnly: true})
	if o := s.Next(2, source); o.Stop != AllSeen {
		t.Errorf("nothing accepted: %+v", o)
	}
}

func TestCastAllocatesNothing(t *testing.T) {
	s := NewState(nil)
	for j := range 300 {
		s.SetStatement(Statement{ID: StatementID(j)})
		s.Cast(1, StatementID(j), Agree)
	}
	v := Agree
	if n := testing.AllocsPerRun(100, func() {
		v = v.Flip()
		s.Cast(1, 7, v)
		s.Cast(1, 8, Unseen)
		s.Cast(1, 8, Pass)
	}); n != 0 {
		t.Errorf("a vote allocates %v times", n)
	}
	source := rand.NewPCG(1, 2)
	if n := testing.AllocsPerRun(100, func() { s.Next(2, source) }); n != 0 {
		t.Errorf("Next allocates %v times", n)
	}
}

// TestStateConcurrently has votes, offers, results and bans going on at once, and finds every vote counted in the end.
func TestStateConcurrently(t *testing.T) {
	log := story(rand.New(rand.NewPCG(5, 6)), 120, 30)
	s := NewState(nil)
	for _, st := range log.statements {
		s.SetStatement(st)
	}
	events := slices.Collect(log.Events)
	var wait sync.WaitGroup
	for part := range 4 {
		wait.Go(func() {
			source := rand.NewPCG(uint64(part), 1)
			for i := part; i < len(events); i += 4 {
				e := events[i]
				s.Cast(e.Participant, e.Statement, e.Vote)
				s.Next(e.Participant, source)
				s.Standing(e.Statement)
			}
		})
	}
	for range 2 {
		wait.Go(func() {
			for range 5 {
				s.Ban(100)
				if _, err := s.Result(context.Background(), Params{Brief: true}); err != nil {
					t.Error(err)
				}
				s.Unban(100)
			}
		})
	}
	wait.Wait()
	compareStates(t, NewState(s.Votes()), log.Votes())
	got, err := s.Result(context.Background(), Params{})
	if err != nil {
		t.Fatal(err)
	}
	if bytesOf(t, got) != bytesOf(t, analyze(t, log.Votes(), Params{})) {
		t.Error("another result after votes came from many sides at once")
	}
	checkStandings(t, s, got)
}

// TestResultsOneAfterAnother: each result is what an analysis of all votes made anew gives, to the last bit, whatever happened between
// them: votes, people who come last or in between, new statements, moderation, bans.
func TestResultsOneAfterAnother(t *testing.T) {
	kept := 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 9))
		d := &deeds{NewState(nil), map[[2]int]Vote{}, map[int]bool{}, map[int]Statement{}}
		people, statements := 5, 12
		var last *Result
		for range 40 {
			for range 1 + r.IntN(250) {
				d.one(r, people, statements)
			}
			if r.IntN(3) == 0 {
				people += 1 + r.IntN(25)
			}
			if r.IntN(8) == 0 {
				statements++
			}
			before := d.state.copied
			p := Params{Brief: r.IntN(2) == 0, Previous: last}
			got, err := d.state.Result(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if want := analyze(t, d.state.Votes(), p); bytesOf(t, got) != bytesOf(t, want) {
				t.Fatalf("seed %d, %d people: another result than of all votes made anew", seed, people)
			}
			if d.state.copied == before {
				kept++
			}
			last = got
		}
	}
	if kept < 100 || kept > 230 {
		t.Errorf("the copy was kept %d times of 240, want it kept mostly and made anew now and then", kept)
	}
}
