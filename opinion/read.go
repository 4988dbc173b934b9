// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// ReadOptions sets how ReadVotes treats a file. The zero value reads it all.
type ReadOptions struct {
	Known    []Statement    // when not nil, a vote on any other statement is an error
	Progress func(rows int) // called now and then with the number of rows read
}

// ReadVotes reads votes as Polis publishes them: votes.csv of openData and of today's export, with columns comment-id, voter-id, vote
// (1 agree, -1 disagree, 0 pass) and, if present, timestamp (see below), in any order; or the JSON list its interface gives, with tid, pid, vote
// and modified, or statement_id and participant_id. Other columns are ignored.
// Times are seconds, milliseconds or microseconds since 1970, told apart by size, or dates as RFC 3339 has them; one without a zone is taken as UTC.
// The file streams: only the events are kept. Errors name the row; the header is row 1.
func ReadVotes(r io.Reader, o ReadOptions) (*Log, error) {
	log, err := readVotes(openTable(r), o)
	if err != nil {
		return nil, fmt.Errorf("reading votes: %w", err)
	}
	return log, nil
}

func readVotes(t table, o ReadOptions) (*Log, error) {
	columns, err := columnsOf(t)
	if err != nil {
		return nil, err
	}
	at, err := votePlaces(columns)
	if err != nil {
		return nil, err
	}
	log := new(Log)
	for _, k := range o.Known {
		if err := log.AddStatement(k); err != nil {
			return nil, err
		}
	}
	known := len(log.statements)
	add := func(row int, e Event) error {
		if err := log.Add(e); err != nil {
			return fmt.Errorf("row %d: %w", row, err)
		}
		if o.Known != nil && len(log.statements) > known {
			return fmt.Errorf("row %d: a vote on statement %d, which is not among the statements", row, e.Statement)
		}
		if o.Progress != nil && len(log.entries)&(1<<16-1) == 0 {
			o.Progress(len(log.entries))
		}
		return nil
	}
	if s, ok := t.(*scanner); ok {
		if err := s.ahead(at, add); err != nil {
			return nil, err
		}
	}
	if err := at.readAll(t, add); err != nil {
		return nil, err
	}
	if log.Len() == 0 {
		return nil, errors.New("there are no votes in the file")
	}
	return log, nil
}

// readAll adds what is left of a table.
func (p places) readAll(t table, add func(row int, e Event) error) error {
	for {
		fields, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e, err := p.event(fields)
		if err != nil {
			return fmt.Errorf("row %d: %w", t.row(), err)
		}
		if err := add(t.row(), e); err != nil {
			return err
		}
	}
}

var errEmpty = errors.New("the file is empty")

// columnsOf finds the columns by name, without regard to case, with hyphens for underscores. Two of one name are an error.
func columnsOf(t table) (map[string]int, error) {
	names, err := t.header()
	if err != nil {
		return nil, err
	}
	out := make(map[string]int, len(names))
	for i, name := range names {
		name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", "-")
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("two columns are named %q", name)
		}
		out[name] = i
	}
	return out, nil
}

// column is the place of the first of several names that is there, or -1.
func column(columns map[string]int, names ...string) int {
	for _, name := range names {
		if i, ok := columns[name]; ok {
			return i
		}
	}
	return -1
}

// The names of the columns in exported files, and in what the interface of Polis answers, of old and of today.
var (
	statementNames   = []string{"comment-id", "statement-id", "tid"}
	participantNames = []string{"voter-id", "participant-id", "pid"}
	timeNames        = []string{"timestamp", "modified", "created"}
	textNames        = []string{"comment-body", "txt"}
	moderationNames  = []string{"moderated", "mod"}
)

// places says in which fields of a row the parts of an event stand; time is -1 when it is not given.
type places struct{ time, statement, participant, vote, width int }

func votePlaces(columns map[string]int) (places, error) {
	p := places{
		time: column(columns, timeNames...), statement: column(columns, statementNames...),
		participant: column(columns, participantNames...), vote: column(columns, "vote"), width: len(columns),
	}
	switch {
	case p.statement < 0:
		return p, errors.New(`the column "comment-id" is missing`)
	case p.participant < 0:
		return p, errors.New(`the column "voter-id" is missing`)
	case p.vote < 0:
		return p, errors.New(`the column "vote" is missing`)
	}
	return p, nil
}

func (p places) event(fields [][]byte) (e Event, err error) {
	if len(fields) != p.width {
		return e, fmt.Errorf("%d fields where the header has %d", len(fields), p.width)
	}
	statement, ok := parseID(fields[p.statement])
	if !ok {
		return e, fmt.Errorf("comment-id %q is not a number from 0 to %d", clip(fields[p.statement]), int64(MaxID))
	}
	participant, ok := parseID(fields[p.participant])
	if !ok {
		return e, fmt.Errorf("voter-id %q is not a number from 0 to %d", clip(fields[p.participant]), int64(MaxID))
	}
	vote, ok := parseVote(fields[p.vote])
	if !ok {
		return e, fmt.Errorf("vote %q is none of 1, 0 and -1", clip(fields[p.vote]))
	}
	var at int64
	if p.time >= 0 {
		if at, ok = parseTime(fields[p.time]); !ok {
			return e, fmt.Errorf("timestamp %q is not a time", clip(fields[p.time]))
		}
	}
	return Event{ParticipantID(participant), StatementID(statement), vote, at}, nil
}

