// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A sample is a record of three entries with a receipt for the second. Its
// keys and salts are the same every time, so that its files can be kept.
type sample struct {
	key       *Key
	witnesses []*WitnessKey
	receipt   *Receipt
	proof     *Proof
}

// seed is a secret that everybody knows.
func seed(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

func sampleKey(t testing.TB, origin string, n byte) *Key {
	t.Helper()
	w := &WitnessKey{origin, privateOf(n)}
	key, err := ParseKey(secretStart + spellKey(origin, keyID(origin, ed25519Kind, w.public()), ed25519Kind, seed(n)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newSample(t testing.TB) sample {
	t.Helper()
	s := sample{key: sampleKey(t, "chorus.example/record", 1)}
	shown, hidden := Part{State: Shown, Salt: Salt(seed(9)), Bytes: []byte(`{"name":"Ada"}`)}, Part{State: Withheld}
	gone := Part{State: Redacted, By: 2}
	leaf := Leaf{Version: 1, Kind: "signature", Subject: subject, Day: "2026-11-21", Commitments: []Hash{Commit(shown.Salt, shown.Bytes), {8}, {7}}}
	text, err := leaf.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	s.receipt = &Receipt{text, []Part{shown, hidden, gone}}
	s.proof = s.prove(t, s.receipt, 1, []Hash{LeafHash([]byte("first")), LeafHash(text), LeafHash([]byte("third"))})
	for i, name := range []string{"w1.example", "w2.example/witness", "w3.example"} {
		w := &WitnessKey{name, privateOf(byte(11 + i))}
		s.witnesses = append(s.witnesses, w)
		line, err := w.Cosign(s.proof.Checkpoint, 1679315147+int64(i))
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			break // the third has not cosigned
		}
		if s.proof.Checkpoint, err = AddSignatures(s.proof.Checkpoint, line); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s sample) prove(t testing.TB, r *Receipt, index int64, hashes []Hash) *Proof {
	t.Helper()
	tree := new(Tree)
	tree.Append(hashes...)
	signed, err := s.key.Sign(tree.Size(), tree.Root())
	if err != nil {
		t.Fatal(err)
	}
	stored := new(stored)
	for _, h := range hashes {
		stored.add(t, h)
	}
	path, err := tlog.ProveRecord(tree.Size(), index, stored)
	if err != nil {
		t.Fatal(err)
	}
	extra, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return &Proof{index, path, extra, signed}
}

// stored is a small tree as golang.org/x/mod stores it.
type stored struct {
	size   int64
	hashes []Hash
}

func (s *stored) ReadHashes(indexes []int64) (out []Hash, err error) {
	for _, i := range indexes {
		out = append(out, s.hashes[i])
	}
	return out, nil
}

func (s *stored) add(t testing.TB, h Hash) {
	more, err := tlog.StoredHashesForRecordHash(s.size, h, s)
	if err != nil {
		t.Fatal(err)
	}
	s.hashes, s.size = append(s.hashes, more...), s.size+1
}

// golden compares with a file that must never change: others keep such files.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	want, err := os.ReadFile("testdata/" + name)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s, which must never change, would now be (%v)\n%s", name, err, got)
	}
}

func TestGoldenProof(t *testing.T) {
	s := newSample(t)
	golden(t, "receipt.tlog-proof", s.proof.Marshal())
	golden(t, "receipt.json", append(s.proof.Extra, '\n'))
	golden(t, "vkey", []byte(s.key.Verifier()+"\n"))
}

func TestProofRoundTrip(t *testing.T) {
	s := newSample(t)
	bare := *s.proof
	bare.Extra = nil
	alone := s.prove(t, s.receipt, 0, []Hash{LeafHash(s.receipt.Leaf)})
	for name, want := range map[string]*Proof{"whole": s.proof, "without extra": &bare, "of the only entry": alone} {
		got, err := ParseProof(want.Marshal())
		if err != nil || got.Index != want.Index || !slices.Equal(got.Hashes, want.Hashes) || !bytes.Equal(got.Extra, want.Extra) || !bytes.Equal(got.Checkpoint, want.Checkpoint) {
			t.Errorf("%s came back as %+v, %v", name, got, err)
			continue
		}
		c, err := got.Verify(LeafHash(s.receipt.Leaf), sampleKey(t, "other.example", 5).Verifier(), s.key.Verifier())
		if err != nil || c.Origin != "chorus.example/record" {
			t.Errorf("%s: Verify = %+v, %v", name, c, err)
		}
	}
}

// TestHostileProofs holds texts that some reader takes for a proof and that
// ParseProof must refuse.
func TestHostileProofs(t *testing.T) {
	good := string(newSample(t).proof.Marshal())
	change := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	head, checkpoint, _ := strings.Cut(good, "\n\n")
	hash := strings.Split(head, "\n")[3]
	for name, text := range map[string]string{
		"empty":                "",
		"title only":           proofTitle,
		"head only":            head,
		"no checkpoint":        head + "\n\n",
		"checkpoint only":      checkpoint,
		"another version":      change("@v1", "@v2"),
		"line before":          "\n" + good,
		"space before":         " " + good,
		"line behind":          good + "\n",
		"words behind":         good + "words\n",
		"second proof":         good + good,
		"Windows lines":        strings.ReplaceAll(good, "\n", "\r\n"),
		"byte order mark":      "\ufeff" + good,
		"no index":             change("index 1\n", ""),
		"two indexes":          change("index 1\n", "index 1\nindex 1\n"),
		"index before extra":   strings.Replace(change("index 1\n", ""), "extra", "index 1\nextra", 1),
		"two extras":           change("extra ", "extra AAAA\nextra "),
		"empty extra":          change("extra ", "extra \nextra "),
		"extra of nothing":     strings.Replace(good, strings.Split(head, "\n")[1], "extra ", 1),
		"extra in capitals":    change("extra ", "Extra "),
		"extra, two spaces":    change("extra ", "extra  "),
		"extra in base64url":   change("extra e", "extra _"),
		"index with zero":      change("index 1", "index 01"),
		"index with plus":      change("index 1", "index +1"),
		"index below nothing":  change("index 1", "index -1"),
		"index over 2^63":      change("index 1", "index 9223372036854775808"),
		"index in hexadecimal": change("index 1", "index 0x1"),
		"index with words":     change("index 1", "index 1 2"),
		"short hash":           change(hash, "AAAA"),
		"hash, loose bits":     change(hash, hash[:42]+string(hash[42]+1)+"="),
		"hash, no padding":     change(hash, strings.TrimSuffix(hash, "=")),
		"hash, space behind":   change(hash, hash+" "),
		"sixty-four hashes":    change(hash+"\n", strings.Repeat(hash+"\n", 63)),
		"unsigned checkpoint":  head + "\n\n" + strings.SplitAfter(checkpoint, "\n\n")[0],
		"note, no checkpoint":  head + "\n\nwords\n\n" + strings.SplitAfter(checkpoint, "\n\n")[1],
		"extension line":       change("\n\n—", "\nmore\n\n—"),
		"too long":             change("extra ", "extra "+strings.Repeat("A", MaxProof)),
	} {
		if text == good {
			t.Errorf("%s is not another text", name)
		}
		if p, err := ParseProof([]byte(text)); !errors.Is(err, ErrProof) {
			t.Errorf("%s: ParseProof = %+v, %v, want a refusal", name, p, err)
		}
	}
}

// TestVerifyRefuses holds proofs that are well formed and prove nothing.
func TestVerifyRefuses(t *testing.T) {
	s := newSample(t)
	leaf := LeafHash(s.receipt.Leaf)
	for name, c := range map[string]struct {
		change func(*Proof)
		leaf   Hash
		key    string
	}{
		"another leaf":      {func(*Proof) {}, LeafHash([]byte("another")), s.key.Verifier()},
		"another key":       {func(*Proof) {}, leaf, sampleKey(t, "chorus.example/record", 2).Verifier()},
		"the witness's key": {func(*Proof) {}, leaf, s.witnesses[0].Verifier()},
		"another index":     {func(p *Proof) { p.Index = 0 }, leaf, s.key.Verifier()},
		"index is size":     {func(p *Proof) { p.Index = 3 }, leaf, s.key.Verifier()},
		"index below":       {func(p *Proof) { p.Index = -1 }, leaf, s.key.Verifier()},
		"a hash less":       {func(p *Proof) { p.Hashes = p.Hashes[1:] }, leaf, s.key.Verifier()},
		"a hash more":       {func(p *Proof) { p.Hashes = append(p.Hashes, Hash{}) }, leaf, s.key.Verifier()},
		"hashes swapped":    {func(p *Proof) { p.Hashes = []Hash{p.Hashes[1], p.Hashes[0]} }, leaf, s.key.Verifier()},
		"a node as leaf":    {func(p *Proof) { p.Index, p.Hashes = 0, p.Hashes[1:] }, tlog.NodeHash(s.proof.Hashes[0], leaf), s.key.Verifier()},
		"another size":      {func(p *Proof) { p.Checkpoint = bytes.Replace(p.Checkpoint, []byte("\n3\n"), []byte("\n4\n"), 1) }, leaf, s.key.Verifier()},
	} {
		p := *s.proof
		c.change(&p)
		if got, err := p.Verify(c.leaf, c.key); err == nil {
			t.Errorf("%s: Verify = %+v, want a refusal", name, got)
		}
	}
}

func TestHostileReceipts(t *testing.T) {
	s := newSample(t)
	good := string(s.proof.Extra)
	if r, err := ParseReceipt([]byte(good)); err != nil || !reflect.DeepEqual(r, s.receipt) {
		t.Fatal(r, err)
	}
	change := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for name, text := range map[string]string{
		"empty":              "",
		"null":               "null",
		"empty object":       "{}",
		"a list":             "[" + good + "]",
		"line behind":        good + "\n",
		"space inside":       change(",", ", "),
		"unknown field":      change("{", `{"a":1,`),
		"doubled field":      change(`"parts"`, `"leaf":"","parts"`),
		"another case":       change(`"leaf"`, `"Leaf"`),
		"fields swapped":     `{"parts":[],"leaf":""}`,
		"no parts":           `{"leaf":""}`,
		"null parts":         `{"leaf":"","parts":null}`,
		"empty part":         `{"leaf":"","parts":[{}]}`,
		"both states":        change(`{"withheld":true}`, `{"withheld":true,"redacted_by":2}`),
		"shown and withheld": change(`"body"`, `"withheld":true,"body"`),
		"half a part":        `{"leaf":"","parts":[{"salt":""}]}`,
		"not withheld":       change("true", "false"),
		"redacted before":    change(`:2}`, `:-2}`),
		"short salt":         `{"leaf":"","parts":[{"salt":"AAAA","body":""}]}`,
		"padded leaf":        change(`","parts"`, `=","parts"`),
		"escaped leaf":       change(`{"leaf":"e`, `{"leaf":"\u0065`),
		"too long":           change(`"leaf":"`, `"leaf":"`+strings.Repeat("A", MaxProof)),
	} {
		if r, err := ParseReceipt([]byte(text)); !errors.Is(err, ErrReceipt) {
			t.Errorf("%s: ParseReceipt = %+v, %v, want a refusal", name, r, err)
		}
	}
}

func (s sample) policy(t testing.TB, quorum string) *Policy {
	t.Helper()
	text := "log " + s.key.Verifier() + "\n"
	for i, w := range s.witnesses {
		text += fmt.Sprintf("witness w%d %s\n", i+1, w.Verifier())
	}
	p, err := ParsePolicy([]byte(text + quorum))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCheckReceipt(t *testing.T) {
	s := newSample(t)
	policy := s.policy(t, "group all-three 2 w1 w2 w3\nquorum all-three\n")
	for name, keys := range map[string][]string{"key of the policy": nil, "key": {s.key.Verifier()}, "two keys": {sampleKey(t, "chorus.example/record", 2).Verifier(), s.key.Verifier()}} {
		got, err := CheckReceipt(s.proof.Marshal(), policy, keys...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Index != 1 || got.Leaf.Kind != "signature" || string(got.Parts[0].Bytes) != `{"name":"Ada"}` || got.Checkpoint.Size != 3 || got.Hash != LeafHash(s.receipt.Leaf) {
			t.Errorf("%s: CheckReceipt = %+v", name, got)
		}
		if q := got.Quorum; !q.Holds || q.Independent != 2 || len(q.Witnesses) != 2 || q.Witnesses[1].Name != "w2" || q.Witnesses[1].Unix != 1679315148 {
			t.Errorf("%s: %+v", name, q)
		}
	}
	if got, err := CheckReceipt(s.proof.Marshal(), nil, s.key.Verifier()); err != nil || !got.Quorum.Holds || got.Quorum.Independent != 0 {
		t.Errorf("without a policy: %+v, %v", got, err)
	}
}

func TestCheckReceiptRefuses(t *testing.T) {
	s := newSample(t)
	change := func(edit func(*Receipt)) []byte {
		r := &Receipt{s.receipt.Leaf, append([]Part(nil), s.receipt.Parts...)}
		edit(r)
		return s.prove(t, r, 1, []Hash{LeafHash([]byte("first")), LeafHash(r.Leaf), LeafHash([]byte("third"))}).Marshal()
	}
	good, three := s.proof.Marshal(), s.policy(t, "group three all w1 w2 w3\nquorum three\n")
	elsewhere := *s.proof
	elsewhere.Index = 2
	for name, c := range map[string]struct {
		proof  []byte
		policy *Policy
		want   error
	}{
		"no proof":             {nil, nil, ErrProof},
		"no receipt":           {(&Proof{1, s.proof.Hashes, nil, s.proof.Checkpoint}).Marshal(), nil, ErrReceipt},
		"another name":         {change(func(r *Receipt) { r.Parts[0].Bytes = []byte(`{"name":"Eve"}`) }), nil, ErrBody},
		"another salt":         {change(func(r *Receipt) { r.Parts[0].Salt[0]++ }), nil, ErrBody},
		"a part less":          {change(func(r *Receipt) { r.Parts = r.Parts[:2] }), nil, ErrBody},
		"a part more":          {change(func(r *Receipt) { r.Parts = append(r.Parts, Part{State: Withheld}) }), nil, ErrBody},
		"leaf not canonical":   {change(func(r *Receipt) { r.Leaf = append([]byte(" "), r.Leaf...) }), nil, ErrLeaf},
		"entry is no leaf":     {change(func(r *Receipt) { r.Leaf, r.Parts = []byte("words"), nil }), nil, ErrLeaf},
		"another place":        {elsewhere.Marshal(), nil, ErrProof},
		"a witness is missing": {good, three, ErrQuorum},
		"bad cosignature":      {cosignedAt(s, 1679315140), s.policy(t, "quorum w1\n"), nil},
	} {
		got, err := CheckReceipt(c.proof, c.policy, s.key.Verifier())
		if err == nil || got != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v, want %v", name, got, err, c.want)
		}
	}
	if got, err := CheckReceipt(good, nil); err == nil {
		t.Errorf("no key and no policy: %+v", got)
	}
	if _, err := CheckReceipt(good, nil, sampleKey(t, "chorus.example/record", 2).Verifier()); err == nil || errors.Is(err, ErrProof) {
		t.Errorf("another key: %v", err)
	}
}

// cosignedAt is the sample's proof after somebody wrote another time into the
// first cosignature.
func cosignedAt(s sample, unix int64) []byte {
	text, lines, _ := SplitNote(s.proof.Checkpoint)
	name, sig, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(lines[1]), "— "), " ")
	b, _ := base64.StdEncoding.DecodeString(sig)
	b[11] = byte(unix)
	p := *s.proof
	p.Checkpoint = []byte(text + "\n" + lines[0] + "— " + name + " " + base64.StdEncoding.EncodeToString(b) + "\n" + lines[2])
	return p.Marshal()
}

func TestCheckpointOfTwoKeys(t *testing.T) {
	older, newer, stranger := sampleKey(t, "example.org/record", 1), sampleKey(t, "example.org/record", 2), sampleKey(t, "example.org/record", 3)
	signed, err := newer.Sign(someCheckpoint.Size, someCheckpoint.Root, older)
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string][]string{"older": {older.Verifier()}, "newer": {newer.Verifier()}, "both": {older.Verifier(), newer.Verifier()},
		"doubled": {newer.Verifier(), newer.Verifier()}, "one unknown": {stranger.Verifier(), older.Verifier()}} {
		if c, err := OpenCheckpoint(signed, keys...); err != nil || c != someCheckpoint {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	text, lines, _ := SplitNote(signed)
	broken := []byte(text + "\n" + lines[0] + strings.Replace(lines[1], lines[1][len(lines[1])-12:], "AAAAAAAAAA=\n", 1))
	_, err = OpenCheckpoint(broken, newer.Verifier(), older.Verifier())
	if _, ok := errors.AsType[*note.InvalidSignatureError](err); !ok {
		t.Errorf("a wrong signature by a known key gives %v", err)
	}
	if c, err := OpenCheckpoint(broken, newer.Verifier()); err != nil || c != someCheckpoint {
		t.Errorf("a wrong signature by an unknown key gives %+v, %v", c, err)
	}
	if _, err := OpenCheckpoint(signed); err == nil {
		t.Error("a checkpoint was opened with no key")
	}
	if _, err := newer.Sign(1, Hash{}, sampleKey(t, "other.example", 4)); err == nil {
		t.Error("keys of two records signed one checkpoint")
	}
}

func FuzzParseProof(f *testing.F) {
	s := newSample(f)
	f.Add(s.proof.Marshal())
	f.Add((&Proof{0, nil, nil, s.proof.Checkpoint}).Marshal())
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseProof(text)
		if err == nil && !bytes.Equal(p.Marshal(), text) {
			t.Errorf("%q came back as %q", text, p.Marshal())
		}
	})
}

func FuzzParseReceipt(f *testing.F) {
	s := newSample(f)
	f.Add(s.proof.Extra)
	f.Add([]byte(`{"leaf":"","parts":[]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ParseReceipt(line)
		if err != nil {
			return
		}
		if again, err := r.Marshal(); err != nil || !bytes.Equal(again, line) {
			t.Errorf("%q came back as %q, %v", line, again, err)
		}
	})
}
