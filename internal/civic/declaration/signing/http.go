// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/receipt"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/internal/platform/web"
)

// Routes are all the addresses of this capability.
func (s *Service) Routes(site *web.Site) {
	site.HandlePublic("GET /declarations/{slug}/sign", s.showSign)
	if s.Relay.Box == nil {
		site.Handle("POST /declarations/{slug}/sign", s.sign)
	} else {
		site.HandleAlways("POST /declarations/{slug}/sign", s.pass)
	}
	site.Handle("GET /declarations/{slug}/signing", s.showSigning)
	site.Handle("POST /declarations/{slug}/signing", s.confirmHere)
	site.Handle("GET /declarations/{slug}/sign-organisation", s.showSignFor)
	site.Handle("POST /declarations/{slug}/sign-organisation", s.signFor)
	site.Handle("POST /declarations/{slug}/revoke", s.revoke)

	site.Handle("POST "+relay.Path, s.receive)
	site.HandleAlways("GET "+relay.Path+"/q/{request}", s.request)

	site.Handle("GET /mine/{key}", s.mine) // changes nothing: mail scanners follow links
	site.Handle("POST /mine/{key}/confirm", s.byCode(s.confirmByLink))
	site.Handle("POST /mine/{key}/unlock", s.byCode(s.unlock))
	site.Handle("GET /mine/{key}/withdraw", s.askFirst("withdraw"))
	site.Handle("GET /mine/{key}/erase", s.askFirst("erase"))
	site.Handle("POST /mine/{key}/withdraw", s.ownDeed(s.Withdraw))
	site.Handle("POST /mine/{key}/hide", s.ownDeed(s.Hide))
	site.Handle("POST /mine/{key}/show", s.ownDeed(s.ShowName))
	site.Handle("POST /mine/{key}/erase", s.ownDeed(s.Erase))
	site.Handle("GET /mine/{key}/data.json", s.forOwner(s.data))
	site.Handle("GET /mine/{key}/receipt.tlog-proof", s.forOwner(s.ownReceipt))
	site.Handle("GET /mine/{key}/receipt", s.forOwner(s.printReceipt))
	site.Handle("GET /mine/{key}/decline", s.askFirst("decline"))
	site.Handle("POST /mine/{key}/decline", s.ownDeed(s.Decline))
}

func (s *Service) showSign(v *web.Visit) error {
	return s.signWith(v, http.StatusOK, web.Form{})
}

func (s *Service) signWith(v *web.Visit, status int, f web.Form) error {
	d, err := s.Declarations.BySlug(v.Context(), v.PathValue("slug"))
	if err != nil {
		return err
	}
	if err := d.CanSign(fact.People, s.DB.Now()); err != nil {
		return err
	}
	return v.Show(status, web.Page{Title: v.T("declaration.sign.title"), Class: web.Narrow}, signPage(v, d, f))
}

const signingCookie = "chorus-signing"

var signRate = web.Rate{Deed: "sign", PerHour: 120, Burst: 60} // a school or an office shares one network

