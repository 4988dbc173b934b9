// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxLeaf is the most bytes a leaf may have. The tlog-tiles limit is 65,535;
// ours is far lower so that nobody is tempted to put text into leaves.
const MaxLeaf = 1024

// Version is the leaf format that this package writes.
const Version = 1

// A Hash is a Merkle tree hash: of a leaf, of a subtree or of the whole record.
type Hash = tlog.Hash

// A Leaf is one entry of the record. Zero fields are left out of its text.
type Leaf struct {
	Version     int64   // v: format of the leaf, 1
	Kind        string  // k: what sort of fact this is, a word of the fact package
	Subject     string  // s: the thing it is about, 128 random bits in base64url
	Ref         Hash    // r: leaf hash of the entry acted on; zero if none
	Parts       []int64 // p: redactions only, the parts that are erased, ascending
	Reason      string  // w: redactions and invalidations only, a reason code
	Day         string  // d: UTC day as 2006-01-02; finer times would point at people
	Request     Hash    // q: SHA-256 of the id of a relayed request; zero if none
	Commitments []Hash  // c: one per part of the body
}

// LeafHash is the RFC 6962 hash of a leaf's bytes: SHA-256(0x00 ‖ leaf).
func LeafHash(leaf []byte) Hash { return tlog.RecordHash(leaf) }

// ErrLeaf is what every refusal of a leaf wraps.
var ErrLeaf = errors.New("record: not a leaf")

func badLeaf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLeaf, fmt.Sprintf(format, args...))
}

// Marshal writes the one spelling of the leaf: RFC 8785 canonical JSON in the
// restricted profile of ParseLeaf. It fails when the leaf is not valid.
func (l *Leaf) Marshal() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	var w objectWriter
	w.strings("c", encodeHashes(l.Commitments))
	w.text("d", l.Day)
	w.text("k", l.Kind)
	w.ints("p", l.Parts)
	w.text("q", encodeHash(l.Request))
	w.text("r", encodeHash(l.Ref))
	w.text("s", l.Subject)
	w.int("v", l.Version)
	w.text("w", l.Reason)
	leaf := w.bytes()
	if len(leaf) > MaxLeaf {
		return nil, badLeaf("%d bytes, at most %d", len(leaf), MaxLeaf)
	}
	return leaf, nil
}

// ParseLeaf reads a leaf and refuses every text that Marshal would not write:
// other spellings of the same JSON, unknown or doubled fields, wrong types,
// values out of range. Unknown kinds and reasons are accepted: they may be
// newer than the reader.
func ParseLeaf(b []byte) (*Leaf, error) {
	l := new(Leaf)
	if err := l.parse(&objectReader{all: string(b)}); err != nil {
		return nil, err
	}
	return l, nil
}

// parse fills an empty leaf. That what it accepts has one spelling follows
// from its parts: keys ascend, no value is empty or the zero that Marshal
// leaves out, and strings, integers and base64url have one spelling each.
func (l *Leaf) parse(r *objectReader) error {
	if len(r.all) > MaxLeaf {
		return badLeaf("%d bytes, at most %d", len(r.all), MaxLeaf)
	}
	for r.next() {
		l.field(r)
	}
	if r.err != nil {
		return r.err
	}
	return l.check()
}

func (l *Leaf) field(r *objectReader) {
	switch r.key {
	case "c":
		from := len(r.hashes)
		r.array(func() { r.hashes = append(r.hashes, r.hash()) })
		l.Commitments = r.hashes[from:len(r.hashes):len(r.hashes)]
	case "d":
		l.Day = r.text()
	case "k":
		l.Kind = r.text()
	case "p":
		l.Parts = r.ints()
	case "q":
		l.Request = r.hashNotZero()
	case "r":
		l.Ref = r.hashNotZero()
	case "s":
		l.Subject = r.text()
	case "v":
		l.Version = r.int()
	case "w":
		l.Reason = r.text()
	default:
		r.fail("unknown field " + r.key)
	}
}

func (l *Leaf) check() error {
	switch {
	case l.Version != Version:
		return badLeaf("version %d", l.Version)
	case !isWord(l.Kind):
		return badLeaf("kind %q", l.Kind)
	case !isSubject(l.Subject):
		return badLeaf("subject %q", l.Subject)
	case l.Reason != "" && !isWord(l.Reason):
		return badLeaf("reason %q", l.Reason)
	case !isDay(l.Day):
		return badLeaf("day %q", l.Day)
	}
	for i, p := range l.Parts {
		if p < 0 || p > 15 || i > 0 && p <= l.Parts[i-1] {
			return badLeaf("parts %v", l.Parts)
		}
	}
	return nil
}

// isWord accepts the words used for kinds and reasons: a-z, then a-z, 0-9, -.
func isWord(s string) bool {
	if s == "" || len(s) > 40 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// strictURL is base64url without padding, with one spelling for each value.
var strictURL = base64.RawURLEncoding.Strict()

func isSubject(s string) bool {
	var in [22]byte
	var id [16]byte
	if len(s) != len(in) {
		return false
	}
	copy(in[:], s)
	n, err := strictURL.Decode(id[:], in[:])
	return err == nil && n == len(id)
}

// isDay accepts the days of the calendar, as 2006-01-02.
func isDay(s string) bool {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return false
	}
	year, month, day := number(s[:4]), number(s[5:7]), number(s[8:])
	if year < 0 || month < 1 || month > 12 || day < 1 {
		return false
	}
	last := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		last++
	}
	return day <= last
}

// number reads a few digits; -1 if there is anything else.
func number(s string) (n int) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}

func encodeHash(h Hash) string {
	if h == (Hash{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(h[:])
}

func encodeHashes(hs []Hash) []string {
	var out []string
	for _, h := range hs {
		out = append(out, base64.RawURLEncoding.EncodeToString(h[:]))
	}
	return out
}

// hash reads a hash in base64url.
func (r *objectReader) hash() (h Hash) {
	var in [43]byte
	rest := r.all[r.at:]
	if len(rest) < len(in)+2 || rest[0] != '"' || rest[len(in)+1] != '"' {
		r.fail("not a hash")
		return Hash{}
	}
	copy(in[:], rest[1:])
	r.at += len(in) + 2
	if n, err := strictURL.Decode(h[:], in[:]); err != nil || n != len(h) {
		r.fail("not a hash")
		return Hash{}
	}
	return h
}

// hashNotZero reads a hash of a field that is left out where it is zero.
func (r *objectReader) hashNotZero() Hash {
	h := r.hash()
	if h == (Hash{}) {
		r.fail("a hash of zeros")
	}
	return h
}
