// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

	"example.org/chorus"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

// forStewards lets nobody else in.
func (s *Service) forStewards(h web.Handler) web.Handler {
	return func(v *web.Visit) error {
		is, err := s.isSteward(v.Context(), v.Who)
		if err != nil {
			return err
		}
		if !is {
			return chorus.ErrForbidden
		}
		return h(v)
	}
}

func private(title, class string) web.Page {
	return web.Page{Title: title, Class: class, Private: true}
}

func (s *Service) desk(v *web.Visit) error {
	d, err := s.readDesk(v.Context())
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, private(v.T("portal.desk.title"), web.Wide), deskPage(v, d))
}

func (s *Service) siteForm(v *web.Visit) error {
	core, err := s.site(v.Context())
	if err != nil {
		return err
	}
	f := web.Form{Values: url.Values{}}
	fillSite(v, f, core)
	return v.Show(http.StatusOK, private(v.T("portal.site.title"), web.Narrow), sitePage(v, f))
}

func (s *Service) postSite(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	err = s.Describe(v.Context(), v.Who, readSite(v, f))
	if f, ok := f.With(err); ok {
		return v.Show(http.StatusUnprocessableEntity, private(v.T("portal.site.title"), web.Narrow), sitePage(v, f))
	}
	if err != nil {
		return err
	}
	return v.Redirect("/steward")
}

// waiting is a page of organisations that nobody has checked.
type waiting struct {
	all    []catalogue.Card
	before int64 // where older ones begin; 0: there are none
	later  bool
}

func (s *Service) waitingOrganisations(v *web.Visit) error {
	before, err := strconv.ParseInt(cmp.Or(v.URL.Query().Get("before"), "0"), 10, 64)
	if err != nil || before < 0 {
		return chorus.ErrNotFound
	}
	w := waiting{later: before > 0}
	err = s.DB.Read(v.Context(), func(tx *db.Tx) error {
		w.all, w.before, err = unverified(v.Context(), tx, before)
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, private(v.T("portal.waiting.title"), web.Wide), waitingPage(v, w))
}

func (s *Service) postVerify(v *web.Visit) error {
	if err := s.Organisations.VerifyBySteward(v.Context(), v.Who, chorus.ID(v.PathValue("id"))); err != nil {
		return err
	}
	return v.Redirect("/steward/organisations")
}

// A colleague is a steward as the others see them.
type colleague struct {
	account.Person
	email string
}

func (s *Service) stewards(v *web.Visit) error {
	return s.drawStewards(v, http.StatusOK, web.Form{Values: url.Values{}})
}

func (s *Service) drawStewards(v *web.Visit, status int, f web.Form) error {
	var all []colleague
	err := s.DB.Read(v.Context(), func(tx *db.Tx) error {
		all = nil
		ids, err := account.Stewards(v.Context(), tx)
		if err != nil {
			return err
		}
		people, err := account.ByIDs(v.Context(), tx, ids...)
		if err != nil {
			return err
		}
		emails, err := s.Accounts.EmailsOf(v.Context(), tx, ids...)
		for _, id := range ids {
			all = append(all, colleague{people[id], emails[id]})
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(status, private(v.T("portal.people.title"), web.Narrow), peoplePage(v, f, all))
}

func (s *Service) postSteward(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	err = s.addSteward(v.Context(), v.Who, f.Get("email"), v.Say.Tag())
	if f, ok := f.With(err); ok {
		return s.drawStewards(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/steward/people")
}

func (s *Service) removeSteward(v *web.Visit) error {
	err := s.dropFromStewards(v.Context(), v.Who, chorus.ID(v.PathValue("id")))
	if f, ok := (web.Form{Values: url.Values{}}).With(err); ok {
		return s.drawStewards(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	if chorus.ID(v.PathValue("id")) == v.Who {
		return v.Redirect("/account")
	}
	return v.Redirect("/steward/people")
}

func (s *Service) postRevive(v *web.Visit) error {
	if err := s.revive(v.Context(), v.Who); err != nil {
		return err
	}
	return v.Redirect("/steward")
}
