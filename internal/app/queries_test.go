// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
)

// TestQueries has both engines prepare every query of the whole instance.
func TestQueries(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		during(t, app.Config{Data: t.TempDir(), Database: source, Mail: "memory:"}, func(a *app.App) {
			if err := a.DB.CheckQueries(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
}

var (
	keptNames = db.SQL(`SELECT name FROM ({{sqlite SELECT name FROM sqlite_schema WHERE type = 'table'}}
		{{pg SELECT CAST(tablename AS text) AS name FROM pg_tables WHERE schemaname = current_schema()}}) tables
		WHERE (name LIKE 'private%' OR name LIKE 'record%') AND name NOT LIKE 'private_migration%' ORDER BY name`)

	olderSum   = db.SQL(`UPDATE private_public_schema SET sum = 'of the release before'`)
	olderTable = db.SQL(`ALTER TABLE declaration_day RENAME TO declaration_on`)
	lostRows   = db.SQL(`DELETE FROM declaration_signature`)
)

func rows(t *testing.T, d *db.DB, table string) (n int64) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
		n, err = db.Count(t.Context(), tx, table, 1<<40)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// state is all that an instance has published, and how many rows it keeps for
// itself in each table.
func state(t *testing.T, d *db.DB) string {
	t.Helper()
	text, err := d.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	err = d.Read(t.Context(), func(tx *db.Tx) (err error) {
		names, err = db.All(t.Context(), tx, keptNames, func(r db.Row) (s string, err error) { return s, r.Scan(&s) })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %d rows\n", name, rows(t, d, name))
	}
	return b.String() + text
}

// TestRestart opens an instance once more: all is there. After an upgrade with
// other public tables they are made anew from the record.
func TestRestart(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		c := app.Config{Data: t.TempDir(), Database: source, Mail: "memory:", Unlimited: true}
		var before string
		var h *house
		during(t, c, func(a *app.App) {
			h = furnish(t, a)
			before = state(t, a.DB)
		})
		during(t, c, func(a *app.App) {
			if diff := cmp.Diff(before, state(t, a.DB)); diff != "" {
				t.Errorf("a restart changed what is kept:\n%s", diff)
			}
			if _, err := a.Signing.ByKey(t.Context(), h.signed); err != nil {
				t.Errorf("the key of a signer's own page opens nothing: %v", err)
			}
			err := a.DB.Write(t.Context(), func(tx *db.Tx) error {
				for _, q := range []*db.Query{olderSum, olderTable, lostRows} {
					if _, err := db.Exec(t.Context(), tx, q); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
		during(t, c, func(a *app.App) {
			if diff := cmp.Diff(before, state(t, a.DB)); diff != "" {
				t.Errorf("the tables made anew differ:\n%s", diff)
			}
		})
	})
}

// during opens an instance, lets its recorder run for a while, and closes it.
func during(t *testing.T, c app.Config, do func(*app.App)) {
	t.Helper()
	a, err := app.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	chorustest.Patient(a)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { a.Record.Run(ctx) })
	defer func() {
		stop()
		running.Wait()
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	do(a)
}
