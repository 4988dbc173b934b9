// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/platform/db"
)

// remembered is how long after its end a declaration's signers can still be
// written to. Then their addresses go, and with the declaration's secret the
// possibility to tell whether an address had signed.
const remembered = 90 * 24 * time.Hour

const forgetBatch = 500

var (
	signersAfter   = db.SQL(`SELECT ` + signerColumns + ` FROM private_signer WHERE declaration = $1 AND id > $2 AND details IS NOT NULL ORDER BY id LIMIT $3`)
	replaceDetails = db.SQL(`UPDATE private_signer SET details = $2 WHERE id = $1`)
)

// ForgetAddresses drops the addresses of the signers of declarations that
// ended long ago. Names and own pages stay.
func (s *Service) ForgetAddresses(ctx context.Context) error {
	var over []chorus.ID
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := declaration.WithSecret(ctx, tx)
		for _, d := range all {
			if end := d.End(); !end.IsZero() && tx.Now.Sub(end) > remembered {
				over = append(over, d.ID)
			}
		}
		return err
	})
	for _, id := range over {
		if err == nil {
			err = s.forget(ctx, id)
		}
	}
	return err
}

func (s *Service) forget(ctx context.Context, id chorus.ID) error {
	for last, more := chorus.ID(""), true; more; {
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			batch, err := db.All(ctx, tx, signersAfter, scanSigner, id, last, forgetBatch)
			more = len(batch) == forgetBatch
			for _, who := range batch {
				if err == nil {
					last, err = who.id, s.dropAddress(ctx, tx, who)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error { return declaration.DestroySecret(ctx, tx, id) })
}

func (s *Service) dropAddress(ctx context.Context, tx *db.Tx, who signer) error {
	d, err := s.openDetails(who.details)
	if err != nil {
		return err
	}
	d.Email = ""
	sealed, err := s.sealDetails(d)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, replaceDetails, who.id, sealed)
	return err
}
