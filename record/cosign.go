// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A WitnessKey cosigns checkpoints of others: it says that they went on from
// all that the witness had seen of that record (C2SP tlog-cosignature, with
// Ed25519). Its kind of signature cannot be taken for that of a record.
type WitnessKey struct {
	name    string
	private ed25519.PrivateKey
}

// The first byte of a key in C2SP signed-note says what it is for.
const (
	ed25519Kind     = 1 // signs a record's own checkpoints
	cosignatureKind = 4 // cosigns checkpoints, with a time
)

const (
	secretStart    = "PRIVATE+KEY+"
	cosignatureLen = 8 + ed25519.SignatureSize // a big-endian time in seconds, and the signature
)

// ErrWitnessKey is what every refusal of a witness's key wraps. It tells
// nothing of a secret.
var ErrWitnessKey = errors.New("record: not the key of a witness")

// NewWitnessKey draws a key for a witness, whose name is best an address
// without scheme.
func NewWitnessKey(name string) (*WitnessKey, error) {
	if !isOrigin(name) {
		return nil, fmt.Errorf("record: %q cannot be the name of a witness", name)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return &WitnessKey{name, private}, err
}

// ParseWitnessKey reads what Secret writes and refuses every other spelling.
func ParseWitnessKey(text string) (*WitnessKey, error) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(text, secretStart), "+")
	_, key64, _ := strings.Cut(rest, "+")
	seed, err := base64.StdEncoding.DecodeString(key64)
	if err != nil || len(seed) != 1+ed25519.SeedSize || seed[0] != cosignatureKind || !isOrigin(name) {
		return nil, ErrWitnessKey
	}
	k := &WitnessKey{name, ed25519.NewKeyFromSeed(seed[1:])}
	if k.Secret() != text {
		return nil, ErrWitnessKey
	}
	return k, nil
}

// Name is what the witness is called.
func (k *WitnessKey) Name() string { return k.name }

func (k *WitnessKey) public() []byte { return k.private.Public().(ed25519.PublicKey) }

// Secret is the text that ParseWitnessKey reads. Whoever has it can cosign.
func (k *WitnessKey) Secret() string {
	return secretStart + spellKey(k.name, keyID(k.name, cosignatureKind, k.public()), cosignatureKind, k.private.Seed())
}

// Verifier is the text that others check cosignatures with: name+id+key.
func (k *WitnessKey) Verifier() string {
	return spellKey(k.name, keyID(k.name, cosignatureKind, k.public()), cosignatureKind, k.public())
}

// Cosign makes the line that is added to a signed checkpoint, at a time in
// seconds since 1970. It does not look at signatures and remembers nothing: a
// witness does both first, and cosigns no tree that is not a continuation.
func (k *WitnessKey) Cosign(signed []byte, unix int64) (line string, err error) {
	text, _, err := splitCheckpoint(signed)
	if err != nil {
		return "", err
	}
	if unix <= 0 {
		return "", fmt.Errorf("record: a cosignature at second %d", unix)
	}
	b := binary.BigEndian.AppendUint32(nil, keyID(k.name, cosignatureKind, k.public()))
	b = binary.BigEndian.AppendUint64(b, uint64(unix))
	b = append(b, ed25519.Sign(k.private, cosigned(text, uint64(unix)))...)
	return "— " + k.name + " " + base64.StdEncoding.EncodeToString(b) + "\n", nil
}

// cosigned is what a cosignature signs.
func cosigned(text string, unix uint64) []byte {
	return []byte("cosignature/v1\ntime " + strconv.FormatUint(unix, 10) + "\n" + text)
}

// CosignatureVerifier makes of a witness's verifier key what
// golang.org/x/mod/sumdb/note opens notes with.
func CosignatureVerifier(verifierKey string) (note.Verifier, error) {
	name, kind, public, err := parseVerifierKey(verifierKey)
	if err != nil {
		return nil, err
	}
	if kind != cosignatureKind {
		return nil, fmt.Errorf("%w: it is of kind %d, and only %d is known", ErrWitnessKey, kind, cosignatureKind)
	}
	return cosignatureVerifier{name, keyID(name, kind, public), public}, nil
}

