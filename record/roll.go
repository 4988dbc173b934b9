// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// ErrKeyRoll is what every refusal of a change of key wraps.
var ErrKeyRoll = errors.New("record: not a change of key")

// ProveRoll is the proof that whoever announces this key as the one that comes
// after an old one does hold it: a note that the key signs itself. Nobody can
// take it for a checkpoint.
//
//	chorus-key/v1
//	<origin>
//	<old verifier key>
//	<new verifier key>
func (k *Key) ProveRoll(old string) ([]byte, error) {
	return note.Sign(&note.Note{Text: rollText(k.Origin(), old, k.verifier)}, k.signer)
}

func rollText(origin, old, new string) string {
	return "chorus-key/v1\n" + origin + "\n" + old + "\n" + new + "\n"
}

// CheckKeyRoll makes sure that a proof which stands in the record called
// origin is for the change from one verifier key to another. It shows only
// that the new key is held; that the old one agrees is shown by a checkpoint
// which the old key has signed and which covers the announcement.
func CheckKeyRoll(origin, old, new string, proof []byte) error {
	for _, key := range []string{old, new} {
		name, kind, _, err := parseVerifierKey(key)
		if err != nil || kind != ed25519Kind || name != origin {
			return fmt.Errorf("%w: %q is not a key of %q", ErrKeyRoll, key, origin)
		}
	}
	if old == new {
		return fmt.Errorf("%w: from a key to itself", ErrKeyRoll)
	}
	v, err := note.NewVerifier(new)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeyRoll, err)
	}
	n, err := note.Open(proof, note.VerifierList(v))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeyRoll, err)
	}
	if n.Text != rollText(origin, old, new) {
		return fmt.Errorf("%w: the new key signed something else", ErrKeyRoll)
	}
	return nil
}
