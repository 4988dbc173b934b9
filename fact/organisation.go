// SPDX-License-Identifier: Apache-2.0

package fact

import "example.org/chorus"

func init() {
	register[OrganisationEntered]()
	register[OrganisationChanged]()
	register[OrganisationVerified]()
	register[OrganisationUnverified]()
}

// OrganisationEntered says that an organisation has a page here. It does not
// say that the organisation knows: see OrganisationVerified.
type OrganisationEntered struct {
	Organisation chorus.ID
	Core         Part[OrganisationCore]
}

// OrganisationCore is what is shown of an organisation.
type OrganisationCore struct {
	Name    string           `json:"name"`
	Kind    OrganisationKind `json:"kind"`
	Country string           `json:"country"`           // ISO 3166-1 alpha-2
	Website string           `json:"website,omitempty"` // https://…
}

// An OrganisationKind is the sort of body an organisation is.
type OrganisationKind string

// The kinds of organisations.
const (
	CivilSociety   OrganisationKind = "civil society"
	PublicBody     OrganisationKind = "public body"
	Company        OrganisationKind = "company"
	Multilateral   OrganisationKind = "multilateral"
	CommunityGroup OrganisationKind = "community group"
)

// OrganisationKinds is every kind, in the order forms show them.
var OrganisationKinds = []OrganisationKind{CivilSociety, CommunityGroup, PublicBody, Company, Multilateral}

func (*OrganisationEntered) Kind() string { return "organisation" }

func (f *OrganisationEntered) bind(b *binding) {
	*b = binding{subject: &f.Organisation, parts: []part{&f.Core}}
}

// OrganisationChanged replaces what is shown of an organisation.
type OrganisationChanged struct {
	Organisation chorus.ID
	Entered      Hash // its OrganisationEntered
	Core         Part[OrganisationCore]
}

func (*OrganisationChanged) Kind() string { return "organisation-changed" }

func (f *OrganisationChanged) bind(b *binding) {
	*b = binding{subject: &f.Organisation, ref: &f.Entered, parts: []part{&f.Core}}
}

// OrganisationVerified says that somebody made sure who acts for an
// organisation. From here on its signatures count.
type OrganisationVerified struct {
	Organisation chorus.ID
	Entered      Hash // its OrganisationEntered
	Core         Part[VerificationCore]
}

// VerificationCore says how an organisation was verified.
type VerificationCore struct {
	How    Verification `json:"how"`
	Domain string       `json:"domain,omitempty"` // ByDomain only
}

// Verification is a way to make sure of an organisation.
type Verification string

// The ways to verify an organisation.
const (
	ByDomain  Verification = "domain"  // a code was mailed to an address at its website's domain
	BySteward Verification = "steward" // a steward of the instance made sure
)

func (*OrganisationVerified) Kind() string { return "organisation-verified" }

func (f *OrganisationVerified) bind(b *binding) {
	*b = binding{subject: &f.Organisation, ref: &f.Entered, parts: []part{&f.Core}}
}

// OrganisationUnverified takes a verification back, with a public explanation.
type OrganisationUnverified struct {
	Organisation chorus.ID
	Entered      Hash // its OrganisationEntered
	Core         Part[Explanation]
}

// An Explanation says in public why something was done.
type Explanation struct {
	Text string `json:"text,omitempty"`
}

func (*OrganisationUnverified) Kind() string { return "organisation-unverified" }

func (f *OrganisationUnverified) bind(b *binding) {
	*b = binding{subject: &f.Organisation, ref: &f.Entered, parts: []part{&f.Core}}
}
