// SPDX-License-Identifier: AGPL-3.0-or-later

// Package cause shows declarations in a list: what is asked, by whom and of
// whom, how many stand behind it, and whether it can still be signed. Every
// page that lists causes shows them alike.
package cause

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"io/fs"
	"slices"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// A Cause is the card of a declaration with those who are tied to it.
type Cause struct {
	catalogue.Card
	From []Tie // who runs it
	To   []Tie // who is asked
}

// A Tie names an organisation and its page.
type Tie struct {
	Name chorus.Text
	Path string
}

// A Stage is where a declaration stands at a moment.
type Stage int

// The stages, in the order they come.
const (
	Ahead  Stage = iota // it opens later
	Open                // it can be signed
	Closed              // it takes no more signatures
)

// Closed is the word on the card of a declaration that was closed by its
// organisers, whatever its dates say.
const closedState = "closed"

// StageOf judges a card by the moment at which somebody looks.
func StageOf(c catalogue.Card, now time.Time) Stage {
	switch {
	case c.State == closedState, !c.Closes.IsZero() && !now.Before(c.Closes):
		return Closed
	case now.Before(c.Opens):
		return Ahead
	}
	return Open
}

// Parted parts cards, newest first, into those that can be signed now or soon
// and those that are closed. The open ones take turns: the most signed, the
// newest, the next most signed and so on, so that a new cause is seen beside a
// large one.
func Parted(cards []catalogue.Card, now time.Time) (open, closed []catalogue.Card) {
	for _, c := range cards {
		if StageOf(c, now) == Closed {
			closed = append(closed, c)
		} else {
			open = append(open, c)
		}
	}
	large := slices.Clone(open)
	slices.SortStableFunc(large, func(a, b catalogue.Card) int {
		return cmp.Or(cmp.Compare(b.People, a.People), cmp.Compare(b.Organisations, a.Organisations))
	})
	return takeTurns(large, open), closed
}

func takeTurns(a, b []catalogue.Card) (all []catalogue.Card) {
	seen := map[chorus.Ref]bool{}
	for i := range a {
		for _, c := range []catalogue.Card{a[i], b[i]} {
			if !seen[c.Ref] {
				seen[c.Ref] = true
				all = append(all, c)
			}
		}
	}
	return all
}

// Of finds out who runs the declarations of these cards and who is asked.
func Of(ctx context.Context, tx *db.Tx, cards []catalogue.Card) ([]Cause, error) {
	causes, refs, at := make([]Cause, len(cards)), make([]string, len(cards)), map[string]*Cause{}
	for i, c := range cards {
		causes[i].Card = c
		refs[i] = c.Ref.String()
		at[refs[i]] = &causes[i]
	}
	if len(cards) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(refs)
	if err != nil {
		return nil, err
	}
	return causes, db.Each(ctx, tx, ties, func(r db.Row) error {
		var source, relation, name string
		var t Tie
		if err := r.Scan(&source, &relation, &name, &t.Path); err != nil {
			return err
		}
		c := at[source]
		if relation == string(catalogue.RunBy) {
			c.From = append(c.From, t)
			return json.Unmarshal([]byte(name), &c.From[len(c.From)-1].Name)
		}
		c.To = append(c.To, t)
		return json.Unmarshal([]byte(name), &c.To[len(c.To)-1].Name)
	}, string(list))
}

// Cards and links of many things are read at once: a question for each card
// would make a list slow.
var ties = db.SQL(`SELECT l.source, l.relation, c.title, c.path FROM link l JOIN card c ON c.ref = l.target
	WHERE l.source IN ` + db.InList + ` AND l.relation IN ('run-by', 'addresses') ORDER BY l.source, c.entry, c.ref LIMIT 5000`)

// named is how many organisations a card names before it only counts them.
const named = 3

// names joins what organisations are called, the first few by name.
func names(v *web.Visit, all []Tie) string {
	var list []string
	for i, t := range all {
		if i == named && len(all) > named+1 {
			list = append(list, v.N("cause.others", int64(len(all)-named)))
			break
		}
		name, _ := t.Name.In(string(v.Say.Tag()))
		list = append(list, name)
	}
	return v.Say.List(list)
}

// signed says what the number on a card counts.
func (c Cause) signed(v *web.Visit) string {
	switch {
	case c.People == 0 && c.Organisations > 0:
		return v.N("cause.organisations_signed", c.Organisations)
	case c.Organisations > 0:
		return v.N("cause.both_signed", c.People, "organisations", v.N("cause.organisations", c.Organisations))
	}
	return v.N("cause.people_signed", c.People)
}

// number is what a card shows large: people, or organisations where only they
// have signed. The two are never added up.
func (c Cause) number() int64 {
	if c.People == 0 {
		return c.Organisations
	}
	return c.People
}

// state says in words where a declaration stands, and the class of that word.
func (c Cause) state(v *web.Visit, now time.Time) (text, class string) {
	switch StageOf(c.Card, now) {
	case Ahead:
		return v.T("cause.state.ahead", "day", c.Opens), "state waiting"
	case Closed:
		if c.Closes.IsZero() || now.Before(c.Closes) {
			return v.T("cause.state.closed"), "state closed"
		}
		return v.T("cause.state.closed_on", "day", c.Closes), "state closed"
	}
	if c.Closes.IsZero() {
		return v.T("cause.state.open"), "state open"
	}
	return v.T("cause.state.open_until", "day", c.Closes), "state open"
}

// Kind says what sort of text a card stands for.
func Kind(v *web.Visit, c catalogue.Card) string {
	if c.Sort == "" {
		return v.T("cause.kind.none")
	}
	return v.T("cause.kind." + c.Sort)
}
