// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest

import (
	"context"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/organisation"
)

// TramStories runs the stories of a folder. Each has the address of the letter
// about the trams in $TRAMS, and the ID of Tram Riders in $RIDERS.
func TramStories(t *testing.T) {
	Stories(t, func(_ testing.TB, in *Instance, env map[string]string) {
		env["TRAMS"], env["RIDERS"] = in.Trams(document.Draft{})
	})
}

// Trams publishes an open letter about the trams, run by Tram Riders (owner:
// ola@riders.example), to the City of Lindholm. It gives the letter's address and
// the ID of Tram Riders. If d has a closing time, it is the letter's.
func (in *Instance) Trams(d document.Draft) (path, riders string) {
	in.t.Helper()
	ctx := context.Background()
	ola := in.Person("ola@riders.example")
	org, err := in.Organisations.Enter(ctx, ola, organisation.Input{Name: "Tram Riders", Kind: "civil society", Country: "DK", Website: "https://riders.example"})
	if err != nil {
		in.t.Fatal(err)
	}
	if err := in.Organisations.VerifyBySteward(ctx, account.Operator, org); err != nil {
		in.t.Fatal(err)
	}
	draft := document.Draft{Kind: fact.OpenLetter, Lang: "en", Title: "More trams at night", Text: "We want to get home.\n\nSafely.",
		Signers: []fact.SignerClass{fact.People, fact.Organisations}, Closes: d.Closes, AnswerWithin: 30,
		Organisers:      []document.Party{{ID: org, Input: organisation.Input{Name: "Tram Riders"}}},
		DutyBearers:     []document.Party{{Input: organisation.Input{Name: "City of Lindholm", Kind: "public body", Country: "DK"}}},
		Recommendations: []document.Recommendation{{Text: "Run a tram every twenty minutes after midnight."}, {Text: "Light the stops."}}}
	if draft.Closes.IsZero() {
		draft.Closes = in.DB.Now().Add(30 * 24 * time.Hour)
	}
	id, err := in.Declarations.Save(ctx, ola, "", draft)
	if err != nil {
		in.t.Fatal(err)
	}
	slug, err := in.Declarations.Publish(ctx, ola, id)
	if err != nil {
		in.t.Fatal(err)
	}
	return "/declarations/" + slug, string(chorus.ID(org))
}
