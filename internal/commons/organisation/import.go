// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"example.org/chorus"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/recorder"
)

// Limits of a file of organisations.
const (
	maxFile = 2 << 20 // bytes
	maxRows = 10_000
)

// A Row is one organisation of a file. Line is its number as an editor counts:
// the heading is line 1.
type Row struct {
	Line int
	Last int // greater than Line if it runs on over more lines
	Input
	ID    chorus.ID // once entered
	Field string    // of a bad row: which field
	Fault string    // of a bad row: what is wrong with it, as in chorus.Invalid
}

// Tell says what is wrong with a bad row.
func (r Row) Tell(say *lang.Speaker) string {
	fault := tell(say, r.Fault)
	switch {
	case r.Last > r.Line:
		return say.T("organisation.import.rows", "line", r.Line, "last", r.Last, "fault", fault)
	case r.Field == "":
		return say.T("organisation.import.row", "line", r.Line, "fault", fault)
	}
	return say.T("organisation.import.row_field", "line", r.Line, "field", say.T("organisation.field."+r.Field), "fault", fault)
}

// tell says a fault, which is a message key and may carry one value.
func tell(say *lang.Speaker, fault string) string {
	key, arg, _ := strings.Cut(fault, "|")
	name, value, _ := strings.Cut(arg, "=")
	return say.T(key, name, value)
}

// Imported is what became of a file.
type Imported struct {
	Entered []Row // with the ID of each
	Already []Row // passed over: one of that name and country is there, or stands further up
	Bad     []Row // passed over by ImportGood
}

// BadRows is the error of a file that was refused for some of its rows.
type BadRows []Row

func (b BadRows) Error() string {
	var lines []string
	for _, r := range b {
		lines = append(lines, fmt.Sprintf("row %d: %s: %s", r.Line, r.Field, r.Fault))
	}
	return strings.Join(lines, "\n")
}

// A BadFile is the error of a file that does not hold organisations. It is the
// message key that says what it is instead.
type BadFile string

// Tell says what the file is instead.
func (b BadFile) Tell(say *lang.Speaker) string { return tell(say, string(b)) }

func (b BadFile) Error() string { return "not a file of organisations: " + string(b) }

// Import enters the organisations of a CSV file with the columns name, kind,
// country and website, as a steward or the Operator. It enters all that are not
// there yet, or, if any row is bad, none: then the error is BadRows. BadFile is
// the error of a file of another kind.
func (s *Service) Import(ctx context.Context, by chorus.ID, r io.Reader) (Imported, error) {
	rows, bad, err := readRows(r)
	if err != nil {
		return Imported{}, err
	}
	if len(bad) > 0 {
		return Imported{Bad: bad}, BadRows(bad)
	}
	return s.enterRows(ctx, by, rows, nil)
}

// ImportGood is Import that passes over bad rows.
func (s *Service) ImportGood(ctx context.Context, by chorus.ID, r io.Reader) (Imported, error) {
	rows, bad, err := readRows(r)
	if err != nil {
		return Imported{}, err
	}
	return s.enterRows(ctx, by, rows, bad)
}

func (s *Service) enterRows(ctx context.Context, by chorus.ID, rows, bad []Row) (done Imported, err error) {
	err = s.Record.Write(ctx, func(d *recorder.Deed) error {
		done = Imported{Bad: bad}
		if err := account.RequireSteward(ctx, d.Tx, by); err != nil {
			return err
		}
		known, err := knownNames(ctx, d.Tx, rows)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if known[row.key()] {
				done.Already = append(done.Already, row)
				continue
			}
			known[row.key()] = true
			if row.ID, err = s.EnterIn(ctx, d, row.Input); err != nil {
				return fmt.Errorf("entering row %d: %w", row.Line, err)
			}
			done.Entered = append(done.Entered, row)
		}
		return nil
	})
	if err != nil {
		done = Imported{}
	}
	return done, err
}

// key is the same for rows that are taken for one organisation.
func (r Row) key() string { return lang.Fold(r.Name) + "\n" + r.Country }

func knownNames(ctx context.Context, tx *db.Tx, rows []Row) (map[string]bool, error) {
	var folded []string
	for _, r := range rows {
		folded = append(folded, lang.Fold(r.Name))
	}
	known := map[string]bool{}
	return known, db.Each(ctx, tx, namesKnown, func(r db.Row) error {
		var name, country string
		err := r.Scan(&name, &country)
		known[name+"\n"+country] = true
		return err
	}, db.JSONList(folded))
}

