// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	deliberation "example.org/chorus/opinion"
)

const opinionUsage = `Usage: chorus opinion DIR|votes.csv|- [--comments FILE] [--compat] [--out DIR] [--seed N]

Finds the groups of opinion in a conversation and the ground they share. Reads the files Polis publishes:
votes.csv and, if it is there, comments.csv, in the folder DIR, or files whose names end so, or votes.json and
comments.json; or one file of votes; or votes from standard input.
Writes result.json, participants.csv, statements.csv and map.svg.

`

// opinionOptions is what the command line asks for.
type opinionOptions struct {
	votes    string // a file; - is standard input
	comments string // empty: none
	out      string
	compat   bool
	seed     uint64
}

// opinionCommand runs "chorus opinion". It returns the exit code: 0 done, 1 the data cannot be used, 2 called wrongly.
func opinionCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parseOpinion(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "chorus opinion:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx, stdin, stdout, &opinionProgress{to: stderr, since: time.Now()}); err != nil {
		fmt.Fprintln(stderr, "chorus opinion:", err)
		return 1
	}
	return 0
}

// parseOpinion lets options stand before and after the file.
func parseOpinion(args []string, stderr io.Writer) (opinionOptions, error) {
	var o opinionOptions
	flags := flag.NewFlagSet("opinion", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, opinionUsage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.comments, "comments", "", "`FILE` with the statements (default: comments.csv in DIR)")
	flags.StringVar(&o.out, "out", ".", "`DIR` to write to; made if it is not there")
	flags.BoolVar(&o.compat, "compat", false, "compute what Polis computes, quirk by quirk")
	flags.Uint64Var(&o.seed, "seed", 0, "`number` that everything drawn depends on")
	var files []string
	for {
		if err := flags.Parse(args); err != nil {
			return o, err
		}
		if flags.NArg() == 0 {
			break
		}
		files, args = append(files, flags.Arg(0)), flags.Args()[1:]
	}
	if len(files) != 1 {
		return o, fmt.Errorf("name one folder or votes.csv, not %d; see chorus opinion -h", len(files))
	}
	o.votes = files[0]
	return o, nil
}

// inFolder finds the votes, and the statements if they were not named, where a folder was named.
func (o *opinionOptions) inFolder() error {
	info, err := os.Stat(o.votes)
	if err != nil || !info.IsDir() {
		return nil // opening the file says what is wrong with it
	}
	dir := o.votes
	if o.votes, err = exportedFile(dir, "votes"); err != nil {
		return err
	}
	if o.votes == "" {
		return fmt.Errorf("%s has no votes.csv, no file whose name ends in -votes.csv and no votes.json", dir)
	}
	if o.comments == "" {
		o.comments, err = exportedFile(dir, "comments")
	}
	return err
}

// exportedFile finds votes.csv in a folder, or the one file *-votes.csv, as today's export names it, or votes.json; nothing if none is there.
func exportedFile(dir, kind string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var plain, exported, listed []string
	for _, e := range entries {
		switch name := strings.ToLower(e.Name()); {
		case e.IsDir():
		case name == kind+".csv":
			plain = append(plain, e.Name())
		case strings.HasSuffix(name, "participant-votes.csv"), strings.HasSuffix(name, "participants-votes.csv"): // a table by person
		case strings.HasSuffix(name, "-"+kind+".csv"), strings.HasSuffix(name, "_"+kind+".csv"):
			exported = append(exported, e.Name())
		case name == kind+".json":
			listed = append(listed, e.Name())
		}
	}
	for _, found := range [][]string{plain, exported, listed} {
		switch len(found) {
		case 0:
		case 1:
			return filepath.Join(dir, found[0]), nil
		default:
			return "", fmt.Errorf("%s has several files of %s: %s; name the one to read", dir, kind, strings.Join(found, ", "))
		}
	}
	return "", nil
}

