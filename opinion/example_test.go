// SPDX-License-Identifier: Apache-2.0

package opinion_test

import (
	"context"
	"fmt"
	"os"

	"example.org/chorus/opinion"
)

// A conversation read from a file: who stands where, and what all agree on.
func Example() {
	file, err := os.Open("testdata/garden/votes.csv")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	log, err := opinion.ReadVotes(file, opinion.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := opinion.Analyze(context.Background(), log.Votes(), opinion.Params{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, g := range result.Groups {
		fmt.Printf("group %s: %d people\n", opinion.GroupName(g.Label), g.Size)
	}
	for _, s := range result.Statements {
		if s.Consensus != nil && s.Consensus.Agree > .75 {
			fmt.Printf("statement %d: shared by %.0f %%, and by %.0f %% in the least willing group\n",
				s.ID, 100*s.Consensus.Agree, 100*s.Consensus.LeastAgree.Share)
		}
	}
	// Output:
	// group A: 31 people
	// group B: 31 people
	// statement 1: shared by 78 %, and by 72 % in the least willing group
}

// The same conversation as Polis computes it.
func ExampleCompat() {
	file, err := os.Open("testdata/garden/votes.csv")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	log, err := opinion.ReadVotes(file, opinion.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	votes, err := opinion.CompatVotes(log)
	if err != nil {
		fmt.Println(err)
		return
	}
	compat := opinion.Compat{CurrentPriorities: true}
	result, err := compat.Tick(context.Background(), votes)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, g := range result.GroupVotes {
		fmt.Printf("group %d: %d people, %d representative statements\n", g.ID, g.Members, len(result.Representative[g.ID]))
	}
	fmt.Printf("silhouette of %d groups: %.2f\n", result.Smoother.SmoothedK, result.Silhouettes[result.Smoother.SmoothedK])
	// Output:
	// group 0: 31 people, 5 representative statements
	// group 1: 31 people, 5 representative statements
	// silhouette of 2 groups: 0.52
}

// A conversation that goes on: votes come in, and the next statement is drawn for a person.
func ExampleState() {
	state := opinion.NewState(nil)
	for id := range opinion.StatementID(3) {
		if err := state.SetStatement(opinion.Statement{ID: id}); err != nil {
			fmt.Println(err)
			return
		}
	}
	vote := func(p opinion.ParticipantID, s opinion.StatementID, v opinion.Vote) {
		if err := state.Cast(p, s, v); err != nil {
			fmt.Println(err)
		}
	}
	vote(7, 0, opinion.Agree)
	vote(7, 1, opinion.Pass)
	vote(7, 0, opinion.Disagree) // thought better of it
	tally, _ := state.Tally(0)
	offer := state.Next(7, fixed(1))
	fmt.Println(tally.Agrees, tally.Disagrees, offer.Statement, offer.Propensity, offer.Left)
	// Output: 0 1 2 1 1
}

// fixed stands for a generator such as rand.NewPCG.
type fixed uint64

func (f fixed) Uint64() uint64 { return uint64(f) }
