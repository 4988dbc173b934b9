// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func privateOf(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(seed(n)) }

// The file is the example of C2SP tlog-cosignature.
func TestCosignedExample(t *testing.T) {
	signed, err := os.ReadFile("testdata/cosigned.checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	text, lines, err := SplitNote(signed)
	if err != nil || len(lines) != 2 || text+"\n"+lines[0]+lines[1] != string(signed) {
		t.Fatalf("%q, %q, %v", text, lines, err)
	}
	c, err := ParseCheckpoint(text)
	if err != nil || c.Origin != "example.com/behind-the-sofa" || c.Size != 20852163 {
		t.Errorf("%+v, %v", c, err)
	}
	const want = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	name, sig, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(lines[1]), "— "), " ")
	unix, err := CosignatureTime(note.Signature{Name: name, Base64: sig})
	if got := string(cosigned(text, uint64(unix))); got != want || err != nil {
		t.Errorf("what is signed would be %q, %v", got, err)
	}
	if _, err := CosignatureTime(note.Signature{Name: "the record", Base64: "AAAA"}); err == nil {
		t.Error("a time was read where none is")
	}
}

func TestWitnessKeys(t *testing.T) {
	for range 50 { // base64 holds every sort of character by then
		k, err := NewWitnessKey("w.example/witness")
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseWitnessKey(k.Secret())
		if err != nil || again.Verifier() != k.Verifier() || again.Name() != "w.example/witness" {
			t.Fatalf("%s came back as %+v, %v", k.Verifier(), again, err)
		}
		if v, err := CosignatureVerifier(k.Verifier()); err != nil || v.Name() != k.Name() {
			t.Fatalf("%s is not taken: %v", k.Verifier(), err)
		}
	}
	k := &WitnessKey{"w.example", privateOf(11)}
	record := sampleKey(t, "w.example", 11)
	for name, text := range map[string]string{"empty": "", "cut": k.Secret()[:len(k.Secret())-4], "another name": strings.Replace(k.Secret(), "w.", "v.", 1),
		"a verifier key": k.Verifier(), "words behind": k.Secret() + "\n", "key of a record": record.Secret(), "no name": strings.Replace(k.Secret(), "w.example", "", 1),
		"start missing": strings.TrimPrefix(k.Secret(), secretStart)} {
		if _, err := ParseWitnessKey(text); err == nil || strings.Contains(err.Error(), k.Secret()[len(k.Secret())-20:]) {
			t.Errorf("%s: %v, want a refusal that tells nothing", name, err)
		}
	}
	for name, text := range map[string]string{"empty": "", "the secret": k.Secret(), "key of a record": record.Verifier(), "in capitals": strings.ToUpper(k.Verifier()),
		"another name": strings.Replace(k.Verifier(), "w.", "v.", 1), "newline behind": k.Verifier() + "\n", "cut": k.Verifier()[:len(k.Verifier())-4]} {
		if _, err := CosignatureVerifier(text); err == nil {
			t.Errorf("%s was taken for a witness's verifier key", name)
		}
	}
	if _, err := NewWitnessKey("two words"); err == nil {
		t.Error("a witness was named with a space")
	}
	golden(t, "witness.vkey", []byte(k.Verifier()+"\n"))
}