// The bounds between the units of published timestamps: 1e11 is the year 5138 in seconds and 1973 in milliseconds,
// 1e14 is the year 5138 in milliseconds and 1973 in microseconds.
const (
	secondsBelow = 100_000_000_000
	millisBelow  = 1000 * secondsBelow
)

// parseTime gives milliseconds since 1970.
func parseTime(text []byte) (int64, bool) {
	n, ok := parseDigits(text)
	if !ok {
		return parseOddTime(strings.TrimSpace(string(text)))
	}
	switch {
	case n < secondsBelow:
		return n * 1000, true
	case n < millisBelow:
		return n, true
	}
	return n / 1000, true
}

// parseOddTime reads numbers with a fraction, as statistical programs write them, and dates.
func parseOddTime(text string) (int64, bool) {
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		switch {
		case !(f >= 0 && f <= MaxID):
			return 0, false
		case f < secondsBelow:
			f *= 1000
		case f >= millisBelow:
			f /= 1000
		}
		return int64(math.Round(f)), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UnixMilli(), at.UnixMilli() >= 0
		}
	}
	return 0, false
}

// parseID reads a whole number from 0 to MaxID; a fraction of zero is let pass, since spreadsheets add one.
func parseID(text []byte) (int64, bool) {
	if n, ok := parseDigits(text); ok {
		return n, true
	}
	return parseDigits(bytes.TrimSuffix(bytes.TrimSpace(text), []byte(".0")))
}

func parseDigits(text []byte) (n int64, ok bool) {
	for i, c := range text {
		if c < '0' || c > '9' || i == 16 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, n <= MaxID && len(text) > 0
}

func parseVote(text []byte) (Vote, bool) {
	if len(text) == 1 {
		switch text[0] {
		case '1':
			return Agree, true
		case '0':
			return Pass, true
		}
		return Unseen, false
	}
	if string(text) == "-1" {
		return Disagree, true
	}
	switch string(bytes.TrimSuffix(bytes.TrimSpace(text), []byte(".0"))) {
	case "1", "+1":
		return Agree, true
	case "-1":
		return Disagree, true
	case "0", "-0":
		return Pass, true
	}
	return Unseen, false
}

func clip(text []byte) string {
	if len(text) > 40 {
		return string(text[:40]) + "…"
	}
	return string(text)
}

// ReadStatements reads statements as Polis publishes them: comments.csv with column comment-id and, if present, moderated (-1, 0, 1),
// is-meta and comment-body; or the JSON list its interface gives. Other columns are ignored. Errors name the row; the header is row 1.
func ReadStatements(r io.Reader) ([]Statement, error) {
	list, err := readStatements(openTable(r))
	if err != nil {
		return nil, fmt.Errorf("reading statements: %w", err)
	}
	return list, nil
}

func readStatements(t table) ([]Statement, error) {
	columns, err := columnsOf(t)
	if err != nil {
		return nil, err
	}
	at := statementPlaces{
		column(columns, statementNames...), column(columns, moderationNames...),
		column(columns, "is-meta"), column(columns, textNames...), len(columns),
	}
	if at.id < 0 {
		return nil, errors.New(`the column "comment-id" is missing`)
	}
	out := []Statement{}
	seen := map[StatementID]bool{}
	for {
		fields, err := t.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		st, err := at.read(fields)
		if err == nil && seen[st.ID] {
			err = fmt.Errorf("statement %d is there twice", st.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", t.row(), err)
		}
		seen[st.ID] = true
		out = append(out, st)
	}
}

// statementPlaces says in which fields of a row the parts of a statement stand; -1 for those that are not given.
type statementPlaces struct{ id, moderated, meta, text, width int }

func (p statementPlaces) read(fields [][]byte) (Statement, error) {
	var st Statement
	if len(fields) != p.width {
		return st, fmt.Errorf("%d fields where the header has %d", len(fields), p.width)
	}
	field := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.TrimSpace(string(fields[i]))
	}
	id, ok := parseID(fields[p.id])
	if !ok {
		return st, fmt.Errorf("comment-id %q is not a number from 0 to %d", clip(fields[p.id]), int64(MaxID))
	}
	st.ID, st.Text = StatementID(id), field(p.text)
	switch m := strings.TrimSuffix(field(p.moderated), ".0"); m {
	case "", "0", "-0":
	case "1":
		st.Moderation = Accepted
	case "-1":
		st.Moderation = Rejected
	default:
		return st, fmt.Errorf("moderated %q is none of 1, 0 and -1", clip([]byte(m)))
	}
	if meta := strings.TrimSuffix(field(p.meta), ".0"); meta != "" {
		b, err := strconv.ParseBool(strings.ToLower(meta))
		if err != nil {
			return st, fmt.Errorf("is-meta %q is neither true nor false", clip([]byte(meta)))
		}
		st.Meta = b
	}
	return st, nil
}
