// SPDX-License-Identifier: AGPL-3.0-or-later

package witness

import (
	"errors"
	"testing"

	"example.org/chorus/record"
)

// FuzzRequest: a body is refused, or means what its parts spell again.
func FuzzRequest(f *testing.F) {
	signed := "lindholm.example/record\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— lindholm.example/record AAAA\n"
	f.Add([]byte("old 0\n\n" + signed))
	f.Add(FormatRequest(9, []record.Hash{{1}, {2}}, signed))
	f.Add([]byte("old 00\n\n"))
	f.Add([]byte("old 1\nAAAA\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := parseRequest(body)
		if err != nil {
			if !errors.Is(err, ErrRequest) {
				t.Errorf("%v is no ErrRequest", err)
			}
			return
		}
		if again := FormatRequest(r.old, r.proof, string(r.note)); string(again) != string(body) || len(r.proof) > maxProof {
			t.Errorf("%q is spelled again as %q", body, again)
		}
	})
}
