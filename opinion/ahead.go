// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
)

// Rows are read ahead in chunks, several at a time.
const (
	chunkBytes   = 1 << 16
	chunksAtOnce = 4
	chunkFields  = 16 // rows of more are left to next
)

// A chunk is a piece of a file made of whole lines.
type chunk struct {
	text   []byte
	events []Event
	plain  bool // every line is a row of votes that needs no closer look
}

// ahead reads votes as long as they are plain, on all processors. The first chunk that is not plain and all that follows it are left to
// next, which knows how to read them, or what is wrong with them.
func (s *scanner) ahead(p places, add func(row int, e Event) error) error {
	ready, coming := make([]chunk, 0, chunksAtOnce), make([]chunk, chunksAtOnce)
	var rest []byte // the beginning of a line that goes on in the next chunk
	var end error
	for {
		coming = coming[:0]
		for len(coming) < chunksAtOnce && end == nil {
			coming = coming[:len(coming)+1]
			rest, end = coming[len(coming)-1].fill(s.in, rest)
		}
		var left []chunk
		var err error
		parallel(1+len(coming), func(i int) {
			if i == 0 {
				left, err = s.take(ready, add)
			} else {
				coming[i-1].parse(p, s.separator)
			}
		})
		if err != nil {
			return err
		}
		if len(left) > 0 || len(coming) == 0 {
			s.putBack(slices.Concat(left, coming), rest, end)
			return nil
		}
		ready, coming = coming, ready
	}
}

// fill reads whole lines, the first of which begins with rest. It gives what is left of the last. A line that does not fit is not cut.
func (c *chunk) fill(in io.Reader, rest []byte) ([]byte, error) {
	c.text = slices.Grow(append(c.text[:0], rest...), chunkBytes)
	n, err := io.ReadFull(in, c.text[len(rest):len(rest)+chunkBytes])
	c.text = c.text[:len(rest)+n]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, io.EOF
	}
	lines := bytes.LastIndexByte(c.text, '\n') + 1
	if lines == 0 {
		return nil, err
	}
	rest = slices.Clone(c.text[lines:])
	c.text = c.text[:lines]
	return rest, err
}

func (c *chunk) parse(p places, separator byte) {
	c.events, c.plain = c.events[:0], false
	if p.width > chunkFields || bytes.IndexByte(c.text, '"') >= 0 {
		return
	}
	c.events = slices.Grow(c.events, len(c.text)/24) // about as many rows
	var fields [chunkFields][]byte
	for text := c.text; len(text) > 0; {
		line, after, ended := bytes.Cut(text, []byte{'\n'})
		if !ended && len(c.text) >= chunkBytes {
			return // it goes on
		}
		line, text = bytes.TrimSuffix(line, []byte{'\r'}), after
		for i := range p.width - 1 {
			end := bytes.IndexByte(line, separator)
			if end < 0 {
				return
			}
			fields[i], line = line[:end], line[end+1:]
		}
		if fields[p.width-1] = line; bytes.IndexByte(line, separator) >= 0 {
			return
		}
		e, err := p.event(fields[:p.width])
		if err != nil {
			return
		}
		c.events = append(c.events, e)
	}
	c.plain = true
}

// take adds the votes of chunks, up to the first that is not plain.
func (s *scanner) take(chunks []chunk, add func(row int, e Event) error) (left []chunk, err error) {
	for i := range chunks {
		if !chunks[i].plain {
			return chunks[i:], nil
		}
		for _, e := range chunks[i].events {
			s.record++
			if err := add(s.record, e); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// putBack lets next begin with these chunks, and end as the file did.
func (s *scanner) putBack(chunks []chunk, rest []byte, end error) {
	var all []io.Reader
	for _, c := range chunks {
		all = append(all, bytes.NewReader(c.text))
	}
	all = append(all, bytes.NewReader(rest))
	if end == nil {
		all = append(all, s.in)
	} else {
		all = append(all, broken{end})
	}
	s.in = bufio.NewReaderSize(io.MultiReader(all...), 1<<16)
}

// broken is a reader that has nothing but an error, such as the end of the file.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
