// SPDX-License-Identifier: Apache-2.0

package fact

import (
	"errors"
	"reflect"
	"testing"
)

var someClaims = []Claim{{AsOf: 7, Declaration: "letter", People: 2}, {AsOf: 7, Declaration: "other", Organisations: 1, Waiting: 3}}

func TestClaims(t *testing.T) {
	text, err := MarshalClaims(someClaims)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"as_of":7,"declaration":"letter","people":2,"organisations":0,"waiting":0}
{"as_of":7,"declaration":"other","people":0,"organisations":1,"waiting":3}
`
	if string(text) != want {
		t.Errorf("written as %s", text)
	}
	if again, err := ParseClaims(text); err != nil || !reflect.DeepEqual(again, someClaims) {
		t.Errorf("read as %+v, %v", again, err)
	}
	for name, text := range map[string]string{
		"no JSON":   "seven\n",
		"two sizes": `{"as_of":7,"declaration":"a"}` + "\n" + `{"as_of":8,"declaration":"b"}`,
		"twice":     `{"as_of":7,"declaration":"a"}` + "\n" + `{"as_of":7,"declaration":"a"}`,
		"negative":  `{"as_of":-7,"declaration":"a"}`,
		"a blank":   "\n",
	} {
		if claims, err := ParseClaims([]byte(text)); !errors.Is(err, ErrClaims) {
			t.Errorf("%s: %+v, %v", name, claims, err)
		}
	}
}

func TestCheckClaims(t *testing.T) {
	var tally Tally
	tally.Add(Hash{1}, Head{Kind: "signature", Subject: "letter"})
	tally.Add(Hash{2}, Head{Kind: "signature", Subject: "other"})
	letter, other := Claim{Declaration: "letter", People: 1}, Claim{Declaration: "other", People: 1}
	more, waiting := letter, other
	more.People++
	waiting.Waiting++
	for name, c := range map[string]struct {
		claims []Claim
		wrong  string
	}{
		"all":           {[]Claim{letter, other}, ""},
		"nothing":       {nil, ""},
		"one more":      {[]Claim{more, other}, "letter"},
		"one waits":     {[]Claim{letter, waiting}, "other"},
		"one left out":  {[]Claim{letter}, "other"},
		"one made up":   {[]Claim{letter, other, {Declaration: "third", People: 1}}, "third"},
		"none, made up": {[]Claim{letter, other, {Declaration: "third"}}, ""},
	} {
		err := tally.Check(c.claims)
		found, ok := errors.AsType[*Mismatch](err)
		if ok != (c.wrong != "") || ok && string(found.Declaration) != c.wrong {
			t.Errorf("%s: %v, want a mismatch of %q", name, err, c.wrong)
		}
	}
}

func FuzzParseClaims(f *testing.F) {
	text, err := MarshalClaims(someClaims)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		claims, err := ParseClaims(text)
		if err != nil {
			return
		}
		again, err := MarshalClaims(claims)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := ParseClaims(again); err != nil || !reflect.DeepEqual(same, claims) {
			t.Errorf("%q came back as %+v, %v", text, same, err)
		}
	})
}
