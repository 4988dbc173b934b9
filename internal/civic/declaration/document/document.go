// SPDX-License-Identifier: AGPL-3.0-or-later

// Package document is a declaration while it is being written: the draft, what
// keeps it from being published, and the Markdown file in which people bring it
// along and take it away. What is written as a file reads back to the same
// draft. It knows no tables and no pages.
package document

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/frontmatter"
	"example.org/chorus/internal/platform/lang"
)

//go:embed messages
var messages embed.FS

// Messages are what this package says of files that it cannot read.
func Messages() fs.FS { return messages }

// head is the front matter of a declaration's file.
type head struct {
	Kind         string           `yaml:"kind"`
	Title        string           `yaml:"title"`
	Language     string           `yaml:"language"` // BCP 47; en if it does not stand there
	Organisers   []string         `yaml:"organisers,omitempty"`
	Signers      []string         `yaml:"signers,omitempty,flow"`
	DutyBearers  []headParty      `yaml:"duty-bearers,omitempty"`
	AnswerWithin string           `yaml:"answer-within,omitempty"` // "60 days"
	Opens        frontmatter.Bare `yaml:"opens,omitempty"`
	Closes       frontmatter.Bare `yaml:"closes,omitempty"`
	Goal         int64            `yaml:"goal,omitempty"`
}

type headParty struct {
	Name    string `yaml:"name"`
	Kind    string `yaml:"kind,omitempty"`
	Country string `yaml:"country,omitempty"`
	Website string `yaml:"website,omitempty"`
}

// Parse reads a declaration from a Markdown file with front matter.
//
//   - Kind, title and signers must be there. A day without a time means its
//     first second for opens and its last, 23:59:59, for closes, in UTC.
//     Closes must lie after at.
//   - The last heading, when nothing but a numbered list stands below it, holds
//     the recommendations; what stands above it is the text. Only a pledge may
//     have none. The numbers are given anew, from 1.
//   - "(to: City of Lindholm; Lind Harbour Ltd)" at the end of a recommendation
//     names its duty-bearers. Of two with one name, "Name, DK" is the Danish one.
//     "(to:)", or nothing, means all of them.
//
// Organisations come as they are named, without ID; a duty-bearer may have no
// more than a name. An error is an *Error or that of the reader. What
// it does not find wrong, Check may.
func Parse(r io.Reader, at time.Time) (Draft, error) {
	text, err := readDocument(r)
	if err != nil {
		return Draft{}, err
	}
	parts, err := frontmatter.Split(text)
	if err != nil {
		return Draft{}, headFault(err)
	}
	var h head
	lines, err := parts.Decode(&h)
	if err != nil {
		return Draft{}, headFault(err)
	}
	d, err := h.draft(lines, at)
	if err != nil {
		return Draft{}, err
	}
	if err := d.readBody(parts.Body, parts.BodyLine); err != nil {
		return Draft{}, err
	}
	return d, nil
}

