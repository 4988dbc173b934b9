// SPDX-License-Identifier: AGPL-3.0-or-later

package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestForeignSecretIsRefused(t *testing.T) {
	folder := t.TempDir()
	open := func() error {
		a, err := Open(t.Context(), Config{Data: folder, Mail: "memory:"})
		if err == nil {
			err = a.Close()
		}
		return err
	}
	for range 2 {
		if err := open(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(folder, "secret")); err != nil {
		t.Fatal(err)
	}
	if err := open(); !errors.Is(err, errSecret) {
		t.Errorf("another secret gives %v, want a refusal", err)
	}
}
