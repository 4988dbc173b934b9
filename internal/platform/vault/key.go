// SPDX-License-Identifier: AGPL-3.0-or-later

package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// A KeyFile holds one key of an instance, as a line of text, under a comment
// that says what it is. Its rules are those of the secret: mode 0600, made
// whole or not at all, never made anew in place of one that is there.
type KeyFile struct {
	Path   string
	Notice string // the comment, a line that begins with #
}

// Read gives the line with the key; an fs.ErrNotExist if there is no file.
func (f KeyFile) Read() (string, error) {
	text, err := ReadFile(f.Path)
	if err != nil {
		return "", err
	}
	found := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case found == "":
			found = line
		default:
			return "", fmt.Errorf("%s holds more than one key", f.Path)
		}
	}
	if found == "" {
		return "", fmt.Errorf("%s holds no key", f.Path)
	}
	return found, nil
}

// Make puts a key into the file, unless the file is there.
func (f KeyFile) Make(key string) error { return CreateFile(f.Path, f.Notice+key+"\n") }

// Open is Read, after Make with a key that is drawn if there is no file. What
// another process made in the meantime holds.
func (f KeyFile) Open(draw func() (string, error)) (string, error) {
	key, err := f.Read()
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = draw(); err != nil {
		return "", err
	}
	if err := f.Make(key); err != nil {
		return "", fmt.Errorf("making %s: %w", f.Path, err)
	}
	return f.Read()
}
