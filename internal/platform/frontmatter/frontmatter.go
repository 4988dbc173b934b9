// SPDX-License-Identifier: AGPL-3.0-or-later

// Package frontmatter reads and writes files of two parts: a few lines of
// "key: value" between two lines of ---, and below them the text in Markdown.
//
// It reads strictly, because what it reads was written by hand: a key that
// nobody knows or that stands twice, a list where a word belongs, all are
// refused with the number of the line. Of YAML it takes words, lists and
// tables of named things. Anchors, aliases, tags and merges are refused, so
// that no small file can grow large.
package frontmatter

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of what is read.
const (
	maxHead  = 64 << 10 // bytes between the two lines of ---
	maxNodes = 4000     // words, lists and tables in it
	maxDepth = 4        // lists and tables inside one another
)

// A Problem is a sort of fault in front matter.
type Problem string

// The problems.
const (
	Missing   Problem = "missing"   // the file does not begin with a line of ---
	Unclosed  Problem = "unclosed"  // there is no second line of ---
	TooLarge  Problem = "too_large" // more than the limits above
	Syntax    Problem = "syntax"    // not YAML; Detail says why, in English
	Unknown   Problem = "unknown"   // a key that is not one of these
	Twice     Problem = "twice"     // a key that stood there before
	Form      Problem = "form"      // Detail says what belongs there: word, number, list or table
	Forbidden Problem = "forbidden" // an anchor, alias, tag or merge
)

// An Error says where front matter is faulty, and how.
type Error struct {
	Line    int // of the file, from 1
	Problem Problem
	Key     string // the key it is about; "" if none
	Detail  string
}

// Error is the fault in plain English.
func (e *Error) Error() string {
	says := map[Problem]string{
		Missing:   "the file does not begin with a line of ---",
		Unclosed:  "the second line of --- is missing",
		TooLarge:  "there is too much between the lines of ---",
		Syntax:    "cannot be read: " + e.Detail,
		Unknown:   fmt.Sprintf("unknown key %q", e.Key),
		Twice:     fmt.Sprintf("the key %q stands here for the second time", e.Key),
		Form:      fmt.Sprintf("%q needs a %s", e.Key, e.Detail),
		Forbidden: "anchors, aliases, tags and merges are not taken here",
	}
	return fmt.Sprintf("line %d: %s", e.Line, says[e.Problem])
}

// A Document is a file in its two parts.
type Document struct {
	Head     string // YAML, without the lines of ---
	Body     string // all that follows the second line of ---
	BodyLine int    // the line of the file on which Body begins, from 1
}

// Split cuts a file in two. Its first line must be ---; spaces after the
// dashes do no harm. Lines end with \n.
func Split(text string) (Document, error) {
	first, rest, _ := strings.Cut(text, "\n")
	if !isMark(first) {
		return Document{}, &Error{Line: 1, Problem: Missing}
	}
	at, line := 0, 2
	for l := range strings.Lines(rest) {
		if isMark(strings.TrimSuffix(l, "\n")) {
			return Document{Head: rest[:at], Body: rest[at+len(l):], BodyLine: line + 1}, nil
		}
		at += len(l)
		line++
		if at > maxHead {
			return Document{}, &Error{Line: line, Problem: TooLarge}
		}
	}
	return Document{}, &Error{Line: 1, Problem: Unclosed}
}

func isMark(line string) bool { return strings.TrimRight(line, " \t") == "---" }

// Lines says on which line of the file a key stands. Keys within a list are
// called list.number.key, from 1: duty-bearers.2.kind.
type Lines map[string]int

// Decode reads the head into a struct by the yaml tags of its fields, which
// may be strings, whole numbers, structs and slices of these. A word is taken
// as it is written, so that NO is a country and 2026 can be a title.
func (d Document) Decode(into any) (Lines, error) {
	r := reading{lines: Lines{}}
	var top yaml.Node
	if err := yaml.Unmarshal([]byte(d.Head), &top); err != nil {
		return nil, syntax(err)
	}
	if len(top.Content) == 0 { // nothing but remarks
		return r.lines, nil
	}
	if err := r.bound(&top, 0); err != nil {
		return nil, err
	}
	return r.lines, r.value(top.Content[0], "", reflect.ValueOf(into).Elem())
}

var (
	place = regexp.MustCompile(`^line (\d+): `)
	early = regexp.MustCompile(`^did not find expected ('|key|node content)`)
)

// syntax brings an error of the YAML reader to ours. It counts lines from the
// first below the ---, says no line for the very first, and in the errors of
// its grammar counts from 0.
func syntax(err error) *Error {
	detail, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := place.FindStringSubmatch(detail); m != nil {
		line, _ = strconv.Atoi(m[1]) // digits, by the pattern
		detail = detail[len(m[0]):]
		if early.MatchString(detail) {
			line++
		}
	}
	return &Error{Line: line + 1, Problem: Syntax, Detail: detail}
}

// reading is what one Decode has met so far.
type reading struct {
	lines Lines
	nodes int
}

// bound refuses what could make a small file large, before anything is read from it.
func (r *reading) bound(n *yaml.Node, depth int) error {
	r.nodes++
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!merge":
		return &Error{Line: n.Line + 1, Problem: Forbidden}
	case depth > maxDepth || r.nodes > maxNodes:
		return &Error{Line: n.Line + 1, Problem: TooLarge}
	}
	for _, child := range n.Content {
		if err := r.bound(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// value reads a node into a field; path is the name of the field in Lines.
func (r *reading) value(n *yaml.Node, path string, into reflect.Value) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil // a key without a value is as good as none
	}
	wrong := func(want string) error {
		return &Error{Line: n.Line + 1, Problem: Form, Key: path, Detail: want}
	}
	switch into.Kind() {
	case reflect.String:
		if n.Kind != yaml.ScalarNode {
			return wrong("word")
		}
		into.SetString(n.Value)
	case reflect.Int, reflect.Int64:
		number, err := strconv.ParseInt(n.Value, 10, into.Type().Bits())
		if n.Kind != yaml.ScalarNode || err != nil {
			return wrong("number")
		}
		into.SetInt(number)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return wrong("list")
		}
		return r.list(n, path, into)
	case reflect.Struct:
		if n.Kind != yaml.MappingNode {
			return wrong("table")
		}
		return r.table(n, path, into)
	default:
		return fmt.Errorf("front matter cannot be read into %s", into.Type())
	}
	return nil
}

func (r *reading) list(n *yaml.Node, path string, into reflect.Value) error {
	made := reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		name := fmt.Sprintf("%s.%d", path, i+1)
		r.lines[name] = item.Line + 1
		if err := r.value(item, name, made.Index(i)); err != nil {
			return err
		}
	}
	into.Set(made)
	return nil
}

func (r *reading) table(n *yaml.Node, path string, into reflect.Value) error {
	fields := fieldsOf(into)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := strings.TrimPrefix(path+"."+key.Value, ".")
		field, known := fields[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || !known:
			return &Error{Line: key.Line + 1, Problem: Unknown, Key: key.Value}
		case r.lines[name] != 0:
			return &Error{Line: key.Line + 1, Problem: Twice, Key: key.Value}
		}
		r.lines[name] = key.Line + 1
		if err := r.value(value, name, field); err != nil {
			return err
		}
	}
	return nil
}

func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		fields[name] = v.Field(i)
	}
	return fields
}
