// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/receipt"
	"example.org/chorus/internal/platform/db"
)

// A Signature is one line of the list, as the public sees it.
type Signature struct {
	Entry        int64
	Declaration  chorus.ID
	Number       int64 // 1 for the first signature of the declaration
	Class        fact.SignerClass
	Organisation chorus.ID
	Role         string
	Mandate      string
	Country      string
	Name         string // "" where the signer is not named
	Town         string
	Comment      string
	Lang         string // of the comment
	Day          string
	Invalid      fact.Reason
	Counts       bool

	entered   int64 // entry of the organisation; -1 for people
	named     int64 // entry that carries the name; -1 if none
	commented int64 // entry that carries the comment; -1 if none
	withdrawn bool
	verified  bool // organisations
}

// Limits of the words of a signature, in characters.
const (
	MaxName    = 100
	MaxTown    = 80
	MaxComment = 500
)

// shouldCount is the rule of the count, from the record alone.
func (s *Signature) shouldCount() bool {
	return !s.withdrawn && s.Invalid == "" && (s.Class == fact.People || s.verified)
}

// Waiting reports an organisation that would count if it were verified.
func (s *Signature) Waiting() bool {
	return !s.withdrawn && s.Invalid == "" && s.Class == fact.Organisations && !s.verified
}

// Withdrawn reports a signature that its signer took back.
func (s *Signature) Withdrawn() bool { return s.withdrawn }

// HasWords reports whether there are words to erase.
func (s *Signature) HasWords() bool { return s.named >= 0 || s.commented >= 0 }

// A Place is a part of an entry that holds words.
type Place struct{ Entry, Part int64 }

// Places are where in the record the words of a signature stand now.
func (s *Signature) Places() (places []Place) {
	if s.Class == fact.Organisations && s.Organisation != "" {
		places = append(places, Place{s.Entry, 0})
	}
	switch {
	case s.named == s.Entry && s.named >= 0:
		places = append(places, Place{s.named, fact.SignatureIdentityPart})
	case s.named >= 0:
		places = append(places, Place{s.named, 0}) // of a SignatureShown
	}
	if s.commented >= 0 {
		places = append(places, Place{s.commented, 0})
	}
	return places
}

// Date is the day of the signature.
func (s *Signature) Date() time.Time { return receipt.Day(s.Day) }

// erase takes the words of one part of the signature's own entry away.
func (s *Signature) erase(part int64) {
	switch {
	case s.Class == fact.Organisations:
		s.Organisation, s.Role, s.Mandate = "", "", ""
	case part == fact.SignatureCorePart:
		s.Country = ""
	case part == fact.SignatureIdentityPart && s.named == s.Entry:
		s.hideName()
	}
}

func (s *Signature) hideComment() { s.Comment, s.Lang, s.commented = "", "", -1 }

func (s *Signature) hideName() { s.Name, s.Town, s.named = "", "", -1 }

func (s *Signature) row() []any {
	return []any{s.Entry, s.Declaration, s.Number, string(s.Class), s.entered, s.Organisation, s.Role, s.Mandate, s.Country, s.Name, s.Town,
		s.named, s.Comment, s.Lang, s.commented, s.Day, s.withdrawn, string(s.Invalid), s.Counts, s.verified}
}

func scanSignature(r db.Row) (s Signature, err error) {
	return s, r.Scan(&s.Entry, &s.Declaration, &s.Number, &s.Class, &s.entered, &s.Organisation, &s.Role, &s.Mandate, &s.Country, &s.Name, &s.Town,
		&s.named, &s.Comment, &s.Lang, &s.commented, &s.Day, &s.withdrawn, &s.Invalid, &s.Counts, &s.verified)
}

// A batch gathers what a run of entries changes.
type batch struct {
	tx      *db.Tx
	fresh   [][]any // rows of new signatures, not yet inserted
	order   []chorus.ID
	tallies map[chorus.ID]*tally
}

// A tally is the numbers of one declaration and how they change, by day and by
// country.
type tally struct {
	people, organisations, waiting, numbered int64
	days                                     map[string]*[2]int64 // people, organisations
	countries                                map[string]int64
}

