// SPDX-License-Identifier: AGPL-3.0-or-later

package seed

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The states a seeded declaration is to be brought into.
const (
	Draft           = "draft"
	NotYetOpen      = "not-yet-open"
	Open            = "open"
	Closed          = "closed"
	InvalidatedSome = "invalidated-some" // open, with Invalidated signatures struck out in public
)

// Declaration is a text to sign, and the story the demo tells with it.
type Declaration struct {
	Name        string // name of its file without .md; good for an address
	Raw         []byte // the file as it stands, with the seed- keys
	Kind        string // open-letter, petition, pledge or action-programme
	Title       string
	Language    string
	Organisers  []string       // names of organisations
	Signers     []string       // organisations, people or both
	DutyBearers []Organisation // name, kind and country

	State         string // one of the states above
	Initiative    string // ID of an initiative
	Signatures    int    // of people, the invalidated ones among them
	Invalidated   int    // how many of Signatures are struck out again
	Organisations int    // how many organisations sign
	Shape         string // how the signatures come in, for Growth
	Days          int    // how many days they come in
	OpensIn       int    // days from today; used when it is not yet open
	ClosesIn      int    // days from today, negative when closed; 0 means no end
}

// Opens is the day signing begins or began, seen from today; zero for a draft.
func (d Declaration) Opens(today time.Time) time.Time {
	switch d.State {
	case Draft:
		return time.Time{}
	case NotYetOpen:
		return today.AddDate(0, 0, d.OpensIn)
	case Closed:
		return today.AddDate(0, 0, d.ClosesIn-d.Days)
	}
	return today.AddDate(0, 0, 1-d.Days)
}

// Closes is the day signing ends or ended, seen from today; zero when no end is set.
func (d Declaration) Closes(today time.Time) time.Time {
	if d.ClosesIn == 0 {
		return time.Time{}
	}
	return today.AddDate(0, 0, d.ClosesIn)
}

// Markdown is the declaration as an organiser would import it today: without the
// seed- keys, and with the days it opens and closes (YYYY-MM-DD) where it has them.
func (d Declaration) Markdown(today time.Time) []byte {
	var out bytes.Buffer
	marks := 0
	for line := range bytes.Lines(d.Raw) {
		if marks < 2 && bytes.HasPrefix(line, []byte("---")) {
			if marks++; marks == 2 {
				writeDay(&out, "opens", d.Opens(today))
				writeDay(&out, "closes", d.Closes(today))
			}
		}
		if marks < 2 && bytes.HasPrefix(line, []byte("seed-")) {
			continue
		}
		out.Write(line)
	}
	return out.Bytes()
}

func writeDay(out *bytes.Buffer, key string, day time.Time) {
	if !day.IsZero() {
		fmt.Fprintf(out, "%s: %s\n", key, day.Format(time.DateOnly))
	}
}

// Cosigners are the organisations that sign a declaration besides its organisers,
// always the same ones. Offices do not sign: they are asked.
func (t *Town) Cosigners(d Declaration) []Organisation {
	var ready []Organisation
	for _, o := range t.Organisations {
		asked := slices.ContainsFunc(d.DutyBearers, func(b Organisation) bool { return b.Name == o.Name })
		office := o.Kind == "public body" || o.Kind == "multilateral"
		if !asked && !office && !slices.Contains(d.Organisers, o.Name) {
			ready = append(ready, o)
		}
	}
	draw := newDraw(d.seed())
	draw.Shuffle(len(ready), func(i, j int) { ready[i], ready[j] = ready[j], ready[i] })
	return ready[:min(d.Organisations, len(ready))]
}

// Growth is the number of people who sign on each of the declaration's days.
func (d Declaration) Growth() []int { return Growth(d.Shape, d.Days, d.Signatures, d.seed()) }

// seed is a number of the declaration's own, so that each has other signers.
func (d Declaration) seed() uint64 {
	h := fnv.New64a()
	h.Write([]byte(d.Name))
	return h.Sum64()
}

func newDraw(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x4c696e64)) }

func (t *Town) readDeclarations() error {
	names, err := fs.Glob(files, "declarations/*.md")
	if err != nil {
		return err
	}
	for _, name := range names {
		raw, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		d, err := parseDeclaration(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		d.Name = strings.TrimSuffix(path.Base(name), ".md")
		t.Declarations = append(t.Declarations, d)
	}
	return nil
}

// parseDeclaration reads the few forms of front matter the seed uses: "key: value",
// "key: [a, b]", and lists of names or of name, kind and country, set in by two spaces.
func parseDeclaration(raw []byte) (Declaration, error) {
	d := Declaration{Raw: raw}
	rest, opened := strings.CutPrefix(string(raw), "---\n")
	front, _, closed := strings.Cut(rest, "\n---\n")
	if !opened || !closed {
		return d, fmt.Errorf("no front matter between two lines of ---")
	}
	list := ""
	for number, line := range strings.Split(front, "\n") {
		key, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "- "), ": ")
		value = strings.Trim(value, `"`)
		var err error
		switch {
		case !strings.HasPrefix(line, " ") && !ok:
			list = strings.TrimSuffix(line, ":")
		case !strings.HasPrefix(line, " "):
			err = d.set(key, value)
		case list == "organisers":
			d.Organisers = append(d.Organisers, strings.Trim(strings.TrimPrefix(line, "  - "), `"`))
		case list == "duty-bearers":
			err = d.setDutyBearer(key, value)
		default:
			err = fmt.Errorf("unknown list %q", list)
		}
		if err != nil {
			return d, fmt.Errorf("line %d: %w", number+2, err)
		}
	}
	return d, nil
}

// set takes one "key: value" line.
func (d *Declaration) set(key, value string) error {
	texts := map[string]*string{
		"kind": &d.Kind, "title": &d.Title, "language": &d.Language,
		"seed-state": &d.State, "seed-shape": &d.Shape, "seed-initiative": &d.Initiative,
	}
	numbers := map[string]*int{
		"seed-signatures": &d.Signatures, "seed-invalidated": &d.Invalidated,
		"seed-organisations": &d.Organisations, "seed-days": &d.Days,
		"seed-opens-in": &d.OpensIn, "seed-closes-in": &d.ClosesIn,
	}
	var err error
	switch {
	case texts[key] != nil:
		*texts[key] = value
	case numbers[key] != nil:
		*numbers[key], err = strconv.Atoi(value)
	case key == "signers":
		d.Signers = strings.Split(strings.Trim(value, "[]"), ", ")
	case key == "answer-within":
		// The importer reads it; nothing in the seed depends on it.
	default:
		err = fmt.Errorf("unknown key %q", key)
	}
	return err
}

// setDutyBearer takes one line of the list of duty-bearers; a name begins the next one.
func (d *Declaration) setDutyBearer(key, value string) error {
	if key == "name" {
		d.DutyBearers = append(d.DutyBearers, Organisation{Name: value})
		return nil
	}
	if len(d.DutyBearers) == 0 {
		return fmt.Errorf("a duty-bearer begins with its name, not with %q", key)
	}
	last := &d.DutyBearers[len(d.DutyBearers)-1]
	switch key {
	case "kind":
		last.Kind = value
	case "country":
		last.Country = value
	default:
		return fmt.Errorf("unknown key %q of a duty-bearer", key)
	}
	return nil
}
