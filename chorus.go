// SPDX-License-Identifier: AGPL-3.0-or-later

// Package chorus is the shared vocabulary: the few words every other package
// may use. It imports nothing but the standard library and must stay small.
package chorus

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// A Kind names a sort of public thing. Kinds appear in addresses and in the
// record, so they are never renamed or reused.
type Kind string

// The kinds of things an instance can hold today.
const (
	Site           Kind = "site"
	Organisation   Kind = "organisation"
	Initiative     Kind = "initiative"
	Declaration    Kind = "declaration"
	Recommendation Kind = "recommendation"
)

// An ID names one public thing for ever: 128 random bits in base64url, so
// that it says nothing about the thing.
type ID string

// NewID draws an ID that nobody has drawn before.
func NewID() ID {
	var b [16]byte
	rand.Read(b[:])
	return ID(base64.RawURLEncoding.EncodeToString(b[:]))
}

// Valid reports whether id has the form that NewID gives.
func (id ID) Valid() bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(id))
	return err == nil && len(b) == 16
}

// A Ref points at one public thing, whichever capability owns it.
type Ref struct {
	Kind Kind
	ID   ID
}

func (r Ref) String() string { return string(r.Kind) + "/" + string(r.ID) }

// MarshalText writes kind/id.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads kind/id and refuses anything else.
func (r *Ref) UnmarshalText(b []byte) error {
	kind, id, ok := strings.Cut(string(b), "/")
	if !ok || kind == "" || !ID(id).Valid() {
		return fmt.Errorf("bad ref %q", b)
	}
	*r = Ref{Kind(kind), ID(id)}
	return nil
}

// A Text is what somebody wrote, in the language they wrote it in, with the
// translations that were given for it. Languages are BCP 47 tags.
type Text struct {
	Lang         string            `json:"lang"`
	Text         string            `json:"text"`
	Translations map[string]string `json:"translations,omitempty"`
}

// In returns the text in the wanted language if there is a translation, else
// the original; lang is the language of what is returned.
func (t Text) In(want string) (text, lang string) {
	if tr, ok := t.Translations[want]; ok && tr != "" {
		return tr, want
	}
	return t.Text, t.Lang
}

// The ways a request can fail that a person can do something about. Any other
// error is ours: the web layer logs it and shows a reference number.
var (
	ErrNotFound  = errors.New("not found")
	ErrForbidden = errors.New("not allowed")
	ErrClosed    = errors.New("closed")
	ErrBusy      = errors.New("busy, try again") // also: too many tries
)

// Invalid says what is wrong with what a person typed: field to message key.
type Invalid map[string]string

func (e Invalid) Error() string { return fmt.Sprintf("invalid input: %v", map[string]string(e)) }

// Err is e as an error, or nil when nothing is wrong.
func (e Invalid) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}