func (s *Service) sign(v *web.Visit) error {
	f, err := v.FormWithin(signRate)
	if err != nil {
		return err
	}
	slug := v.PathValue("slug")
	if f.Get("nickname") != "" { // people do not see this field: a program filled it in
		return v.Redirect("/declarations/" + slug + "/signing")
	}
	kept, err := s.Sign(v.Context(), slug, details(v, f))
	if f, ok := f.With(err); ok {
		return s.signWith(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	v.SetCookie(signingCookie, kept.String(), confirmWithin)
	return v.Redirect("/declarations/" + slug + "/signing")
}

func details(v *web.Visit, f web.Form) Details {
	return Details{Name: f.Get("name"), Email: f.Get("email"), Country: f.Get("country"), Town: f.Get("town"), Comment: f.Get("comment"),
		Lang: string(v.Say.Tag()), Hidden: f.Has("hidden", "yes")}
}

func (s *Service) showSigning(v *web.Visit) error {
	return s.signingWith(v, http.StatusOK, web.Form{})
}

func (s *Service) signingWith(v *web.Visit, status int, f web.Form) error {
	d, err := s.Declarations.BySlug(v.Context(), v.PathValue("slug"))
	if err != nil {
		return err
	}
	return v.Show(status, web.Page{Title: v.T("declaration.signing.title"), Class: web.Narrow, Private: true}, signing(v, d, f))
}

var codeRate = web.Rate{Deed: "code", PerHour: 240, Burst: 120}

func (s *Service) confirmHere(v *web.Visit) error {
	f, err := v.FormWithin(codeRate)
	if err != nil {
		return err
	}
	key, err := s.ConfirmHere(v.Context(), ParseCookie(v.CookieValue(signingCookie)), f.Get("code"))
	if isMissing(err) { // the form is too old, or was sent from another browser
		err = chorus.Invalid{"code": "form.code"}
	}
	if f, ok := f.With(err); ok {
		return s.signingWith(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	s.remember(v, key)
	return v.Redirect("/mine/" + key)
}

const (
	mineCookie = "chorus-mine"
	unlocked   = 24 * time.Hour
)

// remember lets this browser change the signature behind a key for a day.
func (s *Service) remember(v *web.Visit, key string) {
	v.SetCookie(mineCookie, s.Vault.Token("signer browser", key), unlocked)
}

func (s *Service) isUnlocked(v *web.Visit, key string) bool {
	return s.Vault.CheckToken(v.CookieValue(mineCookie), "signer browser", key)
}

func (s *Service) mine(v *web.Visit) error {
	return s.mineWith(v, http.StatusOK, web.Form{})
}

func (s *Service) mineWith(v *web.Visit, status int, f web.Form) error {
	m, err := s.ByKey(v.Context(), v.PathValue("key"))
	if err != nil {
		return err
	}
	if m.State == asked || m.State == withdrawn && m.Details.Email != "" && m.Signature == nil {
		if f.Values == nil {
			f.Values = m.Details.values()
		}
		p := confirmPage{Mine: m, NeedsCode: !s.isOwnForm(v, m.Key), Form: f}
		return v.Show(status, web.Page{Title: v.T("declaration.confirm.title"), Class: web.Narrow, Private: true}, confirm(v, p))
	}
	p := minePage{Mine: m, Unlocked: s.isUnlocked(v, m.Key), Form: f}
	if err := s.attest(v.Context(), &p); err != nil {
		return err
	}
	return v.Show(status, web.Page{Title: v.T("declaration.mine.title"), Class: web.Narrow, Private: true}, mine(v, p))
}

// byCode is a deed by the form that asks for the code from the mail. Where it
// succeeds, this browser is let in.
func (s *Service) byCode(deed func(v *web.Visit, key string, f web.Form) error) web.Handler {
	return func(v *web.Visit) error {
		f, err := v.FormWithin(codeRate)
		if err != nil {
			return err
		}
		key := v.PathValue("key")
		err = deed(v, key, f)
		if f, ok := f.With(err); ok {
			return s.mineWith(v, http.StatusUnprocessableEntity, f)
		}
		if err != nil {
			return err
		}
		s.remember(v, key)
		return v.Redirect("/mine/" + key)
	}
}

func (s *Service) confirmByLink(v *web.Visit, key string, f web.Form) error {
	return s.ConfirmByLink(v.Context(), key, ParseCookie(v.CookieValue(signingCookie)), f.Get("code"), details(v, f))
}

func (s *Service) unlock(v *web.Visit, key string, f web.Form) error {
	return s.Unlock(v.Context(), key, f.Get("code"))
}

// forOwner leads a browser that the code has not let in to where it is typed.
func (s *Service) forOwner(show func(v *web.Visit, key string) error) web.Handler {
	return func(v *web.Visit) error {
		key := v.PathValue("key")
		if !s.isUnlocked(v, key) {
			return v.Redirect("/mine/" + key)
		}
		return show(v, key)
	}
}

// askFirst is a page that says what a deed does, with the button that does it.
func (s *Service) askFirst(deed string) web.Handler {
	return s.forOwner(func(v *web.Visit, key string) error {
		m, err := s.ByKey(v.Context(), key)
		if err != nil {
			return err
		}
		return v.Show(http.StatusOK, web.Page{Title: v.T("declaration." + deed + ".title"), Class: web.Narrow, Private: true}, askFirst(v, m, deed))
	})
}

func (s *Service) ownDeed(deed func(ctx context.Context, key string) error) web.Handler {
	return s.forOwner(func(v *web.Visit, key string) error {
		if err := deed(v.Context(), key); err != nil {
			return err
		}
		return v.Redirect("/mine/" + key)
	})
}

// data is everything that is held about a signer, for them to keep.
func (s *Service) data(v *web.Visit, key string) error {
	m, err := s.ByKey(v.Context(), key)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(m.held(), "", "\t")
	if err != nil {
		return err
	}
	return v.Download("signature.json", "application/json", b)
}

// ownReceipt is the receipt of a signature for its signer alone: it opens what
// the public does not see.
func (s *Service) ownReceipt(v *web.Visit, key string) error {
	r, err := s.ReceiptOf(v.Context(), key)
	if err != nil {
		return err
	}
	return v.Download(receipt.FileName(r.Index), "text/plain; charset=utf-8", r.Proof)
}

func (s *Service) printReceipt(v *web.Visit, key string) error {
	r, err := s.ReceiptOf(v.Context(), key)
	if err != nil {
		return err
	}
	return s.Receipts.ShowOwn(v, r, "/mine/"+key, "/mine/"+key+"/receipt.tlog-proof")
}

func (s *Service) showSignFor(v *web.Visit) error {
	return s.signForWith(v, http.StatusOK, web.Form{})
}

func (s *Service) signForWith(v *web.Visit, status int, f web.Form) error {
	if v.Who == "" {
		return chorus.ErrForbidden // leads to the sign-in page and back
	}
	p, err := s.signForPage(v.Context(), v.Who, v.PathValue("slug"))
	if err != nil {
		return err
	}
	p.Form = f
	return v.Show(status, web.Page{Title: v.T("declaration.sign_for.title"), Class: web.Narrow, Private: true}, signFor(v, p))
}

func (s *Service) signFor(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	slug := v.PathValue("slug")
	err = s.SignFor(v.Context(), v.Who, slug, Mandate{Organisation: chorus.ID(f.Get("organisation")), Role: f.Get("role"), Statement: f.Get("mandate")})
	if f, ok := f.With(err); ok {
		return s.signForWith(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/declarations/" + slug + "/sign-organisation")
}

func (s *Service) revoke(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	slug := v.PathValue("slug")
	if err := s.Revoke(v.Context(), v.Who, slug, chorus.ID(f.Get("organisation"))); err != nil {
		return err
	}
	return v.Redirect("/declarations/" + slug + "/sign-organisation")
}

// Whoever hands on a request hears of a burden and comes later.
var (
	intakeRate = web.Rate{Deed: "intake", PerHour: 10_000, Burst: 2_000}     // from one network
	intakeAll  = web.Rate{Deed: "intake-all", PerHour: 20_000, Burst: 5_000} // from all
	passAll    = web.Rate{Deed: "pass-all", PerHour: 20_000, Burst: 5_000}
)

// receive is where others hand on what they took for this instance. It says
// nothing but that it was understood.
func (s *Service) receive(v *web.Visit) error {
	if err := v.Limit(intakeRate); err != nil {
		return err
	}
	if err := v.LimitAll(intakeAll); err != nil {
		return err
	}
	envelope, err := relay.Receive(v)
	if err == nil {
		err = s.Receive(v.Context(), envelope)
	}
	switch {
	case errors.Is(err, relay.ErrEnvelope):
		v.Reply.WriteHeader(http.StatusUnprocessableEntity)
	case err != nil:
		return err
	default:
		v.Reply.WriteHeader(http.StatusAccepted)
	}
	return nil
}

// pass is what the form does on a mirror.
func (s *Service) pass(v *web.Visit) error {
	f, err := v.FormWithin(signRate)
	if err != nil {
		return err
	}
	if f.Get("nickname") != "" { // people do not see this field: a program filled it in
		var nobody fact.Hash
		rand.Read(nobody[:])
		return v.Redirect(requestPath(nobody))
	}
	if err := v.LimitAll(passAll); err != nil {
		return err
	}
	hash, err := s.Pass(v.Context(), v.PathValue("slug"), details(v, f))
	if f, ok := f.With(err); ok {
		return s.signWith(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return v.Redirect(requestPath(hash))
}

func requestPath(hash fact.Hash) string { return relay.Path + "/q/" + hash.String() }

// request tells what became of a request: at a mirror it is also the slip that
// the person keeps.
func (s *Service) request(v *web.Visit) error {
	p, err := s.requestPage(v.Context(), v.PathValue("request"))
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("declaration.request." + p.state() + ".title"), Class: web.Narrow, Private: true}, showRequest(v, p))
}
