// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"context"
	"encoding/json"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
)

// A Work is a declaration on an organiser's desk.
type Work struct {
	ID           chorus.ID
	Slug         string // "" until published
	Organisation chorus.ID
	Draft        document.Draft
	Published    bool
	Changed      time.Time
}

// mayEdit lets members of an organisation and stewards work at its desk.
func mayEdit(ctx context.Context, tx *db.Tx, by, org chorus.ID) error {
	role, err := organisation.RoleOf(ctx, tx, by, org)
	if err != nil || role != "" {
		return err
	}
	return account.RequireSteward(ctx, tx, by)
}

// WorkFor is a piece of work that somebody may see and change.
func WorkFor(ctx context.Context, tx *db.Tx, by, id chorus.ID) (Work, error) {
	w, err := db.One(ctx, tx, workByID, scanWork, id)
	if err != nil {
		return w, err
	}
	return w, mayEdit(ctx, tx, by, w.Organisation)
}

// Works are the latest two hundred pieces of work on all desks, the last
// changed first.
func Works(ctx context.Context, tx *db.Tx) ([]Work, error) {
	return db.All(ctx, tx, allWorks, scanWork)
}

// WorksOf are those on the desks of some organisations.
func WorksOf(ctx context.Context, tx *db.Tx, orgs ...chorus.ID) ([]Work, error) {
	return db.All(ctx, tx, worksOfAll, scanWork, idList(orgs))
}

// CountComments tells how many comments wait at each of some declarations.
func CountComments(ctx context.Context, tx *db.Tx, ids ...chorus.ID) (map[chorus.ID]int64, error) {
	waiting := map[chorus.ID]int64{}
	return waiting, db.Each(ctx, tx, countComments, func(r db.Row) error {
		var id chorus.ID
		var n int64
		err := r.Scan(&id, &n)
		waiting[id] = n
		return err
	}, idList(ids))
}

// idList is the argument of a query that takes many IDs.
func idList(ids []chorus.ID) string {
	if ids == nil {
		ids = []chorus.ID{}
	}
	b, err := json.Marshal(ids)
	if err != nil {
		panic(err) // strings can always be written
	}
	return string(b)
}

// theIDs is the values of a JSON list in $1.
const theIDs = `({{sqlite SELECT value FROM json_each($1)}}{{pg SELECT jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb))}})`

var (
	workByID   = db.SQL(`SELECT id, coalesce(slug, ''), organisation, draft, state, changed FROM private_declaration WHERE id = $1`)
	allWorks   = db.SQL(`SELECT id, coalesce(slug, ''), organisation, draft, state, changed FROM private_declaration ORDER BY changed DESC, id LIMIT 200`)
	worksOfAll = db.SQL(`SELECT id, coalesce(slug, ''), organisation, draft, state, changed FROM private_declaration
		WHERE organisation IN ` + theIDs + ` ORDER BY changed DESC, id LIMIT 500`)
	countComments = db.SQL(`SELECT declaration, count(1) FROM private_comment WHERE declaration IN ` + theIDs + ` GROUP BY declaration ORDER BY declaration LIMIT 500`)
)

func scanWork(r db.Row) (w Work, err error) {
	var draft, state string
	if err := r.Scan(&w.ID, &w.Slug, &w.Organisation, &draft, &state, &w.Changed); err != nil {
		return w, err
	}
	w.Published = state == "published"
	return w, json.Unmarshal([]byte(draft), &w.Draft)
}
