// SPDX-License-Identifier: AGPL-3.0-or-later

package vault

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	notice = "# The secret of this Chorus instance. Keep a copy in a safe place: without it, sealed addresses cannot be read.\n"
	prefix = "chorus-secret-1:"
)

// Open reads the secret from a file, and makes the file (mode 0600) if there
// is none. It refuses a file that others than its owner may read or write.
func Open(file string) (*Vault, error) {
	v, err := read(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(file); err != nil {
			return nil, fmt.Errorf("making the secret: %w", err)
		}
		v, err = read(file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the secret: %w", err)
	}
	return v, nil
}

func read(file string) (*Vault, error) {
	text, err := ReadFile(file)
	if err != nil {
		return nil, err
	}
	secret, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return New(secret), nil
}

const maxFile = 64 << 10 // bytes

// ReadFile reads a small file that nobody but its owner may read or write, and
// refuses any other.
func ReadFile(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", file)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", fmt.Errorf("%s has mode %#o, so others can read it; run: chmod 600 %s", file, mode, file)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s has more than %d bytes", file, maxFile)
	}
	return string(text), err
}

func format(secret [32]byte) string {
	return notice + prefix + base64.StdEncoding.EncodeToString(secret[:]) + "\n"
}

var errForm = errors.New("not a secret of Chorus, which is one line that begins with " + prefix + "…")

func parse(text string) (secret [32]byte, err error) {
	found := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case found == "" && strings.HasPrefix(line, prefix):
			found = line
		default:
			return secret, errForm
		}
	}
	b, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(found, prefix))
	if err != nil || len(b) != len(secret) {
		return secret, errForm
	}
	return [32]byte(b), nil
}

func create(file string) error {
	var secret [32]byte
	rand.Read(secret[:])
	return CreateFile(file, format(secret))
}

// CreateFile makes a file of mode 0600, whole or not at all, and leaves one
// that is there already, such as another process made in the meantime.
func CreateFile(file, text string) error {
	return put(file, text, func(draft string) error {
		// Unlike Rename, Link does not replace what is there.
		if err := os.Link(draft, file); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
}

// ReplaceFile is CreateFile that replaces what is there. When it returns, the
// new text survives a power cut.
func ReplaceFile(file, text string) error {
	return put(file, text, func(draft string) error { return os.Rename(draft, file) })
}

// MoveFile gives a file the name of another in the same folder, which it
// replaces. When it returns, the new name survives a power cut.
func MoveFile(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

func put(file, text string, name func(draft string) error) error {
	dir := filepath.Dir(file)
	draft, err := os.CreateTemp(dir, "."+filepath.Base(file)+"-*") // CreateTemp gives mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(text)
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := name(draft.Name()); err != nil {
		return err
	}
	return syncFolder(dir)
}

// syncFolder makes the new name survive a power cut.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
