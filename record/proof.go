// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A Proof shows that an entry is in a record, to anybody and without a network
// (C2SP tlog-proof). It does not hold the entry, but for what is in Extra.
type Proof struct {
	Index      int64  // place of the entry, from 0
	Hashes     []Hash // siblings on the way from the leaf to the root
	Extra      []byte // what the maker added, signed by nobody; nil if nothing
	Checkpoint []byte // the signed note, as it was served
}

// MaxProof is the most bytes a proof may have.
const MaxProof = 1 << 20

const (
	proofTitle = "c2sp.org/tlog-proof@v1"
	maxHashes  = 63 // a tree of 2^63-1 leaves is not higher
)

// ErrProof is what every refusal of a proof wraps, but for those of the
// checkpoint in it.
var ErrProof = errors.New("record: not a proof")

func badProof(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrProof, fmt.Sprintf(format, args...))
}

// Marshal writes the one spelling of the proof.
func (p *Proof) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(proofTitle + "\n")
	if len(p.Extra) > 0 {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(p.Extra) + "\n")
	}
	b.WriteString("index " + strconv.FormatInt(p.Index, 10) + "\n")
	for _, h := range p.Hashes {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// ParseProof reads what Marshal writes and refuses every other spelling, and
// every text that ends in something else than a checkpoint with signatures. It
// does not look whether they are right: Verify does.
func ParseProof(text []byte) (*Proof, error) {
	if len(text) > MaxProof {
		return nil, badProof("%d bytes, at most %d", len(text), MaxProof)
	}
	head, checkpoint, ok := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || lines[0] != proofTitle {
		return nil, badProof("it does not begin with %s", proofTitle)
	}
	p := &Proof{Checkpoint: []byte(checkpoint)}
	if err := p.head(lines[1:]); err != nil {
		return nil, err
	}
	if !bytes.Equal(p.Marshal(), text) {
		return nil, badProof("not in its one spelling")
	}
	if _, _, err := splitCheckpoint(p.Checkpoint); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	return p, nil
}

// head reads the lines between the title and the checkpoint.
func (p *Proof) head(lines []string) (err error) {
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if p.Extra, err = base64.StdEncoding.Strict().DecodeString(lines[0][len("extra "):]); err != nil {
			return badProof("extra: %v", err)
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || len(lines) > 1+maxHashes {
		return badProof("%d lines from its index to its checkpoint", len(lines))
	}
	p.Index, err = strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil || p.Index < 0 {
		return badProof("index %q", lines[0])
	}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != len(Hash{}) {
			return badProof("hash %q", line)
		}
		p.Hashes = append(p.Hashes, Hash(h))
	}
	return nil
}

// Verify makes sure that an entry is in the record that one of these verifier
// keys signs, at the place the proof says.
func (p *Proof) Verify(leaf Hash, verifierKeys ...string) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Checkpoint, verifierKeys...)
	if err != nil {
		return Checkpoint{}, err
	}
	return c, p.in(c, leaf)
}

// in makes sure that an entry is in the tree of a checkpoint.
func (p *Proof) in(c Checkpoint, leaf Hash) error {
	if p.Index < 0 || p.Index >= c.Size {
		return badProof("entry %d in a record of %d", p.Index, c.Size)
	}
	if err := tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Index, leaf); err != nil {
		return badProof("the hashes do not lead from entry %d to the root: %v", p.Index, err)
	}
	return nil
}