func (o opinionOptions) run(ctx context.Context, stdin io.Reader, stdout io.Writer, progress *opinionProgress) error {
	if err := o.inFolder(); err != nil {
		return err
	}
	log, statements, err := o.read(stdin, progress)
	if err != nil {
		return err
	}
	var outcome *opinionOutcome
	if o.compat {
		outcome, err = compatOutcome(ctx, log, progress)
	} else {
		outcome, err = defaultOutcome(ctx, log, deliberation.Params{Seed: o.seed, Progress: progress.step})
	}
	if err != nil {
		return err
	}
	if err := outcome.write(o.out); err != nil {
		return err
	}
	summary := bufio.NewWriter(stdout)
	outcome.summarise(summary, statements)
	if o.comments == "" {
		fmt.Fprintln(summary, "\nNo file of statements was read, so nothing is known of their texts, and all of them count.")
	}
	fmt.Fprintf(summary, "\nWritten to %s: result.json, participants.csv, statements.csv, map.svg\n", o.out)
	return summary.Flush()
}

// read gives the events and the statements by identifier.
func (o opinionOptions) read(stdin io.Reader, progress *opinionProgress) (*deliberation.Log, statementTexts, error) {
	byID := statementTexts{}
	var known []deliberation.Statement
	if o.comments != "" {
		f, err := os.Open(o.comments)
		if err != nil {
			return nil, nil, err
		}
		defer f.Close()
		if known, err = deliberation.ReadStatements(f); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", o.comments, err)
		}
		for _, s := range known {
			byID[s.ID] = s
		}
	}
	in := stdin
	if o.votes != "-" {
		f, err := os.Open(o.votes)
		if err != nil {
			return nil, nil, err
		}
		defer f.Close()
		in = f
	}
	log, err := deliberation.ReadVotes(in, deliberation.ReadOptions{Known: known, Progress: progress.rows})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.votes, err)
	}
	return log, byID, nil
}

// opinionProgress says what is being done, once it has taken more than a moment.
type opinionProgress struct {
	to    io.Writer
	since time.Time
	told  int
}

const opinionMoment = 2 * time.Second

func (p *opinionProgress) step(name string) {
	if time.Since(p.since) > opinionMoment {
		fmt.Fprintf(p.to, "%s …\n", name)
	}
}

// whole announces work done in one piece, where so many votes make it last.
func (p *opinionProgress) whole(name string, votes int) {
	if votes > 250_000 {
		fmt.Fprintf(p.to, "%s …\n", name)
	}
}

func (p *opinionProgress) rows(n int) {
	if n-p.told >= 1_000_000 {
		p.told = n
		fmt.Fprintf(p.to, "reading: %d votes …\n", n)
	}
}

// opinionOutcome is what both modes have in common: the files to be written and the summary.
type opinionOutcome struct {
	result     any
	people     [][]string // with headings
	statements [][]string
	picture    deliberation.Picture
	summarise  func(w io.Writer, statements statementTexts)
}

// write makes all files under other names first and then gives them theirs, so that nothing is left half written.
func (o *opinionOutcome) write(dir string) (err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	made := map[string]string{}
	defer func() {
		for _, temporary := range made {
			os.Remove(temporary)
		}
	}()
	for _, f := range []struct {
		name string
		fill func(io.Writer) error
	}{
		{"result.json", func(w io.Writer) error { return json.NewEncoder(w).Encode(o.result) }},
		{"participants.csv", func(w io.Writer) error { return csv.NewWriter(w).WriteAll(o.people) }},
		{"statements.csv", func(w io.Writer) error { return csv.NewWriter(w).WriteAll(o.statements) }},
		{"map.svg", func(w io.Writer) error { return o.picture.WriteSVG(w, deliberation.PictureText{}) }},
	} {
		if made[f.name], err = writeTemporary(dir, f.name, f.fill); err != nil {
			return err
		}
	}
	for name, temporary := range made {
		if err := os.Rename(temporary, filepath.Join(dir, name)); err != nil {
			return err
		}
		delete(made, name)
	}
	return nil
}