// draft takes over what the front matter says.
func (h *head) draft(lines frontmatter.Lines, at time.Time) (d Draft, err error) {
	d = Draft{Title: OneLine(h.Title), Lang: h.Language, Goal: h.Goal}
	steps := []func(*Draft, frontmatter.Lines) error{
		h.readKind, h.readSigners, h.readParties, h.readTimes, h.readNumbers,
	}
	for _, step := range steps {
		if err := step(&d, lines); err != nil {
			return d, err
		}
	}
	if !d.Closes.IsZero() && !d.Closes.After(at) {
		return d, faultOf(lines["closes"], "past", "value", string(h.Closes))
	}
	return d, nil
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$`)

func (h *head) readKind(d *Draft, lines frontmatter.Lines) error {
	d.Kind = fact.DeclarationKind(strings.ToLower(strings.Join(strings.Fields(h.Kind), "-")))
	if d.Lang == "" {
		d.Lang = "en"
	}
	switch {
	case h.Kind == "":
		return faultOf(0, "needs", "key", "kind")
	case !slices.Contains(fact.DeclarationKinds, d.Kind):
		return faultOf(lines["kind"], "kind", "value", h.Kind)
	case d.Title == "":
		return faultOf(0, "needs", "key", "title")
	case !languageTag.MatchString(d.Lang):
		return faultOf(lines["language"], "language", "value", h.Language)
	}
	return nil
}

func (h *head) readSigners(d *Draft, lines frontmatter.Lines) error {
	for _, s := range h.Signers {
		class := fact.SignerClass(s)
		if class != fact.People && class != fact.Organisations {
			return faultOf(lines["signers"], "signer", "value", s)
		}
		if !slices.Contains(d.Signers, class) {
			d.Signers = append(d.Signers, class)
		}
	}
	if len(d.Signers) == 0 {
		return faultOf(0, "needs", "key", "signers")
	}
	return nil
}

func (h *head) readParties(d *Draft, lines frontmatter.Lines) error {
	for key, n := range map[string]int{"organisers": len(h.Organisers), "duty-bearers": len(h.DutyBearers)} {
		if n > MaxParties {
			return faultOf(lines[key], "too_many", "max", strconv.Itoa(MaxParties))
		}
	}
	for i, name := range h.Organisers {
		p := Party{Input: organisation.Input{Name: OneLine(name)}}
		if p.Name == "" {
			return faultOf(lines[fmt.Sprintf("organisers.%d", i+1)], "nameless")
		}
		d.Organisers = append(d.Organisers, p)
	}
	for i, b := range h.DutyBearers {
		p := Party{Input: organisation.Input{
			Name:    OneLine(b.Name),
			Kind:    strings.ToLower(OneLine(b.Kind)),
			Country: strings.ToUpper(OneLine(b.Country)),
			Website: OneLine(b.Website),
		}}
		if err := checkParty(p, fmt.Sprintf("duty-bearers.%d", i+1), lines); err != nil {
			return err
		}
		d.DutyBearers = append(d.DutyBearers, p)
	}
	return checkLabels(d.DutyBearers, lines)
}

func checkLabels(parties []Party, lines frontmatter.Lines) error {
	seen := map[string]bool{}
	for i, label := range labels(parties) {
		if seen[label] {
			return faultOf(lines[fmt.Sprintf("duty-bearers.%d", i+1)], "same_name", "name", parties[i].Name)
		}
		seen[label] = true
	}
	return nil
}

// checkParty names the line of what is wrong with a duty-bearer. Kind and
// country may be missing: the organisation may be known here by its name.
func checkParty(p Party, path string, lines frontmatter.Lines) error {
	wrong := p.Check()
	switch {
	case p.Name == "":
		return faultOf(lines[path], "nameless")
	case wrong["name"] != "":
		return faultOf(lines[path+".name"], "name", "name", p.Name)
	case p.Kind != "" && wrong["kind"] != "":
		return faultOf(lines[path+".kind"], "organisation_kind", "value", p.Kind)
	case p.Country != "" && wrong["country"] != "":
		return faultOf(lines[path+".country"], "country", "value", p.Country)
	case wrong["website"] != "":
		return faultOf(lines[path+".website"], "website", "value", p.Website)
	}
	return nil
}

func (h *head) readTimes(d *Draft, lines frontmatter.Lines) error {
	var ok bool
	if d.Opens, ok = moment(string(h.Opens), 0); !ok {
		return faultOf(lines["opens"], "day", "key", "opens", "value", string(h.Opens))
	}
	if d.Closes, ok = moment(string(h.Closes), LastSecond); !ok {
		return faultOf(lines["closes"], "day", "key", "closes", "value", string(h.Closes))
	}
	if !d.Closes.IsZero() && !d.Closes.After(d.Opens) {
		return faultOf(lines["closes"], "order")
	}
	return nil
}

// LastSecond is where a day ends. A day that ended with the first second of
// the next would be shown as the next.
const LastSecond = 24*time.Hour - time.Second

// moment reads a day, or a time with its zone, in this century or the next;
// ofDay is added to a day.
func moment(s string, ofDay time.Duration) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	t, err := time.Parse(time.DateOnly, s)
	if err == nil {
		t = t.Add(ofDay)
	} else {
		t, err = time.Parse(time.RFC3339, s)
	}
	t = t.UTC().Truncate(time.Second)
	return t, err == nil && t.Year() >= 2000 && t.Year() < 2200
}

// momentText is the shortest text that moment reads as t.
func momentText(t time.Time, ofDay time.Duration) frontmatter.Bare {
	t = t.UTC().Truncate(time.Second)
	switch {
	case t.IsZero():
		return ""
	case t.Equal(t.Truncate(24 * time.Hour).Add(ofDay)):
		return frontmatter.Bare(t.Format(time.DateOnly))
	}
	return frontmatter.Bare(t.Format(time.RFC3339))
}

var days = regexp.MustCompile(`^([0-9]{1,4})( ?days?)?$`)

func (h *head) readNumbers(d *Draft, lines frontmatter.Lines) error {
	if h.Goal < 0 {
		return faultOf(lines["goal"], "goal")
	}
	if h.AnswerWithin == "" {
		return nil
	}
	fault := faultOf(lines["answer-within"], "answer_within", "value", h.AnswerWithin, "max", strconv.Itoa(maxAnswerWithin))
	m := days.FindStringSubmatch(OneLine(h.AnswerWithin))
	if m == nil {
		return fault
	}
	d.AnswerWithin, _ = strconv.Atoi(m[1]) // at most four digits, by the pattern
	if d.AnswerWithin > maxAnswerWithin {
		return fault
	}
	return nil
}

// Markdown writes a draft as a Markdown file that Parse reads back to
// the same draft. Initiative and the IDs of organisations stay behind: they
// mean nothing elsewhere. So do invisible control characters and spaces around.
func (d *Draft) Markdown() []byte {
	h := head{
		Kind:     string(d.Kind),
		Title:    OneLine(d.Title),
		Language: d.Lang,
		Opens:    momentText(d.Opens, 0),
		Closes:   momentText(d.Closes, LastSecond),
		Goal:     d.Goal,
	}
	for _, class := range d.Signers {
		h.Signers = append(h.Signers, string(class))
	}
	for _, p := range d.Organisers {
		h.Organisers = append(h.Organisers, OneLine(p.Name))
	}
	for _, p := range d.DutyBearers {
		h.DutyBearers = append(h.DutyBearers, headParty{OneLine(p.Name), p.Kind, p.Country, OneLine(p.Website)})
	}
	switch {
	case d.AnswerWithin == 1:
		h.AnswerWithin = "1 day"
	case d.AnswerWithin > 1:
		h.AnswerWithin = fmt.Sprintf("%d days", d.AnswerWithin)
	}
	out, err := frontmatter.Write(h, d.body())
	if err != nil {
		panic(err) // head has none of the types that cannot be written
	}
	return out
}

// OneLine makes every gap in a text one space.
func OneLine(s string) string { return strings.Join(strings.Fields(tidyText(s)), " ") }

// headFault brings a fault of the front matter to one of documents.
func headFault(err error) error {
	f, ok := errors.AsType[*frontmatter.Error](err)
	if !ok {
		return err
	}
	word := "head_" + string(f.Problem)
	if f.Problem == frontmatter.Form {
		word = "head_" + f.Detail
	}
	key := f.Key
	if key == "" {
		key = "---"
	}
	return faultOf(f.Line, word, "key", key, "detail", f.Detail)
}

// An Error says why a file cannot be read as a declaration.
type Error struct {
	Line int               // of the file, from 1; 0 if it is about no line
	Key  string            // of the message, which takes Args and the line
	Args map[string]string // number: of the recommendation
}

// faultOf makes a fault; args are names and values by turns.
func faultOf(line int, word string, args ...string) *Error {
	e := &Error{Line: line, Key: "declaration.document." + word, Args: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		e.Args[args[i]] = shorten(args[i+1])
	}
	return e
}

// shorten keeps messages from repeating half a file.
func shorten(s string) string {
	const most = 80
	if letters := []rune(OneLine(s)); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return OneLine(s)
}

// Tell says what is wrong, for people.
func (e *Error) Tell(say *lang.Speaker) string {
	args := []any{"line", e.Line}
	for name, value := range e.Args {
		if n, err := strconv.Atoi(value); err == nil && (name == "number" || name == "max") {
			args = append(args, name, n)
			continue
		}
		args = append(args, name, value)
	}
	return say.T(e.Key, args...)
}

// Error says it in plain English, for the command line.
func (e *Error) Error() string {
	c, err := lang.New(Messages())
	if err != nil {
		return fmt.Sprintf("line %d: %s %v", e.Line, e.Key, e.Args)
	}
	return e.Tell(c.Speak("en"))
}
