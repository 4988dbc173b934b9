// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// The published conversations are CC BY 4.0 and not part of this repository; see docs/opinion.md.
var openSets = []string{"vtaiwan.uberx", "scoop-hivemind.biodiversity", "bg2050-volunteers", "brexit-consensus"}

var productionSets = []string{
	"prod-blob-25ptpt-3gp-no-strict-with-meta", "prod-blob-above-100-ptpts", "prod-blob-below-100-ptpts",
}

// dataRoot is the folder of published conversations beside the repository; empty where there is none.
func dataRoot() string {
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		root := filepath.Join(dir, "shared", "data", "polis")
		if _, err := os.Stat(root); err == nil {
			return root
		}
	}
	return ""
}

// dataFile finds a file of the published conversations, or skips the test.
func dataFile(t testing.TB, set, name string) string {
	t.Helper()
	path := filepath.Join(dataRoot(), set, name)
	if _, err := os.Stat(path); dataRoot() == "" || err != nil {
		t.Skipf("the published conversation %s is not here: put shared/data/polis beside the repository to run this test", set)
	}
	return path
}

// setsWith adds to some sets all others there are that have the files named: whoever puts another conversation beside those
// known here has it checked as well.
func setsWith(known []string, files ...string) []string {
	out := slices.Clone(known)
	found, _ := filepath.Glob(filepath.Join(dataRoot(), "*", files[0]))
	for _, path := range found {
		dir := filepath.Dir(path)
		lacks := slices.ContainsFunc(files, func(name string) bool {
			_, err := os.Stat(filepath.Join(dir, name))
			return err != nil
		})
		if set := filepath.Base(dir); !lacks && dataRoot() != "" && !slices.Contains(out, set) {
			out = append(out, set)
		}
	}
	return out
}

func loadSet(t testing.TB, set string) *Log {
	t.Helper()
	c, err := os.Open(dataFile(t, set, "comments.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	statements, err := ReadStatements(c)
	if err != nil {
		t.Fatal(err)
	}
	v, err := os.Open(dataFile(t, set, "votes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	log, err := ReadVotes(v, ReadOptions{Known: statements})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func loadJSON(t testing.TB, set, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(dataFile(t, set, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s/%s: %v", set, name, err)
	}
}

// published reads participants-votes.csv: each participant's group (-1 none) and votes by statement.
type published struct {
	group map[ParticipantID]int
	votes map[ParticipantID]map[StatementID]Vote
}

func loadPublished(t testing.TB, set string) published {
	t.Helper()
	f, err := os.Open(dataFile(t, set, "participants-votes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := published{map[ParticipantID]int{}, map[ParticipantID]map[StatementID]Vote{}}
	group := slices.Index(rows[0], "group-id")
	first := slices.Index(rows[0], "n-disagree") + 1
	for _, row := range rows[1:] {
		n, _ := strconv.Atoi(row[0])
		id := ParticipantID(n)
		out.group[id] = -1
		if g, err := strconv.Atoi(row[group]); err == nil {
			out.group[id] = g
		}
		out.votes[id] = map[StatementID]Vote{}
		for j := first; j < len(row); j++ {
			s, _ := strconv.Atoi(rows[0][j])
			if v, ok := parseVote([]byte(row[j])); ok {
				out.votes[id][StatementID(s)] = v
			}
		}
	}
	return out
}

func TestMatrixEqualsPublished(t *testing.T) {
	for _, set := range setsWith(openSets, "participants-votes.csv", "votes.csv", "comments.csv") {
		t.Run(set, func(t *testing.T) {
			votes, want := loadSet(t, set).Votes(), loadPublished(t, set)
			if len(votes.participants) != len(want.votes) {
				t.Errorf("%d participants, published %d", len(votes.participants), len(want.votes))
			}
			wrong := 0
			for i, p := range votes.participants {
				for j, s := range votes.statements {
					if votes.Vote(i, j) != want.votes[p][s.ID] {
						wrong++
					}
				}
			}
			if wrong > 0 {
				t.Errorf("%d cells differ", wrong)
			}
		})
	}
}

func TestAgreesCountAllRows(t *testing.T) {
	for _, set := range openSets {
		t.Run(set, func(t *testing.T) {
			all := map[StatementID]*Tally{}
			for e := range loadSet(t, set).Events {
				if all[e.Statement] == nil {
					all[e.Statement] = new(Tally)
				}
				all[e.Statement].add(e.Vote, 1)
			}
			f, err := os.Open(dataFile(t, set, "comments.csv"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			rows, err := csv.NewReader(f).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			id, agrees := slices.Index(rows[0], "comment-id"), slices.Index(rows[0], "agrees")
			for _, row := range rows[1:] {
				n, _ := strconv.Atoi(row[id])
				want, _ := strconv.Atoi(row[agrees])
				if got := all[StatementID(n)]; got == nil && want != 0 || got != nil && got.Agrees != want {
					t.Errorf("statement %d: %+v, want %d agrees", n, got, want)
				}
			}
		})
	}
}

// publishedColumn reads a column of figures out of comments.csv, by statement.
func publishedColumn(t *testing.T, set, name string) map[StatementID]float64 {
	t.Helper()
	f, err := os.Open(dataFile(t, set, "comments.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	id, column := slices.Index(rows[0], "comment-id"), slices.Index(rows[0], name)
	out := map[StatementID]float64{}
	for _, row := range rows[1:] {
		n, _ := strconv.Atoi(row[id])
		if v, err := strconv.ParseFloat(row[column], 64); err == nil {
			out[StatementID(n)] = v
		}
	}
	return out
}
