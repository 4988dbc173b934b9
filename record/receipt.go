// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// A Receipt is an entry and what it commits to, as it stands in the Extra of a
// Proof. Together they show what somebody put into the record.
type Receipt struct {
	Leaf  []byte // the entry
	Parts []Part // one for each of its commitments; the holder may have what is withheld from others
}

// ErrReceipt is what every refusal of a receipt wraps, but for those of the
// proof and the checkpoint around it.
var ErrReceipt = errors.New("record: not a receipt")

type receiptText struct {
	Leaf  string     `json:"leaf"`
	Parts []partText `json:"parts"`
}

// Marshal writes the one spelling of the receipt, on one line, with the parts
// as in a Body:
//
//	{"leaf":"…","parts":[{"salt":"…","body":"…"},{"withheld":true},{"redacted_by":70000}]}
func (r *Receipt) Marshal() ([]byte, error) {
	return json.Marshal(receiptText{base64.RawURLEncoding.EncodeToString(r.Leaf), partTexts(r.Parts)})
}

// ParseReceipt reads what Marshal writes and refuses every other spelling. It
// does not look whether the parts belong to the leaf: CheckReceipt does.
func ParseReceipt(line []byte) (*Receipt, error) {
	if len(line) > MaxProof {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrReceipt, len(line), MaxProof)
	}
	text, r := &bodyReader{rest: line}, new(Receipt)
	text.want(`{"leaf":"`)
	r.Leaf = text.text()
	text.want(`"`)
	r.Parts = text.parts()
	if text.failed {
		return nil, fmt.Errorf("%w: not in its one spelling", ErrReceipt)
	}
	return r, nil
}

// Checked is what a receipt proves.
type Checked struct {
	Index      int64      // place of the entry
	Hash       Hash       // of its leaf
	Leaf       *Leaf      // the entry
	Parts      []Part     // what it commits to; those that are shown open their commitments
	Checkpoint Checkpoint // the record that holds it
	Quorum     *Quorum    // who cosigned that record
}

// CheckReceipt checks a proof with a receipt in it as Policy.Open checks its
// checkpoint: with the verifier keys, or with the logs of the policy if no key
// is given. Whatever is wrong, it gives an error and nothing else.
func CheckReceipt(proof []byte, policy *Policy, verifierKeys ...string) (*Checked, error) {
	p, err := ParseProof(proof)
	if err != nil {
		return nil, err
	}
	r, err := ParseReceipt(p.Extra)
	if err != nil {
		return nil, err
	}
	checked := &Checked{Index: p.Index, Hash: LeafHash(r.Leaf), Parts: r.Parts}
	if checked.Leaf, err = ParseLeaf(r.Leaf); err != nil {
		return nil, err
	}
	if err := (&Body{p.Index, r.Parts}).Check(checked.Leaf); err != nil {
		return nil, err
	}
	if checked.Checkpoint, checked.Quorum, err = policy.Open(p.Checkpoint, verifierKeys...); err != nil {
		return nil, err
	}
	if err := p.in(checked.Checkpoint, checked.Hash); err != nil {
		return nil, err
	}
	return checked, nil
}
