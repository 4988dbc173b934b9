// SPDX-License-Identifier: AGPL-3.0-or-later

package account

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

// Routes adds the pages of signing in and of one's own account.
func (s *Service) Routes(site *web.Site) {
	site.Handle("GET /sign-in", s.showAsk)
	site.Handle("POST /sign-in", s.ask)
	site.Handle("GET /sign-in/code", s.showCode)
	site.Handle("POST /sign-in/code", s.signInByCode)
	site.Handle("GET /sign-in/{token}", s.showLink)
	site.Handle("POST /sign-in/{token}", s.signInByLink)
	site.Handle("POST /sign-out", s.signOut)
	site.Handle("GET /account", mine(s.showAccount))
	site.Handle("POST /account", mine(s.describe))
	site.Handle("POST /account/sessions/others/end", mine(s.endOthers))
	site.Handle("POST /account/sessions/{id}/end", mine(s.endSession))
	site.Handle("GET /account/data", mine(s.showHeld))
	site.Handle("GET /account/data.json", mine(s.downloadHeld))
	site.Handle("GET /account/close", mine(s.showClose))
	site.Handle("POST /account/close", mine(s.closeAccount))
	site.Handle("GET /no-mail/{code}", s.showNoMail)
	site.Handle("POST /no-mail/{code}", s.noMail)
}

// mine lets only people in who are signed in.
func mine(h web.Handler) web.Handler {
	return func(v *web.Visit) error {
		if v.Who == "" {
			return chorus.ErrForbidden
		}
		return h(v)
	}
}

// TicketCookie keeps in the browser the ticket of a sign-in that was begun there.
const TicketCookie = "chorus-ticket"

var (
	askRate  = web.Rate{Deed: "sign-in", PerHour: 30, Burst: 15}
	codeRate = web.Rate{Deed: "sign-in code", PerHour: 60, Burst: 30}
)

func (s *Service) showAsk(v *web.Visit) error {
	to := web.LocalPath(v.URL.Query().Get("to"))
	if v.Who != "" {
		return v.Redirect(to)
	}
	return showAsk(v, http.StatusOK, web.Form{}, to)
}

func showAsk(v *web.Visit, status int, f web.Form, to string) error {
	return v.Show(status, web.Page{Title: v.T("account.ask.title"), Class: web.Narrow, Private: true}, askPage(v, f, to))
}

func (s *Service) ask(v *web.Visit) error {
	if err := v.Limit(askRate); err != nil {
		return err
	}
	f, err := v.Form()
	if err != nil {
		return err
	}
	to := web.LocalPath(f.Get("to"))
	ticket, err := s.AskSignIn(v.Context(), f.Get("email"), v.Say.Tag(), to)
	if f, faulty := f.With(err); faulty {
		return showAsk(v, http.StatusUnprocessableEntity, f, to)
	}
	if err != nil {
		return err
	}
	v.SetCookie(TicketCookie, ticket, ticketLife)
	return v.Redirect("/sign-in/code")
}

func (s *Service) showCode(v *web.Visit) error { return showCode(v, http.StatusOK, web.Form{}) }

func showCode(v *web.Visit, status int, f web.Form) error {
	return v.Show(status, web.Page{Title: v.T("account.code.title"), Class: web.Narrow, Private: true}, codePage(v, f))
}

func (s *Service) signInByCode(v *web.Visit) error {
	return s.signIn(v, "", func(f web.Form) error { return showCode(v, http.StatusUnprocessableEntity, f) })
}

func (s *Service) showLink(v *web.Visit) error {
	return s.linkAgain(v, http.StatusOK, web.Form{})
}

// linkAgain shows the page of a mailed link, which asks for the code unless
// the sign-in began in this browser.
func (s *Service) linkAgain(v *web.Visit, status int, f web.Form) error {
	token := v.PathValue("token")
	needed, err := s.needsCode(v.Context(), Proof{Ticket: v.CookieValue(TicketCookie), Link: token})
	if errors.Is(err, chorus.ErrNotFound) {
		return showStale(v)
	}
	if err != nil {
		return err
	}
	return v.Show(status, web.Page{Title: v.T("account.link.title"), Class: web.Narrow, Private: true}, linkPage(v, f, token, needed))
}

func showStale(v *web.Visit) error {
	title := v.T("account.stale.title")
	return v.Show(http.StatusNotFound, web.Page{Title: title, Class: web.Narrow, Private: true},
		web.Message(v, title, v.T("account.stale.text"), web.Link{Text: v.T("account.stale.again"), Path: "/sign-in"}))
}

func (s *Service) signInByLink(v *web.Visit) error {
	return s.signIn(v, v.PathValue("token"), func(f web.Form) error { return s.linkAgain(v, http.StatusUnprocessableEntity, f) })
}

