// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"context"
	"errors"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/recorder"
)

var (
	insertOrganisation = db.SQL(`INSERT INTO organisation (id, name, folded, kind, country, website, shown, verified, how, domain, why, judged, day, entered, entry)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', '', '', -1, '', $8, $7) ON CONFLICT (id) DO NOTHING`)
	changeOrganisation = db.SQL(`UPDATE organisation SET name = $3, folded = $4, kind = $5, country = $6, website = $7, shown = $8
		WHERE id = $1 AND entry = $2`)
	judgeOrganisation = db.SQL(`UPDATE organisation SET verified = $3, how = $4, domain = $5, why = $6, judged = $7, day = $8
		WHERE id = $1 AND entry = $2`)
	blankShown  = db.SQL(`UPDATE organisation SET name = '', folded = '', kind = '', country = '', website = '' WHERE id = $1 AND shown = $2`)
	blankJudged = db.SQL(`UPDATE organisation SET how = '', domain = '', why = '' WHERE id = $1 AND judged = $2`)
)

// Apply keeps the table of organisations and their cards in the catalogue. A
// fact about an organisation that it does not refer to changes nothing.
func (s *Service) Apply(ctx context.Context, tx *db.Tx, entries []*recorder.Entry) error {
	for _, e := range entries {
		id, changed, err := apply(ctx, tx, e)
		if err == nil && changed > 0 {
			err = putCard(ctx, tx, id, e.Index)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func apply(ctx context.Context, tx *db.Tx, e *recorder.Entry) (id chorus.ID, changed int64, err error) {
	switch f := e.Fact.(type) {
	case *fact.OrganisationEntered:
		c := f.Core.Value
		id = f.Organisation
		changed, err = db.Exec(ctx, tx, insertOrganisation, id, c.Name, lang.Fold(c.Name), string(c.Kind), c.Country, c.Website, e.Index, e.Hash[:])
	case *fact.OrganisationChanged:
		c := f.Core.Value
		id = f.Organisation
		changed, err = db.Exec(ctx, tx, changeOrganisation, id, e.Ref, c.Name, lang.Fold(c.Name), string(c.Kind), c.Country, c.Website, e.Index)
	case *fact.OrganisationVerified:
		c := f.Core.Value
		id = f.Organisation
		changed, err = db.Exec(ctx, tx, judgeOrganisation, id, e.Ref, true, string(c.How), c.Domain, "", e.Index, e.Day)
	case *fact.OrganisationUnverified:
		id = f.Organisation
		changed, err = db.Exec(ctx, tx, judgeOrganisation, id, e.Ref, false, "", "", f.Core.Value.Text, e.Index, e.Day)
	case *fact.Redacted:
		id = f.Subject
		if _, err = db.Exec(ctx, tx, blankJudged, id, e.Ref); err == nil {
			changed, err = db.Exec(ctx, tx, blankShown, id, e.Ref)
		}
	}
	return id, changed, err
}

// States of an organisation's card.
const (
	Verified   = "verified"
	Unverified = "unverified"
)

func putCard(ctx context.Context, tx *db.Tx, id chorus.ID, entry int64) error {
	o, err := ByID(ctx, tx, id)
	if errors.Is(err, chorus.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	state := Unverified
	if o.Verified {
		state = Verified
	}
	return catalogue.Put(ctx, tx, catalogue.Card{Ref: o.Ref(), Sort: string(o.Kind), Title: chorus.Text{Text: o.Name},
		Path: Path(id), State: state, Entry: entry})
}
