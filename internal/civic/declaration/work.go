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
	return db.All(ctx, tx, worksOfAll, scanWork, db.JSONList(orgs))
}

var (
	workByID   = db.SQL(`SELECT id, coalesce(slug, ''), organisation, draft, state, changed FROM private_declaration WHERE id = $1`)
	allWorks   = db.SQL(`SELECT id, coalesce(slug, ''), organisation, draft, state, changed FROM private_declaration ORDER BY changed DESC, id LIMIT 200`)
	worksOfAll = db.SQL(`SELECT id, coalesce(slug, ''), organisation, draft, state, changed FROM private_declaration
		WHERE organisation IN ` + db.InList + ` ORDER BY changed DESC, id LIMIT 500`)
)

func scanWork(r db.Row) (w Work, err error) {
	var draft, state string
	if err := r.Scan(&w.ID, &w.Slug, &w.Organisation, &draft, &state, &w.Changed); err != nil {
		return w, err
	}
	w.Published = state == "published"
	return w, json.Unmarshal([]byte(draft), &w.Draft)
}
