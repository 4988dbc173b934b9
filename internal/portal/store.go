// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"context"
	"encoding/json"
	"errors"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
)

var (
	insertSite = db.SQL(`INSERT INTO site (entry, id, core) VALUES ($1, $2, $3)`)
	deleteSite = db.SQL(`DELETE FROM site WHERE entry = $1`)
	newestSite = db.SQL(`SELECT id, core FROM site ORDER BY entry DESC LIMIT 1`)

	insertKey = db.SQL(`INSERT INTO site_key (entry, purpose, public) VALUES ($1, $2, $3)`)
	deleteKey = db.SQL(`DELETE FROM site_key WHERE entry = $1`)
	newestKey = db.SQL(`SELECT public FROM site_key WHERE purpose = $1 ORDER BY entry DESC LIMIT 1`)

	putSetup    = db.SQL(`INSERT INTO private_setup (id, token, site) VALUES (1, $1, '') ON CONFLICT (id) DO UPDATE SET token = excluded.token`)
	setupSite   = db.SQL(`SELECT site FROM private_setup WHERE token = $1`)
	fillSetup   = db.SQL(`UPDATE private_setup SET site = $2 WHERE token = $1`)
	deleteSetup = db.SQL(`DELETE FROM private_setup WHERE token = $1`)
	clearSetup  = db.SQL(`DELETE FROM private_setup`)

	keptTables = db.SQL(`{{sqlite SELECT name FROM sqlite_schema WHERE type = 'table' AND (name LIKE 'private!_%' ESCAPE '!' OR name LIKE 'record!_%' ESCAPE '!') ORDER BY name}}
		{{pg SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema() AND (tablename LIKE 'private!_%' ESCAPE '!' OR tablename LIKE 'record!_%' ESCAPE '!') ORDER BY tablename}}`)
)

// siteNow is what the instance says of itself; chorus.ErrNotFound before its
// first start is done.
func siteNow(ctx context.Context, tx *db.Tx) (id chorus.ID, core fact.SiteCore, err error) {
	core, err = db.One(ctx, tx, newestSite, func(r db.Row) (c fact.SiteCore, err error) {
		var text []byte
		if err := r.Scan(&id, &text); err != nil {
			return c, err
		}
		return c, json.Unmarshal(text, &c)
	})
	return id, core, err
}

// pendingSite is what was typed on the page of the first start; false if
// nothing was yet. It fails with chorus.ErrNotFound for a link that is dead.
func pendingSite(ctx context.Context, tx *db.Tx, token string) (core fact.SiteCore, given bool, err error) {
	text, err := db.Value[string](ctx, tx, setupSite, hashOf(token))
	if err != nil || text == "" {
		return core, false, err
	}
	return core, true, json.Unmarshal([]byte(text), &core)
}

// tables lists the tables that hold what exists nowhere else.
func tables(ctx context.Context, tx *db.Tx) ([]string, error) {
	return db.All(ctx, tx, keptTables, func(r db.Row) (s string, err error) { return s, r.Scan(&s) })
}

func isMissing(err error) bool { return errors.Is(err, chorus.ErrNotFound) }
