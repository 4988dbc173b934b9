// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"fmt"
	"testing"
	"time"

	cosign "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/note"

	"example.org/chorus/record"
)

const cosignedAt = 1_795_000_000 // seconds since 1970

// eyes are witnesses by name.
func eyes(t *testing.T, names ...string) map[string]*record.WitnessKey {
	t.Helper()
	keys := map[string]*record.WitnessKey{}
	for _, name := range names {
		key, err := record.NewWitnessKey(name + ".example/witness")
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = key
	}
	return keys
}

func cosigned(t *testing.T, checkpoint []byte, by ...*record.WitnessKey) []byte {
	t.Helper()
	for _, key := range by {
		line, err := key.Cosign(checkpoint, cosignedAt)
		if err == nil {
			checkpoint, err = record.AddSignatures(checkpoint, line)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return checkpoint
}

// aCheckpoint is one of a record that nobody has.
func aCheckpoint(t *testing.T) []byte {
	t.Helper()
	return signed(t, stranger(t, "lindholm.example/record"), 300, record.Hash{7})
}

// TestCosignatures: what our witness signs, they verify; what their signer signs
// with the same key, we do.
func TestCosignatures(t *testing.T) {
	ada := eyes(t, "ada", "bo")
	checkpoint := aCheckpoint(t)
	theirs, err := cosign.NewVerifierForCosignatureV1(ada["ada"].Verifier())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(cosigned(t, checkpoint, ada["bo"], ada["ada"]), note.VerifierList(theirs))
	if err != nil || len(n.Sigs) != 1 {
		t.Fatalf("their verifier: %v", err)
	}
	if at, err := cosign.CoSigV1Timestamp(n.Sigs[0]); err != nil || at.Unix() != cosignedAt {
		t.Errorf("cosigned at %v, %v, want second %d", at, err, cosignedAt)
	}
	if n, err := note.Open(cosigned(t, checkpoint, ada["bo"]), note.VerifierList(theirs)); err == nil {
		t.Errorf("a cosignature by another: %v", n.Sigs)
	}
	line, err := ada["ada"].Cosign(signed(t, stranger(t, "lindholm.example/record"), 299, record.Hash{7}), cosignedAt)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := note.Open(append(checkpoint, line...), note.VerifierList(theirs)); err == nil {
		t.Errorf("a cosignature of another checkpoint: %v", n.Sigs)
	}
}

func TestTheirSigner(t *testing.T) {
	key := eyes(t, "ada")["ada"]
	signer, err := cosign.NewSignerForCosignatureV1(key.Secret())
	if err != nil {
		t.Fatal(err)
	}
	checkpoint := aCheckpoint(t)
	n, err := note.Open(checkpoint, nil)
	if unverified, ok := err.(*note.UnverifiedNoteError); ok {
		n = unverified.Note
	}
	both, err := note.Sign(n, signer)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := record.CosignatureVerifier(key.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	if n, err = note.Open(both, note.VerifierList(ours)); err != nil {
		t.Fatalf("our verifier: %v", err)
	}
	at, err := record.CosignatureTime(n.Sigs[0])
	if age := time.Since(time.Unix(at, 0)); err != nil || age < 0 || age > time.Hour {
		t.Errorf("cosigned %s ago, %v", age, err)
	}
}

// TestPolicies has both read the same policies and decide on the same
// checkpoints: every set of three witnesses.
func TestPolicies(t *testing.T) {
	keys := eyes(t, "ada", "bo", "cy")
	var witnesses string
	for name, key := range keys {
		witnesses += fmt.Sprintf("witness %s %s https://%s.example/witness\n", name, key.Verifier(), name)
	}
	checkpoint := aCheckpoint(t)
	for _, rule := range []string{
		"quorum none\n", "quorum ada\n", "group two 2 ada bo cy\nquorum two\n", "group every all ada bo cy\nquorum every\n",
		"group some any bo cy\nquorum some\n", "# first ada, then one of the others\ngroup some any bo cy\ngroup both all ada some\nquorum both\n",
	} {
		p, err := record.ParsePolicy([]byte(witnesses + rule))
		if err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		theirs, err := witness.ParsePolicy(p.Marshal())
		if err != nil {
			t.Fatalf("they do not read what we write: %v\n%s", err, p.Marshal())
		}
		yes := 0
		for set := range 8 {
			var by []*record.WitnessKey
			for i, name := range []string{"ada", "bo", "cy"} {
				if set>>i&1 == 1 {
					by = append(by, keys[name])
				}
			}
			c := cosigned(t, checkpoint, by...)
			q, err := p.Check(c)
			if err != nil {
				t.Fatal(err)
			}
			if q.Holds != theirs.Satisfied(c) {
				t.Errorf("%swith %d cosignatures (set %03b): we say %v", rule, len(by), set, q.Holds)
			}
			if q.Holds {
				yes++
			}
		}
		if yes == 0 || yes == 8 && rule != "quorum none\n" {
			t.Errorf("%s holds for %d of 8 sets", rule, yes)
		}
	}
}
