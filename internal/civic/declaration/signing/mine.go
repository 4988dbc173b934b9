// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"
	"fmt"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

var errTries = fmt.Errorf("signing: %w", web.ErrTries)

// Mine is what a signer sees on their own page.
type Mine struct {
	Key         string
	Declaration *declaration.Declaration
	State       string
	Details     Details                // as signed, or as typed and not yet confirmed
	Signature   *declaration.Signature // as the public sees it; nil before it has its place
	Commented   string                 // "", waiting or shown
	Erased      bool
	Declined    bool // wants no receipt: the page tells no place in the record

	hash []byte // of the signature in the record; nil before it is there
}

// Named reports whether the name stands in the public list.
func (m *Mine) Named() bool {
	return m.Signature != nil && m.Signature.Name != "" && !m.Signature.Withdrawn()
}

// ByKey is the signer's own page behind a key.
func (s *Service) ByKey(ctx context.Context, key string) (*Mine, error) {
	id, err := s.idOf(key)
	if err != nil {
		return nil, err
	}
	m := &Mine{Key: key}
	return m, s.DB.Read(ctx, func(tx *db.Tx) error {
		who, err := signerFor(ctx, tx, id)
		if err != nil {
			return err
		}
		if m.Declaration, err = declaration.ByID(ctx, tx, who.declaration); err != nil {
			return err
		}
		m.State, m.Erased = who.state, who.hash != nil && who.details == nil
		m.Declined, m.hash = who.declined, who.hash
		if who.state != signed {
			if form, err := s.newestForm(ctx, tx, id); err == nil {
				m.Details = form.Details
				return nil
			} else if !isMissing(err) || who.state == asked {
				return err
			}
		}
		return s.fill(ctx, tx, m, who)
	})
}

func (s *Service) fill(ctx context.Context, tx *db.Tx, m *Mine, who signer) (err error) {
	if m.Details, err = s.openDetails(who.details); err != nil {
		return err
	}
	waiting, err := db.All(ctx, tx, commentOf, scanComment, who.id, who.declaration)
	if err != nil {
		return err
	}
	switch {
	case len(waiting) > 0:
		m.Commented = "waiting"
	case who.comment != nil:
		m.Commented = "shown"
	}
	place, err := recorder.PlaceOf(ctx, tx, who.signature())
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	sig, err := declaration.SignatureAt(ctx, tx, place)
	m.Signature = &sig
	return err
}

// Unlock checks the code from the mail, for a browser that did not sign here.
func (s *Service) Unlock(ctx context.Context, key, code string) error {
	id, err := s.idOf(key)
	if err != nil {
		return err
	}
	isWrong := false
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		isWrong, err = s.checkCode(ctx, tx, id, code)
		return err
	})
	if err == nil && isWrong {
		err = chorus.Invalid{"code": "form.code"}
	}
	return err
}

// Withdraw takes a signature back: it no longer counts, and its words go.
func (s *Service) Withdraw(ctx context.Context, key string) error {
	return s.own(ctx, key, func(d *recorder.Deed, who signer) error {
		if who.state != signed {
			return nil // pressed twice
		}
		if err := s.hideWords(ctx, d, who, fact.Author); err != nil {
			return err
		}
		if _, err := d.Publish(ctx, &fact.SignatureWithdrawn{Declaration: who.declaration, Signature: who.signature()}); err != nil {
			return err
		}
		_, err := db.Exec(ctx, d.Tx, leaveSigner, who.id)
		return err
	})
}

// Hide takes the signer's name off the page and out of the record. The
// signature counts as before.
func (s *Service) Hide(ctx context.Context, key string) error {
	return s.own(ctx, key, func(d *recorder.Deed, who signer) error {
		if who.state != signed || who.shown == nil {
			return nil
		}
		if err := hideName(ctx, d, who, fact.Author); err != nil {
			return err
		}
		_, err := db.Exec(ctx, d.Tx, keepShown, who.id, nil)
		return err
	})
}

// ShowName puts the signer's name into the public list.
func (s *Service) ShowName(ctx context.Context, key string) error {
	return s.own(ctx, key, func(d *recorder.Deed, who signer) error {
		if who.state != signed || who.shown != nil || who.details == nil {
			return nil
		}
		details, err := s.openDetails(who.details)
		if err != nil {
			return err
		}
		hash, err := d.Publish(ctx, &fact.SignatureShown{Declaration: who.declaration, Signature: who.signature(),
			Identity: fact.Show(fact.Identity{Name: details.Name, Town: details.Town})})
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, d.Tx, keepShown, who.id, hash[:])
		return err
	})
}

// Erase removes every word of a signer, in public and in private, for ever.
// The signature itself stays in the record, without words, and counts as
// before; the keyed hash of the address stays, so that it is not counted twice.
func (s *Service) Erase(ctx context.Context, key string) error {
	return s.own(ctx, key, func(d *recorder.Deed, who signer) error {
		if who.hash != nil && who.details != nil {
			if err := s.eraseWords(ctx, d, who); err != nil {
				return err
			}
		}
		if _, err := db.Exec(ctx, d.Tx, deleteSignings, who.id); err != nil {
			return err
		}
		_, err := db.Exec(ctx, d.Tx, eraseSigner, who.id)
		return err
	})
}

func (s *Service) eraseWords(ctx context.Context, d *recorder.Deed, who signer) error {
	if who.shown != nil && string(who.shown) == string(who.hash) {
		who.shown = nil // goes with the signature's own parts
	}
	if err := s.hideWords(ctx, d, who, fact.GDPR); err != nil {
		return err
	}
	_, err := d.Publish(ctx, &fact.Redacted{Subject: who.declaration, Entry: who.signature(),
		Parts: []int64{fact.SignatureCorePart, fact.SignatureIdentityPart}, Reason: fact.GDPR})
	return err
}

// hideWords redacts name and comment, published or waiting.
func (s *Service) hideWords(ctx context.Context, d *recorder.Deed, who signer, why fact.Reason) error {
	if err := hideName(ctx, d, who, why); err != nil {
		return err
	}
	if _, err := db.Exec(ctx, d.Tx, deleteComment, who.id); err != nil || who.comment == nil {
		return err
	}
	_, err := d.Publish(ctx, &fact.Redacted{Subject: who.declaration, Entry: fact.Hash(who.comment), Parts: []int64{0}, Reason: why})
	return err
}

func hideName(ctx context.Context, d *recorder.Deed, who signer, why fact.Reason) error {
	if who.shown == nil {
		return nil
	}
	entry, part := who.named()
	_, err := d.Publish(ctx, &fact.Redacted{Subject: who.declaration, Entry: entry, Parts: []int64{part}, Reason: why})
	return err
}

// own runs a deed of the signer behind a key.
func (s *Service) own(ctx context.Context, key string, deed func(*recorder.Deed, signer) error) error {
	id, err := s.idOf(key)
	if err != nil {
		return err
	}
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		who, err := db.One(ctx, d.Tx, lockSigner, scanSigner, id)
		if err != nil {
			return err
		}
		return deed(d, who)
	})
}
