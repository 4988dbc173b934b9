// SPDX-License-Identifier: AGPL-3.0-or-later

// Package chorustest holds what tests of Chorus need and a library cannot give: a real
// PostgreSQL, a visitor with a real browser who does what people do, and axe-core, which
// finds what would shut people out. Nothing of it is part of a running instance.
package chorustest

import (
	"os"
	"path/filepath"
	"testing"
)

// Missing ends a test that needs a program this machine has not: it skips it,
// or fails it where CI is set, so that a gap in the gate cannot go unseen.
func Missing(t testing.TB, program, files string) {
	t.Helper()
	if os.Getenv("CI") != "" && os.Getenv("CI") != "false" {
		t.Fatalf("%s is missing (looked for %s); `make test` installs it", program, files)
	}
	t.Skipf("NOT TESTED: %s is missing (looked for %s); `make test` installs it", program, files)
}

// Root is the top folder of the repository: the nearest one upwards that holds floors_test.go.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "floors_test.go")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no floors_test.go in any folder above")
		}
		dir = up
	}
}