type cosignatureVerifier struct {
	name   string
	id     uint32
	public ed25519.PublicKey
}

func (v cosignatureVerifier) Name() string    { return v.name }
func (v cosignatureVerifier) KeyHash() uint32 { return v.id }

func (v cosignatureVerifier) Verify(text, sig []byte) bool {
	if len(sig) != cosignatureLen {
		return false
	}
	unix := binary.BigEndian.Uint64(sig)
	return unix <= math.MaxInt64 && ed25519.Verify(v.public, cosigned(string(text), unix), sig[8:])
}

// CosignatureTime is when a witness says it cosigned, in seconds since 1970.
// It means something only for a signature that was verified.
func CosignatureTime(s note.Signature) (unix int64, err error) {
	b, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(b) != 4+cosignatureLen {
		return 0, fmt.Errorf("%w: the line of %q is not a cosignature", ErrCheckpoint, s.Name)
	}
	return int64(binary.BigEndian.Uint64(b[4:])), nil
}

// SplitNote cuts a signed note into the text that is signed and the lines of
// its signatures, each with its line end. It checks no signature.
func SplitNote(signed []byte) (text string, lines []string, err error) {
	_, err = note.Open(signed, nil)
	if _, ok := errors.AsType[*note.UnverifiedNoteError](err); !ok {
		return "", nil, err // not well formed
	}
	cut := bytes.LastIndex(signed, []byte("\n\n"))
	return string(signed[:cut+1]), slices.Collect(strings.Lines(string(signed[cut+2:]))), nil
}

// AddSignatures puts lines behind a signed note and leaves every byte of it as
// it was. A line of a key that has signed before is left out. Check the lines
// first: a wrong one makes the note worthless to those who know its key.
func AddSignatures(signed []byte, lines ...string) ([]byte, error) {
	_, there, err := SplitNote(signed)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, line := range there {
		seen[signerOf(line)] = true
	}
	signed = slices.Clone(signed)
	for _, line := range lines {
		longer := append(slices.Clip(signed), line...)
		if _, all, err := SplitNote(longer); err != nil || all[len(all)-1] != line {
			return nil, fmt.Errorf("record: %q is not the line of a signature", line)
		}
		if !seen[signerOf(line)] {
			seen[signerOf(line)], signed = true, longer
		}
	}
	return signed, nil
}

// signerOf is what a well-formed line of a signature says of its key: the name
// and the id.
func signerOf(line string) string {
	name, sig, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(line, "— "), "\n"), " ")
	b, _ := base64.StdEncoding.DecodeString(sig)
	return name + " " + string(b[:4])
}

// splitCheckpoint cuts a note that must be a checkpoint. It checks no signature.
func splitCheckpoint(signed []byte) (text string, c Checkpoint, err error) {
	if text, _, err = SplitNote(signed); err == nil {
		c, err = ParseCheckpoint(text)
	}
	return text, c, err
}

// keyID is what a signature's line names its key by: the first four bytes of
// SHA-256(name ‖ 0x0A ‖ kind ‖ public key).
func keyID(name string, kind byte, public []byte) uint32 {
	sum := sha256.Sum256(append(append([]byte(name), '\n', kind), public...))
	return binary.BigEndian.Uint32(sum[:])
}

func spellKey(name string, id uint32, kind byte, key []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, id, base64.StdEncoding.EncodeToString(append([]byte{kind}, key...)))
}

// parseVerifierKey reads a verifier key of 32 bytes, of whatever kind, and
// refuses every spelling but one.
func parseVerifierKey(text string) (name string, kind byte, public []byte, err error) {
	name, rest, _ := strings.Cut(text, "+")
	_, key64, _ := strings.Cut(rest, "+")
	b, err := base64.StdEncoding.DecodeString(key64)
	if err != nil || len(b) != 1+ed25519.PublicKeySize || !isOrigin(name) || spellKey(name, keyID(name, b[0], b[1:]), b[0], b[1:]) != text {
		return "", 0, nil, fmt.Errorf("record: %q is not a verifier key", text)
	}
	return name, b[0], b[1:], nil
}
