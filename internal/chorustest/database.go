// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest

import (
	"path/filepath"
	"testing"

	"example.org/chorus/internal/platform/db"
)

// OnBoth runs a test on an empty SQLite database and on an empty PostgreSQL
// one. source is what db.Open takes.
func OnBoth(t *testing.T, test func(t *testing.T, source string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "chorus.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// Database opens a database with the given schemas, closed when the test ends.
func Database(t testing.TB, source string, schemas ...string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := d.Setup(t.Context(), schemas...); err != nil {
		t.Fatal(err)
	}
	return d
}
