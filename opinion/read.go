// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// secondsBelow tells the two units of published timestamps apart: as seconds it is the year 5138,
// as milliseconds the year 1973.
const secondsBelow = 100_000_000_000

// ReadOptions sets how ReadVotes treats a file. The zero value reads it all.
type ReadOptions struct {
	Known    []Statement    // when not nil, a vote on any other statement is an error
	Progress func(rows int) // called now and then with the number of rows read
}

// ReadVotes reads a votes.csv as Polis publishes it, openData and today's export alike: columns comment-id, voter-id, vote
// (1 agree, -1 disagree, 0 pass) and, if present, timestamp (seconds or milliseconds), in any order; others are ignored.
// The file streams: only the events are kept. Errors name the row; the header is row 1.
func ReadVotes(r io.Reader, o ReadOptions) (*Log, error) {
	s := newScanner(r)
	columns, err := s.columns()
	if err != nil {
		return nil, fmt.Errorf("reading votes: %w", err)
	}
	at, err := votePlaces(columns)
	if err != nil {
		return nil, fmt.Errorf("reading votes: %w", err)
	}
	log := new(Log)
	for _, k := range o.Known {
		if err := log.AddStatement(k); err != nil {
			return nil, err
		}
	}
	known := len(log.statements)
	for {
		err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = at.read(s, log)
		}
		if err == nil && o.Known != nil && len(log.statements) > known {
			err = fmt.Errorf("row %d: a vote on statement %d, which is not among the statements", s.record, log.statements[known].ID)
		}
		if err != nil {
			return nil, fmt.Errorf("reading votes: %w", err)
		}
		if o.Progress != nil && len(log.entries)&(1<<16-1) == 0 {
			o.Progress(len(log.entries))
		}
	}
	if log.Len() == 0 {
		return nil, errors.New("reading votes: there are no votes in the file")
	}
	return log, nil
}

// places says in which fields of a row the parts of an event stand; time is -1 when it is not given.
type places struct{ time, statement, participant, vote, width int }

func votePlaces(columns map[string]int) (places, error) {
	p := places{time: -1, width: len(columns)}
	for _, want := range []struct {
		name string
		into *int
	}{{"comment-id", &p.statement}, {"voter-id", &p.participant}, {"vote", &p.vote}} {
		i, ok := columns[want.name]
		if !ok {
			return p, fmt.Errorf("the column %q is missing", want.name)
		}
		*want.into = i
	}
	if i, ok := columns["timestamp"]; ok {
		p.time = i
	}
	return p, nil
}

func (p places) read(s *scanner, log *Log) error {
	if len(s.fields) != p.width {
		return fmt.Errorf("row %d: %d fields where the header has %d", s.record, len(s.fields), p.width)
	}
	statement, ok1 := parseID(s.fields[p.statement])
	participant, ok2 := parseID(s.fields[p.participant])
	vote, ok3 := parseVote(s.fields[p.vote])
	var time int64
	ok4 := true
	if p.time >= 0 {
		time, ok4 = parseID(s.fields[p.time])
		if time < secondsBelow {
			time *= 1000
		}
	}
	switch {
	case !ok1:
		return fmt.Errorf("row %d: comment-id %q is not a number from 0 to %d", s.record, clip(s.fields[p.statement]), int64(MaxID))
	case !ok2:
		return fmt.Errorf("row %d: voter-id %q is not a number from 0 to %d", s.record, clip(s.fields[p.participant]), int64(MaxID))
	case !ok3:
		return fmt.Errorf("row %d: vote %q is none of 1, 0 and -1", s.record, clip(s.fields[p.vote]))
	case !ok4:
		return fmt.Errorf("row %d: timestamp %q is not a time", s.record, clip(s.fields[p.time]))
	}
	if err := log.Add(Event{ParticipantID(participant), StatementID(statement), vote, time}); err != nil {
		return fmt.Errorf("row %d: %w", s.record, err)
	}
	return nil
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

// ReadStatements reads a comments.csv as Polis publishes it: column comment-id and, if present, moderated (-1, 0, 1),
// is-meta and comment-body; others are ignored. Errors name the row; the header is row 1.
func ReadStatements(r io.Reader) ([]Statement, error) {
	s := newScanner(r)
	columns, err := s.columns()
	if err != nil {
		return nil, fmt.Errorf("reading statements: %w", err)
	}
	if _, ok := columns["comment-id"]; !ok {
		return nil, errors.New(`reading statements: the column "comment-id" is missing`)
	}
	out := []Statement{}
	seen := map[StatementID]bool{}
	for {
		if err := s.next(); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading statements: %w", err)
		}
		st, err := parseStatement(s, columns)
		if err == nil && seen[st.ID] {
			err = fmt.Errorf("row %d: statement %d is there twice", s.record, st.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("reading statements: %w", err)
		}
		seen[st.ID] = true
		out = append(out, st)
	}
}

func parseStatement(s *scanner, columns map[string]int) (Statement, error) {
	var st Statement
	if len(s.fields) != len(columns) {
		return st, fmt.Errorf("row %d: %d fields where the header has %d", s.record, len(s.fields), len(columns))
	}
	field := func(name string) string {
		i, ok := columns[name]
		if !ok {
			return ""
		}
		return strings.TrimSpace(string(s.fields[i]))
	}
	id, ok := parseID([]byte(field("comment-id")))
	if !ok {
		return st, fmt.Errorf("row %d: comment-id %q is not a number from 0 to %d", s.record, field("comment-id"), int64(MaxID))
	}
	st.ID, st.Text = StatementID(id), field("comment-body")
	switch m := field("moderated"); m {
	case "", "0":
	case "1":
		st.Moderation = Accepted
	case "-1":
		st.Moderation = Rejected
	default:
		return st, fmt.Errorf("row %d: moderated %q is none of 1, 0 and -1", s.record, m)
	}
	if meta := field("is-meta"); meta != "" {
		b, err := strconv.ParseBool(strings.ToLower(meta))
		if err != nil {
			return st, fmt.Errorf("row %d: is-meta %q is neither true nor false", s.record, meta)
		}
		st.Meta = b
	}
	return st, nil
}
