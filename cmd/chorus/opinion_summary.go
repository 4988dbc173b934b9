// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode"

	deliberation "example.org/chorus/opinion"
)

// statementTexts is what is known of the statements.
type statementTexts map[deliberation.StatementID]deliberation.Statement

// line is how a statement is named in a summary.
func (known statementTexts) line(id deliberation.StatementID) string {
	text := []rune(known[id].Text)
	for i, c := range text {
		if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) {
			text[i] = ' ' // a text must not steer the terminal, nor turn round what follows it
		}
	}
	if len(text) > 100 {
		text = append(text[:99], '…')
	}
	return fmt.Sprintf("[%d] %s", id, string(text))
}

// counted gives a number with the word for one or for several.
func counted(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

func people(n int) string { return counted(n, "person", "people") }

func gave(w io.Writer, participants, votes, statements int) {
	fmt.Fprintf(w, "%s gave %s on %s", people(participants), counted(votes, "vote", "votes"), counted(statements, "statement", "statements"))
}

func summariseDefault(w io.Writer, r *deliberation.Result, known statementTexts) {
	gave(w, r.Input.Participants, r.Input.Votes, r.Input.Statements)
	if out := r.Input.Statements - r.Input.Counted; out > 0 {
		fmt.Fprintf(w, ", of which %d do not count: rejected by moderators, or about people themselves", out)
	}
	fmt.Fprintf(w, "; %s voted enough to be grouped.\n", people(r.Input.Grouped))
	fmt.Fprintf(w, "Input %s, seed %d.\n", r.Input.Hash, r.Params.Seed)
	if len(r.Groups) == 0 {
		fmt.Fprintln(w, "\nThere are no groups to speak of: too few votes, or everyone voted alike.")
	} else {
		fmt.Fprintf(w, "\n%d groups; how distinct they are: %s.\n", len(r.Groups), r.Structure)
	}
	for _, g := range r.Groups {
		summariseGroup(w, g, known)
	}
	shared := slices.DeleteFunc(slices.Clone(r.Statements), func(s deliberation.Assessed) bool { return s.Consensus == nil })
	who := "All groups"
	if len(r.Groups) == 0 {
		who = "Together, people"
	}
	listTop(w, who+" agree", shared, known, func(s deliberation.Assessed) float64 { return s.Consensus.Agree })
	listTop(w, who+" disagree", shared, known, func(s deliberation.Assessed) float64 { return s.Consensus.Disagree })
	if r.Checks != nil {
		summariseChecks(w, r.Checks, len(r.Groups))
	}
}

func summariseGroup(w io.Writer, g deliberation.Group, known statementTexts) {
	fmt.Fprintf(w, "\nGroup %s: %s. What sets it apart:\n", deliberation.GroupName(g.Label), people(g.Size))
	told := 0
	for _, s := range g.Representative[:min(3, len(g.Representative))] {
		if s.FalseRate < .05 {
			fmt.Fprintf(w, "  %s more (%s): %s\n", s.Side, s.Kind, known.line(s.Statement))
			told++
		}
	}
	if told == 0 {
		fmt.Fprintln(w, "  no single statement beyond what so few votes could show by chance")
	}
}

func summariseChecks(w io.Writer, c *deliberation.Checks, groups int) {
	if groups > 0 {
		fmt.Fprintf(w, "\nLeaving out any one per cent of the people changes no consensus by more than %.0f points; the groups then agree with those above to %.2f of 1.\n",
			100*c.Influence.Shift, c.Influence.Agreement)
	}
	if n := len(c.StraightLiners); n > 0 {
		fmt.Fprintf(w, "Note: %s always gave the same answer.\n", people(n))
	}
}

// noteIdentical tells of people who voted alike, and whether they did so in a burst.
func noteIdentical(w io.Writer, r *deliberation.Result, log *deliberation.Log) {
	if r.Checks == nil {
		return
	}
	sets := r.Checks.Identical // the largest first
	for _, i := range sets[:min(mostIdentical, len(sets))] {
		fmt.Fprintf(w, "Note: %s gave the same %s", people(len(i.People)), counted(i.Votes, "vote", "votes"))
		first, last := log.Period(i.People)
		from, took := time.UnixMilli(first).UTC(), time.Duration(last-first)*time.Millisecond
		if first > 0 && took < burst { // without times in the file there is nothing to say
			fmt.Fprintf(w, ", all within %s from %s", max(took.Round(time.Second), time.Second), from.Format("2006-01-02 15:04:05 UTC"))
		}
		fmt.Fprintln(w, ".")
	}
	if more := len(sets) - mostIdentical; more > 0 {
		fmt.Fprintf(w, "Note: %s of people with the same votes; all are in result.json.\n", counted(more, "more set", "more sets"))
	}
}

// mostIdentical is how many sets of people who voted alike are told of one by one.
const mostIdentical = 5

// burst is how close in time votes are to be called a burst, for many people together.
const burst = time.Hour

func listTop(w io.Writer, title string, list []deliberation.Assessed, known statementTexts, figure func(deliberation.Assessed) float64) {
	slices.SortStableFunc(list, func(a, b deliberation.Assessed) int { return cmp.Compare(figure(b), figure(a)) })
	list = slices.DeleteFunc(slices.Clone(list), func(s deliberation.Assessed) bool { return figure(s) <= .5 })
	fmt.Fprintf(w, "\n%s (share in each group, lower bound, averaged):\n", title)
	if len(list) == 0 {
		fmt.Fprintln(w, "  nothing")
	}
	for _, s := range list[:min(5, len(list))] {
		fmt.Fprintf(w, "  %2.0f %%  %s\n", 100*figure(s), known.line(s.ID))
	}
}

func summariseCompat(w io.Writer, r *deliberation.CompatResult, votes int, known statementTexts) {
	gave(w, len(r.Participants), votes, len(r.Statements))
	fmt.Fprintf(w, "; %s grouped. Computed as Polis does.\n", counted(len(r.Included), "person is", "people are"))
	for n, g := range r.Groups {
		fmt.Fprintf(w, "\nGroup %s: %s. What sets it apart:\n", deliberation.GroupName(g.ID), people(r.GroupVotes[n].Members))
		for _, s := range r.Representative[g.ID] {
			fmt.Fprintf(w, "  %s: %s\n", s.For, known.line(s.Statement))
		}
	}
	listAgreed(w, "agree", r.Consensus.Agree, known)
	listAgreed(w, "disagree", r.Consensus.Disagree, known)
}

func listAgreed(w io.Writer, title string, list []deliberation.CompatAgreed, known statementTexts) {
	fmt.Fprintf(w, "\nMost people %s with:\n", title)
	if len(list) == 0 {
		fmt.Fprintln(w, "  nothing")
	}
	for _, s := range list {
		fmt.Fprintf(w, "  %2.0f %%  %s\n", 100*s.Success, known.line(s.Statement))
	}
}
