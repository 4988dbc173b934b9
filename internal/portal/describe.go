// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"context"
	"errors"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/wording"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// The longest texts about the instance, in characters.
const (
	maxName    = 60
	maxAbout   = 4000
	maxContact = 200
)

// checkSite says what is wrong with a description.
func checkSite(core fact.SiteCore) chorus.Invalid {
	return web.Wrong(map[string]string{
		"name":    wording.Check(core.Name, web.Line{Max: maxName}),
		"about":   wording.Check(core.About, web.Line{Max: maxAbout}),
		"contact": web.Line{Max: maxContact}.Check(core.Contact),
	})
}

// Describe publishes what the instance says of itself.
func (s *Service) Describe(ctx context.Context, by chorus.ID, core fact.SiteCore) error {
	if err := checkSite(core).Err(); err != nil {
		return err
	}
	err := s.Recorder.Write(ctx, func(d *recorder.Deed) error {
		if err := account.RequireSteward(ctx, d.Tx, by); err != nil {
			return err
		}
		return s.publishSite(ctx, d, core)
	})
	s.kept.Store(nil)
	return err
}

// publishSite says it under the name that the site had before, if it had one.
// The first time it announces the key for requests as well.
func (s *Service) publishSite(ctx context.Context, d *recorder.Deed, core fact.SiteCore) error {
	id, _, err := siteNow(ctx, d.Tx)
	first := isMissing(err)
	if first {
		id, err = chorus.NewID(), nil
	}
	if err != nil {
		return err
	}
	if _, err := d.Publish(ctx, &fact.SiteDescribed{Site: id, Core: fact.Show(core)}); err != nil || !first || s.IntakeKey == "" {
		return err
	}
	return s.announce(ctx, d, id)
}

// errNoSite is for whoever changes a key before anybody looks after the instance.
var errNoSite = errors.New("the instance has not said yet what it is called: finish its first start in the browser, then change the key")

// AnnounceKey publishes that the record is signed with a new key from here on.
// The proof is that of record.CheckKeyRoll.
func (s *Service) AnnounceKey(ctx context.Context, key, proof string) (hash fact.Hash, err error) {
	err = s.Recorder.Write(ctx, func(d *recorder.Deed) error {
		id, _, err := siteNow(ctx, d.Tx)
		if isMissing(err) {
			return errNoSite
		}
		if err != nil {
			return err
		}
		hash, err = d.Publish(ctx, &fact.KeyAnnounced{Site: id, Core: fact.Show(fact.KeyCore{Use: fact.ForRecord, Key: key, Proof: proof})})
		return err
	})
	return hash, err
}
