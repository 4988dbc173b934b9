// SPDX-License-Identifier: AGPL-3.0-or-later

package account

import (
	"context"
	"errors"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/web"
)

// A Profile is what a person says of themselves.
type Profile struct {
	Name string // may be ""
	Lang string // a shipped language
}

const maxName = 120 // characters

func (s *Service) checkProfile(p Profile) chorus.Invalid {
	wrong := chorus.Invalid{}
	if fault := web.CheckName(p.Name, web.Line{Max: maxName, Optional: true}); fault != "" {
		wrong["name"] = fault
	}
	if s.Catalogue.Speak(lang.Tag(p.Lang)).Tag() != lang.Tag(p.Lang) {
		wrong["lang"] = "form.choose"
	}
	return wrong
}

// Describe changes what a person says of themselves.
func (s *Service) Describe(ctx context.Context, by chorus.ID, p Profile) error {
	if err := s.checkProfile(p).Err(); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, describePerson, by, p.Name, p.Lang)
		if err == nil && n == 0 {
			err = chorus.ErrNotFound
		}
		return err
	})
}

// Held tells all that is kept about a person, but for where they are signed
// in, which package web keeps.
func (s *Service) Held(ctx context.Context, by chorus.ID) (all []Holding, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p, err := ByID(ctx, tx, by)
		if err != nil {
			return err
		}
		email, err := s.EmailOf(ctx, tx, by)
		if err != nil {
			return err
		}
		say := s.Catalogue.Speak(p.Lang)
		all = []Holding{
			{"account.held.name", p.Name}, {"account.held.email", email}, {"account.held.lang", say.Autonym()},
			{"account.held.joined", p.Joined.Format("2006-01-02")}, {"account.held.number", string(p.ID)},
		}
		if p.Steward {
			all = append(all, Holding{"account.held.role", string(Steward)})
		}
		for _, h := range s.Holders {
			more, err := h.Held(ctx, tx, by)
			if err != nil {
				return err
			}
			all = append(all, more...)
		}
		return nil
	})
	return all, err
}

// Close erases a person: the account and all that Holders keep. Sessions are
// ended by the caller.
func (s *Service) Close(ctx context.Context, by chorus.ID) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := ByID(ctx, tx, by)
		if err != nil {
			return err
		}
		if err := mayLeave(ctx, tx, p); errors.Is(err, ErrLastSteward) {
			return chorus.Invalid{"close": "account.close.last_steward"}
		} else if err != nil {
			return err
		}
		for _, h := range s.Holders {
			if err := h.Forget(ctx, tx, by); err != nil {
				return err
			}
		}
		_, err = db.Exec(ctx, tx, deletePerson, by)
		return err
	})
}