func (s *Service) signIn(v *web.Visit, link string, again func(web.Form) error) error {
	if err := v.Limit(codeRate); err != nil {
		return err
	}
	f, err := v.Form()
	if err != nil {
		return err
	}
	p, to, err := s.SignIn(v.Context(), Proof{Ticket: v.CookieValue(TicketCookie), Link: link, Code: f.Get("code")})
	if f, faulty := f.With(err); faulty {
		return again(f)
	}
	if errors.Is(err, chorus.ErrNotFound) {
		return showStale(v)
	}
	if err != nil {
		return err
	}
	if err := v.StartSession(v.Context(), p.ID); err != nil {
		return err
	}
	v.SetCookie(TicketCookie, "", -time.Second)
	return v.Redirect(to)
}

func (s *Service) signOut(v *web.Visit) error {
	if err := v.EndSession(v.Context()); err != nil {
		return err
	}
	return v.Redirect("/")
}

// An accountView is what the page of one's account shows.
type accountView struct {
	Person   Person
	Email    string
	Sessions []web.Session
	This     chorus.ID // the session of this browser
	Saved    bool
}

func (s *Service) showAccount(v *web.Visit) error {
	return s.accountAgain(v, http.StatusOK, web.Form{})
}

func (s *Service) accountAgain(v *web.Visit, status int, f web.Form) (err error) {
	view := accountView{Saved: v.URL.Query().Has("saved")}
	if view.Sessions, view.This, err = v.Sessions(v.Context()); err != nil {
		return err
	}
	err = s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		if view.Person, err = ByID(v.Context(), tx, v.Who); err != nil {
			return err
		}
		view.Email, err = s.EmailOf(v.Context(), tx, v.Who)
		return err
	})
	if err != nil {
		return err
	}
	if f.Values == nil {
		f.Values = map[string][]string{"name": {view.Person.Name}, "lang": {string(view.Person.Lang)}}
	}
	return v.Show(status, web.Page{Title: v.T("account.own.title"), Class: web.Narrow, Private: true}, accountPage(v, f, view))
}

func (s *Service) describe(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	err = s.Describe(v.Context(), v.Who, Profile{Name: f.Get("name"), Lang: f.Get("lang")})
	if f, faulty := f.With(err); faulty {
		return s.accountAgain(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	if chosen := f.Get("lang"); chosen != string(v.Say.Tag()) {
		http.Redirect(v.Reply, v.Request, "/"+chosen+"/account?saved", http.StatusSeeOther)
		return nil
	}
	return v.Redirect("/account?saved")
}

func (s *Service) endSession(v *web.Visit) error {
	if err := v.RevokeSession(v.Context(), chorus.ID(v.PathValue("id"))); err != nil {
		return err
	}
	return v.Redirect("/account")
}

func (s *Service) endOthers(v *web.Visit) error {
	if err := v.RevokeOthers(v.Context()); err != nil {
		return err
	}
	return v.Redirect("/account")
}

// held is Held with the sessions, which package web keeps.
func (s *Service) held(v *web.Visit) ([]Holding, error) {
	all, err := s.Held(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	sessions, _, err := v.Sessions(v.Context())
	for _, session := range sessions {
		all = append(all, Holding{"account.held.session", session.Device + "; " +
			session.Begun.Format(time.DateOnly) + "; " + session.Seen.Format(time.DateOnly)})
	}
	return all, err
}

func (s *Service) showHeld(v *web.Visit) error {
	all, err := s.held(v)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("account.data.title"), Class: web.Narrow, Private: true}, heldPage(v, all))
}

func (s *Service) downloadHeld(v *web.Visit) error {
	all, err := s.held(v)
	if err != nil {
		return err
	}
	type line struct {
		What  string `json:"what"`
		Value string `json:"value"`
	}
	lines := []line{}
	for _, h := range all {
		lines = append(lines, line{v.T(h.What), h.Value})
	}
	b, err := json.MarshalIndent(lines, "", "\t")
	if err != nil {
		return err
	}
	return v.Download("chorus-account.json", "application/json", b)
}

func (s *Service) showClose(v *web.Visit) error { return showClose(v, http.StatusOK, web.Form{}) }

func showClose(v *web.Visit, status int, f web.Form) error {
	return v.Show(status, web.Page{Title: v.T("account.close.title"), Class: web.Narrow, Private: true}, closePage(v, f))
}

func (s *Service) closeAccount(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	if !f.Has("close", "yes") {
		f.Wrong = chorus.Invalid{"close": "form.accept"}
		return showClose(v, http.StatusUnprocessableEntity, f)
	}
	err = s.Close(v.Context(), v.Who)
	if f, faulty := f.With(err); faulty {
		return showClose(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	if err := v.RevokeOthers(v.Context()); err != nil {
		return err
	}
	if err := v.EndSession(v.Context()); err != nil {
		return err
	}
	v.Who = ""
	title := v.T("account.closed.title")
	return v.Show(http.StatusOK, web.Page{Title: title, Class: web.Narrow, Private: true},
		web.Message(v, title, v.T("account.closed.text"), web.Link{Text: v.T("page.home"), Path: "/"}))
}
