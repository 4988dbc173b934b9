// SPDX-License-Identifier: Apache-2.0

package fact

import (
	"testing"

	"example.org/chorus"
)

func TestTally(t *testing.T) {
	const letter, other = chorus.ID("letter"), chorus.ID("other")
	type entry struct {
		kind    string
		subject chorus.ID
		ref     byte // which entry it acts on, counted from 1
	}
	signed := entry{"signature", letter, 0}
	for name, c := range map[string]struct {
		entries []entry
		want    Count
	}{
		"nobody":               {[]entry{{"declaration", letter, 0}}, Count{}},
		"two people":           {[]entry{signed, signed}, Count{People: 2, Added: 2}},
		"another declaration":  {[]entry{signed, {"signature", other, 0}}, Count{People: 1, Added: 1}},
		"withdrawn twice":      {[]entry{signed, signed, {"withdrawal", letter, 1}, {"withdrawal", letter, 1}}, Count{People: 1, Added: 2, Withdrawn: 1}},
		"taken out":            {[]entry{signed, {"invalidation", letter, 1}}, Count{Added: 1, TakenOut: 1}},
		"taken out, back":      {[]entry{signed, {"invalidation", letter, 1}, {"invalidation", letter, 1}, {"reinstatement", letter, 1}}, Count{People: 1, Added: 1}},
		"withdrawn, back":      {[]entry{signed, {"withdrawal", letter, 1}, {"reinstatement", letter, 1}}, Count{Added: 1, Withdrawn: 1}},
		"both":                 {[]entry{signed, {"invalidation", letter, 1}, {"withdrawal", letter, 1}}, Count{Added: 1, Withdrawn: 1}},
		"erased":               {[]entry{signed, {"redaction", letter, 1}}, Count{People: 1, Added: 1}},
		"of nothing":           {[]entry{{"withdrawal", letter, 9}, {"reinstatement", letter, 9}}, Count{}},
		"another's subject":    {[]entry{signed, {"withdrawal", other, 1}}, Count{Added: 1, Withdrawn: 1}},
		"waits":                {[]entry{{"organisation", "o", 0}, {"organisation-signature", letter, 1}}, Count{Waiting: 1, Added: 1}},
		"verified after":       {[]entry{{"organisation", "o", 0}, {"organisation-signature", letter, 1}, {"organisation-verified", "o", 1}}, Count{Organisations: 1, Added: 1}},
		"verified before":      {[]entry{{"organisation", "o", 0}, {"organisation-verified", "o", 1}, {"organisation-signature", letter, 1}}, Count{Organisations: 1, Added: 1}},
		"another is verified":  {[]entry{{"organisation", "o", 0}, {"organisation", "p", 0}, {"organisation-verified", "p", 2}, {"organisation-signature", letter, 1}}, Count{Waiting: 1, Added: 1}},
		"verified, then not":   {[]entry{{"organisation", "o", 0}, {"organisation-verified", "o", 1}, {"organisation-signature", letter, 1}, {"organisation-unverified", "o", 1}}, Count{Waiting: 1, Added: 1}},
		"withdrawn, verified":  {[]entry{{"organisation", "o", 0}, {"organisation-signature", letter, 1}, {"withdrawal", letter, 2}, {"organisation-verified", "o", 1}}, Count{Added: 1, Withdrawn: 1}},
		"a kind of the future": {[]entry{signed, {"signature-sung", letter, 1}}, Count{People: 1, Added: 1}},
	} {
		var tally Tally
		for i, e := range c.entries {
			tally.Add(Hash{byte(i + 1)}, Head{Kind: e.kind, Subject: e.subject, Ref: Hash{e.ref}})
		}
		if got := tally.Count(letter); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestTallyOnce: the same entry twice is one signature.
func TestTallyOnce(t *testing.T) {
	var tally Tally
	for range 2 {
		tally.Add(Hash{1}, Head{Kind: "signature", Subject: "letter"})
	}
	if got := tally.Count("letter"); got != (Count{People: 1, Added: 1}) {
		t.Errorf("%+v", got)
	}
	if got := tally.Declarations(); len(got) != 1 || got[0] != "letter" {
		t.Errorf("declarations: %v", got)
	}
}

func TestParts(t *testing.T) {
	if n, known := Parts("signature"); n != 2 || !known {
		t.Errorf("a signature has %d parts, %v", n, known)
	}
	if n, known := Parts("song"); n != 0 || known {
		t.Errorf("a song has %d parts, %v", n, known)
	}
}
