// SPDX-License-Identifier: Apache-2.0

package fact

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.org/chorus"
)

var update = flag.Bool("update", false, "seal examples of kinds that have none; existing ones are never rewritten")

const (
	someID  = chorus.ID("b7Kq0f3mQ5yW2tJ8uN4rCg")
	otherID = chorus.ID("AAAAAAAAAAAAAAAAAAAAAA")
)

var (
	someHash = Hash{1, 2, 3}
	opens    = time.Date(2026, 6, 14, 0, 0, 0, 0, time.UTC)
	river    = chorus.Text{Lang: "en", Text: "Keep the <river> path & open", Translations: map[string]string{"ar": "أبقوا ممر النهر مفتوحا"}}
)

var examples = []Fact{
	&SiteDescribed{Site: someID, Core: Show(SiteCore{Name: river, About: river, Contact: "stewards@lindholm.example"})},
	&OrganisationEntered{Organisation: someID, Core: Show(OrganisationCore{Name: "Friends of the Lind", Kind: CivilSociety, Country: "DK", Website: "https://lind.example"})},
	&OrganisationChanged{Organisation: someID, Entered: someHash, Core: Show(OrganisationCore{Name: "Friends of the Lind", Kind: CivilSociety, Country: "DK"})},
	&OrganisationVerified{Organisation: someID, Entered: someHash, Core: Show(VerificationCore{How: ByDomain, Domain: "lind.example"})},
	&OrganisationUnverified{Organisation: someID, Entered: someHash, Core: Show(Explanation{"The domain was sold."})},
	&InitiativeOpened{Initiative: someID, Core: Show(InitiativeCore{Title: river, Summary: river, Organisers: []chorus.ID{otherID}})},
	&DeclarationPublished{Declaration: someID, Core: Show(DeclarationCore{Kind: OpenLetter, Slug: "river", Title: river, Text: river,
		Signers: []SignerClass{People, Organisations}, Opens: opens, Closes: opens.AddDate(0, 3, 0), AnswerWithin: 60, Goal: 20000, Organisers: []chorus.ID{otherID},
		Recommendations: []Recommendation{{ID: otherID, Number: 1, Text: river, To: []chorus.ID{someID}}}})},
	&DeclarationClosed{Declaration: someID, Published: someHash, Core: Show(Explanation{"The gates are open."})},
	&SignatureAdded{Declaration: someID, Core: Show(SignatureCore{Country: "DK"}), Identity: Show(Identity{Name: "Ada Lind", Town: "Lindholm"})},
	&OrganisationSigned{Declaration: someID, Entered: someHash, Core: Show(MandateCore{Organisation: otherID, Role: "Chair", Mandate: "Decision of the board"})},
	&SignatureShown{Declaration: someID, Signature: someHash, Identity: Show(Identity{Name: "Ada Lind"})},
	&CommentPublished{Declaration: someID, Signature: someHash, Comment: Show(Comment{Text: "My children walk there.", Lang: "en"})},
	&SignatureWithdrawn{Declaration: someID, Signature: someHash},
	&SignatureInvalidated{Declaration: someID, Signature: someHash, Reason: Fraud, Core: Show(Explanation{"A script signed."})},
	&SignatureReinstated{Declaration: someID, Signature: someHash, Core: Show(Explanation{"It was no script."})},
	&Redacted{Subject: someID, Entry: someHash, Parts: []int64{0, 1}, Reason: GDPR},
	&KeyAnnounced{Site: someID, Core: Show(KeyCore{Use: ForIntake, Key: "c29tZSBrZXk"})},
	&RequestRefused{Declaration: someID, Request: someHash, Reason: Lapsed},
}

// TestSealedExamples proves that what was ever sealed still decodes to the
// same fact and seals to the same bytes.
func TestSealedExamples(t *testing.T) {
	var have []string
	for _, want := range examples {
		have = append(have, want.Kind())
		got, err := Decode(example(t, want))
		if err != nil {
			t.Error(err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s decodes otherwise (-want +got):\n%s", want.Kind(), d)
		}
		again, err := Encode(got)
		if d := cmp.Diff(example(t, want), again); d != "" || err != nil {
			t.Errorf("%s seals otherwise: %v\n%s", want.Kind(), err, d)
		}
	}
	slices.Sort(have)
	if d := cmp.Diff(Kinds(), have); d != "" {
		t.Errorf("kinds without a sealed example:\n%s", d)
	}
}

// example reads the sealed example of a kind from testdata.
func example(t *testing.T, f Fact) (s Sealed) {
	path := filepath.Join("testdata", f.Kind()+".json")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && *update {
		writeExample(t, path, f)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func writeExample(t *testing.T, path string, f Fact) {
	s, err := Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(s, "", "\t")
	if err == nil {
		err = os.WriteFile(path, append(b, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestErasedPartsAreNormal(t *testing.T) {
	for _, f := range examples {
		s := example(t, f)
		for i := range s.Parts {
			s.Parts[i].Bytes = nil
		}
		got, err := Decode(s)
		if err != nil {
			t.Errorf("%s without its parts: %v", f.Kind(), err)
			continue
		}
		if added, ok := got.(*SignatureAdded); ok && (added.Identity.Presence != Absent || added.Declaration != someID) {
			t.Errorf("an erased signature decodes as %+v", added)
		}
	}
}

func TestWithheldPart(t *testing.T) {
	s, err := Encode(&SignatureAdded{Declaration: someID, Identity: Withhold(Identity{Name: "Ada"})})
	if err != nil || !s.Parts[SignatureIdentityPart].Withheld || !strings.Contains(string(s.Parts[SignatureIdentityPart].Bytes), "Ada") {
		t.Errorf("a withheld identity seals as %+v, %v", s.Parts, err)
	}
	if _, err := Encode(&SignatureAdded{Declaration: someID, Core: Withhold(SignatureCore{})}); !errors.Is(err, ErrHidden) {
		t.Errorf("a first part that is withheld: %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := example(t, &SignatureAdded{})
	for name, change := range map[string]func(*Sealed){
		"too few parts":  func(s *Sealed) { s.Parts = s.Parts[:1] },
		"too many parts": func(s *Sealed) { s.Parts = append(slices.Clone(s.Parts), SealedPart{}) },
		"not JSON":       func(s *Sealed) { s.Parts = []SealedPart{{Bytes: []byte("{")}, {}} },
		"hidden":         func(s *Sealed) { s.Parts = []SealedPart{{Withheld: true}, {}} },
		"wrong type":     func(s *Sealed) { s.Parts = []SealedPart{{Bytes: []byte(`{"country":7}`)}, {}} },
	} {
		s := good
		change(&s)
		if f, err := Decode(s); err == nil {
			t.Errorf("%s: decoded as %+v", name, f)
		}
	}
	if _, err := Decode(Sealed{Head: Head{Kind: "from-the-future"}}); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown kind gives %v, want ErrUnknown", err)
	}
}

func FuzzDecode(f *testing.F) {
	for i, e := range examples {
		s, err := Encode(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, s.Parts[0].Bytes)
	}
	f.Fuzz(func(t *testing.T, i int, b []byte) {
		names := Kinds()
		s := Sealed{Head: Head{Kind: names[uint(i)%uint(len(names))]}, Parts: []SealedPart{{Bytes: b}}}
		got, err := Decode(s)
		if err != nil {
			return
		}
		sealed, err := Encode(got)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(sealed)
		if d := cmp.Diff(got, again); d != "" || err != nil {
			t.Errorf("%s changes when sealed again: %v\n%s", s.Kind, err, d)
		}
	})
}
