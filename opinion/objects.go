// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// objects reads a JSON list of objects, as the interface of Polis answers, as if it were a table: the names
// in the first object are the columns. The first object is row 1.
type objects struct {
	in      *json.Decoder
	names   []string
	pending map[string]json.RawMessage // the first object, read for its names
	fields  [][]byte
	record  int
}

func newObjects(r *bufio.Reader) *objects { return &objects{in: json.NewDecoder(r)} }

func (o *objects) row() int { return o.record }

func (o *objects) header() ([]string, error) {
	if start, err := o.in.Token(); err != nil || start != json.Delim('[') {
		return nil, errors.New("the file is JSON, but not a list")
	}
	first, err := o.object()
	if errors.Is(err, io.EOF) {
		return nil, errEmpty
	}
	if err != nil {
		return nil, err
	}
	for name := range first {
		o.names = append(o.names, name)
	}
	o.pending, o.fields = first, make([][]byte, len(o.names))
	return o.names, nil
}

// next gives the values by the names of the first object; what an object does not have is empty.
func (o *objects) next() ([][]byte, error) {
	object := o.pending
	o.pending = nil
	if object == nil {
		var err error
		if object, err = o.object(); err != nil {
			return nil, err
		}
	}
	for i, name := range o.names {
		value, err := plain(object[name])
		if err != nil {
			return nil, fmt.Errorf("row %d: %s: %w", o.record, name, err)
		}
		o.fields[i] = value
	}
	return o.fields, nil
}

func (o *objects) object() (map[string]json.RawMessage, error) {
	if !o.in.More() {
		end, err := o.in.Token()
		if err == nil && end == json.Delim(']') {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("row %d: the list is cut off", o.record+1)
	}
	o.record++
	var object map[string]json.RawMessage
	if err := o.in.Decode(&object); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("row %d: the list is cut off", o.record)
	} else if err != nil {
		return nil, fmt.Errorf("row %d: %w", o.record, err)
	}
	return object, nil
}

// plain is the text of a value: a string without its marks, nothing for null, anything else as it stands.
func plain(value json.RawMessage) ([]byte, error) {
	switch {
	case len(value) == 0 || string(value) == "null":
		return nil, nil
	case value[0] != '"':
		return value, nil
	}
	var text string
	err := json.Unmarshal(bytes.TrimSpace(value), &text)
	return []byte(text), err
}
