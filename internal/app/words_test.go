// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"path/filepath"
	"testing"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/lang"
)

// TestWords holds the messages and the source together: nothing is said that
// has no words, and no words stand there that nothing says. That every
// language has every message, the catalogue makes sure of by itself.
func TestWords(t *testing.T) {
	catalogue, err := app.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	used, err := lang.Used(filepath.Join(chorustest.Root(t), "internal"))
	if err != nil {
		t.Fatal(err)
	}
	if err := catalogue.Agree(used); err != nil {
		t.Error(err)
	}
}
