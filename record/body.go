// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
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
	var text bodyText
	if err := json.Unmarshal(line, &text); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBody, err)
	}
	parts, err := parseParts(text.Parts)
	if err != nil {
		return nil, err
	}
	b := &Body{text.Index, parts}
	if again, err := b.MarshalJSON(); err != nil || string(again) != string(line) || b.Index < 0 {
		return nil, fmt.Errorf("%w: not in its one spelling", ErrBody)
	}
	return b, nil
}

func parseParts(texts []partText) (parts []Part, err error) {
	for _, t := range texts {
		p, err := t.part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func (t partText) part() (p Part, err error) {
	switch {
	case t.RedactedBy != nil && *t.RedactedBy >= 0:
		return Part{State: Redacted, By: *t.RedactedBy}, nil
	case t.Withheld:
		return Part{State: Withheld}, nil
	case t.Salt == nil || t.Body == nil:
		return p, fmt.Errorf("%w: a part that is neither shown, withheld nor redacted", ErrBody)
	}
	salt, err := base64.RawURLEncoding.Strict().DecodeString(*t.Salt)
	if err != nil || len(salt) != len(p.Salt) {
		return p, fmt.Errorf("%w: salt %q", ErrBody, *t.Salt)
	}
	p.Salt = Salt(salt)
	if p.Bytes, err = base64.RawURLEncoding.Strict().DecodeString(*t.Body); err != nil {
		return p, fmt.Errorf("%w: %w", ErrBody, err)
	}
	return p, nil
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
