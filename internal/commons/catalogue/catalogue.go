// SPDX-License-Identifier: AGPL-3.0-or-later

// Package catalogue keeps one card for each public thing and one row for each
// link between two things. Through it a capability can name, show and count a
// thing of another capability without importing it, and a reader can follow
// the thread from what was said to what was done.
//
// Cards and links are public tables. Only the capability that owns a thing
// writes its card, from its own Apply.
package catalogue

import (
	"context"
	_ "embed"
	"encoding/json"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
)

// Schema is the tables of cards and links.
//
//go:embed schema.sql
var Schema string

// A Card is what any page may show of any thing.
type Card struct {
	Ref           chorus.Ref
	Sort          string // finer than the kind: petition, public body
	Title         chorus.Text
	Summary       chorus.Text
	Path          string
	State         string
	Opens, Closes time.Time // zero: no date
	People        int64
	Organisations int64
	Entry         int64
}

// A Relation is how one thing is tied to another.
type Relation string

// The relations, read from source to target.
const (
	Asks      Relation = "asks"      // recommendation asks an organisation
	Carries   Relation = "carries"   // declaration carries a recommendation
	PartOf    Relation = "part-of"   // declaration is part of an initiative
	RunBy     Relation = "run-by"    // declaration or initiative is run by an organisation
	SignedBy  Relation = "signed-by" // declaration is signed by an organisation
	Addresses Relation = "addresses" // declaration addresses an organisation, through its recommendations
)

// Put adds a card, or replaces everything but its counts and its entry.
func Put(ctx context.Context, tx *db.Tx, c Card) error {
	title, err := json.Marshal(c.Title)
	if err != nil {
		return err
	}
	summary, err := json.Marshal(c.Summary)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, putCard, c.Ref.String(), string(c.Ref.Kind), c.Sort, string(title), string(summary), c.Path, c.State, c.Opens, c.Closes, c.Entry)
	return err
}

// SetState changes the state on a card.
func SetState(ctx context.Context, tx *db.Tx, ref chorus.Ref, state string) error {
	_, err := db.Exec(ctx, tx, setState, ref.String(), state)
	return err
}

// SetCounts changes the numbers on a card.
func SetCounts(ctx context.Context, tx *db.Tx, ref chorus.Ref, people, organisations int64) error {
	_, err := db.Exec(ctx, tx, setCounts, ref.String(), people, organisations)
	return err
}

// Link ties source to target; a link that is there already stays.
func Link(ctx context.Context, tx *db.Tx, source chorus.Ref, relation Relation, target chorus.Ref) error {
	_, err := db.Exec(ctx, tx, putLink, source.String(), string(relation), target.String())
	return err
}

// Unlink takes a link away.
func Unlink(ctx context.Context, tx *db.Tx, source chorus.Ref, relation Relation, target chorus.Ref) error {
	_, err := db.Exec(ctx, tx, dropLink, source.String(), string(relation), target.String())
	return err
}

// ByRef is the card of a thing, or chorus.ErrNotFound.
func ByRef(ctx context.Context, tx *db.Tx, ref chorus.Ref) (Card, error) {
	return db.One(ctx, tx, cardByRef, scanCard, ref.String())
}

// ByIDs are the cards of things whose kinds are not known, where there are any.
func ByIDs(ctx context.Context, tx *db.Tx, ids ...chorus.ID) (map[chorus.ID]Card, error) {
	var refs []string
	for _, id := range ids {
		for _, kind := range []chorus.Kind{chorus.Declaration, chorus.Organisation, chorus.Initiative} {
			refs = append(refs, chorus.Ref{Kind: kind, ID: id}.String())
		}
	}
	cards, err := db.All(ctx, tx, cardsByRef, scanCard, db.JSONList(refs))
	found := make(map[chorus.ID]Card, len(cards))
	for _, c := range cards {
		found[c.Ref.ID] = c
	}
	return found, err
}

// Newest lists cards of a kind, newest first, those before the given entry; 0 begins.
func Newest(ctx context.Context, tx *db.Tx, kind chorus.Kind, before int64, limit int) ([]Card, error) {
	if before == 0 {
		before = 1 << 62
	}
	return db.All(ctx, tx, cardsByKind, scanCard, string(kind), before, limit)
}

// Count is the number of cards of a kind.
func Count(ctx context.Context, tx *db.Tx, kind chorus.Kind) (int64, error) {
	return db.Value[int64](ctx, tx, countCards, string(kind))
}

// Linked lists the things that source points at, in the order of the record.
func Linked(ctx context.Context, tx *db.Tx, source chorus.Ref, relation Relation) ([]Card, error) {
	return db.All(ctx, tx, cardsLinked, scanCard, source.String(), string(relation))
}

// Linking lists the things that point at target, newest first.
func Linking(ctx context.Context, tx *db.Tx, relation Relation, target chorus.Ref) ([]Card, error) {
	return db.All(ctx, tx, cardsLinking, scanCard, target.String(), string(relation))
}

const columns = `c.ref, c.sort, c.title, c.summary, c.path, c.state, c.opens, c.closes, c.people, c.organisations, c.entry`

// mostLinked is how many things one list of links shows.
const mostLinked = ` LIMIT 500`

var (
	putCard = db.SQL(`INSERT INTO card (ref, kind, sort, title, summary, path, state, opens, closes, entry)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (ref) DO UPDATE SET sort = excluded.sort, title = excluded.title, summary = excluded.summary,
			path = excluded.path, state = excluded.state, opens = excluded.opens, closes = excluded.closes`)
	setState     = db.SQL(`UPDATE card SET state = $2 WHERE ref = $1`)
	setCounts    = db.SQL(`UPDATE card SET people = $2, organisations = $3 WHERE ref = $1`)
	putLink      = db.SQL(`INSERT INTO link (source, relation, target) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`)
	dropLink     = db.SQL(`DELETE FROM link WHERE source = $1 AND relation = $2 AND target = $3`)
	cardByRef    = db.SQL(`SELECT ` + columns + ` FROM card c WHERE c.ref = $1`)
	cardsByRef   = db.SQL(`SELECT ` + columns + ` FROM card c WHERE c.ref IN ` + db.InList + ` ORDER BY c.entry, c.ref`)
	cardsByKind  = db.SQL(`SELECT ` + columns + ` FROM card c WHERE c.kind = $1 AND c.entry < $2 ORDER BY c.entry DESC, c.ref LIMIT $3`)
	countCards   = db.SQL(`SELECT count(1) FROM card WHERE kind = $1`)
	cardsLinked  = db.SQL(`SELECT ` + columns + ` FROM link l JOIN card c ON c.ref = l.target WHERE l.source = $1 AND l.relation = $2 ORDER BY c.entry, c.ref` + mostLinked)
	cardsLinking = db.SQL(`SELECT ` + columns + ` FROM link l JOIN card c ON c.ref = l.source WHERE l.target = $1 AND l.relation = $2 ORDER BY c.entry DESC, c.ref` + mostLinked)
)

func scanCard(r db.Row) (c Card, err error) {
	var ref, title, summary string
	if err := r.Scan(&ref, &c.Sort, &title, &summary, &c.Path, &c.State, &c.Opens, &c.Closes, &c.People, &c.Organisations, &c.Entry); err != nil {
		return c, err
	}
	if err := c.Ref.UnmarshalText([]byte(ref)); err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(title), &c.Title); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(summary), &c.Summary)
}
