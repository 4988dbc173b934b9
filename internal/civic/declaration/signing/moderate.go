// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"
	"slices"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// InvalidReasons are the reasons for which stewards take a signature out of the count.
var InvalidReasons = []fact.Reason{fact.Fraud, fact.Duplicate, fact.Minor, fact.Court, fact.Test}

// ErasureReasons are the reasons for which stewards erase the words of others.
var ErasureReasons = []fact.Reason{fact.Moderation, fact.Court, fact.Minor, fact.GDPR}

// Invalidate takes a signature out of the count, with a reason and a public word why.
func (s *Service) Invalidate(ctx context.Context, by chorus.ID, entry int64, reason fact.Reason, why string) error {
	if err := checkReason(reason, InvalidReasons, why).Err(); err != nil {
		return err
	}
	return s.steward(ctx, by, entry, func(d *recorder.Deed, sig declaration.Signature, hash fact.Hash) error {
		if sig.Invalid != "" || sig.Withdrawn() {
			return nil
		}
		_, err := d.Publish(ctx, &fact.SignatureInvalidated{Declaration: sig.Declaration, Signature: hash, Reason: reason, Core: fact.Show(fact.Explanation{Text: why})})
		return err
	})
}

// Reinstate undoes an invalidation, with a public word why.
func (s *Service) Reinstate(ctx context.Context, by chorus.ID, entry int64, why string) error {
	if err := declaration.CheckWhy(why).Err(); err != nil {
		return err
	}
	return s.steward(ctx, by, entry, func(d *recorder.Deed, sig declaration.Signature, hash fact.Hash) error {
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
	return s.steward(ctx, by, entry, func(d *recorder.Deed, sig declaration.Signature, hash fact.Hash) error {
		for _, place := range sig.Places() {
			target, err := recorder.HashAt(ctx, d.Tx, place.Entry)
			if err != nil {
				return err
			}
			if _, err := d.Publish(ctx, &fact.Redacted{Subject: sig.Declaration, Entry: target, Parts: []int64{place.Part}, Reason: reason,
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

func (s *Service) steward(ctx context.Context, by chorus.ID, entry int64, deed func(*recorder.Deed, declaration.Signature, fact.Hash) error) error {
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		if err := account.RequireSteward(ctx, d.Tx, by); err != nil {
			return err
		}
		sig, err := declaration.SignatureAt(ctx, d.Tx, entry)
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
	wrong := declaration.CheckWhy(why)
	if !slices.Contains(allowed, reason) {
		wrong["reason"] = "form.choose"
	}
	return wrong
}
