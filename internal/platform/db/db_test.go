// SPDX-License-Identifier: AGPL-3.0-or-later

package db_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
)

const schema = `
CREATE TABLE visit (
	id    INTEGER PRIMARY KEY,
	name  TEXT    NOT NULL UNIQUE, -- of the visitor
	at    INTEGER NOT NULL,
	again INTEGER NOT NULL,
	photo BLOB
) STRICT;
CREATE INDEX visit_at ON visit (at);
CREATE TABLE private_note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;`

var (
	insertVisit = db.SQL(`INSERT INTO visit (id, name, at, again, photo) VALUES ($1, $2, $3, $4, $5)`)
	visitByName = db.SQL(`SELECT id, name, at, again, photo FROM visit WHERE name = $1`)
	countVisits = db.SQL(`SELECT count(1) FROM visit`)
	swapped     = db.SQL(`SELECT CAST($2 AS text) || CAST($1 AS text)`)
	engineName  = db.SQL(`SELECT {{sqlite 'SQLite'}}{{pg 'PostgreSQL'}}`)
	insertNote  = db.SQL(`INSERT INTO private_note (id, text) VALUES ($1, $2)`)
	countNotes  = db.SQL(`SELECT count(1) FROM private_note`)
)

type visit struct {
	id    int64
	name  string
	at    time.Time
	again bool
	photo []byte
}

func scanVisit(r db.Row) (v visit, err error) {
	return v, r.Scan(&v.id, &v.name, &v.at, &v.again, &v.photo)
}

func add(ctx context.Context, tx *db.Tx, id int, name string) error {
	_, err := db.Exec(ctx, tx, insertVisit, id, name, tx.Now, true, []byte{1})
	return err
}

