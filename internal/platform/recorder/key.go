// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"example.org/chorus"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/record"
)

// The files of keys in a data folder. The draft is there only while the key is
// being changed; nothing is signed with it alone.
const (
	keyName   = "record.key"
	oldName   = "record.key.old"
	draftName = "record.key.new"
	keyNotice = "# The key that signs the record of this Chorus instance. Keep a copy in a safe place, and show it to nobody.\n"
)

// errKeyGone keeps a new key from being made where one was lost.
var errKeyGone = errors.New("the file record.key is missing, and an older or newer key lies beside its place: bring record.key back from its copy")

// ErrKeyThere says that a record has its key already.
var ErrKeyThere = errors.New("there is a key already, and another one cannot take its place unannounced: chorus key roll changes it")

// Keys reads the keys in a data folder: the one that signs the record, and
// after it the one before, while it is kept. An fs.ErrNotExist if there is none.
func Keys(folder string) ([]*record.Key, error) {
	key, err := ReadKey(folder)
	if errors.Is(err, fs.ErrNotExist) && (exists(filepath.Join(folder, oldName)) || exists(filepath.Join(folder, draftName))) {
		return nil, errKeyGone
	}
	if err != nil {
		return nil, err
	}
	old, err := readKey(folder, oldName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []*record.Key{key}, nil
	case err != nil:
		return nil, err
	case old.Verifier() == key.Verifier(): // the change to a new key was cut short
		return []*record.Key{key}, nil
	case old.Origin() != key.Origin():
		return nil, fmt.Errorf("%s and %s are keys of two records, %s and %s", keyName, oldName, key.Origin(), old.Origin())
	}
	return []*record.Key{key, old}, nil
}

// ReadKey reads the key in a data folder that signs the record; an
// fs.ErrNotExist if there is none.
func ReadKey(folder string) (*record.Key, error) { return readKey(folder, keyName) }

func keyFile(folder, name string) vault.KeyFile {
	return vault.KeyFile{Path: filepath.Join(folder, name), Notice: keyNotice}
}

func readKey(folder, name string) (*record.Key, error) {
	file := keyFile(folder, name)
	text, err := file.Read()
	if err != nil {
		return nil, fmt.Errorf("the key of the record: %w", err)
	}
	key, err := record.ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s is not the key of a record: %w", file.Path, err)
	}
	return key, nil
}

// MakeKey makes the key in a data folder, for the record at an address. It
// fails with ErrKeyThere if there is one.
func MakeKey(folder, address string) (*record.Key, error) {
	_, err := Keys(folder)
	switch {
	case err == nil:
		return nil, ErrKeyThere
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case exists(filepath.Join(folder, followsName)):
		return nil, errIsMirror
	}
	origin, err := record.Origin(address)
	if err != nil {
		return nil, err
	}
	if err := draw(folder, keyName, origin); err != nil {
		return nil, fmt.Errorf("making the key of the record: %w", err)
	}
	return ReadKey(folder)
}

// draw makes a key in a file, unless the file is there.
func draw(folder, name, origin string) error {
	key, err := record.NewKey(origin)
	if err != nil {
		return err
	}
	return keyFile(folder, name).Make(key.Secret())
}

// Sign has the recorder sign what it records with the key in a data folder,
// and with the one before it while that is kept. If there is none, one is made
// for the record at an address. Sign comes before Start. Without it nothing is
// signed and nothing is guarded.
func (r *Recorder) Sign(folder, address string) error {
	origin, err := record.Origin(address)
	if err != nil {
		return err
	}
	if exists(filepath.Join(folder, followsName)) {
		return errIsMirror
	}
	keys, err := Keys(folder)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := MakeKey(folder, address); err != nil && !errors.Is(err, ErrKeyThere) {
			return err
		}
		keys, err = Keys(folder)
	}
	if err != nil {
		return err
	}
	r.notary = &notary{key: keys[0], older: keys[1:], origin: origin, folder: folder, guard: filepath.Join(folder, guardName)}
	return nil
}

// verifiers are the verifier keys of all keys that sign here, the current one first.
func (n *notary) verifiers() []string {
	keys := []string{n.key.Verifier()}
	for _, old := range n.older {
		keys = append(keys, old.Verifier())
	}
	return keys
}

// VerifierKey is the text with which others check the checkpoints.
func (r *Recorder) VerifierKey() (string, error) {
	keys, err := r.VerifierKeys()
	if err != nil {
		return "", err
	}
	return keys[0], nil
}

// VerifierKeys is VerifierKey, and after it the one before, while that still
// signs beside it.
func (r *Recorder) VerifierKeys() ([]string, error) {
	if keys := r.Follows(); len(keys) > 0 {
		return keys[len(keys)-1:], nil
	}
	if r.notary == nil {
		return nil, chorus.ErrNotFound
	}
	return r.notary.verifiers(), nil
}
