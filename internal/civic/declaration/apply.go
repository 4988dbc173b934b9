// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"context"
	"encoding/json"
	"errors"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/markdown"
	"example.org/chorus/internal/platform/recorder"
)

// Apply updates the public tables of declarations from facts. Nothing else
// writes them. Counts are gathered over the batch and written once.
func (*Service) Apply(ctx context.Context, tx *db.Tx, entries []*recorder.Entry) error {
	b := &batch{tx: tx, tallies: map[chorus.ID]*tally{}}
	for _, e := range entries {
		if err := b.apply(ctx, e); err != nil {
			return err
		}
	}
	return b.flush(ctx)
}

func (b *batch) apply(ctx context.Context, e *recorder.Entry) error {
	switch f := e.Fact.(type) {
	case *fact.DeclarationPublished:
		return b.published(ctx, e, f)
	case *fact.DeclarationClosed:
		return b.closed(ctx, e, f)
	case *fact.SignatureAdded:
		return b.added(ctx, e, f)
	case *fact.OrganisationSigned:
		return b.organisationSigned(ctx, e, f)
	case *fact.OrganisationEntered:
		_, err := db.Exec(ctx, b.tx, putSignatory, e.Index, false)
		return err
	case *fact.OrganisationVerified:
		return b.verified(ctx, e, verifiedNow)
	case *fact.OrganisationUnverified:
		return b.verified(ctx, e, notVerified)
	case *fact.SignatureShown:
		return b.change(ctx, e, signatureByEntry, func(s *Signature) {
			s.hideName() // also when the name that was shown has been erased
			if f.Identity.Presence == fact.Shown {
				s.Name, s.Town, s.named = f.Identity.Value.Name, f.Identity.Value.Town, e.Index
			}
		})
	case *fact.CommentPublished:
		return b.change(ctx, e, signatureByEntry, func(s *Signature) {
			s.hideComment()
			if f.Comment.Presence == fact.Shown {
				s.Comment, s.Lang, s.commented = f.Comment.Value.Text, f.Comment.Value.Lang, e.Index
			}
		})
	case *fact.SignatureWithdrawn:
		return b.withdrawn(ctx, e)
	case *fact.SignatureInvalidated:
		return b.change(ctx, e, signatureByEntry, func(s *Signature) { s.Invalid = f.Reason })
	case *fact.SignatureReinstated:
		return b.change(ctx, e, signatureByEntry, func(s *Signature) { s.Invalid = "" })
	case *fact.Redacted:
		return b.redacted(ctx, e, f)
	}
	return nil
}

func (b *batch) published(ctx context.Context, e *recorder.Entry, f *fact.DeclarationPublished) error {
	core, err := json.Marshal(f.Core.Value)
	if err != nil {
		return err
	}
	d := f.Core.Value
	if _, err := db.Exec(ctx, b.tx, insertDeclaration, f.Declaration, d.Slug, e.Hash[:], e.Index, string(core)); err != nil {
		return err
	}
	ref := chorus.Ref{Kind: chorus.Declaration, ID: f.Declaration}
	err = catalogue.Put(ctx, b.tx, catalogue.Card{Ref: ref, Sort: string(d.Kind), Title: d.Title, Summary: summary(d.Text), Path: "/declarations/" + d.Slug,
		State: string(Open), Opens: d.Opens, Closes: d.Closes, Entry: e.Index})
	if err != nil {
		return err
	}
	return b.link(ctx, ref, e, d)
}

// link ties the declaration to what it carries and to whom it concerns.
func (b *batch) link(ctx context.Context, ref chorus.Ref, e *recorder.Entry, d fact.DeclarationCore) error {
	var err error
	link := func(source chorus.Ref, r catalogue.Relation, kind chorus.Kind, id chorus.ID) {
		if err == nil && id != "" {
			err = catalogue.Link(ctx, b.tx, source, r, chorus.Ref{Kind: kind, ID: id})
		}
	}
	link(ref, catalogue.PartOf, chorus.Initiative, d.Initiative)
	for _, id := range d.Organisers {
		link(ref, catalogue.RunBy, chorus.Organisation, id)
	}
	for _, r := range d.Recommendations {
		rec := chorus.Ref{Kind: chorus.Recommendation, ID: r.ID}
		card := catalogue.Card{Ref: rec, Title: r.Text, Path: "/declarations/" + d.Slug + "#" + anchor(r.Number), State: "asked", Entry: e.Index}
		if err == nil {
			err = catalogue.Put(ctx, b.tx, card)
		}
		link(ref, catalogue.Carries, chorus.Recommendation, r.ID)
		for _, to := range r.To {
			link(rec, catalogue.Asks, chorus.Organisation, to)
			link(ref, catalogue.Addresses, chorus.Organisation, to)
		}
	}
	return err
}

const maxSummary = 200 // characters

func summary(t chorus.Text) chorus.Text {
	s := chorus.Text{Lang: t.Lang, Text: markdown.Plain(t.Text, maxSummary)}
	for lang, text := range t.Translations {
		if s.Translations == nil {
			s.Translations = map[string]string{}
		}
		s.Translations[lang] = markdown.Plain(text, maxSummary)
	}
	return s
}