func (b *batch) tally(ctx context.Context, id chorus.ID) (*tally, error) {
	if t, ok := b.tallies[id]; ok {
		return t, nil
	}
	t, err := db.One(ctx, b.tx, tallyOf, func(r db.Row) (*tally, error) {
		t := &tally{days: map[string]*[2]int64{}, countries: map[string]int64{}}
		return t, r.Scan(&t.people, &t.organisations, &t.waiting, &t.numbered)
	}, id)
	b.tallies[id] = t
	b.order = append(b.order, id)
	return t, err
}

// count adds a signature to the numbers, or with -1 takes it out.
func (t *tally) count(s *Signature, day string, by int64) {
	if s.Waiting() {
		t.waiting += by
	}
	if !s.Counts {
		return
	}
	if t.days[day] == nil {
		t.days[day] = new([2]int64)
	}
	if s.Class == fact.People {
		t.people += by
		t.days[day][0] += by
		t.countries[s.Country] += by
		return
	}
	t.organisations += by
	t.days[day][1] += by
}

func (b *batch) flushAdded(ctx context.Context) error {
	if len(b.fresh) == 0 {
		return nil
	}
	err := db.InsertMany(ctx, b.tx, insertSignature, b.fresh)
	b.fresh = nil
	return err
}

func (b *batch) flush(ctx context.Context) error {
	if err := b.flushAdded(ctx); err != nil {
		return err
	}
	for _, id := range b.order {
		if err := b.tallies[id].save(ctx, b.tx, id); err != nil {
			return err
		}
	}
	return nil
}

func (t *tally) save(ctx context.Context, tx *db.Tx, id chorus.ID) error {
	if _, err := db.Exec(ctx, tx, saveTally, id, t.people, t.organisations, t.waiting, t.numbered); err != nil {
		return err
	}
	for day, n := range t.days {
		if err := moveCount(ctx, tx, addDay, dropEmptyDay, id, day, n[0], n[1]); err != nil {
			return err
		}
	}
	for country, n := range t.countries {
		if err := moveCount(ctx, tx, addCountry, dropEmptyCountry, id, country, n); err != nil {
			return err
		}
	}
	return catalogue.SetCounts(ctx, tx, chorus.Ref{Kind: chorus.Declaration, ID: id}, t.people, t.organisations)
}

// moveCount adds to the numbers of one row and drops the row when they come to
// nothing, so that the table does not tell how often it was changed.
func moveCount(ctx context.Context, tx *db.Tx, add, drop *db.Query, id chorus.ID, key string, by ...int64) error {
	args, lower, moved := []any{id, key}, false, false
	for _, n := range by {
		args, lower, moved = append(args, n), lower || n < 0, moved || n != 0
	}
	if !moved {
		return nil
	}
	if _, err := db.Exec(ctx, tx, add, args...); err != nil || !lower {
		return err
	}
	_, err := db.Exec(ctx, tx, drop, id, key)
	return err
}

func scanDeclaration(r db.Row) (*Declaration, error) { return scanDeclarationAnd(r) }

// scanDeclarationAnd reads a declaration, and the columns that follow it into more.
func scanDeclarationAnd(r db.Row, more ...any) (*Declaration, error) {
	d, core, hash := new(Declaration), "", []byte(nil)
	if err := r.Scan(append([]any{&d.ID, &hash, &d.Entry, &core, &d.Closed, &d.People, &d.Organisations, &d.Waiting}, more...)...); err != nil {
		return nil, err
	}
	d.Hash = fact.Hash(hash)
	var err error
	d.DeclarationCore, err = cores.of(d.Hash, core)
	return d, err
}

// cores keeps decoded declarations: their text is long, never changes and is
// needed by every signature. Nobody changes what it gives.
var cores decoded

type decoded struct{ kept sync.Map } // fact.Hash to keptCore

type keptCore struct {
	text string
	core fact.DeclarationCore
}

func (c *decoded) of(h fact.Hash, text string) (core fact.DeclarationCore, err error) {
	if kept, ok := c.kept.Load(h); ok && kept.(keptCore).text == text { // the text differs once it is erased
		return kept.(keptCore).core, nil
	}
	if err := json.Unmarshal([]byte(text), &core); err != nil {
		return core, err
	}
	c.kept.Store(h, keptCore{text, core})
	return core, nil
}
