// SPDX-License-Identifier: Apache-2.0

package fact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"example.org/chorus"
)

// A Claim is what an instance says a declaration's numbers are. Whoever has
// the record makes sure with a Tally over its first AsOf entries.
type Claim struct {
	AsOf          int64     `json:"as_of"` // entries that were counted
	Declaration   chorus.ID `json:"declaration"`
	People        int64     `json:"people"`
	Organisations int64     `json:"organisations"`
	Waiting       int64     `json:"waiting"` // organisations that are not verified
}

// ErrClaims is what every refusal of claims wraps.
var ErrClaims = errors.New("fact: not a list of counts")

// MarshalClaims writes claims as JSON, a line for each.
func MarshalClaims(claims []Claim) ([]byte, error) {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	for _, c := range claims {
		if err := lines.Encode(c); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// ParseClaims reads what MarshalClaims writes. All of the claims are of one
// record: its size is the same in each, and no declaration comes twice.
func ParseClaims(text []byte) (claims []Claim, err error) {
	seen := map[chorus.ID]bool{}
	for line := range bytes.Lines(text) {
		var c Claim
		if err := json.Unmarshal(line, &c); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrClaims, err)
		}
		if c.AsOf < 0 || seen[c.Declaration] || len(claims) > 0 && c.AsOf != claims[0].AsOf {
			return nil, fmt.Errorf("%w: line %d does not go with those before it", ErrClaims, len(claims)+1)
		}
		seen[c.Declaration] = true
		claims = append(claims, c)
	}
	return claims, nil
}

// A Mismatch is a claim that the record does not bear out.
type Mismatch struct {
	Claim         // zero but for Declaration and AsOf if nothing was claimed
	Counted Count // from the record
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("The site says %d people and %d organisations signed %s (%d organisations wait), and its record says %d and %d (%d wait).",
		m.People, m.Organisations, m.Declaration, m.Waiting, m.Counted.People, m.Counted.Organisations, m.Counted.Waiting)
}

// Check compares claims with what was counted, which must be as many entries
// as the claims are of. The error is a *Mismatch.
func (t *Tally) Check(claims []Claim) error {
	claimed := map[chorus.ID]bool{}
	for _, c := range claims {
		claimed[c.Declaration] = true
		n := t.Count(c.Declaration)
		if n.People != c.People || n.Organisations != c.Organisations || n.Waiting != c.Waiting {
			return &Mismatch{c, n}
		}
	}
	for _, id := range t.order {
		if !claimed[id] && len(claims) > 0 {
			return &Mismatch{Claim{AsOf: claims[0].AsOf, Declaration: id}, t.Count(id)}
		}
	}
	return nil
}
