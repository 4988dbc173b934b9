// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/record"
)

// notAsSigned says what was found wrong.
func notAsSigned(out io.Writer, found error) error {
	headline := "This record is not as it was signed."
	if finding, ok := errors.AsType[*record.Finding](found); ok {
		switch finding.Fault {
		case record.NoQuorum:
			headline = "This record lacks signatures that you asked for."
		case record.ErasedUnsigned:
			headline = "Words are missing from this record, and nothing that is signed says why."
		}
	}
	fmt.Fprintln(out, headline)
	fmt.Fprintln(out, plain(found.Error()))
	return exit(1)
}

// plain is text of others that must not steer the terminal.
func plain(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c >= 0x2028 && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
			return ' '
		}
		return c
	}, text)
}

// A verdict is what is said of a record in which nothing is wrong.
type verdict struct {
	report *record.Report
	count  *recount
	policy *record.Policy
	saved  string // where the checkpoint is kept; "" if nowhere
	say    *lang.Speaker
}

func (v *verdict) tell(out io.Writer) error {
	catalogue, err := app.Catalogue()
	if err != nil {
		return err
	}
	v.say = catalogue.Speak("en")
	fmt.Fprintln(out, v.sentence())
	for _, line := range v.more() {
		fmt.Fprintln(out, line)
	}
	return v.table(out)
}

// sentence is what a journalist can quote.
func (v *verdict) sentence() string {
	r, all := v.report, v.all()
	s := fmt.Sprintf("All %s of %s are as they were signed%s: %s, %s counted again, %s withdrawn, %s taken out, %s erased",
		v.number(r.Checkpoint.Size, "entry", "entries"), plain(r.Checkpoint.Origin), v.until(),
		v.number(int64(len(v.count.tally.Declarations())), "declaration", "declarations"),
		v.number(all.People+all.Organisations, "signature", "signatures"), v.say.Number(all.Withdrawn), v.say.Number(all.TakenOut), v.say.Number(r.Erased))
	if r.Since == nil && len(r.Quorum.Witnesses) == 0 {
		return s + "."
	}
	s += "; nothing was added or removed in silence"
	if r.Since != nil {
		s += fmt.Sprintf(", and it goes on from the checkpoint you held (size %s)", v.say.Number(r.Since.Size))
	}
	return s + "."
}

// until is the day of the last entry.
func (v *verdict) until() string {
	day, err := time.Parse(time.DateOnly, v.count.last)
	if err != nil {
		return ""
	}
	return ", the last of " + v.say.Date(day)
}

// more is what one should know besides.
func (v *verdict) more() (lines []string) {
	r := v.report
	for _, w := range r.Quorum.Witnesses {
		lines = append(lines, fmt.Sprintf("Witnessed by %s on %s.", plain(w.Name), v.say.DateTime(time.Unix(w.Unix, 0).UTC())))
	}
	if r.Since == nil && len(r.Quorum.Witnesses) == 0 {
		keep := "Keep this one for next time with --save FILE."
		if v.saved != "" {
			keep = "This one is kept in " + v.saved + " for next time."
		}
		lines = append(lines, "Nobody else vouches for it yet: that nothing was there before and was removed, only a witness (--policy) or an older",
			"checkpoint (--since) can tell. "+keep)
	}
	if n := int64(len(r.Fading)); n > 0 {
		lines = append(lines, fmt.Sprintf("%s erased a moment ago, after the checkpoint. Check again in a minute.", v.number(n, "part was", "parts were")))
	}
	if v.count.news > 0 {
		lines = append(lines, fmt.Sprintf("%s of a kind that this program does not know, and was passed over. A newer chorus may know more.", v.number(v.count.news, "entry is", "entries are")))
	}
	switch claims := v.count.claims; {
	case len(v.count.tally.Declarations()) == 0:
	case len(claims) == 0:
		lines = append(lines, "No numbers came with the record, so there was nothing to compare these with:")
	default:
		line := fmt.Sprintf("The site's own numbers, as of entry %s, are the same.", v.say.Number(claims[0].AsOf))
		if more := r.Checkpoint.Size - claims[0].AsOf; more > 0 {
			line += fmt.Sprintf(" They leave out the last %s.", v.number(more, "entry", "entries"))
		}
		lines = append(lines, line+" The record gives:")
	}
	return lines
}

func (v *verdict) all() (sum fact.Count) {
	for _, id := range v.count.tally.Declarations() {
		c := v.count.tally.Count(id)
		sum.People += c.People
		sum.Organisations += c.Organisations
		sum.Withdrawn += c.Withdrawn
		sum.TakenOut += c.TakenOut
	}
	return sum
}

func (v *verdict) number(n int64, one, more string) string {
	if n == 1 {
		return v.say.Number(n) + " " + one
	}
	return v.say.Number(n) + " " + more
}

// table is the numbers of each declaration.
func (v *verdict) table(out io.Writer) error {
	if len(v.count.tally.Declarations()) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\npeople\torganisations\twaiting\twithdrawn\ttaken out\t  declaration\n")
	for _, id := range v.count.tally.Declarations() {
		c, title := v.count.tally.Count(id), []rune(v.count.titles[id])
		if len(title) > 60 {
			title = append(title[:59], '…')
		}
		for _, n := range []int64{c.People, c.Organisations, c.Waiting, c.Withdrawn, c.TakenOut} {
			fmt.Fprint(w, v.say.Number(n), "\t")
		}
		fmt.Fprintf(w, "  %s %s\n", plain(string(id)), plain(string(title)))
	}
	return w.Flush()
}

// A verifyProgress shows how far it is: as a bar on a terminal, and elsewhere
// as a line every few seconds.
type verifyProgress struct {
	to         io.Writer
	isTerminal bool
	next       time.Time
	shown      bool
}

const (
	barPause  = 100 * time.Millisecond
	linePause = 5 * time.Second
	barWidth  = 30 // characters
)

func newVerifyProgress(to io.Writer) *verifyProgress {
	p := &verifyProgress{to: to, next: time.Now().Add(linePause)}
	if f, ok := to.(*os.File); ok {
		info, err := f.Stat()
		p.isTerminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	if p.isTerminal {
		p.next = time.Now().Add(barPause)
	}
	return p
}

func (p *verifyProgress) tell(done, total int64) {
	now := time.Now()
	if now.Before(p.next) {
		return
	}
	p.shown = true
	if !p.isTerminal {
		p.next = now.Add(linePause)
		fmt.Fprintf(p.to, "%d of %d entries …\n", done, total)
		return
	}
	p.next = now.Add(barPause)
	full := int(barWidth * done / max(total, 1))
	fmt.Fprintf(p.to, "\r[%s%s] %3d %%  %d of %d entries ", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), 100*done/max(total, 1), done, total)
}

// end clears the bar.
func (p *verifyProgress) end() {
	if p.isTerminal && p.shown {
		fmt.Fprint(p.to, "\r\x1b[K")
	}
}
