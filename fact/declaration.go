// SPDX-License-Identifier: Apache-2.0

package fact

import (
	"time"

	"example.org/chorus"
)

func init() {
	register[InitiativeOpened]()
	register[DeclarationPublished]()
	register[DeclarationClosed]()
}

// InitiativeOpened says that a cause has a frame that holds its declarations
// and, later, its consultations and events.
type InitiativeOpened struct {
	Initiative chorus.ID
	Core       Part[InitiativeCore]
}

// InitiativeCore is what is shown of an initiative.
type InitiativeCore struct {
	Title      chorus.Text `json:"title"`
	Summary    chorus.Text `json:"summary"`
	Organisers []chorus.ID `json:"organisers"` // organisations
}

func (*InitiativeOpened) Kind() string { return "initiative" }

func (f *InitiativeOpened) bind(b *binding) {
	*b = binding{subject: &f.Initiative, parts: []part{&f.Core}}
}

// DeclarationPublished says that a text is public and, from Opens on, can be signed.
type DeclarationPublished struct {
	Declaration chorus.ID
	Core        Part[DeclarationCore]
}

// DeclarationCore is a declaration as it was published.
type DeclarationCore struct {
	Kind            DeclarationKind  `json:"kind"`
	Slug            string           `json:"slug"` // its readable address
	Title           chorus.Text      `json:"title"`
	Text            chorus.Text      `json:"text"` // Markdown
	Signers         []SignerClass    `json:"signers"`
	Opens           time.Time        `json:"opens"`                   // UTC, whole seconds
	Closes          time.Time        `json:"closes"`                  // UTC, whole seconds; zero: stays open
	AnswerWithin    int              `json:"answer_within,omitempty"` // days after closing; 0: no date
	Goal            int64            `json:"goal,omitempty"`          // signatures hoped for
	Initiative      chorus.ID        `json:"initiative,omitempty"`
	Organisers      []chorus.ID      `json:"organisers"` // organisations
	Recommendations []Recommendation `json:"recommendations"`
}

// A Recommendation is one numbered demand of a declaration.
type Recommendation struct {
	ID     chorus.ID   `json:"id"`
	Number int         `json:"number"`
	Text   chorus.Text `json:"text"`
	To     []chorus.ID `json:"to"` // the duty-bearers: organisations
}

// A DeclarationKind is a sort of text that people sign.
type DeclarationKind string

// The kinds of declarations.
const (
	OpenLetter      DeclarationKind = "open-letter"
	Petition        DeclarationKind = "petition"
	Pledge          DeclarationKind = "pledge"
	ActionProgramme DeclarationKind = "action-programme"
)

// DeclarationKinds is every kind, in the order forms show them.
var DeclarationKinds = []DeclarationKind{OpenLetter, Petition, Pledge, ActionProgramme}

// A SignerClass says who may sign.
type SignerClass string

// The classes of signers. They are counted apart.
const (
	People        SignerClass = "people"
	Organisations SignerClass = "organisations"
)

func (*DeclarationPublished) Kind() string { return "declaration" }

func (f *DeclarationPublished) bind(b *binding) {
	*b = binding{subject: &f.Declaration, parts: []part{&f.Core}}
}

// DeclarationClosed says that a declaration takes no more signatures, before
// or at the time it was published with.
type DeclarationClosed struct {
	Declaration chorus.ID
	Published   Hash
	Core        Part[Explanation]
}

func (*DeclarationClosed) Kind() string { return "declaration-closed" }

func (f *DeclarationClosed) bind(b *binding) {
	*b = binding{subject: &f.Declaration, ref: &f.Published, parts: []part{&f.Core}}
}
