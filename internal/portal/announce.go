// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"context"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// AnnounceIntake publishes the key with which others seal requests to this
// instance, unless that very key was announced last. An instance that has not
// said yet what it is announces nothing.
func (s *Service) AnnounceIntake(ctx context.Context) error {
	due := false
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		_, due, err = s.unannounced(ctx, tx)
		return err
	})
	if err != nil || !due {
		return err
	}
	return s.Recorder.Write(ctx, func(d *recorder.Deed) error {
		site, due, err := s.unannounced(ctx, d.Tx)
		if err != nil || !due {
			return err
		}
		return s.announce(ctx, d, site)
	})
}

func (s *Service) unannounced(ctx context.Context, tx *db.Tx) (site chorus.ID, due bool, err error) {
	site, err = SiteID(ctx, tx)
	if isMissing(err) || s.IntakeKey == "" {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	key, err := IntakeKey(ctx, tx)
	if isMissing(err) {
		err = nil
	}
	return site, key != s.IntakeKey, err
}

func (s *Service) announce(ctx context.Context, d *recorder.Deed, site chorus.ID) error {
	_, err := d.Publish(ctx, &fact.KeyAnnounced{Site: site, Core: fact.Show(fact.KeyCore{Use: fact.ForIntake, Key: s.IntakeKey})})
	return err
}

// SiteID is by which the instance names itself in the record;
// chorus.ErrNotFound before it has said what it is.
func SiteID(ctx context.Context, tx *db.Tx) (chorus.ID, error) {
	id, _, err := siteNow(ctx, tx)
	return id, err
}

// IntakeKey is the key for which requests are sealed, as the instance announced
// it last; chorus.ErrNotFound if it announced none.
func IntakeKey(ctx context.Context, tx *db.Tx) (string, error) {
	return db.Value[string](ctx, tx, newestKey, string(fact.ForIntake))
}
