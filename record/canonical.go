// SPDX-License-Identifier: Apache-2.0

package record

import "strconv"

// Leaves are RFC 8785 canonical JSON in a restricted profile: one object with
// ASCII keys in ascending order; values are printable ASCII strings without
// quote or backslash, integers from 0 to 2^53-1, or non-empty arrays of one of
// those. In this profile no character is ever escaped and no number has two
// spellings, so writer and reader are small enough to be read at a glance.
// encoding/json is not used: it accepts doubled keys and other cases of a key.

const maxInteger = 1<<53 - 1

// An objectWriter writes one object; keys must be given in ascending order.
type objectWriter struct{ b []byte }

func (w *objectWriter) key(k string) {
	if len(w.b) > 0 {
		w.b = append(w.b, ',')
	}
	w.quote(k)
	w.b = append(w.b, ':')
}

func (w *objectWriter) quote(s string) { w.b = append(append(append(w.b, '"'), s...), '"') }

func (w *objectWriter) text(k, s string) {
	if s != "" {
		w.key(k)
		w.quote(s)
	}
}

func (w *objectWriter) int(k string, n int64) {
	w.key(k)
	w.b = strconv.AppendInt(w.b, n, 10)
}

func (w *objectWriter) strings(k string, list []string) {
	for i, s := range list {
		w.element(k, i)
		w.quote(s)
	}
	w.endArray(len(list))
}

func (w *objectWriter) ints(k string, list []int64) {
	for i, n := range list {
		w.element(k, i)
		w.b = strconv.AppendInt(w.b, n, 10)
	}
	w.endArray(len(list))
}

func (w *objectWriter) element(k string, i int) {
	if i > 0 {
		w.b = append(w.b, ',')
		return
	}
	w.key(k)
	w.b = append(w.b, '[')
}

func (w *objectWriter) endArray(n int) {
	if n > 0 {
		w.b = append(w.b, ']')
	}
}

func (w *objectWriter) bytes() []byte { return append(append([]byte{'{'}, w.b...), '}') }

// An objectReader walks over the fields of one object, whose keys must ascend.
// The first fault stops it and stays in err. Strings that it gives share the
// memory of the text.
type objectReader struct {
	all    string
	at     int // a number, for it changes with every letter: the collector of memory watches strings that change
	begun  bool
	key    string
	err    error
	hashes []Hash // memory for arrays of hashes
}

func (r *objectReader) fail(what string) {
	if r.err == nil {
		r.err = badLeaf("%s", what)
	}
}

// eat consumes c if it comes next.
func (r *objectReader) eat(c byte) bool {
	if r.err != nil || r.at == len(r.all) || r.all[r.at] != c {
		return false
	}
	r.at++
	return true
}

func (r *objectReader) want(c byte) {
	if !r.eat(c) {
		r.fail("expected " + string(c))
	}
}

// next moves to the next field and reports whether there is one.
func (r *objectReader) next() bool {
	if !r.begun {
		r.begun = true
		r.want('{')
	} else if r.eat('}') {
		if r.at < len(r.all) {
			r.fail("text after the end")
		}
		return false
	} else {
		r.want(',')
	}
	before := r.key
	if r.key = r.text(); r.key <= before {
		r.fail("keys out of order")
	}
	r.want(':')
	return r.err == nil
}

// text reads a string, which is not empty: a field without text is left out.
func (r *objectReader) text() string {
	r.want('"')
	end := r.at
	for end < len(r.all) && r.all[end] != '"' {
		if c := r.all[end]; c < ' ' || c > '~' || c == '\\' {
			r.fail("string outside printable ASCII")
		}
		end++
	}
	if r.err != nil || end == r.at || end == len(r.all) {
		r.fail("string without text or end")
		return ""
	}
	s := r.all[r.at:end]
	r.at = end + 1
	return s
}

func (r *objectReader) int() int64 {
	end := r.at
	for end < len(r.all) && r.all[end] >= '0' && r.all[end] <= '9' {
		end++
	}
	digits := r.all[r.at:end]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > maxInteger || len(digits) > 1 && digits[0] == '0' {
		r.fail("not an integer")
	}
	r.at = end
	return n
}

func (r *objectReader) ints() (list []int64) {
	r.array(func() { list = append(list, r.int()) })
	return list
}

func (r *objectReader) array(element func()) {
	r.want('[')
	for r.err == nil {
		element()
		if r.eat(']') {
			return
		}
		r.want(',')
	}
}
