// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// opinionFolder writes a small conversation, made up: two camps of people, and statements all agree with.
func opinionFolder(t *testing.T) string {
	dir := t.TempDir()
	var votes, comments strings.Builder
	votes.WriteString("timestamp,datetime,comment-id,voter-id,vote\n")
	comments.WriteString("timestamp,comment-id,author-id,agrees,disagrees,moderated,comment-body\n")
	for s := range 12 {
		fmt.Fprintf(&comments, "1500000000,%d,1,0,0,%d,\"Statement <%d>, \"\"quoted\"\"\"\n", s, 1-2*(s/11), s)
		for p := range 40 {
			vote := 1
			if s%3 > 0 && p%2 == s%2 {
				vote = -1
			}
			if (p*7+s*5)%13 == 0 {
				vote = 0
			}
			fmt.Fprintf(&votes, "%d,x,%d,%d,%d\n", 1500000000+p, s, p, vote)
		}
	}
	writeFile(t, filepath.Join(dir, "votes.csv"), votes.String())
	writeFile(t, filepath.Join(dir, "comments.csv"), comments.String())
	return dir
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func readTable(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestOpinionCommand(t *testing.T) {
	dir := opinionFolder(t)
	for name, args := range map[string][]string{
		"folder":        {dir},
		"compat":        {dir, "--compat"},
		"file":          {filepath.Join(dir, "votes.csv"), "--comments", filepath.Join(dir, "comments.csv")},
		"options first": {"--seed", "7", dir},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "new", "folder")
			var stdout, stderr bytes.Buffer
			if code := opinionCommand(append(args, "--out", out), nil, &stdout, &stderr); code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			if !strings.Contains(stdout.String(), "40 people gave 480 votes on 12 statements") || stderr.Len() > 0 {
				t.Errorf("printed %s and %s", stdout.String(), stderr.String())
			}
			checkOpinionFiles(t, out)
		})
	}
}

func checkOpinionFiles(t *testing.T, out string) {
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 4 {
		t.Fatalf("files %v, %v", entries, err)
	}
	people := readTable(t, filepath.Join(out, "participants.csv"))
	if head := strings.Join(people[0], ","); !strings.HasPrefix(head, "participant,group,x,y,votes") || len(people) != 41 {
		t.Errorf("participants.csv: %s, %d rows", head, len(people))
	}
	for _, p := range people[3:] {
		if p[1] == "" || (p[1] == people[1][1]) != (strings.Contains("02468", p[0][len(p[0])-1:])) {
			t.Errorf("participant %s is in group %q", p[0], p[1])
		}
	}
	statements := readTable(t, filepath.Join(out, "statements.csv"))
	if head := strings.Join(statements[0], ","); !strings.HasPrefix(head, "statement,agrees,disagrees,passes,consensus,priority") || len(statements) != 13 {
		t.Errorf("statements.csv: %s, %d rows", head, len(statements))
	}
	text, _ := os.ReadFile(filepath.Join(out, "result.json"))
	if !json.Valid(text) {
		t.Error("result.json is not JSON")
	}
	picture, _ := os.ReadFile(filepath.Join(out, "map.svg"))
	for decoder := xml.NewDecoder(bytes.NewReader(picture)); ; {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("map.svg: %v", err)
		}
	}
	for _, want := range []string{"<title", "<desc", "<ellipse", "<polygon", "prefers-color-scheme:dark", `role="img"`, "Group A: 20 people"} {
		if !strings.Contains(string(picture), want) {
			t.Errorf("map.svg lacks %s", want)
		}
	}
}

