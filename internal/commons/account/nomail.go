// SPDX-License-Identifier: AGPL-3.0-or-later

package account

import (
	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

// showNoMail changes nothing: mail scanners follow links.
func (s *Service) showNoMail(v *web.Visit) error { return s.noMailWith(v, 200, web.Form{}) }

func (s *Service) noMailWith(v *web.Visit, status int, f web.Form) error {
	code := v.PathValue("code")
	if _, err := s.Mail.AddressByCode(code); err != nil {
		return chorus.ErrNotFound
	}
	return v.Show(status, web.Page{Title: v.T("account.no_mail.title"), Class: web.Narrow, Private: true}, noMail(v, code, f))
}

// noMail blocks the address. A mail program's own button posts here too, with
// the words of RFC 8058.
func (s *Service) noMail(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	if !f.Has("sure", "yes") && f.Get("List-Unsubscribe") != "One-Click" {
		f.Wrong = chorus.Invalid{"sure": "form.accept"}
		return s.noMailWith(v, 422, f)
	}
	address, err := s.Mail.AddressByCode(v.PathValue("code"))
	if err != nil {
		return chorus.ErrNotFound
	}
	err = s.DB.Write(v.Context(), func(tx *db.Tx) error { return s.Mail.Block(v.Context(), tx, address) })
	if err != nil {
		return err
	}
	done := web.Message(v, v.T("account.no_mail.done_title"), v.T("account.no_mail.done"), web.Link{})
	return v.Show(200, web.Page{Title: v.T("account.no_mail.done_title"), Class: web.Narrow, Private: true}, done)
}
