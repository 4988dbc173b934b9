// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/wording"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/web"
)

const (
	setupCookie = "chorus-setup" // the link's token: the mail and the database shall not know it
	setupLife   = 15 * time.Minute
)

var setupRate = web.Rate{Deed: "setup", PerHour: 30, Burst: 10}

// start is what a page of the first start shows.
type start struct {
	token string
	site  fact.SiteCore
	form  web.Form
	who   string // the address somebody is signed in with; "" if nobody is
}

func (p start) path(rest string) string { return "/setup/" + p.token + rest }

// setup shows the step that comes next. It changes nothing: programs that look
// after people's mail and chats follow links.
func (s *Service) setup(v *web.Visit) error {
	p, given, err := s.start(v)
	if isMissing(err) {
		return deadLink(v)
	}
	if err != nil {
		return err
	}
	switch {
	case !given || v.URL.Query().Get("step") == "site":
		return v.Show(http.StatusOK, p.page(v), setupPage(v, p))
	case p.who != "":
		return v.Show(http.StatusOK, p.page(v), setupOpenPage(v, p))
	case v.CookieValue(account.TicketCookie) != "":
		return v.Show(http.StatusOK, p.page(v), setupCodePage(v, p))
	}
	return v.Show(http.StatusOK, p.page(v), setupPage(v, p))
}

// start reads how far the first start has come; chorus.ErrNotFound for a dead link.
func (s *Service) start(v *web.Visit) (p start, given bool, err error) {
	p = start{token: v.PathValue("token"), form: web.Form{Values: url.Values{}}}
	err = s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		if p.site, given, err = pendingSite(v.Context(), tx, p.token); err != nil || v.Who == "" {
			return err
		}
		p.who, err = s.Accounts.EmailOf(v.Context(), tx, v.Who)
		return err
	})
	fillSite(v, p.form, p.site)
	return p, given, err
}

func (p start) page(v *web.Visit) web.Page {
	return web.Page{Title: v.T("portal.setup.title"), Class: web.Narrow, Private: true}
}

func deadLink(v *web.Visit) error {
	title := v.T("portal.setup.dead")
	return v.Show(http.StatusGone, web.Page{Title: title, Class: web.Narrow, Private: true},
		web.Message(v, title, v.T("portal.setup.dead_text"), web.Link{Text: v.T("page.home"), Path: "/"}))
}

// setupAgain leads whoever followed the link in the mail back to the link they
// began with.
func (s *Service) setupAgain(v *web.Visit) error {
	if token := v.CookieValue(setupCookie); token != "" {
		return v.Redirect("/setup/" + token)
	}
	title := v.T("portal.setup.again")
	return v.Show(http.StatusOK, web.Page{Title: title, Class: web.Narrow, Private: true}, web.Message(v, title, v.T("portal.setup.again_text"), web.Link{}))
}

func fillSite(v *web.Visit, f web.Form, core fact.SiteCore) {
	wording.Fill(v, f, "name", core.Name)
	wording.Fill(v, f, "about", core.About)
	f.Values.Set("contact", core.Contact)
}

func readSite(v *web.Visit, f web.Form) fact.SiteCore {
	return fact.SiteCore{Name: wording.Read(v, f, "name"), About: wording.Read(v, f, "about"), Contact: f.Get("contact")}
}

func (s *Service) postSetup(v *web.Visit) error {
	if err := v.Limit(setupRate); err != nil {
		return err
	}
	f, err := v.Form()
	if err != nil {
		return err
	}
	p, _, err := s.start(v)
	if isMissing(err) {
		return deadLink(v)
	}
	if err != nil {
		return err
	}
	err = s.begin(v, p, f)
	var ok bool
	if p.form, ok = f.With(err); ok {
		return v.Show(http.StatusUnprocessableEntity, p.page(v), setupPage(v, p))
	}
	if err != nil {
		return err
	}
	return v.Redirect(p.path(""))
}

// begin keeps what was typed and, unless somebody is signed in, mails a code
// to the address of the future steward.
func (s *Service) begin(v *web.Visit, p start, f web.Form) error {
	core := readSite(v, f)
	if v.Who == "" {
		wrong := checkSite(core)
		if _, err := mail.ParseAddress(f.Get("email")); err != nil {
			wrong["email"] = "form.email"
		}
		if err := wrong.Err(); err != nil {
			return err
		}
	}
	if err := s.prepare(v.Context(), p.token, core); err != nil || v.Who != "" {
		return err
	}
	ticket, err := s.Accounts.AskSignIn(v.Context(), f.Get("email"), v.Say.Tag(), "/setup")
	if err == nil {
		v.SetCookie(setupCookie, p.token, setupLife)
		v.SetCookie(account.TicketCookie, ticket, setupLife)
	}
	return err
}

func (s *Service) postSetupCode(v *web.Visit) error {
	if err := v.Limit(setupRate); err != nil {
		return err
	}
	f, err := v.Form()
	if err != nil {
		return err
	}
	p, _, err := s.start(v)
	if isMissing(err) {
		return deadLink(v)
	}
	if err != nil {
		return err
	}
	person, _, err := s.Accounts.SignIn(v.Context(), account.Proof{Ticket: v.CookieValue(account.TicketCookie), Code: f.Get("code")})
	var ok bool
	if p.form, ok = f.With(err); ok {
		return v.Show(http.StatusUnprocessableEntity, p.page(v), setupCodePage(v, p))
	}
	if err != nil {
		return err
	}
	if err := v.StartSession(v.Context(), person.ID); err != nil {
		return err
	}
	return s.finish(v, person.ID)
}

func (s *Service) postSetupOpen(v *web.Visit) error {
	if v.Who == "" {
		return chorus.ErrForbidden
	}
	return s.finish(v, v.Who)
}

func (s *Service) finish(v *web.Visit, by chorus.ID) error {
	err := s.open(context.WithoutCancel(v.Context()), by, v.PathValue("token"))
	if errors.Is(err, chorus.ErrClosed) {
		return deadLink(v)
	}
	if err != nil {
		return err
	}
	v.SetCookie(account.TicketCookie, "", -time.Second)
	v.SetCookie(setupCookie, "", -time.Second)
	return v.Redirect("/steward")
}
