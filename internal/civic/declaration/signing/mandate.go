// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// A Mandate is by what right a person signs for an organisation.
type Mandate struct {
	Organisation chorus.ID
	Role         string
	Statement    string
}

// Limits of a mandate, in characters.
const (
	maxRole      = 100
	maxStatement = 500
)

// Check says what is wrong with the mandate.
func (m Mandate) Check() chorus.Invalid {
	wrong := web.Wrong(map[string]string{
		"role":    web.CheckName(m.Role, web.Line{Max: maxRole}),
		"mandate": web.CheckComment(m.Statement, web.Line{Max: maxStatement}),
	})
	if m.Organisation == "" {
		wrong["organisation"] = "form.choose"
	}
	return wrong
}

var (
	claimMandate = db.SQL(`INSERT INTO private_mandate (declaration, organisation, person, made) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`)
	keepMandate  = db.SQL(`UPDATE private_mandate SET hash = $3 WHERE declaration = $1 AND organisation = $2`)
	mandateOf    = db.SQL(`SELECT hash FROM private_mandate WHERE declaration = $1 AND organisation = $2 AND hash IS NOT NULL`)
	dropMandate  = db.SQL(`DELETE FROM private_mandate WHERE declaration = $1 AND organisation = $2`)
)

// SignFor signs for an organisation, by a member of it. The signature counts
// while the organisation is verified. An organisation that has signed stays
// signed once.
func (s *Service) SignFor(ctx context.Context, by chorus.ID, slug string, m Mandate) error {
	if err := m.Check().Err(); err != nil {
		return err
	}
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		decl, err := declaration.BySlug(ctx, d.Tx, slug)
		if err != nil {
			return err
		}
		if err := decl.CanSign(fact.Organisations, d.Tx.Now); err != nil {
			return err
		}
		if err := organisation.RequireMember(ctx, d.Tx, by, m.Organisation); err != nil {
			return err
		}
		org, err := organisation.ByID(ctx, d.Tx, m.Organisation)
		if err != nil {
			return err
		}
		claimed, err := db.Exec(ctx, d.Tx, claimMandate, decl.ID, org.ID, by, d.Tx.Now)
		if err != nil || claimed == 0 {
			return err
		}
		hash, err := d.Publish(ctx, &fact.OrganisationSigned{Declaration: decl.ID, Entered: org.Entered,
			Core: fact.Show(fact.MandateCore{Organisation: org.ID, Role: m.Role, Mandate: m.Statement})})
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, d.Tx, keepMandate, decl.ID, org.ID, hash[:])
		return err
	})
}

// Revoke takes the signature of an organisation back, by a member of it.
func (s *Service) Revoke(ctx context.Context, by chorus.ID, slug string, org chorus.ID) error {
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		decl, err := declaration.BySlug(ctx, d.Tx, slug)
		if err != nil {
			return err
		}
		if err := organisation.RequireMember(ctx, d.Tx, by, org); err != nil {
			return err
		}
		hash, err := db.Value[[]byte](ctx, d.Tx, mandateOf, decl.ID, org)
		if err != nil {
			return err
		}
		if _, err := db.Exec(ctx, d.Tx, dropMandate, decl.ID, org); err != nil {
			return err
		}
		_, err = d.Publish(ctx, &fact.SignatureWithdrawn{Declaration: decl.ID, Signature: fact.Hash(hash)})
		return err
	})
}

// signForPage is the data of signFor.
type signForPage struct {
	*declaration.Declaration
	IsOpen bool // organisations can sign it now
	Mine   []organisation.Organisation
	Signed map[chorus.ID]declaration.Signature
	Form   web.Form
}

func (s *Service) signForPage(ctx context.Context, by chorus.ID, slug string) (*signForPage, error) {
	p := &signForPage{Signed: map[chorus.ID]declaration.Signature{}}
	return p, s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if p.Declaration, err = declaration.BySlug(ctx, tx, slug); err != nil {
			return err
		}
		p.IsOpen = p.CanSign(fact.Organisations, tx.Now) == nil
		if p.Mine, err = organisation.Editing(ctx, tx, by); err != nil {
			return err
		}
		signatures, err := declaration.Signatories(ctx, tx, p.ID)
		for _, sig := range signatures {
			p.Signed[sig.Organisation] = sig
		}
		return err
	})
}

// unsigned is the visitor's organisations that have not signed yet.
func (p *signForPage) unsigned() (choices []web.Choice) {
	for _, o := range p.Mine {
		if _, ok := p.Signed[o.ID]; !ok {
			choices = append(choices, web.Choice{Value: string(o.ID), Text: o.Name})
		}
	}
	return choices
}
