// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// A WaitingComment is a comment that an organiser has yet to read.
type WaitingComment struct {
	Signer chorus.ID
	fact.Comment
	Made time.Time

	sealed []byte
}

func scanComment(r db.Row) (c WaitingComment, err error) {
	return c, r.Scan(&c.Signer, &c.sealed, &c.Made)
}

func (s *Service) openComment(c *WaitingComment) error {
	plain, err := s.Vault.Open("signer comment", c.sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, &c.Comment)
}

// WaitingComments lists the oldest hundred comments that wait at a declaration.
func (s *Service) WaitingComments(ctx context.Context, by, id chorus.ID) (all []WaitingComment, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if _, err := WorkFor(ctx, tx, by, id); err != nil {
			return err
		}
		if all, err = db.All(ctx, tx, commentsOf, scanComment, id); err != nil {
			return err
		}
		for i := range all {
			if err := s.openComment(&all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// ShowComment publishes a comment that an organiser has read.
func (s *Service) ShowComment(ctx context.Context, by, id, signerID chorus.ID) error {
	return s.judge(ctx, by, id, signerID, func(d *recorder.Deed, who signer, c WaitingComment) error {
		if who.state != signed {
			return nil
		}
		hash, err := d.Publish(ctx, &fact.CommentPublished{Declaration: id, Signature: who.signature(), Comment: fact.Show(c.Comment)})
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, d.Tx, keepComment, who.id, hash[:])
		return err
	})
}

// DropComment throws a comment away that shall not be shown. The signature stays.
func (s *Service) DropComment(ctx context.Context, by, id, signerID chorus.ID) error {
	return s.judge(ctx, by, id, signerID, func(*recorder.Deed, signer, WaitingComment) error { return nil })
}

// judge takes a comment from the heap. One that is not there any more has been
// judged already.
func (s *Service) judge(ctx context.Context, by, id, signerID chorus.ID, deed func(*recorder.Deed, signer, WaitingComment) error) error {
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		if _, err := WorkFor(ctx, d.Tx, by, id); err != nil {
			return err
		}
		who, err := db.One(ctx, d.Tx, lockSigner, scanSigner, signerID)
		if err != nil {
			return err
		}
		waiting, err := db.All(ctx, d.Tx, commentOf, scanComment, signerID, id)
		if err != nil || len(waiting) == 0 {
			return err
		}
		if err := s.openComment(&waiting[0]); err != nil {
			return err
		}
		if _, err := db.Exec(ctx, d.Tx, deleteComment, signerID); err != nil {
			return err
		}
		return deed(d, who, waiting[0])
	})
}

// InvalidReasons are the reasons for which stewards take a signature out of the count.
var InvalidReasons = []fact.Reason{fact.Fraud, fact.Duplicate, fact.Minor, fact.Court, fact.Test}

// ErasureReasons are the reasons for which stewards erase the words of others.
var ErasureReasons = []fact.Reason{fact.Moderation, fact.Court, fact.Minor, fact.GDPR}

// Invalidate takes a signature out of the count, with a reason and a public word why.
func (s *Service) Invalidate(ctx context.Context, by chorus.ID, entry int64, reason fact.Reason, why string) error {
	if err := checkReason(reason, InvalidReasons, why).Err(); err != nil {
		return err
	}
	return s.steward(ctx, by, entry, func(d *recorder.Deed, sig Signature, hash fact.Hash) error {
		if sig.Invalid != "" || sig.withdrawn {
			return nil
		}
		_, err := d.Publish(ctx, &fact.SignatureInvalidated{Declaration: sig.Declaration, Signature: hash, Reason: reason, Core: fact.Show(fact.Explanation{Text: why})})
		return err
	})
}

// Reinstate undoes an invalidation, with a public word why.
func (s *Service) Reinstate(ctx context.Context, by chorus.ID, entry int64, why string) error {
	if err := checkWhy(why).Err(); err != nil {
		return err
	}
	return s.steward(ctx, by, entry, func(d *recorder.Deed, sig Signature, hash fact.Hash) error {
		if sig.Invalid == "" {
			return nil
		}
		_, err := d.Publish(ctx, &fact.SignatureReinstated{Declaration: sig.Declaration, Signature: hash, Core: fact.Show(fact.Explanation{Text: why})})
		return err
	})
}

// EraseWords erases the words of a signature, a person's name and comment or
// an organisation's role and mandate, by the stewards' hand, for a reason that the record keeps. The signature counts as before.
func (s *Service) EraseWords(ctx context.Context, by chorus.ID, entry int64, reason fact.Reason, why string) error {
	if err := checkReason(reason, ErasureReasons, why).Err(); err != nil {
		return err
	}
	return s.steward(ctx, by, entry, func(d *recorder.Deed, sig Signature, hash fact.Hash) error {
		for _, w := range sig.wording() {
			target, err := recorder.HashAt(ctx, d.Tx, w.entry)
			if err != nil {
				return err
			}
			if _, err := d.Publish(ctx, &fact.Redacted{Subject: sig.Declaration, Entry: target, Parts: []int64{w.part}, Reason: reason,
				Core: fact.Show(fact.Explanation{Text: why})}); err != nil {
				return err
			}
		}
		_, err := db.Exec(ctx, d.Tx, forgetSigner, hash[:])
		return err
	})
}

// forgetSigner removes what is kept of a signer whose words were erased.
var forgetSigner = db.SQL(`UPDATE private_signer SET details = NULL, shown = NULL, comment = NULL WHERE hash = $1`)

// A place is a part of an entry that holds words.
type place struct{ entry, part int64 }

// wording is where in the record the words of a signature stand now.
func (s *Signature) wording() (places []place) {
	if s.Class == fact.Organisations && s.Organisation != "" {
		places = append(places, place{s.Entry, 0})
	}
	switch {
	case s.named == s.Entry && s.named >= 0:
		places = append(places, place{s.named, fact.SignatureIdentityPart})
	case s.named >= 0:
		places = append(places, place{s.named, 0}) // of a SignatureShown
	}
	if s.commented >= 0 {
		places = append(places, place{s.commented, 0})
	}
	return places
}

func (s *Service) steward(ctx context.Context, by chorus.ID, entry int64, deed func(*recorder.Deed, Signature, fact.Hash) error) error {
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		if err := account.RequireSteward(ctx, d.Tx, by); err != nil {
			return err
		}
		sig, err := db.One(ctx, d.Tx, signatureByEntry, scanSignature, entry)
		if err != nil {
			return err
		}
		hash, err := recorder.HashAt(ctx, d.Tx, entry)
		if err != nil {
			return err
		}
		return deed(d, sig, hash)
	})
}

func checkReason(reason fact.Reason, allowed []fact.Reason, why string) chorus.Invalid {
	wrong := checkWhy(why)
	if !slices.Contains(allowed, reason) {
		wrong["reason"] = "form.choose"
	}
	return wrong
}

// checkWhy wants a public word for what is done in public.
func checkWhy(why string) chorus.Invalid {
	if fault := (web.Line{Max: MaxStatement}).Check(why); fault != "" {
		return chorus.Invalid{"why": fault}
	}
	return chorus.Invalid{}
}
