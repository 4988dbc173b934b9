// SPDX-License-Identifier: Apache-2.0

package record

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// A Checkpoint says how long a record is and what it holds. Signed, it is a
// promise that cannot be taken back (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string // the record's name: its address without scheme and last slash
	Size   int64  // entries
	Root   Hash   // of the tree over them
}

// ErrCheckpoint is what every refusal of a checkpoint wraps, but for a missing
// or wrong signature: those errors are of golang.org/x/mod/sumdb/note.
var ErrCheckpoint = errors.New("record: not a checkpoint")

// Text is what is signed: origin, size and root, each on its line.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

// ParseCheckpoint reads what Text writes and refuses every other spelling.
// Lines behind the third, which C2SP allows and discourages, are refused too:
// nothing here would know what they say.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 {
		return Checkpoint{}, fmt.Errorf("%w: not three lines", ErrCheckpoint)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := base64.StdEncoding.Strict().DecodeString(lines[2])
	if errors.Join(err, err2) != nil || size < 0 || len(root) != len(Hash{}) || !isOrigin(lines[0]) {
		return Checkpoint{}, fmt.Errorf("%w: %q", ErrCheckpoint, text)
	}
	c := Checkpoint{lines[0], size, Hash(root)}
	if c.Text() != text {
		return Checkpoint{}, fmt.Errorf("%w: %q is spelled otherwise", ErrCheckpoint, text)
	}
	return c, nil
}

// isOrigin accepts what may be the name of a key.
func isOrigin(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c) || c == '+'
	})
}

// Origin is the name of the record that is served at an address.
func Origin(address string) (string, error) {
	_, origin, ok := strings.Cut(strings.TrimSuffix(address, "/"), "://")
	if !ok || !isOrigin(origin) {
		return "", fmt.Errorf("record: %q is not the address of a record", address)
	}
	return origin, nil
}

// A Key signs the checkpoints of one record. It is an Ed25519 key.
type Key struct {
	text, verifier string
	signer         note.Signer
}

// NewKey draws a key for a record.
func NewKey(origin string) (*Key, error) {
	if !isOrigin(origin) {
		return nil, fmt.Errorf("record: %q cannot be the name of a record", origin)
	}
	text, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, err
	}
	return ParseKey(text)
}

// ParseKey reads a key from its secret text, PRIVATE+KEY+…, as
// golang.org/x/mod/sumdb/note writes it.
func ParseKey(text string) (*Key, error) {
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, err // tells nothing of the text
	}
	seed, err := base64.StdEncoding.DecodeString(strings.SplitN(text, "+", 5)[4]) // PRIVATE, KEY, name, id, key
	if err != nil || len(seed) != 1+ed25519.SeedSize || seed[0] != ed25519Kind {
		return nil, errors.New("record: not an Ed25519 key")
	}
	public := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	verifier, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, err
	}
	return &Key{text, verifier, signer}, nil
}

// Origin is the name of the record whose checkpoints the key signs.
func (k *Key) Origin() string { return k.signer.Name() }

// Secret is the text that ParseKey reads. Whoever has it can sign.
func (k *Key) Secret() string { return k.text }

// Verifier is the text that others check signatures with: name+id+key.
func (k *Key) Verifier() string { return k.verifier }

// Sign makes the signed note of a checkpoint of the key's own record. The same
// checkpoint always gives the same note. Older keys of the record sign beside
// it, for those who do not know the new one yet.
func (k *Key) Sign(size int64, root Hash, older ...*Key) ([]byte, error) {
	signers := []note.Signer{k.signer}
	for _, o := range older {
		if o.Origin() != k.Origin() {
			return nil, fmt.Errorf("record: the keys of %q and %q cannot sign one checkpoint", k.Origin(), o.Origin())
		}
		signers = append(signers, o.signer)
	}
	return note.Sign(&note.Note{Text: Checkpoint{k.Origin(), size, root}.Text()}, signers...)
}

// OpenCheckpoint reads a checkpoint that is signed with at least one of these
// verifier keys, whose name it bears. There is more than one when a record
// changed its key. Signatures by others are allowed and not looked at; a wrong
// one by any of these keys is refused.
func OpenCheckpoint(signed []byte, verifierKeys ...string) (Checkpoint, error) {
	known, err := logVerifiers(verifierKeys)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("verifier key: %w", err)
	}
	n, err := note.Open(signed, known)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if !slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return s.Name == c.Origin }) {
		return Checkpoint{}, fmt.Errorf("%w of %s: it is of %q", ErrCheckpoint, n.Sigs[0].Name, c.Origin)
	}
	return c, nil
}

// logVerifiers takes every key once: golang.org/x/mod refuses doubled ones.
func logVerifiers(keys []string) (note.Verifiers, error) {
	var list []note.Verifier
	for i, key := range keys {
		if slices.Contains(keys[:i], key) {
			continue
		}
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return note.VerifierList(list...), nil
}