func writeTemporary(dir, name string, fill func(io.Writer) error) (path string, err error) {
	f, err := os.CreateTemp(dir, "."+name+".*")
	if err != nil {
		return "", err
	}
	out := bufio.NewWriterSize(f, 1<<16)
	err = errors.Join(fill(out), out.Flush(), f.Chmod(0o644), f.Close())
	if err != nil {
		os.Remove(f.Name())
		return "", fmt.Errorf("writing %s: %w", name, err)
	}
	return f.Name(), nil
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'g', 8, 64) }

func defaultOutcome(ctx context.Context, log *deliberation.Log, p deliberation.Params) (*opinionOutcome, error) {
	r, err := deliberation.Analyze(ctx, log.Votes(), p)
	if err != nil {
		return nil, err
	}
	o := &opinionOutcome{result: r, picture: r.Picture()}
	o.people = [][]string{{"participant", "group", "x", "y", "votes", "probability", "between", "major", "minor", "angle"}}
	for _, p := range r.People {
		group, probability := "", ""
		if p.Group != deliberation.NoGroup {
			group, probability = strconv.Itoa(p.Group), decimal(float64(slices.Max(p.Membership)))
		}
		o.people = append(o.people, []string{
			strconv.FormatInt(int64(p.ID), 10), group, decimal(p.X), decimal(p.Y), strconv.Itoa(p.Votes), probability,
			strconv.FormatBool(p.Between), decimal(p.Uncertainty.Major), decimal(p.Uncertainty.Minor), decimal(p.Uncertainty.Angle),
		})
	}
	o.statements = [][]string{{"statement", "agrees", "disagrees", "passes", "consensus", "priority", "against", "least", "least-group", "bridge", "verdict"}}
	for _, s := range r.Statements {
		row := []string{
			strconv.FormatInt(int64(s.ID), 10), strconv.Itoa(s.All.Agrees), strconv.Itoa(s.All.Disagrees), strconv.Itoa(s.All.Passes),
			"", decimal(s.Priority), "", "", "", "", "",
		}
		if c := s.Consensus; c != nil {
			row[4], row[6], row[7], row[8] = decimal(c.Agree), decimal(c.Disagree), decimal(c.LeastAgree.Share), strconv.Itoa(c.LeastAgree.Group)
		}
		if s.Bridge != nil {
			row[9], row[10] = decimal(s.Bridge.Intercept), string(s.Bridge.Verdict)
		}
		o.statements = append(o.statements, row)
	}
	o.summarise = func(w io.Writer, statements statementTexts) {
		summariseDefault(w, r, statements)
		noteIdentical(w, r, log)
	}
	return o, nil
}

func compatOutcome(ctx context.Context, log *deliberation.Log, progress *opinionProgress) (*opinionOutcome, error) {
	progress.whole("computing as Polis does", log.Len())
	v, err := deliberation.CompatVotes(log)
	if err != nil {
		return nil, err
	}
	c := deliberation.Compat{CurrentPriorities: true}
	r, err := c.Tick(ctx, v)
	if err != nil {
		return nil, err
	}
	o := &opinionOutcome{result: r, picture: r.Picture()}
	group := map[deliberation.ParticipantID]string{}
	for _, s := range r.ParticipantStats {
		group[s.Participant] = strconv.Itoa(s.Group)
	}
	tallies, votes := v.Tallies(), v.VotesByParticipant()
	o.people = [][]string{{"participant", "group", "x", "y", "votes"}}
	for i, p := range r.Participants {
		o.people = append(o.people, []string{
			strconv.FormatInt(int64(p), 10), group[p], decimal(r.Places[i][0]), decimal(r.Places[i][1]), strconv.Itoa(votes[i]),
		})
	}
	o.statements = [][]string{{"statement", "agrees", "disagrees", "passes", "consensus", "priority"}}
	for j, s := range r.Statements {
		t := tallies[j]
		o.statements = append(o.statements, []string{
			strconv.FormatInt(int64(s), 10), strconv.Itoa(t.Agrees), strconv.Itoa(t.Disagrees), strconv.Itoa(t.Passes),
			decimal(r.GroupAware[s]), decimal(r.Priorities[s]),
		})
	}
	o.summarise = func(w io.Writer, statements statementTexts) {
		summariseCompat(w, r, v.Len(), statements)
	}
	return o, nil
}
