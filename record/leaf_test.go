// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/gowebpki/jcs"
)

const subject = "b7Kq0f3mQ5yW2tJ8uN4rCg"

var someHash = LeafHash([]byte("some entry"))

var full = Leaf{Version: 1, Kind: "redaction", Subject: subject, Ref: someHash, Parts: []int64{0, 2}, Reason: "gdpr",
	Day: "2026-11-21", Request: LeafHash([]byte("request")), Commitments: []Hash{LeafHash([]byte("a")), LeafHash([]byte("b"))}}

func TestLeafRoundTrip(t *testing.T) {
	for name, want := range map[string]Leaf{
		"full":  full,
		"small": {Version: 1, Kind: "signature", Subject: subject, Day: "2026-11-21"},
	} {
		b, err := want.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if canonical, err := jcs.Transform(b); err != nil || string(canonical) != string(b) {
			t.Errorf("%s is not RFC 8785: %s, %v", name, b, err)
		}
		got, err := ParseLeaf(b)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s came back as %+v, %v", name, got, err)
		}
	}
}

// TestHostileLeaves holds texts that some JSON reader takes for a leaf and
// that we must refuse: two spellings of one leaf would be two entries for one
// reader and one for another.
func TestHostileLeaves(t *testing.T) {
	good := `{"d":"2026-11-21","k":"signature","s":"` + subject + `","v":1}`
	if _, err := ParseLeaf([]byte(good)); err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for name, text := range map[string]string{
		"empty":               "",
		"nothing":             "null",
		"empty object":        "{}",
		"array":               "[" + good + "]",
		"space before":        " " + good,
		"newline after":       good + "\n",
		"second object":       good + good,
		"space inside":        change(`,"k"`, `, "k"`),
		"keys out of order":   `{"k":"signature","d":"2026-11-21","s":"` + subject + `","v":1}`,
		"doubled key":         change(`"v":1`, `"v":1,"v":1`),
		"doubled, other case": change(`"v":1`, `"V":1,"v":1`),
		"escaped key":         change(`"k"`, `"\u006b"`),
		"escaped value":       change(`signature`, `signatur\u0065`),
		"escaped slash":       change(`signature`, `sign\/ature`),
		"float":               change(`"v":1`, `"v":1.0`),
		"exponent":            change(`"v":1`, `"v":1e0`),
		"leading zero":        change(`"v":1`, `"v":01`),
		"plus":                change(`"v":1`, `"v":+1`),
		"minus":               change(`"v":1`, `"v":-1`),
		"over 2^53":           change(`"v":1`, `"v":9007199254740993`),
		"over 2^64":           change(`"v":1`, `"v":18446744073709551617`),
		"number as string":    change(`"v":1`, `"v":"1"`),
		"string as number":    change(`"signature"`, `7`),
		"null value":          change(`"signature"`, `null`),
		"true value":          change(`"signature"`, `true`),
		"nested object":       change(`"signature"`, `{"k":"signature"}`),
		"unknown field":       change(`"v":1`, `"v":1,"x":"y"`),
		"future version":      change(`"v":1`, `"v":2`),
		"empty kind":          change(`signature`, ``),
		"kind in capitals":    change(`signature`, `Signature`),
		"kind with name":      change(`signature`, `ada lovelace`),
		"empty array":         `{"c":[],"d":"2026-11-21","k":"signature","s":"` + subject + `","v":1}`,
		"nested array":        `{"c":[["x"]],"d":"2026-11-21","k":"signature","s":"` + subject + `","v":1}`,
		"trailing comma":      change(`"v":1`, `"v":1,`),
		"short hash":          change(`"s"`, `"r":"AAAA","s"`),
		"padded hash":         change(`"s"`, `"r":"`+base64.URLEncoding.EncodeToString(someHash[:])+`","s"`),
		"standard base64":     change(`"s"`, `"r":"`+strings.Repeat("+", 43)+`","s"`),
		"loose last bits":     change(subject, subject[:21]+"h"),
		"slug as subject":     change(subject, "keep-the-river-open"),
		"no subject":          change(`"s":"`+subject+`",`, ``),
		"no day":              change(`"d":"2026-11-21",`, ``),
		"day with time":       change(`2026-11-21`, `2026-11-21T10:00:00Z`),
		"no such day":         change(`2026-11-21`, `2026-02-30`),
		"parts unsorted":      change(`"s"`, `"p":[1,0],"s"`),
		"parts doubled":       change(`"s"`, `"p":[1,1],"s"`),
		"part out of range":   change(`"s"`, `"p":[16],"s"`),
		"byte order mark":     "\ufeff" + good,
		"null byte":           change(`signature`, "sign\x00ature"),
		"not UTF-8":           change(`signature`, "sign\xffature"),
		"other script":        change(`signature`, "signаture"),
		"too long":            change(`signature`, "s"+strings.Repeat("a", MaxLeaf)),
	} {
		if l, err := ParseLeaf([]byte(text)); !errors.Is(err, ErrLeaf) {
			t.Errorf("%s: ParseLeaf = %+v, %v, want a refusal", name, l, err)
		}
	}
}

func TestMarshalRefusesWords(t *testing.T) {
	for name, change := range map[string]func(*Leaf){
		"kind":    func(l *Leaf) { l.Kind = `x","k":"y` },
		"subject": func(l *Leaf) { l.Subject = "Ada" },
		"reason":  func(l *Leaf) { l.Reason = "because I say so" },
		"day":     func(l *Leaf) { l.Day = "yesterday" },
		"version": func(l *Leaf) { l.Version = 0 },
		"length":  func(l *Leaf) { l.Commitments = make([]Hash, 40); l.Commitments[0][0] = 1 },
	} {
		l := full
		change(&l)
		if b, err := l.Marshal(); !errors.Is(err, ErrLeaf) {
			t.Errorf("%s: Marshal = %s, %v, want a refusal", name, b, err)
		}
	}
}

// TestCommit pins the commitment to a value computed with sha256sum.
func TestCommit(t *testing.T) {
	var salt Salt
	for i := range salt {
		salt[i] = byte(i)
	}
	got := Commit(salt, []byte(`{"name":"Ada"}`))
	const want = "6989bf695b08d5f822b727a59f94f91b2295c8506684ea6139a2ff6ce27b8083"
	if hex.EncodeToString(got[:]) != want {
		t.Errorf("Commit = %s, want %s", hex.EncodeToString(got[:]), want)
	}
	if Commit(salt, []byte(`{"name":"Eve"}`)) == got {
		t.Error("two parts have one commitment")
	}
	if a, b := NewSalt(), NewSalt(); a == b {
		t.Error("a salt was drawn twice")
	}
}

func FuzzParseLeaf(f *testing.F) {
	b, err := full.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"d":"2026-11-21","k":"signature","s":"` + subject + `","v":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseLeaf(b)
		if err != nil {
			return
		}
		canonical, err := jcs.Transform(b)
		if err != nil || string(canonical) != string(b) {
			t.Errorf("accepted %q, which RFC 8785 spells %q (%v)", b, canonical, err)
		}
		if again, err := l.Marshal(); err != nil || string(again) != string(b) {
			t.Errorf("%q came back as %q, %v", b, again, err)
		}
	})
}
