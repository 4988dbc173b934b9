// SPDX-License-Identifier: AGPL-3.0-or-later

package document

import (
	"fmt"
	"slices"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/web"
)

// A Draft is a declaration that is being written. It may have faults; Check
// says which.
type Draft struct {
	Kind            fact.DeclarationKind `json:"kind"`
	Lang            string               `json:"lang"` // BCP 47
	Title           string               `json:"title"`
	Text            string               `json:"text"` // Markdown
	Signers         []fact.SignerClass   `json:"signers"`
	Opens           time.Time            `json:"opens"`         // zero: when published
	Closes          time.Time            `json:"closes"`        // zero: stays open
	AnswerWithin    int                  `json:"answer_within"` // days
	Goal            int64                `json:"goal"`
	Initiative      chorus.ID            `json:"initiative"`
	Organisers      []Party              `json:"organisers"`
	DutyBearers     []Party              `json:"duty_bearers"`
	Recommendations []Recommendation     `json:"recommendations"`
}

// A Party is an organisation that a draft names. ID is empty for one that has
// no entry yet: publishing makes it.
type Party struct {
	ID chorus.ID `json:"id"`
	organisation.Input
}

// PartyOf is an organisation that has an entry.
func PartyOf(o organisation.Organisation) Party {
	return Party{ID: o.ID, Input: organisation.Input{Name: o.Name, Kind: string(o.Kind), Country: o.Country, Website: o.Website}}
}

// A Recommendation is a demand and the duty-bearers it addresses, as
// places in Draft.DutyBearers from 0; none means all.
type Recommendation struct {
	Text string `json:"text"`
	To   []int  `json:"to"`
}

// Limits of a draft, in items.
const (
	MaxRecommendations = 50
	MaxParties         = 50 // organisers, and duty-bearers
)

// Limits of a draft, in characters, and of the time to answer.
const (
	maxTitle          = 160
	maxText           = 40_000
	maxRecommendation = 2_000
	maxAnswerWithin   = 730 // days
)

// Check says what keeps a draft from being published now.
func (d *Draft) Check(now time.Time) chorus.Invalid {
	wrong := chorus.Invalid{}
	add := func(field, fault string) {
		if fault != "" && wrong[field] == "" {
			wrong[field] = fault
		}
	}
	add("title", web.Line{Max: maxTitle}.Check(d.Title))
	add("text", web.Line{Max: maxText}.Check(d.Text))
	if !slices.Contains(fact.DeclarationKinds, d.Kind) {
		add("kind", "form.choose")
	}
	if len(d.Signers) == 0 {
		add("signers", "form.choose")
	}
	if !d.Closes.IsZero() && !d.Closes.After(now) {
		add("closes", "form.past")
	}
	if !d.Closes.IsZero() && !d.Closes.After(d.Opens) {
		add("closes", "form.order")
	}
	if d.AnswerWithin < 0 || d.AnswerWithin > maxAnswerWithin {
		add("answer_within", fmt.Sprintf("form.number_max|max=%d", maxAnswerWithin))
	}
	if d.Goal < 0 {
		add("goal", "form.number")
	}
	d.checkParties(add)
	d.checkRecommendations(add)
	return wrong
}

func (d *Draft) checkParties(add func(field, fault string)) {
	if len(d.Organisers) == 0 {
		add("organisers", "declaration.fault.no_organiser")
	}
	for i, p := range d.DutyBearers {
		if p.ID == "" {
			for field, fault := range p.Check() {
				add(fmt.Sprintf("duty_bearer_%d_%s", i+1, field), fault)
			}
		}
	}
	for _, p := range d.Organisers {
		if p.ID == "" {
			add("organisers", "declaration.fault.unknown_organiser|name="+p.Name)
		}
	}
	if len(d.DutyBearers) > MaxParties || len(d.Organisers) > MaxParties {
		add("organisers", fmt.Sprintf("form.number_max|max=%d", MaxParties))
	}
}

func (d *Draft) checkRecommendations(add func(field, fault string)) {
	if len(d.Recommendations) == 0 && d.Kind != fact.Pledge {
		add("recommendation_1", "form.missing")
	}
	if len(d.Recommendations) > MaxRecommendations {
		add("recommendation_1", fmt.Sprintf("form.number_max|max=%d", MaxRecommendations))
	}
	for i, r := range d.Recommendations {
		field := fmt.Sprintf("recommendation_%d", i+1)
		add(field, web.Line{Max: maxRecommendation}.Check(r.Text))
		if len(d.DutyBearers) == 0 && d.Kind != fact.Pledge {
			add("duty_bearer_1_name", "declaration.fault.no_duty_bearer")
		}
		for _, to := range r.To {
			if to < 0 || to >= len(d.DutyBearers) {
				add(field, "form.choose")
			}
		}
	}
}

// Core is the draft as the record keeps it. Its parties must all have entries.
func (d *Draft) Core(slug string) fact.DeclarationCore {
	text := func(s string) chorus.Text { return chorus.Text{Lang: d.Lang, Text: s} }
	c := fact.DeclarationCore{Kind: d.Kind, Slug: slug, Title: text(d.Title), Text: text(d.Text), Signers: d.Signers, Opens: d.Opens.UTC(), Closes: d.Closes.UTC(),
		AnswerWithin: d.AnswerWithin, Goal: d.Goal, Initiative: d.Initiative}
	for _, p := range d.Organisers {
		c.Organisers = append(c.Organisers, p.ID)
	}
	for i, r := range d.Recommendations {
		rec := fact.Recommendation{ID: chorus.NewID(), Number: i + 1, Text: text(r.Text)}
		for place, p := range d.DutyBearers {
			if len(r.To) == 0 || slices.Contains(r.To, place) {
				rec.To = append(rec.To, p.ID)
			}
		}
		c.Recommendations = append(c.Recommendations, rec)
	}
	return c
}