// TestOpinionFolder finds the files of a conversation under the names they are published by.
func TestOpinionFolder(t *testing.T) {
	made := opinionFolder(t)
	votes, _ := os.ReadFile(filepath.Join(made, "votes.csv"))
	comments, _ := os.ReadFile(filepath.Join(made, "comments.csv"))
	list := `[{"pid":1,"tid":0,"vote":1,"modified":"1500000000000"},{"pid":2,"tid":0,"vote":-1,"modified":1500000000000.0}]`
	for name, c := range map[string]struct {
		files map[string]string
		code  int
		want  string
	}{
		"today's export": {map[string]string{
			"2025-08-29-0002-7btrabcujr-votes.csv": string(votes), "2025-08-29-0002-7btrabcujr-comments.csv": string(comments),
			"2025-08-29-0002-7btrabcujr-participant-votes.csv": "participant\n", "2025-08-29-0002-7btrabcujr-comment-groups.csv": "x\n",
		}, 0, "[0] Statement <0>, \"quoted\""},
		"plain before export": {map[string]string{"votes.csv": string(votes), "old-votes.csv": "", "Comments.csv": string(comments)}, 0, "[0] Statement <0>"},
		"no statements":       {map[string]string{"votes.csv": string(votes)}, 0, "No file of statements was read"},
		"lists":               {map[string]string{"votes.json": list, "comments.json": `[{"tid":0,"txt":"One"}]`, "math-pca2.json": "{}"}, 0, "2 people gave 2 votes on 1 statement;"},
		"two exports":         {map[string]string{"a-votes.csv": string(votes), "b-votes.csv": string(votes)}, 1, "several files of votes: a-votes.csv, b-votes.csv"},
		"only by person":      {map[string]string{"participants-votes.csv": "participant\n", "comments.csv": string(comments)}, 1, "has no votes.csv"},
		"nothing":             {nil, 1, "has no votes.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				writeFile(t, filepath.Join(dir, file), text)
			}
			var stdout, stderr bytes.Buffer
			code := opinionCommand([]string{dir, "--out", t.TempDir()}, nil, &stdout, &stderr)
			if printed := stdout.String() + stderr.String(); code != c.code || !strings.Contains(printed, c.want) {
				t.Errorf("exit code %d, want %q in %s", code, c.want, printed)
			}
		})
	}
}

func TestOpinionCommandRefuses(t *testing.T) {
	dir := opinionFolder(t)
	votes := filepath.Join(dir, "votes.csv")
	comments := filepath.Join(dir, "comments.csv")
	sound, _ := os.ReadFile(votes)
	for name, c := range map[string]struct{ votes, comments, want string }{
		"damaged row":       {string(sound) + "1,x,2\n", "", "row 482: 3 fields where the header has 5"},
		"unknown statement": {string(sound) + "1,x,99,1,1\n", "", "row 482: a vote on statement 99"},
		"out of range":      {string(sound) + "1,x,1,1,3\n", "", `row 482: vote "3"`},
		"two of one name":   {"vote,vote\n", "", `two columns are named "vote"`},
		"empty votes":       {"", "", "the file is empty"},
		"empty comments":    {string(sound), "\n", "the file is empty"},
		"wrong kind":        {"<html>\n", "", `the column "comment-id" is missing`},
	} {
		t.Run(name, func(t *testing.T) {
			writeFile(t, votes, c.votes)
			if c.comments != "" {
				before, _ := os.ReadFile(comments)
				writeFile(t, comments, c.comments)
				defer writeFile(t, comments, string(before))
			}
			out := filepath.Join(t.TempDir(), "out")
			var stdout, stderr bytes.Buffer
			if code := opinionCommand([]string{dir, "--out", out}, nil, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("exit code %d, %s; want %s", code, stderr.String(), c.want)
			}
			if _, err := os.Stat(out); !os.IsNotExist(err) || stdout.Len() > 0 {
				t.Errorf("something was written: %v, %s", err, stdout.String())
			}
		})
	}
	for _, args := range [][]string{{}, {"a", "b"}, {dir, "--wrong"}} {
		if code := opinionCommand(args, nil, io.Discard, io.Discard); code != 2 {
			t.Errorf("%v: exit code %d, want 2", args, code)
		}
	}
	if code := opinionCommand([]string{filepath.Join(dir, "none")}, nil, io.Discard, io.Discard); code != 1 {
		t.Errorf("no such file: exit code %d, want 1", code)
	}
	if code := opinionCommand([]string{"-h"}, nil, io.Discard, io.Discard); code != 0 {
		t.Errorf("help: exit code %d, want 0", code)
	}
}

