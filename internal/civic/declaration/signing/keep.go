// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// ReceiptOf is the receipt of the signature behind a key, with the name in it
// even where the public does not see it. It fails with chorus.ErrNotFound until
// a checkpoint covers the signature, and for whom declined to have one.
func (s *Service) ReceiptOf(ctx context.Context, key string) (*recorder.Receipt, error) {
	m, err := s.ByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	return s.receiptOf(ctx, m)
}

func (s *Service) receiptOf(ctx context.Context, m *Mine) (*recorder.Receipt, error) {
	if m.hash == nil || m.Declined {
		return nil, chorus.ErrNotFound
	}
	return s.Record.OwnReceipt(ctx, fact.Hash(m.hash))
}

// Decline says that a signer wants no receipt: from then on the own page does
// not tell which entry is theirs, and nobody can make them show it. There is no
// way back, or they could be made to go it.
func (s *Service) Decline(ctx context.Context, key string) error {
	id, err := s.idOf(key)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, decline, id)
		return err
	})
}

// attest adds to the own page what the record says of the signature.
func (s *Service) attest(ctx context.Context, p *minePage) (err error) {
	if !p.Unlocked {
		return nil
	}
	p.Receipt, err = s.receiptOf(ctx, p.Mine)
	return ignoreMissing(err) // declined, or not in a checkpoint yet
}
