// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// A Body is what one entry commits to, as far as it is public. It lies outside
// the tree, so it can fade.
type Body struct {
	Index int64 // place of the entry
	Parts []Part
}

// A Part is the opening of one commitment, or why there is none.
type Part struct {
	State PartState
	Salt  Salt   // if shown
	Bytes []byte // if shown
	By    int64  // if redacted, the place of the entry that redacted it
}

// A PartState says whether a part can be read.
type PartState int

// The states of a part.
const (
	Shown    PartState = iota
	Withheld           // never published
	Redacted           // published, then erased
)

// ErrBody is what every refusal of a body wraps.
var ErrBody = errors.New("record: not a body")

type bodyText struct {
	Index int64      `json:"i"`
	Parts []partText `json:"parts"`
}

type partText struct {
	Salt       *string `json:"salt,omitempty"`
	Body       *string `json:"body,omitempty"`
	Withheld   bool    `json:"withheld,omitempty"`
	RedactedBy *int64  `json:"redacted_by,omitempty"`
}

// Redacted reports whether a part was erased.
func (b *Body) Redacted() bool {
	for _, p := range b.Parts {
		if p.State == Redacted {
			return true
		}
	}
	return false
}

// MarshalJSON writes the one spelling of the body, on one line:
//
//	{"i":12345,"parts":[{"salt":"…","body":"…"},{"withheld":true},{"redacted_by":70000}]}
//
// Salts and bytes are in base64url without padding.
func (b *Body) MarshalJSON() ([]byte, error) {
	return json.Marshal(bodyText{b.Index, partTexts(b.Parts)})
}

func partTexts(parts []Part) []partText {
	texts := []partText{}
	for _, p := range parts {
		var t partText
		switch p.State {
		case Shown:
			salt, body := base64.RawURLEncoding.EncodeToString(p.Salt[:]), base64.RawURLEncoding.EncodeToString(p.Bytes)
			t.Salt, t.Body = &salt, &body
		case Withheld:
			t.Withheld = true
		case Redacted:
			t.RedactedBy = &p.By
		}
		texts = append(texts, t)
	}
	return texts
}

// ParseBody reads what MarshalJSON writes and refuses every other spelling.
func ParseBody(line []byte) (*Body, error) {
	b := new(Body)
	if err := b.parse(&bodyReader{rest: line}); err != nil {
		return nil, err
	}
	return b, nil
}

// parse fills an empty body. There is one spelling, without space and without
// anything to escape, so that it can be read word by word.
func (b *Body) parse(r *bodyReader) error {
	r.want(`{"i":`)
	b.Index = r.place()
	b.Parts = r.parts()
	if r.failed {
		return fmt.Errorf("%w: not in its one spelling", ErrBody)
	}
	return nil
}

// A bodyReader reads a body or a receipt. The first fault stops it.
type bodyReader struct {
	rest   []byte
	failed bool
	memory []byte // for what is decoded
}

func (r *bodyReader) eat(word string) bool {
	if r.failed || !bytes.HasPrefix(r.rest, []byte(word)) {
		return false
	}
	r.rest = r.rest[len(word):]
	return true
}

func (r *bodyReader) want(word string) {
	if !r.eat(word) {
		r.failed = true
	}
}

// place reads a number from 0.
func (r *bodyReader) place() int64 {
	end := 0
	for end < len(r.rest) && r.rest[end] >= '0' && r.rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(string(r.rest[:end]), 10, 64)
	if err != nil || end > 1 && r.rest[0] == '0' {
		r.failed = true
	}
	r.rest = r.rest[end:]
	return n
}

// text reads what stands before the next quote, in base64url.
func (r *bodyReader) text() []byte {
	end := bytes.IndexByte(r.rest, '"')
	if end < 0 {
		r.failed = true
		return nil
	}
	want, from := strictURL.DecodedLen(end), len(r.memory)
	var err error
	r.memory, err = strictURL.AppendDecode(r.memory, r.rest[:end])
	r.rest = r.rest[end:]
	to := len(r.memory)
	if err != nil || to-from != want { // it passes over line breaks
		r.failed = true
	}
	return r.memory[from:to:to]
}

// salt reads a salt, for which no memory is needed.
func (r *bodyReader) salt() (s Salt) {
	var text [43]byte
	if len(r.rest) < len(text) {
		r.failed = true
		return s
	}
	copy(text[:], r.rest)
	r.rest = r.rest[len(text):]
	if n, err := strictURL.Decode(s[:], text[:]); err != nil || n != len(s) {
		r.failed = true
	}
	return s
}

// parts reads the parts, with which the text ends.
func (r *bodyReader) parts() (parts []Part) {
	r.want(`,"parts":[`)
	for more := !r.eat(`]`); more && !r.failed; more = !r.eat(`]`) {
		if len(parts) > 0 {
			r.want(`,`)
		}
		parts = append(parts, r.part())
	}
	r.want(`}`)
	r.failed = r.failed || len(r.rest) > 0
	return parts
}

func (r *bodyReader) part() (p Part) {
	switch {
	case r.eat(`{"salt":"`):
		p.Salt = r.salt()
		r.want(`","body":"`)
		p.Bytes = r.text()
		r.want(`"}`)
	case r.eat(`{"withheld":true}`):
		p.State = Withheld
	default:
		p.State = Redacted
		r.want(`{"redacted_by":`)
		p.By = r.place()
		r.want(`}`)
	}
	return p
}

// Check makes sure that a body belongs to a leaf: a part for each commitment,
// and each part that is shown opens its own.
func (b *Body) Check(l *Leaf) error {
	if len(b.Parts) != len(l.Commitments) {
		return fmt.Errorf("%w: entry %d has %d parts for %d commitments", ErrBody, b.Index, len(b.Parts), len(l.Commitments))
	}
	for i, p := range b.Parts {
		if p.State == Shown && Commit(p.Salt, p.Bytes) != l.Commitments[i] {
			return fmt.Errorf("%w: part %d of entry %d does not open its commitment", ErrBody, i, b.Index)
		}
	}
	return nil
}
