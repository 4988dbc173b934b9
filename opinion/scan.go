// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A table gives the rows of a file one by one, without keeping the file.
type table interface {
	// header gives the names of the columns. It is called once, before next.
	header() ([]string, error)
	// next gives the fields of a row, valid until the call after it; io.EOF at the end.
	next() ([][]byte, error)
	// row is the number of the row given last, counted as the errors count.
	row() int
}

// openTable tells the two forms apart by their first character: no header of comma-separated values begins with a bracket.
func openTable(r io.Reader) table {
	in := bufio.NewReaderSize(r, 1<<16)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		in.Discard(3)
	}
	start, _ := in.Peek(64)
	if start = bytes.TrimLeft(start, " \t\r\n"); len(start) > 0 && (start[0] == '[' || start[0] == '{') {
		return newObjects(in)
	}
	return &scanner{in: in, separator: ','}
}

// A scanner reads comma-separated values (RFC 4180), or values separated by semicolons or tabs if the header is.
// Plain records are cut where they lie in the buffer; only quoted ones are copied.
type scanner struct {
	in        *bufio.Reader
	separator byte
	line      []byte   // the record, when it did not fit into the buffer at once
	quoted    []byte   // the record, when it has quotation marks
	fields    [][]byte // of the current record; valid until the next
	record    int      // number of the current record; the header is 1
}

// maxRecord is the longest record accepted, in bytes: texts are short, and a stray quote must not swallow the memory.
const maxRecord = 1 << 20

var errQuote = errors.New("a quotation mark is not closed")

func (s *scanner) row() int { return s.record }

func (s *scanner) header() ([]string, error) {
	first, err := s.in.Peek(4096)
	if err != nil && len(first) == 0 && !errors.Is(err, io.EOF) {
		return nil, err
	}
	s.separator = separatorOf(first)
	fields, err := s.next()
	if errors.Is(err, io.EOF) {
		return nil, errEmpty
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = string(f)
	}
	return names, nil
}

// separatorOf is the comma, unless the first line has none and has semicolons or tabs instead, as spreadsheets of many countries write them.
func separatorOf(start []byte) byte {
	line, _, _ := bytes.Cut(bytes.TrimLeft(start, "\r\n"), []byte{'\n'})
	for _, c := range []byte{',', ';', '\t'} {
		if bytes.IndexByte(line, c) >= 0 {
			return c
		}
	}
	return ','
}

// next gives the fields of a record. Empty lines are skipped, but counted.
func (s *scanner) next() ([][]byte, error) {
	for {
		line, err := s.readLine(s.line[:0])
		if err != nil {
			return nil, err
		}
		s.record++
		if len(line) == 0 {
			continue
		}
		s.fields = s.fields[:0]
		if bytes.IndexByte(line, '"') < 0 {
			s.cut(line)
		} else if err := s.cutQuoted(line); err != nil {
			return nil, err
		}
		return s.fields, nil
	}
}

// readLine gives one line without its end; a last line needs none.
func (s *scanner) readLine(into []byte) ([]byte, error) {
	part, err := s.in.ReadSlice('\n')
	if err == nil && len(into) == 0 {
		return bytes.TrimSuffix(part[:len(part)-1], []byte{'\r'}), nil
	}
	into = append(into, part...)
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(into) > maxRecord {
			return nil, fmt.Errorf("row %d: longer than %d bytes", s.record+1, maxRecord)
		}
		part, err = s.in.ReadSlice('\n')
		into = append(into, part...)
	}
	s.line = into
	if err != nil && (!errors.Is(err, io.EOF) || len(into) == 0) {
		return nil, err
	}
	into = bytes.TrimSuffix(into, []byte{'\n'})
	return bytes.TrimSuffix(into, []byte{'\r'}), nil
}

func (s *scanner) cut(line []byte) {
	for {
		end := bytes.IndexByte(line, s.separator)
		if end < 0 {
			break
		}
		s.fields = append(s.fields, line[:end])
		line = line[end+1:]
	}
	s.fields = append(s.fields, line)
}

// cutQuoted handles quotation marks: doubled within a field, and line ends inside a field belong to it.
// A mark within a field that does not begin with one is a character like any other.
func (s *scanner) cutQuoted(line []byte) error {
	s.quoted = append(s.quoted[:0], line...)
	for open := s.leavesOpen(line, false); open; {
		if len(s.quoted) > maxRecord {
			return fmt.Errorf("row %d: %w", s.record, errQuote)
		}
		more, err := s.readLine(s.line[:0])
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("row %d: %w", s.record, errQuote)
		}
		if err != nil {
			return err
		}
		s.quoted = append(append(s.quoted, '\n'), more...)
		open = s.leavesOpen(more, true)
	}
	for rest := s.quoted; ; {
		field, after, err := s.quotedField(rest)
		if err != nil {
			return fmt.Errorf("row %d: %w", s.record, err)
		}
		s.fields = append(s.fields, field)
		if after == nil {
			return nil
		}
		rest = after
	}
}

// leavesOpen says whether a quoted field goes on after the end of the line; inside: whether the line begins within one.
func (s *scanner) leavesOpen(line []byte, inside bool) bool {
	start := !inside
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c != '"':
		case inside && i+1 < len(line) && line[i+1] == '"':
			i++
		case inside:
			inside = false
		case start:
			inside = true
		}
		start = !inside && c == s.separator
	}
	return inside
}

// quotedField takes the first field off the record; after is nil when it was the last.
func (s *scanner) quotedField(rest []byte) (field, after []byte, err error) {
	if len(rest) == 0 || rest[0] != '"' {
		end := bytes.IndexByte(rest, s.separator)
		if end < 0 {
			return rest, nil, nil
		}
		return rest[:end], rest[end+1:], nil
	}
	text := rest[1:1] // what is written never overtakes what is read
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] != '"':
			text = append(text, rest[i])
		case i+1 < len(rest) && rest[i+1] == '"':
			text = append(text, '"')
			i++
		case i+1 == len(rest):
			return text, nil, nil
		case rest[i+1] == s.separator:
			return text, rest[i+2:], nil
		default:
			return nil, nil, errors.New("text after a closing quotation mark")
		}
	}
	return nil, nil, errQuote
}
