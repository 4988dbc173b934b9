// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"context"
	"errors"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

// keepSite is how long a node may show a description that another node has
// replaced.
const keepSite = time.Second

// site is what the instance says of itself, read from the database at most
// once a second: every page needs it. It is empty before the first start is done.
func (s *Service) site(ctx context.Context) (fact.SiteCore, error) {
	now := s.DB.Now()
	if k := s.kept.Load(); k != nil && now.Sub(k.read) < keepSite {
		return k.SiteCore, nil
	}
	k := &keptSite{read: now}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if _, k.SiteCore, err = siteNow(ctx, tx); isMissing(err) {
			err = nil
		}
		return err
	})
	if err == nil {
		s.kept.Store(k)
	}
	return k.SiteCore, err
}

// Frame is what stands around every page.
func (s *Service) Frame(v *web.Visit) (web.Frame, error) {
	core, err := s.site(v.Context())
	if err != nil {
		return web.Frame{}, err
	}
	name, _ := core.Name.In(string(v.Say.Tag()))
	if name == "" {
		name = v.T("portal.name")
	}
	f := web.Frame{Name: name, Note: v.T("portal.note"), Links: []web.Link{
		{Text: v.T("portal.menu.causes"), Path: "/causes"},
		{Text: v.T("portal.menu.organisations"), Path: "/organisations"},
	}, Foot: []web.Link{
		{Text: v.T("portal.menu.about"), Path: "/about"},
		{Text: v.T("portal.menu.privacy"), Path: "/privacy"},
		{Text: v.T("receipt.record"), Path: RecordPath},
	}}
	if s.Mirror != nil {
		f.Banner = s.banner(v)
	}
	if v.Who == "" {
		f.Links = append(f.Links, web.Link{Text: v.T("portal.menu.sign_in"), Path: "/sign-in"})
		return f, nil
	}
	steward, err := s.isSteward(v.Context(), v.Who)
	if err != nil {
		return f, err
	}
	f.Links = append(f.Links, web.Link{Text: v.T("portal.menu.desk"), Path: "/desk"})
	if steward {
		f.Links = append(f.Links, web.Link{Text: v.T("portal.menu.steward"), Path: "/steward"})
	}
	f.Links = append(f.Links, web.Link{Text: v.T("portal.menu.account"), Path: "/account"},
		web.Link{Text: v.T("portal.menu.sign_out"), Path: "/sign-out", Deed: web.Posts})
	return f, nil
}

func (s *Service) isSteward(ctx context.Context, id chorus.ID) (is bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		err := account.RequireSteward(ctx, tx, id)
		is = err == nil
		if errors.Is(err, chorus.ErrForbidden) {
			return nil
		}
		return err
	})
	return is, err
}
