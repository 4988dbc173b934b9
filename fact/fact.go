// SPDX-License-Identifier: Apache-2.0

// Package fact is the public language of the record: every kind of fact that
// an instance can publish, and nothing else. A fact is one thing that happened
// in public: past tense, typed, for ever. Mirrors, auditors and users of open
// data import this package.
//
// A fact has a head, which stands in the record in clear and names nobody, and
// parts, which hold words and can be erased one by one. The first part is never
// withheld: whoever serves a record cannot hide a text by saying that it was
// never meant to be shown. A published fact type
// is never changed: a new kind is added beside it and the old one still
// decodes, as the sealed examples in testdata/ prove.
package fact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"example.org/chorus"
)

// A Fact is one of the types of this package.
type Fact interface {
	// Kind is the permanent name of the fact's type in the record.
	Kind() string
	bind(*binding)
}

// A Hash names an entry of the record: its RFC 6962 leaf hash.
type Hash [32]byte

func (h Hash) String() string { return base64.RawURLEncoding.EncodeToString(h[:]) }

// A Head is what the record keeps of a fact in clear.
type Head struct {
	Kind    string
	Subject chorus.ID
	Ref     Hash    // the entry acted on; zero if none
	Erased  []int64 // redactions: the parts of that entry which are erased
	Reason  string  // redactions, invalidations and refusals: a Reason
	Request Hash    `json:",omitzero"` // SHA-256 of the id of a request that came by another instance; zero if none
}

// Sealed is a fact as the record carries it: the head and the bytes of each part.
type Sealed struct {
	Head
	Parts []SealedPart
}

// A SealedPart is the JSON of one part. Bytes is nil when the reader does not
// have the part: it was withheld or has been erased.
type SealedPart struct {
	Bytes    []byte
	Withheld bool // committed to in the record, but not published
}

// Encode seals a fact.
func Encode(f Fact) (Sealed, error) {
	b := bindingOf(f)
	s := Sealed{Head: Head{Kind: f.Kind(), Subject: *b.subject}}
	if b.ref != nil {
		s.Ref = *b.ref
	}
	if b.erased != nil {
		s.Erased = *b.erased
	}
	if b.reason != nil {
		s.Reason = string(*b.reason)
	}
	if b.request != nil {
		s.Request = *b.request
	}
	for i, p := range b.parts {
		sealed, err := p.seal()
		if err != nil {
			return s, fmt.Errorf("fact: part %d of %s: %w", i, f.Kind(), err)
		}
		s.Parts = append(s.Parts, sealed)
	}
	return s, s.check()
}

// ErrHidden says that the first part of a fact is withheld.
var ErrHidden = errors.New("fact: the first part is withheld, and it is always to be shown")

func (s *Sealed) check() error {
	if len(s.Parts) > 0 && s.Parts[0].Withheld {
		return fmt.Errorf("%w (%s)", ErrHidden, s.Kind)
	}
	return nil
}

// ErrUnknown is returned for kinds that this version does not know. They may
// come from a newer instance and are to be passed over.
var ErrUnknown = fmt.Errorf("fact: unknown kind")

// Decode opens a sealed fact. Parts that are not there leave their zero value.
func Decode(s Sealed) (Fact, error) {
	make, ok := kinds[s.Kind]
	if !ok {
		return nil, fmt.Errorf("%w %q", ErrUnknown, s.Kind)
	}
	f := make()
	b := bindingOf(f)
	if len(s.Parts) != len(b.parts) {
		return nil, fmt.Errorf("fact: %s has %d parts, want %d", s.Kind, len(s.Parts), len(b.parts))
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	*b.subject = s.Subject
	if b.ref != nil {
		*b.ref = s.Ref
	}
	if b.erased != nil {
		*b.erased = s.Erased
	}
	if b.reason != nil {
		*b.reason = Reason(s.Reason)
	}
	if b.request != nil {
		*b.request = s.Request
	}
	for i, p := range b.parts {
		if err := p.open(s.Parts[i].Bytes); err != nil {
			return nil, fmt.Errorf("fact: part %d of %s: %w", i, s.Kind, err)
		}
	}
	return f, nil
}

// Kinds lists every kind of fact, sorted.
func Kinds() []string {
	var names []string
	for k := range kinds {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

// Parts is how many parts a kind of fact has, if the kind is known.
func Parts(kind string) (n int, known bool) {
	make, known := kinds[kind]
	if !known {
		return 0, false
	}
	return len(bindingOf(make()).parts), true
}

var kinds = map[string]func() Fact{}

// register makes a kind known; a type is registered once, in the file that declares it.
func register[T any, P interface {
	*T
	Fact
}]() {
	kinds[P(new(T)).Kind()] = func() Fact { return P(new(T)) }
}

// A binding points at the fields of one fact, so that encoding and decoding
// are told once where everything goes.
type binding struct {
	subject *chorus.ID
	ref     *Hash
	erased  *[]int64
	reason  *Reason
	request *Hash
	parts   []part
}

func bindingOf(f Fact) *binding {
	b := new(binding)
	f.bind(b)
	return b
}

type part interface {
	seal() (SealedPart, error)
	open([]byte) error
}

// A Part is a piece of a fact that is committed to, published, withheld and
// erased on its own.
type Part[T any] struct {
	Value    T
	Presence Presence
}

// Presence says whether a reader can see a part.
type Presence uint8

const (
	Shown    Presence = iota // there for everybody
	Withheld                 // when writing: committed to, but not published
	Absent                   // when reading: withheld or erased
)

// Show is a part that everybody can read until it is erased.
func Show[T any](v T) Part[T] { return Part[T]{Value: v} }

// Withhold is a part that the record commits to without publishing it.
func Withhold[T any](v T) Part[T] { return Part[T]{Value: v, Presence: Withheld} }

func (p *Part[T]) seal() (SealedPart, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p.Value); err != nil {
		return SealedPart{}, err
	}
	return SealedPart{Bytes: bytes.TrimSuffix(b.Bytes(), []byte("\n")), Withheld: p.Presence == Withheld}, nil
}

func (p *Part[T]) open(b []byte) error {
	if b == nil {
		p.Presence = Absent
		return nil
	}
	return json.Unmarshal(b, &p.Value)
}
