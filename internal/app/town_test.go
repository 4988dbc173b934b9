// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"strings"
	"testing"
	"time"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/seed"
)

// load reads the town, with one in share of its signatures and days.
func load(t testing.TB, share int) *seed.Town {
	t.Helper()
	town, err := seed.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range town.Declarations {
		d := &town.Declarations[i]
		d.Signatures, d.Invalidated, d.Days = (d.Signatures+share-1)/share, (d.Invalidated+share-1)/share, (d.Days+share-1)/share
	}
	return town
}

// settle fills an instance with the town and brings its clock back to today.
func settle(t testing.TB, in *chorustest.Instance, town *seed.Town, today time.Time) {
	t.Helper()
	clock := func(to time.Time) { in.Wait(to.Sub(in.DB.Now())) }
	if err := in.Settle(t.Context(), town, today, clock, func(what string) { t.Log(what) }); err != nil {
		t.Fatal(err)
	}
	clock(time.Now())
}

func TestSettle(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		share := 1
		if strings.HasPrefix(source, "postgres") || testing.Short() {
			share = 8 // each day waits for its facts to be placed
		}
		town := load(t, share)
		in := chorustest.Run(t, source)
		start := time.Now()
		settle(t, in, town, start)
		t.Logf("settled in %s", time.Since(start))
		slugs := slugsOf(t, in)
		for _, d := range town.Declarations {
			checkNumbers(t, in, d, slugs[d.Title])
		}
		in.CheckMirror()
	})
}

var slugQuery = db.SQL(`SELECT slug FROM declaration ORDER BY entry LIMIT 100`)

func slugsOf(t testing.TB, in *chorustest.Instance) map[string]*declaration.Declaration {
	t.Helper()
	var slugs []string
	err := in.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		slugs, err = db.All(t.Context(), tx, slugQuery, func(r db.Row) (s string, err error) { return s, r.Scan(&s) })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	byTitle := map[string]*declaration.Declaration{}
	for _, slug := range slugs {
		d, err := in.Declarations.BySlug(t.Context(), slug)
		if err != nil {
			t.Fatal(err)
		}
		byTitle[d.Title.Text] = d
	}
	return byTitle
}

func checkNumbers(t *testing.T, in *chorustest.Instance, want seed.Declaration, got *declaration.Declaration) {
	t.Helper()
	if want.State == seed.Draft {
		if got != nil {
			t.Errorf("%s is published", want.Name)
		}
		return
	}
	if got == nil {
		t.Errorf("%s is not published", want.Name)
		return
	}
	states := map[string]declaration.State{seed.NotYetOpen: declaration.Coming, seed.Open: declaration.Open, seed.InvalidatedSome: declaration.Open, seed.Closed: declaration.Closed}
	counted := [3]any{got.StateAt(in.DB.Now()), got.People, got.Organisations + got.Waiting}
	wanted := [3]any{states[want.State], int64(want.Signatures - want.Invalidated), int64(want.Organisations)}
	if counted != wanted {
		t.Errorf("%s: state, people and organisations are %v, want %v", want.Name, counted, wanted)
	}
}

// picture is what a page can show of the town: the newest names and all numbers.
var picture = db.SQL(`SELECT d.slug || ' ' || s.day || ' ' || s.class || ' ' || s.country || ' ' || s.invalid || ' ' || s.withdrawn
		|| ' ' || CASE WHEN s.numbered < 50 THEN s.name ELSE '' END
	FROM (SELECT x.*, row_number() OVER (PARTITION BY declaration ORDER BY entry DESC) AS numbered FROM declaration_signature x) s
	JOIN declaration d ON d.id = s.declaration ORDER BY 1 LIMIT 100000`)

func TestTownIsTheSameEachTime(t *testing.T) {
	var first string
	today := time.Now()
	for range 2 {
		in := chorustest.RunWith(t, app.Config{Unlimited: true})
		settle(t, in, load(t, 10), today)
		var lines []string
		err := in.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
			lines, err = db.All(t.Context(), tx, picture, func(r db.Row) (s string, err error) { return s, r.Scan(&s) })
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(lines, "\n")
		if first == "" {
			first = got
		}
		if got != first {
			t.Error("the town looks different the second time")
		}
		if !strings.Contains(got, "fraud 0") || !strings.Contains(got, " 1 ") {
			t.Errorf("nobody was struck out, or nobody took their signature back:\n%s", got)
		}
	}
}