func TestOpinionCommandReadsStandardInput(t *testing.T) {
	votes, err := os.Open(filepath.Join(opinionFolder(t), "votes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer votes.Close()
	var stdout, stderr bytes.Buffer
	if code := opinionCommand([]string{"-", "--out", t.TempDir()}, votes, &stdout, &stderr); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

// TestOpinionBurst has four people vote alike within half a minute among
// thirty who do not, with and without times in the file.
func TestOpinionBurst(t *testing.T) {
	var timed, bare strings.Builder
	timed.WriteString("timestamp,comment-id,voter-id,vote\n")
	bare.WriteString("comment-id,voter-id,vote\n")
	row := func(at, statement, person, vote int) {
		fmt.Fprintf(&timed, "%d,%d,%d,%d\n", at, statement, person, vote)
		fmt.Fprintf(&bare, "%d,%d,%d\n", statement, person, vote)
	}
	for s := range 14 {
		for p := range 30 {
			row(1500000000+60*p, s, p, (p*p+3*s*p+s)%3-1)
		}
		for p := 100; p < 104; p++ {
			row(1500001000+10*(p-100), s, p, s%2*2-1)
		}
	}
	for name, c := range map[string]struct{ votes, want string }{
		"times":    {timed.String(), "Note: 4 people gave the same 14 votes, all within 30s from 2017-07-14 02:56:40 UTC.\n"},
		"no times": {bare.String(), "Note: 4 people gave the same 14 votes.\n"},
	} {
		var out, fault bytes.Buffer
		file := filepath.Join(t.TempDir(), "votes.csv")
		writeFile(t, file, c.votes)
		if code := opinionCommand([]string{file, "--out", filepath.Dir(file)}, strings.NewReader(""), &out, &fault); code != 0 || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: exit %d, want %q in\n%s%s", name, code, c.want, out.String(), fault.String())
		}
	}
}

// TestOpinionSummaryOfLittle: what is said of conversations too small or too alike for groups is true, and in good English.
func TestOpinionSummaryOfLittle(t *testing.T) {
	table := func(people, statements int, vote func(person, statement int) int) string {
		var b strings.Builder
		b.WriteString("comment-id,voter-id,vote\n")
		for p := range people {
			for s := range statements {
				fmt.Fprintf(&b, "%d,%d,%d\n", s, p, vote(p, s))
			}
		}
		return b.String()
	}
	all := func(int, int) int { return 1 }
	for name, c := range map[string]struct {
		votes, want string
		compat      bool
	}{
		"one vote":           {table(1, 1, all), "1 person gave 1 vote on 1 statement; 1 person voted enough to be grouped.", false},
		"one vote, as Polis": {table(1, 1, all), "1 person gave 1 vote on 1 statement; 1 person is grouped.", true},
		"all agree":          {table(30, 10, all), "There are no groups to speak of: too few votes, or everyone voted alike.", false},
		"all agree on":       {table(30, 10, all), "Together, people agree (share in each group, lower bound, averaged):\n  9", false},
		"everybody passes":   {table(30, 10, func(int, int) int { return 0 }), "Most people agree with:\n  nothing\n\nMost people disagree with:\n  nothing\n", true},
		"many identical":     {table(700, 30, func(p, s int) int { return p/100>>(s%3)&1*2 - 1 }), "Note: 2 more sets of people with the same votes", false},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"-", "--out", t.TempDir()}
			if c.compat {
				args = append(args, "--compat")
			}
			var stdout, stderr bytes.Buffer
			if code := opinionCommand(args, strings.NewReader(c.votes), &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), c.want) {
				t.Errorf("exit code %d, want %q in\n%s%s", code, c.want, stdout.String(), stderr.String())
			}
		})
	}
}
