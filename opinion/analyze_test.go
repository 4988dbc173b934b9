// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

func analyze(t testing.TB, v *Votes, p Params) *Result {
	t.Helper()
	r, err := Analyze(context.Background(), v, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// bytesOf is the result to the last bit.
func bytesOf(t testing.TB, r *Result) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func groupsOf(r *Result) map[ParticipantID]int {
	out := map[ParticipantID]int{}
	for _, p := range r.People {
		if p.Group != NoGroup {
			out[p.ID] = p.Group
		}
	}
	return out
}

func TestAnalyzePublished(t *testing.T) {
	for _, set := range openSets {
		t.Run(set, func(t *testing.T) {
			log := loadSet(t, set)
			r := analyze(t, log.Votes(), Params{Seed: 1})
			t.Logf("axes %+v residual %.1g noise %.3f", r.Axes, r.Residual, r.Noise)
			t.Logf("choices %+v", r.Choices)
			for _, g := range r.Groups {
				t.Logf("group %d: %d people at %.2f, spread %.2f, first %+v", g.Label, g.Size, g.Center, g.Spread, g.Representative[:2])
			}
			between := 0
			for _, p := range r.People {
				if p.Between {
					between++
				}
			}
			verdicts := map[Verdict]int{}
			for _, s := range r.Statements {
				if s.Bridge != nil {
					verdicts[s.Bridge.Verdict]++
				}
			}
			t.Logf("structure %q, grouped %d, between %d, bridging %+v %v", r.Structure, r.Input.Grouped, between, *r.Bridging, verdicts)
			t.Logf("straight %d identical %d without %+v influence %+v", len(r.Checks.StraightLiners), len(r.Checks.Identical), r.Checks.Without, r.Checks.Influence)
			want := loadPublished(t, set).group
			for p, g := range want {
				if g < 0 {
					delete(want, p)
				}
			}
			t.Logf("agreement with the published groups %.3f", labelledARI(groupsOf(r), want))
		})
	}
}

// story is a small conversation with known groups, made up for these tests: it always runs.
func story(r *rand.Rand, people, statements int) *Log {
	log := new(Log)
	for j := range statements {
		st := Statement{ID: StatementID(10 + j), Moderation: Accepted}
		if j%11 == 10 {
			st.Moderation = Rejected
		}
		log.AddStatement(st)
	}
	for p := range people {
		for j := range statements {
			if r.Float64() < .4 {
				log.Add(Event{ParticipantID(100 + p), StatementID(10 + j), storyVote(r, p%3, j), int64(p*1000 + j)})
			}
		}
	}
	return log
}

// storyVote: the camps differ on two statements of three, and agree on the third.
func storyVote(r *rand.Rand, camp, j int) Vote {
	if x := r.Float64(); x < .1 {
		return Pass
	} else if x < .2 {
		return Vote(1 + r.IntN(3))
	}
	if j%3 == 2 || (j+camp)%3 == 0 {
		return Agree
	}
	return Disagree
}

func TestAnalyzeFindsTheCamps(t *testing.T) {
	r := analyze(t, story(rand.New(rand.NewPCG(5, 6)), 240, 40).Votes(), Params{})
	want := map[ParticipantID]int{}
	for p := range 240 {
		want[ParticipantID(100+p)] = p % 3
	}
	if ari := labelledARI(groupsOf(r), want); ari < .95 || len(r.Groups) != 3 {
		t.Errorf("%d groups, agreement %.3f with the camps: %+v", len(r.Groups), ari, r.Choices)
	}
	shared, disputed := 0.0, 0.0
	for j, s := range r.Statements {
		if s.Consensus == nil {
			continue
		}
		if j%3 == 2 {
			shared += s.Consensus.Agree
		} else {
			disputed += s.Consensus.Agree
		}
	}
	if shared < disputed {
		t.Errorf("consensus %.2f on what all agree with, %.2f on the rest", shared, disputed)
	}
}

func shuffled(log *Log, r *rand.Rand) *Log {
	events := slices.Collect(log.Events)
	r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	out := new(Log)
	for _, e := range events {
		out.Add(e)
	}
	for _, i := range r.Perm(len(log.statements)) {
		out.AddStatement(log.statements[i])
	}
	return out
}

func someLogs(t *testing.T) map[string]*Log {
	logs := map[string]*Log{
		"story": story(rand.New(rand.NewPCG(5, 6)), 300, 50),
		"small": story(rand.New(rand.NewPCG(7, 8)), 20, 12),
		"lone":  story(rand.New(rand.NewPCG(7, 8)), 1, 12),
	}
	return logs
}

func TestAnalyzeAnyOrderOfArrival(t *testing.T) {
	for name, log := range someLogs(t) {
		want := bytesOf(t, analyze(t, log.Votes(), Params{Seed: 3}))
		for seed := range uint64(3) {
			mixed := shuffled(log, rand.New(rand.NewPCG(seed, 0)))
			if bytesOf(t, analyze(t, mixed.Votes(), Params{Seed: 3})) != want {
				t.Errorf("%s: another result in another order", name)
			}
			if bytesOf(t, analyze(t, mixed.VotesAsArrived(), Params{Seed: 3})) != want {
				t.Errorf("%s: another result with rows in another order", name)
			}
		}
	}
}

func TestAnalyzeAnyNumberOfProcessors(t *testing.T) {
	v := story(rand.New(rand.NewPCG(5, 6)), 3000, 50).Votes()
	want := bytesOf(t, analyze(t, v, Params{}))
	for _, n := range []int{1, 2, 3, 7} {
		before := runtime.GOMAXPROCS(n)
		if bytesOf(t, analyze(t, v, Params{})) != want {
			t.Errorf("another result on %d processors", n)
		}
		runtime.GOMAXPROCS(before)
	}
}

func TestAnalyzeAnyTicks(t *testing.T) {
	for name, log := range someLogs(t) {
		want := analyze(t, log.Votes(), Params{Seed: 3})
		for seed := range uint64(3) {
			r := rand.New(rand.NewPCG(seed, 1))
			s := NewState(nil)
			for _, j := range r.Perm(len(log.statements)) {
				s.SetStatement(log.statements[j])
			}
			var last *Result
			events := slices.Collect(shuffled(log, r).Events)
			for n, e := range events {
				s.Cast(e.Participant, e.Statement, e.Vote)
				if r.IntN(1+len(events)/4) == 0 || n == len(events)-1 {
					var err error
					if last, err = s.Result(context.Background(), Params{Seed: 3}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if bytesOf(t, last) != bytesOf(t, want) {
				t.Errorf("%s: another result when votes come in ticks", name)
			}
			checkStandings(t, s, last)
		}
	}
}

func checkStandings(t *testing.T, s *State, r *Result) {
	t.Helper()
	for _, st := range r.Statements {
		got, err := s.Standing(st.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.All != st.All || got.Priority != st.Priority || !slices.Equal(got.Groups, st.Groups) && len(st.Groups) > 0 {
			t.Errorf("standing of %d: %+v, want %+v", st.ID, got, st)
		}
		if len(st.Groups) > 0 && st.Counted && (got.Consensus == nil) != (st.Consensus == nil) {
			t.Errorf("consensus of %d: %v, want %v", st.ID, got.Consensus, st.Consensus)
		}
	}
}

// renamed gives participants and statements other identifiers, so that rows and columns change places.
func renamed(log *Log, r *rand.Rand) (out *Log, person map[ParticipantID]ParticipantID) {
	out, person = new(Log), map[ParticipantID]ParticipantID{}
	statement := map[StatementID]StatementID{}
	for to, from := range r.Perm(len(log.participants)) {
		person[log.participants[from]] = ParticipantID(to)
	}
	for to, from := range r.Perm(len(log.statements)) {
		st := log.statements[from]
		statement[st.ID] = StatementID(to)
		st.ID = StatementID(to)
		out.AddStatement(st)
	}
	for e := range log.Events {
		out.Add(Event{person[e.Participant], statement[e.Statement], e.Vote, e.Time})
	}
	return out, person
}

func TestAnalyzeAnyNames(t *testing.T) {
	logs := map[string]*Log{"story": someLogs(t)["story"]}
	for _, set := range openSets {
		t.Run(set, func(t *testing.T) { logs[set] = loadSet(t, set) })
	}
	for name, log := range logs {
		want := groupsOf(analyze(t, log.Votes(), Params{Brief: true}))
		for seed := range uint64(4) {
			other, person := renamed(log, rand.New(rand.NewPCG(seed, 2)))
			got := groupsOf(analyze(t, other.Votes(), Params{Brief: true}))
			back := map[ParticipantID]int{}
			for p, q := range person {
				if g, ok := got[q]; ok {
					back[p] = g
				}
			}
			if ari := labelledARI(back, want); ari != 1 || len(back) != len(want) {
				t.Errorf("%s: agreement %.4f of the groups after renaming everything", name, ari)
			}
		}
	}
}

func TestAnalyzeFlipped(t *testing.T) {
	logs := map[string]*Log{"story": someLogs(t)["story"]}
	for _, set := range openSets {
		t.Run(set, func(t *testing.T) { logs[set] = loadSet(t, set) })
	}
	for name, log := range logs {
		a, b := analyze(t, log.Votes(), Params{}), analyze(t, log.Votes().Flip(), Params{})
		if ari := labelledARI(groupsOf(a), groupsOf(b)); ari != 1 {
			t.Errorf("%s: agreement %.4f of the groups after flipping all votes", name, ari)
		}
		for j, s := range a.Statements {
			o := b.Statements[j]
			if s.Agree != o.Disagree || (s.Consensus == nil) != (o.Consensus == nil) || s.Consensus != nil && s.Consensus.Agree != o.Consensus.Disagree {
				t.Errorf("%s: statement %d is not mirrored: %+v, %+v", name, s.ID, s, o)
				break
			}
		}
	}
}

func TestAnalyzeDegenerate(t *testing.T) {
	build := func(people, statements int, vote func(p, s int) Vote) *Votes {
		log := new(Log)
		for s := range statements {
			log.AddStatement(Statement{ID: StatementID(s)})
		}
		for p := range people {
			for s := range statements {
				if v := vote(p, s); v != Unseen {
					log.Add(Event{ParticipantID(p), StatementID(s), v, 0})
				}
			}
		}
		return log.Votes()
	}
	all := func(v Vote) func(int, int) Vote { return func(int, int) Vote { return v } }
	for name, v := range map[string]*Votes{
		"nobody":                new(Log).Votes(),
		"nobody votes":          build(0, 5, all(Agree)),
		"one person":            build(1, 5, all(Agree)),
		"one statement":         build(50, 1, func(p, _ int) Vote { return Vote(1 + p%3) }),
		"all agree":             build(50, 10, all(Agree)),
		"all pass":              build(50, 10, all(Pass)),
		"rank one":              build(60, 10, func(p, _ int) Vote { return Vote(1 + p%2) }),
		"two opposite":          build(60, 2, func(p, s int) Vote { return Vote(1 + (p+s)%2) }),
		"identical people":      build(60, 12, func(_, s int) Vote { return Vote(1 + s%3) }),
		"two kinds of people":   build(60, 12, func(p, s int) Vote { return Vote(1 + (s*(p%2))%3) }),
		"ten thousand singles":  singles(10_000),
		"a vote by each person": singles(40),
		"everyone banned":       build(20, 10, func(p, s int) Vote { return Vote(1 + (p*s)%3) }).Ban(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19),
		"all rejected":          build(20, 3, all(Agree)).Moderate([]Statement{{ID: 0, Moderation: Rejected}, {ID: 1, Meta: true}, {ID: 2, Moderation: Rejected}}),
	} {
		t.Run(name, func(t *testing.T) {
			r := analyze(t, v, Params{})
			text := bytesOf(t, r) // fails on infinities and not-a-numbers
			if len(r.People) != len(v.participants) || len(r.Statements) != len(v.statements) {
				t.Errorf("%d people and %d statements", len(r.People), len(r.Statements))
			}
			if again := bytesOf(t, analyze(t, v, Params{})); again != text {
				t.Error("another result the second time")
			}
			if _, err := new(Compat).Tick(context.Background(), v); err != nil {
				t.Errorf("Compat: %v", err)
			}
			t.Logf("structure %q, %d groups, axes %v", r.Structure, len(r.Groups), r.Axes)
		})
	}
}

func singles(n int) *Votes {
	log := new(Log)
	for j := range n {
		log.Add(Event{ParticipantID(j), StatementID(j), Agree, 0})
	}
	return log.Votes()
}

func TestAnalyzeRefusesParameters(t *testing.T) {
	for _, p := range []Params{{Groups: 1}, {Groups: 11}, {MaxAxes: 99}, {MinVotes: -1}, {MaxGroups: -3}} {
		if _, err := Analyze(context.Background(), new(Log).Votes(), p); err == nil {
			t.Errorf("%+v is accepted", p)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Analyze(ctx, new(Log).Votes(), Params{}); err != context.Canceled {
		t.Errorf("after cancelling: %v", err)
	}
}

func TestLabelsFollow(t *testing.T) {
	log := story(rand.New(rand.NewPCG(5, 6)), 300, 50)
	before := analyze(t, log.Votes(), Params{})
	for g := range before.Groups {
		before.Groups[g].Label += 4
	}
	for i := range before.People {
		if before.People[i].Group != NoGroup {
			before.People[i].Group = 4 + (before.People[i].Group+1)%len(before.Groups)
		}
	}
	after := analyze(t, log.Votes(), Params{Previous: before})
	for i, p := range after.People {
		if p.Group != before.People[i].Group {
			t.Fatalf("participant %d is in group %d, was in %d", p.ID, p.Group, before.People[i].Group)
		}
	}
	if !slices.IsSortedFunc(after.Groups, func(a, b Group) int { return a.Label - b.Label }) {
		t.Error("groups are not in the order of their labels")
	}
}

func TestAssignBest(t *testing.T) {
	for _, c := range []struct {
		gain [][]int
		want string
	}{
		{[][]int{{5, 4}, {5, 1}}, "[1 0]"},
		{[][]int{{5}, {6}, {7}}, "[-1 -1 0]"},
		{[][]int{{1, 2, 3}}, "[2]"},
		{nil, "[]"},
	} {
		if got := fmt.Sprint(assignBest(c.gain)); got != c.want {
			t.Errorf("assignBest(%v) = %s, want %s", c.gain, got, c.want)
		}
	}
}

// TestAllAlikeIsNotTooFew: where many people voted and all alike, votes are not what is missing.
func TestAllAlikeIsNotTooFew(t *testing.T) {
	log := new(Log)
	for i := range 30 {
		for j := range 10 {
			if err := log.Add(Event{ParticipantID(i), StatementID(j), Agree, 0}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r := analyze(t, log.Votes(), Params{}); r.Structure != NoGroups || len(r.Groups) != 0 {
		t.Errorf("structure %q, %d groups", r.Structure, len(r.Groups))
	}
}

// TestNobodyIsAGroup: one person against fifty is no group of opinion, and takes nobody's consensus away.
func TestNobodyIsAGroup(t *testing.T) {
	log := new(Log)
	for i := range 51 {
		for j := range 10 {
			vote := Agree
			if i == 20 {
				vote = Disagree
			}
			if err := log.Add(Event{ParticipantID(i), StatementID(j), vote, 0}); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := analyze(t, log.Votes(), Params{})
	if r.Structure != NoGroups || len(r.Groups) != 0 || len(r.Choices) == 0 {
		t.Errorf("structure %q, %d groups, %d numbers of groups considered", r.Structure, len(r.Groups), len(r.Choices))
	}
	for _, s := range r.Statements {
		if s.Consensus == nil || s.Consensus.Agree < .9 {
			t.Errorf("consensus on statement %d: %+v", s.ID, s.Consensus)
		}
	}
	if forced := analyze(t, log.Votes(), Params{Groups: 2}); len(forced.Groups) != 2 {
		t.Errorf("%d groups where two are asked for", len(forced.Groups))
	}
}