func TestCosign(t *testing.T) {
	s := newSample(t)
	w := s.witnesses[2]
	line, err := w.Cosign(s.proof.Checkpoint, 1700000000)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := AddSignatures(s.proof.Checkpoint, line)
	if err != nil || !bytes.HasPrefix(signed, s.proof.Checkpoint) || !bytes.HasSuffix(signed, []byte(line)) {
		t.Fatalf("%q, %v", signed, err)
	}
	v, err := CosignatureVerifier(w.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	if unix, err := CosignatureTime(n.Sigs[0]); err != nil || unix != 1700000000 {
		t.Errorf("cosigned at %d, %v", unix, err)
	}
	later, err := w.Cosign(s.proof.Checkpoint, 1700000001)
	if err != nil || later == line {
		t.Fatal(later, err)
	}
	if again, err := AddSignatures(signed, later, line); err != nil || !bytes.Equal(again, signed) {
		t.Errorf("a second cosignature by one key gives %q, %v", again, err)
	}
	for name, c := range map[string]struct {
		signed string
		unix   int64
	}{"time zero": {string(signed), 0}, "before 1970": {string(signed), -1}, "no note": {"words", 1}, "no checkpoint": {strings.Replace(string(signed), "\n3\n", "\nthree\n", 1), 1}} {
		if line, err := w.Cosign([]byte(c.signed), c.unix); err == nil {
			t.Errorf("%s was cosigned: %q", name, line)
		}
	}
}

// A key that signs checkpoints as their record and one that cosigns are never
// taken for each other, even with the same secret.
func TestKindsOfSignature(t *testing.T) {
	key, w := sampleKey(t, "same.example", 1), &WitnessKey{"same.example", privateOf(1)}
	own, err := key.Sign(1, Hash{})
	if err != nil {
		t.Fatal(err)
	}
	line, err := w.Cosign(own, 1)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := SplitNote(own)
	cosigned := []byte(text + "\n" + line)
	if c, err := OpenCheckpoint(cosigned, key.Verifier()); err == nil {
		t.Errorf("a cosignature opened the record: %+v", c)
	}
	p := &Policy{Witnesses: []Witness{{"w", w.Verifier(), ""}}, Quorum: "w"}
	if q, err := p.Check(own); err != nil || q.Holds {
		t.Errorf("a record cosigned itself: %+v, %v", q, err)
	}
}

func TestAddSignaturesRefuses(t *testing.T) {
	s := newSample(t)
	_, lines, err := SplitNote(s.proof.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{"empty": "", "no line end": strings.TrimSpace(lines[0]), "two lines": lines[0] + lines[1], "words": "words\n", "newline": "\n",
		"a new note": "\nwords\n\n" + lines[0], "minus for dash": strings.Replace(lines[0], "—", "-", 1), "no signature": "— w.example \n", "short": "— w.example AAAA\n"} {
		if got, err := AddSignatures(s.proof.Checkpoint, line); err == nil {
			t.Errorf("%s was added: %q", name, got)
		}
	}
	if _, err := AddSignatures([]byte("words\n"), lines[0]); err == nil {
		t.Error("a signature was added to what is no note")
	}
}

func TestSplitNoteRefuses(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "words": "words", "no signature": "words\n\n", "cut": "words\n\n— w.example AAAAAAA", "control": "wo\x00rds\n\n— w.example AAAAAAA=\n"} {
		if text, lines, err := SplitNote([]byte(text)); err == nil {
			t.Errorf("%s: %q, %q", name, text, lines)
		}
	}
}

func FuzzParseWitnessKey(f *testing.F) {
	k := &WitnessKey{"w.example", privateOf(11)}
	f.Add(k.Secret())
	f.Add(k.Verifier())
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParseWitnessKey(text); err == nil && k.Secret() != text {
			t.Errorf("%q came back as %q", text, k.Secret())
		}
		if v, err := CosignatureVerifier(text); err == nil {
			name, _, public, _ := parseVerifierKey(text)
			if again := spellKey(name, v.KeyHash(), cosignatureKind, public); again != text {
				t.Errorf("%q came back as %q", text, again)
			}
		}
	})
}

func FuzzSplitNote(f *testing.F) {
	s := newSample(f)
	_, lines, _ := SplitNote(s.proof.Checkpoint)
	f.Add(s.proof.Checkpoint, lines[0])
	f.Add([]byte("words\n\n— w AAAAAAA=\n"), "— w AAAAAAA=\n")
	f.Fuzz(func(t *testing.T, signed []byte, line string) {
		text, lines, err := SplitNote(signed)
		if err != nil {
			return
		}
		if again := text + "\n" + strings.Join(lines, ""); again != string(signed) {
			t.Errorf("%q came back as %q", signed, again)
		}
		longer, err := AddSignatures(signed, line)
		if err != nil {
			return
		}
		if same, _, err := SplitNote(longer); err != nil || same != text || !bytes.HasPrefix(longer, signed) {
			t.Errorf("%q and %q became %q, %v", signed, line, longer, err)
		}
	})
}
