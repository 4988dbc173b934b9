// SPDX-License-Identifier: Apache-2.0

package fact

import "example.org/chorus"

func init() { register[RequestRefused]() }

// RequestRefused says that a request to sign, which was taken elsewhere while
// this instance could not be reached, will not be counted. Every request that
// arrives ends as one signature or as one refusal.
type RequestRefused struct {
	Declaration chorus.ID
	Request     Hash // SHA-256 of the id of the request
	Reason      Reason
	Core        Part[Empty]
}

// The reasons why a request to sign is refused. None of them tells whether
// somebody had signed already.
const (
	Lapsed Reason = "lapsed" // nobody confirmed it in time
	Late   Reason = "late"   // the declaration takes no signatures
	Unfit  Reason = "unfit"  // what it asks for cannot be done
)

func (*RequestRefused) Kind() string { return "intake" }

func (f *RequestRefused) bind(b *binding) {
	*b = binding{subject: &f.Declaration, request: &f.Request, reason: &f.Reason, parts: []part{&f.Core}}
}