func (b *batch) closed(ctx context.Context, e *recorder.Entry, f *fact.DeclarationClosed) error {
	if _, err := db.Exec(ctx, b.tx, closeDeclaration, f.Declaration, e.Day); err != nil {
		return err
	}
	return catalogue.SetState(ctx, b.tx, chorus.Ref{Kind: chorus.Declaration, ID: f.Declaration}, string(Closed))
}

func (b *batch) added(ctx context.Context, e *recorder.Entry, f *fact.SignatureAdded) error {
	s := &Signature{Entry: e.Index, Declaration: f.Declaration, Class: fact.People, entered: -1, named: -1, commented: -1, Day: e.Day,
		Country: f.Core.Value.Country, Name: f.Identity.Value.Name, Town: f.Identity.Value.Town}
	if f.Identity.Presence == fact.Shown {
		s.named = e.Index
	}
	return b.insert(ctx, s)
}

func (b *batch) organisationSigned(ctx context.Context, e *recorder.Entry, f *fact.OrganisationSigned) error {
	verified, err := db.Value[bool](ctx, b.tx, signatoryVerified, e.Ref)
	if err != nil && !errors.Is(err, chorus.ErrNotFound) {
		return err
	}
	m := f.Core.Value
	s := &Signature{Entry: e.Index, Declaration: f.Declaration, Class: fact.Organisations, entered: e.Ref, named: -1, commented: -1, Day: e.Day,
		Organisation: m.Organisation, Role: m.Role, Mandate: m.Mandate, verified: verified}
	if err := b.insert(ctx, s); err != nil || m.Organisation == "" {
		return err
	}
	return catalogue.Link(ctx, b.tx, chorus.Ref{Kind: chorus.Declaration, ID: f.Declaration}, catalogue.SignedBy,
		chorus.Ref{Kind: chorus.Organisation, ID: m.Organisation})
}

// insert adds a signature and gives it its number.
func (b *batch) insert(ctx context.Context, s *Signature) error {
	t, err := b.tally(ctx, s.Declaration)
	if err != nil {
		return err
	}
	t.numbered++
	s.Number = t.numbered
	s.Counts = s.shouldCount()
	t.count(s, s.Day, +1)
	b.fresh = append(b.fresh, s.row())
	return nil
}

const verifiedNow, notVerified = true, false

// verified moves the signatures of an organisation into or out of the count.
func (b *batch) verified(ctx context.Context, e *recorder.Entry, is bool) error {
	if _, err := db.Exec(ctx, b.tx, putSignatory, e.Ref, is); err != nil {
		return err
	}
	if err := b.flushAdded(ctx); err != nil {
		return err
	}
	signatures, err := db.All(ctx, b.tx, signaturesOfEntered, scanSignature, e.Ref)
	for i := range signatures {
		if err == nil {
			err = b.save(ctx, e.Day, &signatures[i], func(s *Signature) { s.verified = is })
		}
	}
	return err
}

// change updates the signature that an entry refers to.
func (b *batch) change(ctx context.Context, e *recorder.Entry, q *db.Query, set func(*Signature)) error {
	if err := b.flushAdded(ctx); err != nil {
		return err
	}
	s, err := db.One(ctx, b.tx, q, scanSignature, e.Ref)
	if errors.Is(err, chorus.ErrNotFound) {
		return nil // the entry acts on something else
	}
	if err != nil {
		return err
	}
	return b.save(ctx, e.Day, &s, set)
}

func (b *batch) save(ctx context.Context, day string, s *Signature, set func(*Signature)) error {
	t, err := b.tally(ctx, s.Declaration)
	if err != nil {
		return err
	}
	t.count(s, day, -1)
	set(s)
	s.Counts = s.shouldCount()
	t.count(s, day, +1)
	_, err = db.Exec(ctx, b.tx, updateSignature, s.row()...)
	return err
}

// redacted takes erased words out of the tables. An entry may carry a
// signature, a name shown later or a comment.
func (b *batch) redacted(ctx context.Context, e *recorder.Entry, f *fact.Redacted) error {
	var signatory chorus.ID
	err := b.change(ctx, e, signatureByEntry, func(s *Signature) {
		signatory = s.Organisation
		for _, p := range f.Parts {
			s.erase(p)
		}
	})
	if err == nil {
		err = b.unlink(ctx, f.Subject, signatory)
	}
	if err != nil {
		return err
	}
	err = b.change(ctx, e, signatureByNaming, func(s *Signature) { s.hideName() })
	if err != nil {
		return err
	}
	return b.change(ctx, e, signatureByCommenting, func(s *Signature) { s.hideComment() })
}

func (b *batch) withdrawn(ctx context.Context, e *recorder.Entry) error {
	var id, signatory chorus.ID
	err := b.change(ctx, e, signatureByEntry, func(s *Signature) {
		s.withdrawn, id, signatory = true, s.Declaration, s.Organisation
	})
	if err != nil {
		return err
	}
	return b.unlink(ctx, id, signatory)
}

// unlink takes an organisation off the things that the declaration is signed by.
func (b *batch) unlink(ctx context.Context, id, signatory chorus.ID) error {
	if signatory == "" {
		return nil
	}
	return catalogue.Unlink(ctx, b.tx, chorus.Ref{Kind: chorus.Declaration, ID: id}, catalogue.SignedBy,
		chorus.Ref{Kind: chorus.Organisation, ID: signatory})
}
