// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"context"
	"encoding/json"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// Apply keeps what the instance said of itself. An erased description is gone,
// and the one before it holds again.
func (s *Service) Apply(ctx context.Context, tx *db.Tx, entries []*recorder.Entry) (err error) {
	for _, e := range entries {
		switch f := e.Fact.(type) {
		case *fact.SiteDescribed:
			err = described(ctx, tx, e.Index, f)
		case *fact.KeyAnnounced:
			err = announced(ctx, tx, e.Index, f)
		case *fact.Redacted:
			if _, err = db.Exec(ctx, tx, deleteSite, e.Ref); err == nil {
				_, err = db.Exec(ctx, tx, deleteKey, e.Ref)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func announced(ctx context.Context, tx *db.Tx, entry int64, f *fact.KeyAnnounced) error {
	if f.Core.Presence != fact.Shown {
		return nil
	}
	_, err := db.Exec(ctx, tx, insertKey, entry, string(f.Core.Value.Use), f.Core.Value.Key)
	return err
}

func described(ctx context.Context, tx *db.Tx, entry int64, f *fact.SiteDescribed) error {
	if f.Core.Presence != fact.Shown {
		return nil
	}
	core, err := json.Marshal(f.Core.Value)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, insertSite, entry, f.Site, string(core))
	return err
}
