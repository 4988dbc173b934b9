// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// SetupLink makes a new link for the first start and returns its path; "" when
// somebody looks after the instance already. Any earlier link is dead.
func (s *Service) SetupLink(ctx context.Context) (path string, err error) {
	token := rand.Text()
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		path = ""
		there, err := account.AnySteward(ctx, tx)
		if err != nil {
			return err
		}
		if there {
			_, err = db.Exec(ctx, tx, clearSetup)
			return err
		}
		path = "/setup/" + token
		_, err = db.Exec(ctx, tx, putSetup, hashOf(token))
		return err
	})
	return path, err
}

func hashOf(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// prepare keeps what is to be published at the end of the first start.
func (s *Service) prepare(ctx context.Context, token string, core fact.SiteCore) error {
	if err := checkSite(core).Err(); err != nil {
		return err
	}
	text, err := json.Marshal(core)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, fillSetup, hashOf(token), string(text))
		if err == nil && n == 0 {
			err = chorus.ErrClosed
		}
		return err
	})
}

// open ends the first start: by, who holds the link and has shown who they
// are, is steward, and the site has its name. It fails with chorus.ErrClosed
// when the link is dead.
func (s *Service) open(ctx context.Context, by chorus.ID, token string) error {
	err := s.Recorder.Write(ctx, func(d *recorder.Deed) error {
		core, given, err := pendingSite(ctx, d.Tx, token)
		if isMissing(err) || err == nil && !given {
			return chorus.ErrClosed
		}
		if err != nil {
			return err
		}
		// Of two who press at once, the second finds the link gone.
		if n, err := db.Exec(ctx, d.Tx, deleteSetup, hashOf(token)); err != nil || n == 0 {
			return orClosed(err)
		}
		if there, err := account.AnySteward(ctx, d.Tx); err != nil || there {
			return orClosed(err)
		}
		if err := s.Accounts.MakeSteward(ctx, d.Tx, by); err != nil {
			return err
		}
		return s.publishSite(ctx, d, core)
	})
	s.kept.Store(nil)
	return err
}

func orClosed(err error) error {
	if err != nil {
		return err
	}
	return chorus.ErrClosed
}