func count(t *testing.T, d *db.DB, q *db.Query) (n int64) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
		n, err = db.Value[int64](t.Context(), tx, q)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRoundTrip(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		d, ctx := chorustest.Database(t, source, schema), t.Context()
		var wrote time.Time
		err := d.Write(ctx, func(tx *db.Tx) error {
			wrote = tx.Now
			return add(ctx, tx, 1, "Ada")
		})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Read(ctx, func(tx *db.Tx) error {
			v, err := db.One(ctx, tx, visitByName, scanVisit, "Ada")
			if err != nil || v.id != 1 || !v.at.Equal(wrote) || !v.again || len(v.photo) != 1 {
				t.Errorf("got %+v, %v", v, err)
			}
			if _, err := db.One(ctx, tx, visitByName, scanVisit, "Eve"); !errors.Is(err, chorus.ErrNotFound) {
				t.Errorf("nobody gives %v, want ErrNotFound", err)
			}
			if s, err := db.Value[string](ctx, tx, engineName); err != nil || s != d.Engine.String() {
				t.Errorf("the text for %v is %q, %v", d.Engine, s, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if err := d.CheckQueries(ctx, "db"); err != nil {
			t.Error(err)
		}
	})
}

// TestParametersBindByNumber: other SQLite drivers bind $2 by first appearance.
func TestParametersBindByNumber(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		d, ctx := chorustest.Database(t, source, schema), t.Context()
		err := d.Read(ctx, func(tx *db.Tx) error {
			s, err := db.Value[string](ctx, tx, swapped, "one", "two")
			if s != "twoone" {
				t.Errorf("$2 $1 = %q", s)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestFailedDeedLeavesNothing(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		d, ctx := chorustest.Database(t, source, schema), t.Context()
		sorry := errors.New("sorry")
		for name, fn := range map[string]func(tx *db.Tx) error{
			"error": func(tx *db.Tx) error { return errors.Join(add(ctx, tx, 1, "Ada"), sorry) },
			"panic": func(tx *db.Tx) error { add(ctx, tx, 1, "Ada"); panic("sorry") },
		} {
			err := func() (err error) {
				defer func() {
					if p := recover(); p != nil {
						err = fmt.Errorf("%v", p)
					}
				}()
				return d.Write(ctx, fn)
			}()
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if n := count(t, d, countVisits); n != 0 {
			t.Errorf("%d visits stayed", n)
		}
		if err := d.Read(ctx, func(tx *db.Tx) error { return add(ctx, tx, 1, "Ada") }); err == nil {
			t.Error("a read could write")
		}
	})
}

func TestUniqueIsTold(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		d, ctx := chorustest.Database(t, source, schema), t.Context()
		for i, want := range []error{nil, db.ErrUnique} {
			err := d.Write(ctx, func(tx *db.Tx) error { return add(ctx, tx, i, "Ada") })
			if !errors.Is(err, want) {
				t.Errorf("visit %d: %v, want %v", i, err, want)
			}
		}
	})
}

// TestGroupCommit has many deeds commit together, every third failing alone.
func TestGroupCommit(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		d, ctx := chorustest.Database(t, source, schema), t.Context()
		var wg sync.WaitGroup
		for i := range 150 {
			wg.Go(func() {
				err := d.Write(ctx, func(tx *db.Tx) error {
					if err := add(ctx, tx, i, fmt.Sprint(i)); err != nil || i%3 > 0 {
						return err
					}
					return chorus.ErrForbidden
				})
				if (err == nil) != (i%3 > 0) {
					t.Errorf("deed %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if n := count(t, d, countVisits); n != 100 {
			t.Errorf("%d visits, want 100", n)
		}
	})
}

func TestInsertMany(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		d, ctx := chorustest.Database(t, source, schema), t.Context()
		err := d.Write(ctx, func(tx *db.Tx) error {
			var rows [][]any
			for i := range 450 {
				rows = append(rows, []any{i, fmt.Sprint(i), tx.Now, false, nil})
			}
			return db.InsertMany(ctx, tx, insertVisit, rows)
		})
		if n := count(t, d, countVisits); n != 450 || err != nil {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

// TestPublicTablesAreMadeAnew: private tables outlive a change of schema,
// public ones are dropped and reported.
func TestPublicTablesAreMadeAnew(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		d, ctx := chorustest.Database(t, source, schema), t.Context()
		err := d.Write(ctx, func(tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, insertNote, 1, "keep")
			return errors.Join(err, add(ctx, tx, 1, "Ada"))
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			schema  string
			rebuild bool
			visits  int64
		}{{schema, false, 1}, {schema + "\nCREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;", true, 0}} {
			rebuild, err := d.Setup(ctx, step.schema)
			if err != nil || rebuild != step.rebuild {
				t.Errorf("Setup = %v, %v, want %v", rebuild, err, step.rebuild)
			}
			if n := count(t, d, countVisits); n != step.visits {
				t.Errorf("%d visits, want %d", n, step.visits)
			}
		}
		if n := count(t, d, countNotes); n != 1 {
			t.Errorf("%d notes, want 1", n)
		}
	})
}

// So many rows that somebody can leave while they are written.
var insertMany = db.SQL(`INSERT INTO private_note (id, text)
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i, 'x' FROM n`)

func TestOneWhoLeavesDisturbsNobody(t *testing.T) {
	d := chorustest.Database(t, filepath.Join(t.TempDir(), "chorus.db"), schema)
	begun, done := make(chan struct{}), make(chan error, 1)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-begun
		done <- d.Write(ctx, func(tx *db.Tx) error {
			time.AfterFunc(50*time.Millisecond, leave)
			_, err := db.Exec(ctx, tx, insertMany)
			return err
		})
	}()
	err := d.Write(t.Context(), func(tx *db.Tx) error { // in one group with the other
		close(begun)
		time.Sleep(50 * time.Millisecond)
		return add(t.Context(), tx, 1, "Ada")
	})
	if err != nil {
		t.Errorf("the neighbour's deed failed: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("a deed that had begun did not run to its end: %v", err)
	}
	if got := count(t, d, countVisits); got != 1 {
		t.Errorf("%d visits, want 1", got)
	}
}

func TestReadersWhoLeaveAreLetGo(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		d := chorustest.Database(t, source, schema)
		for i := range 3 {
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return add(t.Context(), tx, i, fmt.Sprint(i)) }); err != nil {
				t.Fatal(err)
			}
		}
		ctx, leave := context.WithCancel(t.Context())
		seen := 0
		err := d.Read(ctx, func(tx *db.Tx) error {
			return db.Each(ctx, tx, allVisits, func(r db.Row) error {
				seen++
				leave()
				return nil
			})
		})
		if !errors.Is(err, context.Canceled) || seen != 1 {
			t.Errorf("%d rows were read, then %v; want 1 and context.Canceled", seen, err)
		}
	})
}

// TestReadersWhoLeaveAtOnce: whoever leaves in the moment in which a view is
// opened leaves no view behind.
func TestReadersWhoLeaveAtOnce(t *testing.T) {
	d := chorustest.Database(t, filepath.Join(t.TempDir(), "chorus.db"), schema)
	for range 2000 {
		ctx, leave := context.WithCancel(t.Context())
		go leave()
		err := d.Read(ctx, func(*db.Tx) error { return nil })
		if leave(); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if n := count(t, d, countVisits); n != 0 {
		t.Errorf("%d visits", n)
	}
}

var allVisits = db.SQL(`SELECT id FROM visit ORDER BY id`)
