// SPDX-License-Identifier: AGPL-3.0-or-later

package initiative

import (
	"context"
	"errors"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/commons/wording"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// Input is what somebody says of an initiative to open.
type Input struct {
	Title      chorus.Text
	Summary    chorus.Text
	Organisers []chorus.ID // organisations, at least one
}

// The longest texts, in characters.
const (
	maxTitle   = 120
	maxSummary = 600
	maxRunners = 50
)

// Check says what is wrong with the input.
func (in Input) Check() error {
	wrong := chorus.Invalid{}
	if fault := wording.Check(in.Title, web.Line{Max: maxTitle}); fault != "" {
		wrong["title"] = fault
	}
	if fault := wording.Check(in.Summary, web.Line{Max: maxSummary}); fault != "" {
		wrong["summary"] = fault
	}
	if len(in.Organisers) == 0 || len(in.Organisers) > maxRunners {
		wrong["organiser"] = "form.choose"
	}
	return wrong.Err()
}

// Open publishes a new initiative.
func (s *Service) Open(ctx context.Context, by chorus.ID, in Input) (id chorus.ID, err error) {
	if err := in.Check(); err != nil {
		return "", err
	}
	id = chorus.NewID()
	err = s.Recorder.Write(ctx, func(d *recorder.Deed) error {
		if err := mayOpen(ctx, d.Tx, by, in.Organisers); err != nil {
			return err
		}
		_, err := d.Publish(ctx, &fact.InitiativeOpened{Initiative: id,
			Core: fact.Show(fact.InitiativeCore{Title: in.Title, Summary: in.Summary, Organisers: in.Organisers})})
		return err
	})
	return id, err
}

// mayOpen fails with chorus.ErrForbidden unless by is a steward or edits every
// organiser: nobody speaks for an organisation that is not theirs.
func mayOpen(ctx context.Context, tx *db.Tx, by chorus.ID, organisers []chorus.ID) error {
	there, err := organisation.ByIDs(ctx, tx, organisers...)
	if err != nil {
		return err
	}
	for _, o := range organisers {
		if _, ok := there[o]; !ok {
			return chorus.Invalid{"organiser": "form.choose"}
		}
	}
	if err := account.RequireSteward(ctx, tx, by); !errors.Is(err, chorus.ErrForbidden) {
		return err
	}
	for _, o := range organisers {
		if err := organisation.RequireMember(ctx, tx, by, o); err != nil {
			return err
		}
	}
	return nil
}
