// SPDX-License-Identifier: AGPL-3.0-or-later

package vault

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyFile(t *testing.T) {
	f := KeyFile{filepath.Join(t.TempDir(), "a.key"), "# A key.\n"}
	if _, err := f.Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	drawn := errors.New("drawn")
	if _, err := f.Open(func() (string, error) { return "", drawn }); !errors.Is(err, drawn) {
		t.Errorf("a key that cannot be drawn: %v", err)
	}
	for range 2 {
		key, err := f.Open(func() (string, error) { return "first", nil })
		if key != "first" || err != nil {
			t.Errorf("opened as %q, %v", key, err)
		}
		if err := f.Make("second"); err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestKeyFileRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"others may read":  {"key\n", 0o640, "chmod 600"},
		"others may write": {"key\n", 0o602, "chmod 600"},
		"empty":            {"", 0o600, "holds no key"},
		"only a comment":   {"# A key.\n", 0o600, "holds no key"},
		"two keys":         {"# A key.\none\ntwo\n", 0o600, "more than one key"},
		"without end":      {strings.Repeat("#\n", maxFile), 0o600, "more than"},
		"another comment":  {"# Mine.\n\n  key  \n", 0o600, ""},
	} {
		f := KeyFile{filepath.Join(t.TempDir(), "a.key"), "# A key.\n"}
		if err := os.WriteFile(f.Path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(f.Path, c.mode); err != nil {
			t.Fatal(err)
		}
		key, err := f.Open(func() (string, error) { return "another", nil })
		if c.want == "" && (key != "key" || err != nil) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %q, %v", name, key, err)
		}
	}
}
