// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"testing"
)

func TestSnapshot(t *testing.T) {
	s := NewState(story(rand.New(rand.NewPCG(1, 2)), 50, 30).Votes())
	s.Ban(107)
	s.SetStatement(Statement{ID: 5, Moderation: Rejected, Meta: true, Text: "late"})
	text, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again, err := RestoreState(text)
	if err != nil {
		t.Fatal(err)
	}
	compareStates(t, again, s.Votes())
	if a, b := s.Votes().Hash(), again.Votes().Hash(); a != b {
		t.Errorf("hash %s became %s", a, b)
	}
	for i := range text {
		bad := append([]byte(nil), text...)
		bad[i] ^= 4
		if _, err := RestoreState(bad); !errors.Is(err, ErrSnapshot) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := RestoreState(text[:i]); !errors.Is(err, ErrSnapshot) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

func TestHashTellsVotesApart(t *testing.T) {
	v := story(rand.New(rand.NewPCG(1, 2)), 50, 30).Votes()
	seen := map[string]string{v.Hash(): "as it is"}
	for name, other := range map[string]*Votes{
		"flipped":   v.Flip(),
		"banned":    v.Ban(101),
		"rejected":  v.Moderate([]Statement{{ID: 11, Moderation: Rejected}}),
		"meta":      v.Moderate([]Statement{{ID: 11, Moderation: Accepted, Meta: true}}),
		"a vote":    changed(v, 120, 13),
		"no people": new(Log).Votes(),
	} {
		if twin, ok := seen[other.Hash()]; ok {
			t.Errorf("%s has the hash of %s", name, twin)
		}
		seen[other.Hash()] = name
	}
}

func changed(v *Votes, p ParticipantID, st StatementID) *Votes {
	s := NewState(v)
	before := s.rows.at(int(s.rowOf[p]), s.colOf[st])
	s.Cast(p, st, (before+1)%4)
	return s.Votes()
}

func FuzzRestoreState(f *testing.F) {
	text, _ := NewState(story(rand.New(rand.NewPCG(1, 2)), 4, 5).Votes()).Snapshot()
	f.Add(text[:len(text)-sha256.Size])
	f.Fuzz(func(t *testing.T, text []byte) {
		sum := sha256.Sum256(text) // so that the content is looked at
		s, err := RestoreState(append(text, sum[:]...))
		if (s == nil) == (err == nil) {
			t.Fatalf("state %v and error %v", s, err)
		}
		if err == nil {
			if again, err := s.Snapshot(); err != nil || len(again) == 0 {
				t.Fatalf("a restored state gives no snapshot: %v", err)
			}
		}
	})
}
