// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestKeyRoll(t *testing.T) {
	const origin = "example.org/record"
	old, key, other := sampleKey(t, origin, 1), sampleKey(t, origin, 2), sampleKey(t, origin, 3)
	elsewhere := sampleKey(t, "elsewhere.example", 2)
	proof, err := key.ProveRoll(old.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "roll.note", proof)
	if err := CheckKeyRoll(origin, old.Verifier(), key.Verifier(), proof); err != nil {
		t.Error(err)
	}
	itself, err := key.ProveRoll(key.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	byOld, err := note.Sign(&note.Note{Text: rollText(origin, old.Verifier(), key.Verifier())}, old.signer)
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := key.Sign(1, Hash{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ origin, old, new, proof string }{
		"no proof":           {origin, old.Verifier(), key.Verifier(), ""},
		"another old key":    {origin, other.Verifier(), key.Verifier(), string(proof)},
		"another new key":    {origin, old.Verifier(), other.Verifier(), string(proof)},
		"another record":     {"elsewhere.example", old.Verifier(), key.Verifier(), string(proof)},
		"key of another":     {origin, old.Verifier(), elsewhere.Verifier(), string(proof)},
		"swapped":            {origin, key.Verifier(), old.Verifier(), string(proof)},
		"to itself":          {origin, key.Verifier(), key.Verifier(), string(itself)},
		"by the old key":     {origin, old.Verifier(), key.Verifier(), string(byOld)},
		"a checkpoint":       {origin, old.Verifier(), key.Verifier(), string(checkpoint)},
		"changed":            {origin, old.Verifier(), key.Verifier(), strings.Replace(string(proof), "/v1", "/v2", 1)},
		"no old key":         {origin, "", key.Verifier(), string(proof)},
		"a witness's key":    {origin, old.Verifier(), (&WitnessKey{origin, privateOf(2)}).Verifier(), string(proof)},
		"newline in the old": {origin, old.Verifier() + "\n", key.Verifier(), string(proof)},
	} {
		if err := CheckKeyRoll(c.origin, c.old, c.new, []byte(c.proof)); !errors.Is(err, ErrKeyRoll) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	if c, err := OpenCheckpoint(proof, key.Verifier()); err == nil {
		t.Errorf("the proof was taken for a checkpoint: %+v", c)
	}
}
