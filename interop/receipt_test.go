// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/formats/proof"
	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/record"
)

// receipt makes the receipt of an entry by their code from what is served.
func (in *instance) receipt(place uint64) *proof.TLogProof {
	in.t.Helper()
	return judgeOf(in.t, in.address()).receipt(in.t, place, in.body(place))
}

// body is what is served of what an entry commits to.
func (in *instance) body(place uint64) []byte {
	in.t.Helper()
	res, err := http.Get(fmt.Sprintf("%s/body/%d", in.address(), place)) // 410 when something was erased
	if err != nil {
		in.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		in.t.Fatal(err)
	}
	return body
}

func (j judge) receipt(t *testing.T, place uint64, body []byte) *proof.TLogProof {
	t.Helper()
	c, text := j.checkpoint(t)
	path, err := j.prover(t, c.Size).InclusionProof(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	p := &proof.TLogProof{Index: place, Checkpoint: text, ExtraData: extra(t, j.entry(t, place, c.Size), body)}
	for _, h := range path {
		p.Hashes = append(p.Hashes, [32]byte(h))
	}
	return p
}

// extra is what makes a receipt of a proof: the entry, and its parts as in its body.
func extra(t *testing.T, entry, body []byte) []byte {
	t.Helper()
	var b struct {
		Parts json.RawMessage `json:"parts"`
	}
	if err := json.Unmarshal(body, &b); err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"leaf":"%s","parts":%s}`, base64.RawURLEncoding.EncodeToString(entry), b.Parts)
}

// proved has their code check a receipt, but for what the entry commits to.
func (j judge) proved(receipt []byte) error {
	var p proof.TLogProof
	if err := p.Unmarshal(receipt); err != nil {
		return err
	}
	c, _, _, err := log.ParseCheckpoint(p.Checkpoint, j.key.Name(), j.key)
	if err != nil {
		return err
	}
	var extra struct {
		Leaf string `json:"leaf"`
	}
	if err := json.Unmarshal(p.ExtraData, &extra); err != nil {
		return err
	}
	leaf, err := base64.RawURLEncoding.DecodeString(extra.Leaf)
	if err != nil {
		return err
	}
	var path [][]byte
	for _, h := range p.Hashes {
		path = append(path, h[:])
	}
	return merkle.VerifyInclusion(rfc6962.DefaultHasher, p.Index, c.Size, rfc6962.DefaultHasher.HashLeaf(leaf), path, c.Hash)
}

// byHand has tools/check-by-hand.sh check a receipt.
func byHand(t *testing.T, receipt []byte, key string) (said string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "receipt.tlog-proof")
	write(t, file, receipt)
	out, err := exec.Command(filepath.Join(chorustest.Root(t), "tools/check-by-hand.sh"), file, key).CombinedOutput()
	return string(out), err
}

// needOpenSSL looks for openssl 3: older ones cannot verify Ed25519 over a text.
func needOpenSSL(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("openssl", "version").Output(); err != nil || !strings.HasPrefix(string(out), "OpenSSL 3") {
		chorustest.Missing(t, "openssl 3", "openssl in PATH")
	}
}

// TestReceipts has receipts of every sort of entry checked by their code and by
// openssl: also of those whose name is hidden or erased.
func TestReceipts(t *testing.T) {
	needOpenSSL(t)
	in := open(t)
	in.sign(300)
	j, key := judgeOf(t, in.address()), in.key().Verifier()
	size := uint64(in.head().Size)
	for what, place := range map[string]uint64{
		"a declaration": 0, "a name": 1, "a hidden name": 65, "an erased name": 43, "the last signature": 300,
		"what came first of what came after": 301, "the last entry": size - 1,
	} {
		t.Run(what, func(t *testing.T) {
			receipt := get(t, fmt.Sprintf("%s/r/%d.tlog-proof", in.URL, place))
			if theirs := in.receipt(place).Marshal(); !bytes.Equal(receipt, theirs) {
				t.Errorf("we give\n%s\nthey make\n%s", receipt, theirs)
			}
			if err := j.proved(receipt); err != nil {
				t.Error(err)
			}
			if c, err := record.CheckReceipt(receipt, nil, key); err != nil || uint64(c.Index) != place {
				t.Errorf("we say %v, %v", c, err)
			}
			said, err := byHand(t, receipt, key)
			if want := fmt.Sprintf("PROVED: this is entry %d of the record %s, which its key signed when it held %d entries.\n", place, j.key.Name(), size); err != nil || !strings.HasPrefix(said, want) {
				t.Errorf("%v, said %s, want %s", err, said, want)
			}
		})
	}
	p := in.receipt(1)
	p.Checkpoint = cosigned(t, p.Checkpoint, eyes(t, "ada")["ada"])
	said, err := byHand(t, p.Marshal(), key)
	if err == nil {
		err = j.proved(p.Marshal())
	}
	if err != nil {
		t.Errorf("with a cosignature: %v", err)
	}
	if person := people(t, 1)[0]; !strings.Contains(said, person.Identity.Value.Name) {
		t.Errorf("it does not show %s:\n%s", person.Identity.Value.Name, said)
	}
}

// TestChangedReceipts changes one byte of a receipt after another.
func TestChangedReceipts(t *testing.T) {
	needOpenSSL(t)
	in := open(t)
	in.sign(20)
	key := in.key().Verifier()
	receipt := in.receipt(3).Marshal()
	for i := 0; i < len(receipt); i += 1 + len(receipt)/30 {
		changed := bytes.Clone(receipt)
		changed[i] ^= 1
		if _, err := record.CheckReceipt(changed, nil, key); err == nil {
			t.Errorf("with %q in place of %q at byte %d, we have nothing against it", changed[i], receipt[i], i)
		}
		if said, err := byHand(t, changed, key); err == nil || !strings.Contains(said, "NOT PROVED: ") {
			t.Errorf("with %q in place of %q at byte %d: %v, said %s", changed[i], receipt[i], i, err, said)
		}
	}
	for name, changed := range map[string][]byte{
		"nothing":              {},
		"a line more":          append(bytes.Clone(receipt), "\n"...),
		"a zero byte":          append(bytes.Clone(receipt[:30]), append([]byte{0}, receipt[30:]...)...),
		"cut short":            receipt[:len(receipt)-20],
		"without a signature":  receipt[:bytes.LastIndex(receipt, []byte("— "))],
		"of another place":     bytes.Replace(receipt, []byte("index 3"), []byte("index 4"), 1),
		"of a place too far":   bytes.Replace(receipt, []byte("index 3"), []byte("index 300"), 1),
		"with a hash more":     bytes.Replace(receipt, []byte("\n\n"), []byte("\n"+strings.Repeat("A", 43)+"=\n\n"), 1),
		"with windows' lines":  bytes.ReplaceAll(receipt, []byte("\n"), []byte("\r\n")),
		"with another's entry": exchange(t, in),
	} {
		if _, err := record.CheckReceipt(changed, nil, key); err == nil {
			t.Errorf("%s: we have nothing against it", name)
		}
		if said, err := byHand(t, changed, key); err == nil {
			t.Errorf("%s: %s", name, said)
		}
	}
	other := stranger(t, in.head().Origin).Verifier()
	if said, err := byHand(t, receipt, other); err == nil {
		t.Errorf("with another's key: %s", said)
	}
}

// exchange is the receipt of one signer with the words of another.
func exchange(t *testing.T, in *instance) []byte {
	t.Helper()
	p := in.receipt(3)
	j := judgeOf(t, in.address())
	p.ExtraData = extra(t, j.entry(t, 4, uint64(in.head().Size)), in.body(4))
	return p.Marshal()
}

// TestOpenSSL verifies a checkpoint with the command that the manual gives.
func TestOpenSSL(t *testing.T) {
	needOpenSSL(t)
	in := open(t)
	in.sign(1)
	key, err := base64.StdEncoding.DecodeString(strings.SplitN(in.key().Verifier(), "+", 3)[2])
	if err != nil {
		t.Fatal(err)
	}
	text, line, _ := strings.Cut(string(get(t, in.address()+"/checkpoint")), "\n\n— "+in.head().Origin+" ")
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	const ed25519 = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00" // RFC 8410
	folder := t.TempDir()
	verify := func(text string) ([]byte, error) {
		write(t, filepath.Join(folder, "key.der"), append([]byte(ed25519), key[1:]...))
		write(t, filepath.Join(folder, "text"), []byte(text))
		write(t, filepath.Join(folder, "signature"), signature[4:])
		c := exec.Command("openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin", "-in", "text", "-sigfile", "signature")
		c.Dir = folder
		return c.CombinedOutput()
	}
	if out, err := verify(text + "\n"); err != nil || !strings.Contains(string(out), "Verified Successfully") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := verify(text); err == nil {
		t.Errorf("another text: %s", out)
	}
}
