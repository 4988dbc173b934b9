// SPDX-License-Identifier: AGPL-3.0-or-later

package witness

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"example.org/chorus/record"
)

// What C2SP tlog-witness allows.
const (
	maxProof   = 63       // hashes
	maxRequest = 64 << 10 // bytes; a checkpoint may bear many signatures
)

// ErrRequest says that a request to cosign is not spelled as one.
var ErrRequest = errors.New("not a request to cosign")

// A request shows a checkpoint and proves that it goes on from the first old
// entries of its record.
type request struct {
	old   int64
	proof []record.Hash
	note  []byte // the signed checkpoint
}

// parseRequest reads
//
//	old <size>
//	<hash in base64>, up to 63 lines
//
//	<signed checkpoint>
func parseRequest(body []byte) (*request, error) {
	line, rest, ok := bytes.Cut(body, []byte("\n"))
	digits, isOld := bytes.CutPrefix(line, []byte("old "))
	old, err := parseSize(string(digits))
	if !ok || !isOld || err != nil {
		return nil, fmt.Errorf("%w: the first line does not say the old size", ErrRequest)
	}
	r := &request{old: old}
	for {
		if line, rest, ok = bytes.Cut(rest, []byte("\n")); !ok {
			return nil, fmt.Errorf("%w: no empty line behind the proof", ErrRequest)
		}
		if len(line) == 0 {
			r.note = rest
			return r, nil
		}
		b, err := base64.StdEncoding.Strict().DecodeString(string(line))
		if err != nil || len(b) != len(record.Hash{}) || len(r.proof) == maxProof {
			return nil, fmt.Errorf("%w: line %d of the proof", ErrRequest, len(r.proof)+1)
		}
		r.proof = append(r.proof, record.Hash(b))
	}
}

// parseSize reads a number of entries that is spelled in the one right way.
func parseSize(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%w: %q is not a size", ErrRequest, s)
	}
	return n, nil
}

// FormatRequest writes what a witness is asked: to cosign a signed checkpoint,
// which the proof shows to go on from its first old entries.
func FormatRequest(old int64, proof []record.Hash, signed string) []byte {
	b := fmt.Appendf(nil, "old %d\n", old)
	for _, h := range proof {
		b = append(base64.StdEncoding.AppendEncode(b, h[:]), '\n')
	}
	return append(append(b, '\n'), signed...)
}
