// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

func compatOf(t *testing.T, rows ...[]Vote) *CompatResult {
	t.Helper()
	log := new(Log)
	for i, row := range rows {
		for j, vote := range row {
			if vote == Unseen {
				continue
			}
			if err := log.Add(Event{ParticipantID(i), StatementID(j), vote, 0}); err != nil {
				t.Fatal(err)
			}
		}
	}
	v, err := CompatVotes(log)
	if err != nil {
		t.Fatal(err)
	}
	r, err := new(Compat).Tick(context.Background(), v)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCompatOneColumn: with one statement, or one participant, there is one axis only, and Polis then
// leaves everyone and every statement at the middle: one base cluster, no extremity.
func TestCompatOneColumn(t *testing.T) {
	for name, rows := range map[string][][]Vote{
		"one statement":   {{Agree}, {Agree}, {Disagree}},
		"one participant": {{Agree, Disagree, Pass}},
	} {
		r := compatOf(t, rows...)
		for i, at := range r.Places {
			if at != [2]float64{} {
				t.Errorf("%s: participant %d stands at %v", name, i, at)
			}
		}
		for j, e := range r.PCA.Extremity {
			if e != 0 || r.PCA.Places[0][j] != 0 || r.PCA.Places[1][j] != 0 {
				t.Errorf("%s: statement %d stands away from the middle", name, j)
			}
		}
		if len(r.Base.ID) != 1 || r.Base.Count[0] != len(rows) || len(r.Groups) != 1 {
			t.Errorf("%s: base clusters %+v, groups %+v", name, r.Base, r.Groups)
		}
	}
}

// TestCompatRankOne: where all votes lie on one line, the first axis tells people apart all the same.
func TestCompatRankOne(t *testing.T) {
	r := compatOf(t, []Vote{Agree, Agree}, []Vote{Agree, Agree}, []Vote{Disagree, Disagree}, []Vote{Disagree, Disagree})
	for i, want := range []float64{-1, -1, 1, 1} { // the sign of Polis
		if at := r.Places[i]; math.Abs(at[0]-want*math.Sqrt2) > 1e-12 || math.Abs(at[1]) > 1e-12 {
			t.Errorf("participant %d stands at %v", i, at)
		}
	}
	if len(r.Base.ID) != 2 || len(r.Groups) != 2 || r.Silhouettes[2] != 0 {
		t.Errorf("base clusters %+v, groups %+v, silhouettes %v", r.Base, r.Groups, r.Silhouettes)
	}
}

// TestCompatOpposedCamps: two camps that take opposite sides on every statement, each agreeing with half of them,
// give a matrix that maps the usual start, a vector of ones, to nothing. They are told apart nevertheless.
func TestCompatOpposedCamps(t *testing.T) {
	var rows [][]Vote
	for i := range 20 {
		row := make([]Vote, 8)
		for j := range row {
			row[j] = [2]Vote{Agree, Disagree}[(i+j)%2]
		}
		rows = append(rows, row)
	}
	r := compatOf(t, rows...)
	if len(r.Groups) != 2 || len(r.Base.ID) != 2 {
		t.Fatalf("groups %+v", r.Groups)
	}
	for n, members := range r.Base.Members {
		for _, p := range members {
			if p%2 != members[0]%2 || len(members) != 10 {
				t.Errorf("base cluster %d: %v", n, members)
			}
		}
	}
}

// TestCompatJSON: the JSON form has the names of Polis's math result, votes of groups in its shape, and no list is null.
func TestCompatJSON(t *testing.T) {
	for name, rows := range map[string][][]Vote{
		"two camps": {{Agree, Disagree}, {Agree, Disagree}, {Disagree, Agree}, {Pass, Agree}},
		"nobody":    {},
		"one":       {{Pass}},
	} {
		text, err := json.Marshal(compatOf(t, rows...))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "null") {
			t.Errorf("%s: null in %s", name, text)
		}
		var got struct {
			N      int            `json:"n"`
			Counts map[string]int `json:"user-vote-counts"`
			Groups map[string]struct {
				ID      int                       `json:"id"`
				Members int                       `json:"n-members"`
				Votes   map[string]map[string]int `json:"votes"`
			} `json:"group-votes"`
		}
		if err := json.Unmarshal(text, &got); err != nil || got.N != len(rows) || len(got.Counts) != len(rows) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if g := got.Groups["0"]; name == "two camps" && (g.Members != 2 || !maps.Equal(g.Votes["0"], map[string]int{"A": 2, "D": 0, "S": 2})) {
			t.Errorf("%s: votes of the first group %+v", name, g)
		}
	}
	all := map[string]any{}
	text, _ := json.Marshal(compatOf(t, []Vote{Agree}))
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"base-clusters", "comment-priorities", "consensus", "group-aware-consensus", "group-clusters", "group-votes", "in-conv",
		"meta-tids", "mod-out", "n", "n-cmts", "pca", "repness", "tids", "user-vote-counts",
	} {
		if _, ok := all[name]; !ok {
			t.Errorf("%s is missing among %v", name, slices.Sorted(maps.Keys(all)))
		}
	}
}
