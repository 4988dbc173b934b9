// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A scanner reads comma-separated values (RFC 4180) record by record without keeping the file.
// Plain records are cut where they lie in the buffer; only quoted ones are copied.
type scanner struct {
	in     *bufio.Reader
	line   []byte   // the record, when it did not fit into the buffer at once
	quoted []byte   // unescaped fields
	fields [][]byte // of the current record; valid until the next
	record int      // number of the current record; the header is 1
}

// maxRecord is the longest record accepted, in bytes: texts are short, and a stray quote must not swallow the memory.
const maxRecord = 1 << 20

var errQuote = errors.New("a quotation mark is not closed")

func newScanner(r io.Reader) *scanner {
	s := &scanner{in: bufio.NewReaderSize(r, 1<<16)}
	if mark, err := s.in.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		s.in.Discard(3)
	}
	return s
}

// next reads a record into s.fields. Empty lines are skipped. The error is io.EOF at the end.
func (s *scanner) next() error {
	for {
		line, err := s.readLine(s.line[:0])
		if err != nil {
			return err
		}
		s.record++
		if len(line) == 0 {
			continue
		}
		s.fields = s.fields[:0]
		if bytes.IndexByte(line, '"') < 0 {
			s.cut(line)
			return nil
		}
		return s.cutQuoted(line)
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
		end := bytes.IndexByte(line, ',')
		if end < 0 {
			break
		}
		s.fields = append(s.fields, line[:end])
		line = line[end+1:]
	}
	s.fields = append(s.fields, line)
}

// cutQuoted handles quotation marks: doubled within a field, and line ends inside a field belong to it.
func (s *scanner) cutQuoted(line []byte) error {
	record := append([]byte(nil), line...)
	for open := oddQuotes(line); open; {
		if len(record) > maxRecord {
			return fmt.Errorf("row %d: %w", s.record, errQuote)
		}
		more, err := s.readLine(nil)
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("row %d: %w", s.record, errQuote)
		}
		if err != nil {
			return err
		}
		record = append(append(record, '\n'), more...)
		open = open != oddQuotes(more)
	}
	s.quoted = s.quoted[:0]
	for rest := record; ; {
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

func oddQuotes(line []byte) bool { return bytes.Count(line, []byte{'"'})%2 == 1 }

// quotedField takes the first field off the record; after is nil when it was the last.
func (s *scanner) quotedField(rest []byte) (field, after []byte, err error) {
	if len(rest) == 0 || rest[0] != '"' {
		end := bytes.IndexByte(rest, ',')
		if end < 0 {
			return rest, nil, nil
		}
		return rest[:end], rest[end+1:], nil
	}
	var text []byte
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] != '"':
			text = append(text, rest[i])
		case i+1 < len(rest) && rest[i+1] == '"':
			text = append(text, '"')
			i++
		case i+1 == len(rest):
			return text, nil, nil
		case rest[i+1] == ',':
			return text, rest[i+2:], nil
		default:
			return nil, nil, errors.New("text after a closing quotation mark")
		}
	}
	return nil, nil, errQuote
}

// columns finds the header's columns by name. Two columns of one name are an error.
func (s *scanner) columns() (map[string]int, error) {
	if err := s.next(); errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	} else if err != nil {
		return nil, err
	}
	out := make(map[string]int, len(s.fields))
	for i, f := range s.fields {
		name := string(bytes.ToLower(bytes.TrimSpace(f)))
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("two columns are named %q", name)
		}
		out[name] = i
	}
	return out, nil
}