var heading = []string{"name", "kind", "country", "website"}

// readRows reads a whole file before anything is entered.
func readRows(r io.Reader) (rows, bad []Row, err error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, nil, err
	}
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	if what := notCSV(b); what != "" {
		return nil, nil, BadFile(what)
	}
	reader := csv.NewReader(bytes.NewReader(b))
	reader.FieldsPerRecord = -1
	reader.Comma = separator(b)
	if !isHeading(reader) {
		return nil, nil, BadFile("organisation.import.columns")
	}
	for {
		begun := reader.InputOffset()
		record, err := reader.Read()
		if err == io.EOF {
			break
		}
		if len(rows)+len(bad) == maxRows {
			return nil, nil, BadFile("organisation.import.long")
		}
		row := rowOf(reader, record, err, bytes.TrimSpace(b[begun:reader.InputOffset()]))
		if row.Fault != "" {
			bad = append(bad, row)
		} else {
			rows = append(rows, row)
		}
	}
	if len(rows)+len(bad) == 0 {
		return nil, nil, BadFile("organisation.import.empty")
	}
	return rows, bad, nil
}

// rowOf checks one record; text is what it was read from. A record of several
// lines is always bad: a quotation mark is missing, and it may have swallowed others.
func rowOf(reader *csv.Reader, record []string, err error, text []byte) (row Row) {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		row.Line = e.StartLine
	} else {
		row.Line, _ = reader.FieldPos(0)
	}
	row.Last = row.Line + bytes.Count(text, []byte("\n"))
	if errors.Is(err, csv.ErrBareQuote) { // =HYPERLINK("x"): the name is to blame, not the marks
		lenient := csv.NewReader(bytes.NewReader(text))
		lenient.Comma, lenient.LazyQuotes = reader.Comma, true
		record, err = lenient.Read()
	}
	switch {
	case err != nil || row.Last > row.Line:
		row.Fault = "organisation.import.quotes"
	case len(record) != 3 && len(record) != 4: // the website may be left out
		row.Fault = "organisation.import.fields"
	default:
		row.check(append(record, ""))
	}
	return row
}

func (r *Row) check(record []string) {
	r.Input = Input{Name: record[0], Kind: record[1], Country: record[2], Website: record[3]}.tidy()
	wrong := r.Input.Check()
	for _, field := range heading {
		if r.Fault == "" && wrong[field] != "" {
			r.Field, r.Fault = field, wrong[field]
		}
	}
}

// separator is what stands between the columns of the heading: some
// spreadsheets write semicolons or tabs.
func separator(b []byte) rune {
	first, _, _ := bytes.Cut(b, []byte("\n"))
	for _, c := range []rune{';', '\t'} {
		if bytes.ContainsRune(first, c) {
			return c
		}
	}
	return ','
}

func isHeading(reader *csv.Reader) bool {
	first, err := reader.Read()
	for i := range first {
		first[i] = strings.ToLower(strings.TrimSpace(first[i]))
	}
	return err == nil && slices.Equal(first, heading)
}

// beginnings tell files of other kinds, in this order.
var beginnings = []struct{ begins, what string }{
	{"---", "organisation.import.is_declaration"},
	{"# ", "organisation.import.is_declaration"},
	{"PK\x03\x04", "organisation.import.is_spreadsheet"},
	{"\xD0\xCF\x11\xE0", "organisation.import.is_spreadsheet"},
	{"%PDF", "organisation.import.is_pdf"},
	{"{", "organisation.import.is_json"},
	{"[", "organisation.import.is_json"},
	{"<", "organisation.import.is_markup"},
}

// notCSV says what a file is that cannot be a CSV file of organisations.
func notCSV(b []byte) string {
	if len(b) > maxFile {
		return "organisation.import.long"
	}
	start := bytes.TrimSpace(b)
	if len(start) == 0 {
		return "organisation.import.empty"
	}
	for _, f := range beginnings {
		if bytes.HasPrefix(start, []byte(f.begins)) {
			return f.what
		}
	}
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		return "organisation.import.encoding"
	}
	return ""
}
