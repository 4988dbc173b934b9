// SPDX-License-Identifier: AGPL-3.0-or-later

package initiative

import (
	"context"
	"errors"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// Apply keeps the table of initiatives, their cards and their links to those
// who run them.
func (s *Service) Apply(ctx context.Context, tx *db.Tx, entries []*recorder.Entry) (err error) {
	for _, e := range entries {
		switch f := e.Fact.(type) {
		case *fact.InitiativeOpened:
			core := f.Core.Value
			err = opened(ctx, tx, e.Index, Initiative{ID: f.Initiative, Title: core.Title, Summary: core.Summary, Organisers: core.Organisers})
		case *fact.Redacted:
			err = erased(ctx, tx, e.Ref)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func opened(ctx context.Context, tx *db.Tx, entry int64, i Initiative) error {
	title, summary, organisers, err := i.columns()
	if err != nil {
		return err
	}
	added, err := db.Exec(ctx, tx, insertInitiative, i.ID, entry, title, summary, organisers)
	if err != nil || added == 0 { // a second opening of one initiative says nothing
		return err
	}
	for _, o := range i.Organisers {
		if err := catalogue.Link(ctx, tx, i.Ref(), catalogue.RunBy, runner(o)); err != nil {
			return err
		}
	}
	return putCard(ctx, tx, entry, i)
}

// erased takes the words away; the initiative stays, so that what is part of
// it still has a frame.
func erased(ctx context.Context, tx *db.Tx, entry int64) error {
	i, err := db.One(ctx, tx, initiativeByEntry, scanInitiative, entry)
	if errors.Is(err, chorus.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, o := range i.Organisers {
		if err := catalogue.Unlink(ctx, tx, i.Ref(), catalogue.RunBy, runner(o)); err != nil {
			return err
		}
	}
	blank := Initiative{ID: i.ID}
	title, summary, organisers, err := blank.columns()
	if err != nil {
		return err
	}
	if _, err := db.Exec(ctx, tx, blankInitiative, i.ID, title, summary, organisers); err != nil {
		return err
	}
	return putCard(ctx, tx, entry, blank)
}

func putCard(ctx context.Context, tx *db.Tx, entry int64, i Initiative) error {
	return catalogue.Put(ctx, tx, catalogue.Card{Ref: i.Ref(), Title: i.Title, Summary: i.Summary, Path: pathOf(i.ID), State: "open", Entry: entry})
}

func runner(organisation chorus.ID) chorus.Ref {
	return chorus.Ref{Kind: chorus.Organisation, ID: organisation}
}
