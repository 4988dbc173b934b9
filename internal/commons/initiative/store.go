// SPDX-License-Identifier: AGPL-3.0-or-later

package initiative

import (
	"context"
	"encoding/json"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
)

var (
	insertInitiative  = db.SQL(`INSERT INTO initiative (id, entry, title, summary, organisers) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`)
	blankInitiative   = db.SQL(`UPDATE initiative SET title = $2, summary = $3, organisers = $4 WHERE id = $1`)
	initiativeByID    = db.SQL(`SELECT id, title, summary, organisers FROM initiative WHERE id = $1`)
	initiativeByEntry = db.SQL(`SELECT id, title, summary, organisers FROM initiative WHERE entry = $1`)
	newestInitiatives = db.SQL(`SELECT id, title, summary, organisers FROM initiative ORDER BY entry DESC LIMIT $1`)
)

// ByID is one initiative, or chorus.ErrNotFound.
func ByID(ctx context.Context, tx *db.Tx, id chorus.ID) (Initiative, error) {
	return db.One(ctx, tx, initiativeByID, scanInitiative, id)
}

// Newest lists initiatives, newest first.
func Newest(ctx context.Context, tx *db.Tx, limit int) ([]Initiative, error) {
	return db.All(ctx, tx, newestInitiatives, scanInitiative, limit)
}

func scanInitiative(r db.Row) (i Initiative, err error) {
	var title, summary, organisers []byte
	if err := r.Scan(&i.ID, &title, &summary, &organisers); err != nil {
		return i, err
	}
	if err := json.Unmarshal(title, &i.Title); err != nil {
		return i, err
	}
	if err := json.Unmarshal(summary, &i.Summary); err != nil {
		return i, err
	}
	return i, json.Unmarshal(organisers, &i.Organisers)
}

// columns are the words of an initiative as the table keeps them.
func (i Initiative) columns() (title, summary, organisers string, err error) {
	var all [3]string
	for n, v := range []any{i.Title, i.Summary, i.Organisers} {
		b, err := json.Marshal(v)
		if err != nil {
			return "", "", "", err
		}
		all[n] = string(b)
	}
	return all[0], all[1], all[2], nil
}
