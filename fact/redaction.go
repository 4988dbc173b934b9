// SPDX-License-Identifier: Apache-2.0

package fact

import "example.org/chorus"

func init() { register[Redacted]() }

// Redacted says that parts of an earlier entry were erased. The entry stays
// and counts as before; its words are gone here and on every mirror.
type Redacted struct {
	Subject chorus.ID // of the entry acted on
	Entry   Hash
	Parts   []int64 // ascending
	Reason  Reason
	Core    Part[Explanation]
}

// A Reason is why something was erased or taken out of the count.
type Reason string

// The reasons.
const (
	GDPR       Reason = "gdpr"       // the person asked for erasure
	Author     Reason = "author"     // the person hid it
	Court      Reason = "court"      // a court ordered it
	Moderation Reason = "moderation" // it broke the rules of the instance
	Minor      Reason = "minor"      // it is about a child
	Fraud      Reason = "fraud"      // it was not given by who it says
	Duplicate  Reason = "duplicate"  // the same person signed twice
	Test       Reason = "test"       // it was a trial
)

func (*Redacted) Kind() string { return "redaction" }

func (f *Redacted) bind(b *binding) {
	*b = binding{subject: &f.Subject, ref: &f.Entry, erased: &f.Parts, reason: &f.Reason, parts: []part{&f.Core}}
}
