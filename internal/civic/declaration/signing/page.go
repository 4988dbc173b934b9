// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"net/url"

	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// confirmPage is the data of confirm; minePage that of mine.
type confirmPage struct {
	*Mine
	NeedsCode bool
	Form      web.Form
}

type minePage struct {
	*Mine
	Unlocked bool
	Receipt  *recorder.Receipt // nil while locked, before a checkpoint covers it, and for whom declined
	Form     web.Form
}

// isOwnForm reports whether this browser sent the form that the key belongs to.
func (s *Service) isOwnForm(v *web.Visit, key string) (is bool) {
	kept := ParseCookie(v.CookieValue(signingCookie))
	if kept.ID == "" {
		return false
	}
	id, err := s.idOf(key)
	if err != nil {
		return false
	}
	err = s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		is, err = sentFrom(v.Context(), tx, id, kept)
		return err
	})
	return is && err == nil
}

// values is the details as the fields of a form.
func (d Details) values() url.Values {
	v := url.Values{"name": {d.Name}, "country": {d.Country}, "town": {d.Town}, "comment": {d.Comment}}
	if d.Hidden {
		v.Set("hidden", "yes")
	}
	return v
}

// held is all that the instance holds about a signer, in words of its own.
func (m *Mine) held() map[string]any {
	h := map[string]any{"declaration": m.Declaration.Title.Text, "state": m.State, "private": m.Details, "comment": m.Commented}
	if m.Signature != nil {
		public := map[string]any{"day": m.Signature.Day, "name": m.Signature.Name,
			"town": m.Signature.Town, "country": m.Signature.Country, "comment": m.Signature.Comment, "counts": m.Signature.Counts}
		if !m.Declined {
			public["entry"], public["number"] = m.Signature.Entry, m.Signature.Number
		}
		h["public"] = public
	}
	return h
}
