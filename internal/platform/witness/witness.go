// SPDX-License-Identifier: AGPL-3.0-or-later

// Package witness lets this instance be an eye on the records of others (C2SP
// tlog-witness). Whoever keeps a record shows each new checkpoint here, with a
// proof that nothing was taken out of it or put in between; the witness looks,
// remembers, and puts its own signature under it.
//
//   - For each record the newest head is remembered, and only one that goes on
//     from it is cosigned.
//   - What is remembered is on the disk before the signature leaves the house,
//     and looking and remembering are one step. So two heads that contradict
//     one another are never both cosigned, by whatever crash or race.
//   - Only records that the operator has listed, in the file witnessed.txt, are
//     watched.
//   - A record that signs two heads of one size has forked. Both are kept.
package witness

import (
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"

	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/record"
)

// Schema is the tables of this package.
//
//go:embed schema.sql
var Schema string

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

const (
	keyName   = "witness.key"
	keyNotice = "# The key with which this Chorus instance cosigns the records of others. Keep a copy in a safe place, and show it to nobody.\n"
)

// A Service is this instance as a witness.
type Service struct {
	DB      *db.DB
	Log     *slog.Logger
	BaseURL string      // of the site, as others reach it
	Behind  func() bool // reports a database that is older than it was: what is remembered may be too old then

	key  *record.WitnessKey
	list list
}

// Open reads the witness's key in a data folder, or makes it, and the list of
// records that are watched.
func (s *Service) Open(folder string) error {
	name, err := record.Origin(s.BaseURL + Path)
	if err != nil {
		return err
	}
	file := keyFile(folder)
	text, err := file.Open(func() (string, error) {
		key, err := record.NewWitnessKey(name)
		if err != nil {
			return "", err
		}
		return key.Secret(), nil
	})
	if err != nil {
		return fmt.Errorf("the key of the witness: %w", err)
	}
	key, err := parseKey(file.Path, text)
	if err != nil {
		return err
	}
	s.key, s.list.file = key, filepath.Join(folder, listName)
	_, err = s.list.read()
	return err
}

// ReadKey reads the witness's key in a data folder; an fs.ErrNotExist if there
// is none.
func ReadKey(folder string) (*record.WitnessKey, error) {
	file := keyFile(folder)
	text, err := file.Read()
	if err != nil {
		return nil, fmt.Errorf("the key of the witness: %w", err)
	}
	return parseKey(file.Path, text)
}

func keyFile(folder string) vault.KeyFile {
	return vault.KeyFile{Path: filepath.Join(folder, keyName), Notice: keyNotice}
}

func parseKey(file, text string) (*record.WitnessKey, error) {
	key, err := record.ParseWitnessKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// VerifierKey is the text with which others check what is cosigned here.
func (s *Service) VerifierKey() string { return s.key.Verifier() }
