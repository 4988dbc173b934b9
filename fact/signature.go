// SPDX-License-Identifier: Apache-2.0

package fact

import "example.org/chorus"

func init() {
	register[SignatureAdded]()
	register[OrganisationSigned]()
	register[SignatureShown]()
	register[CommentPublished]()
	register[SignatureWithdrawn]()
	register[SignatureInvalidated]()
	register[SignatureReinstated]()
}

// SignatureAdded says that one person signed a declaration. A person who does
// not want to be named has the identity withheld.
type SignatureAdded struct {
	Declaration chorus.ID
	Request     Hash // SHA-256 of the id of the request, if it was taken elsewhere
	Core        Part[SignatureCore]
	Identity    Part[Identity]
}

// SignatureCore is what is shown of every signature, named or not.
type SignatureCore struct {
	Country string `json:"country"` // ISO 3166-1 alpha-2
}

// Identity is who a signer is, as they gave it.
type Identity struct {
	Name string `json:"name"`
	Town string `json:"town,omitempty"`
}

// The parts of a SignatureAdded, for redactions.
const (
	SignatureCorePart int64 = iota
	SignatureIdentityPart
)

func (*SignatureAdded) Kind() string { return "signature" }

func (f *SignatureAdded) bind(b *binding) {
	*b = binding{subject: &f.Declaration, request: &f.Request, parts: []part{&f.Core, &f.Identity}}
}

// OrganisationSigned says that an organisation signed a declaration. It counts
// while the organisation is verified. The leaf refers to the entry of the
// organisation, so that counting needs no more than the leaves.
type OrganisationSigned struct {
	Declaration chorus.ID
	Entered     Hash // the organisation's OrganisationEntered
	Core        Part[MandateCore]
}

// MandateCore says for whom and by what right somebody signed.
type MandateCore struct {
	Organisation chorus.ID `json:"organisation"`
	Role         string    `json:"role"`    // of the person who signed
	Mandate      string    `json:"mandate"` // by what right, for example a decision of the board
}

func (*OrganisationSigned) Kind() string { return "organisation-signature" }

func (f *OrganisationSigned) bind(b *binding) {
	*b = binding{subject: &f.Declaration, ref: &f.Entered, parts: []part{&f.Core}}
}

// SignatureShown publishes the name of a signer who had signed without. To
// hide it again, its identity is redacted.
type SignatureShown struct {
	Declaration chorus.ID
	Signature   Hash
	Identity    Part[Identity]
}

func (*SignatureShown) Kind() string { return "signature-shown" }

func (f *SignatureShown) bind(b *binding) {
	*b = binding{subject: &f.Declaration, ref: &f.Signature, parts: []part{&f.Identity}}
}

// CommentPublished adds what a signer wrote beside the signature, once an
// organiser has read it.
type CommentPublished struct {
	Declaration chorus.ID
	Signature   Hash
	Comment     Part[Comment]
}

// A Comment is plain text by a signer.
type Comment struct {
	Text string `json:"text"`
	Lang string `json:"lang,omitempty"` // BCP 47, as the page was in
}

func (*CommentPublished) Kind() string { return "comment" }

func (f *CommentPublished) bind(b *binding) {
	*b = binding{subject: &f.Declaration, ref: &f.Signature, parts: []part{&f.Comment}}
}

// SignatureWithdrawn says that a signer took a signature back: it no longer counts.
type SignatureWithdrawn struct {
	Declaration chorus.ID
	Signature   Hash
	Core        Part[Empty]
}

// Empty is a part without content. Its salt makes two facts of one day differ.
type Empty struct{}

func (*SignatureWithdrawn) Kind() string { return "withdrawal" }

func (f *SignatureWithdrawn) bind(b *binding) {
	*b = binding{subject: &f.Declaration, ref: &f.Signature, parts: []part{&f.Core}}
}

// SignatureInvalidated says that the stewards took a signature out of the
// count, with a reason.
type SignatureInvalidated struct {
	Declaration chorus.ID
	Signature   Hash
	Reason      Reason
	Core        Part[Explanation]
}

func (*SignatureInvalidated) Kind() string { return "invalidation" }

func (f *SignatureInvalidated) bind(b *binding) {
	*b = binding{subject: &f.Declaration, ref: &f.Signature, reason: &f.Reason, parts: []part{&f.Core}}
}

// SignatureReinstated undoes an invalidation: the signature counts again.
type SignatureReinstated struct {
	Declaration chorus.ID
	Signature   Hash
	Core        Part[Explanation]
}

func (*SignatureReinstated) Kind() string { return "reinstatement" }

func (f *SignatureReinstated) bind(b *binding) {
	*b = binding{subject: &f.Declaration, ref: &f.Signature, parts: []part{&f.Core}}
}
