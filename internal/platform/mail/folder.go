// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// A folder keeps letters as files that any mail program opens.
type folder struct{ path string }

func openFolder(path string) (Sender, error) {
	if path == "" {
		return nil, errors.New("dir: needs a folder, as in dir:mails")
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for mails: %w", err)
	}
	return folder{path}, nil
}

// Send writes the file whole or not at all; only its owner can read it.
func (f folder) Send(_ context.Context, l Letter) error {
	msg, err := compose(l, gomail.NoEncoding) // so that a person can read it
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(f.path, ".draft-*") // CreateTemp gives mode 0600
	if err != nil {
		return f.fault(err)
	}
	defer os.Remove(draft.Name())
	_, err = msg.WriteTo(draft)
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return f.fault(err)
	}
	if err := os.Rename(draft.Name(), filepath.Join(f.path, fileName(l))); err != nil {
		return f.fault(err)
	}
	return nil
}

// fault says what is wrong with the folder; a path in the error may hold an address.
func (f folder) fault(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		err = p.Err
	}
	if p, ok := errors.AsType[*os.LinkError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("%w: writing to %s: %w", ErrDown, f.path, err)
}

// fileName makes ls show the newest letter last.
func fileName(l Letter) string {
	to := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@.+-_", r) {
			return r
		}
		return '_'
	}, l.To)
	return fmt.Sprintf("%s-%.100s-%.8s.eml", l.At.UTC().Format("20060102T150405.000000"), to, l.ID)
}
