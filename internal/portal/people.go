// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"context"
	"errors"

	"example.org/chorus"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
)

// addSteward lets whoever has this address look after the instance too, and
// tells them by mail.
func (s *Service) addSteward(ctx context.Context, by chorus.ID, email string, l lang.Tag) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.RequireSteward(ctx, tx, by); err != nil {
			return err
		}
		if _, err := mail.ParseAddress(email); err != nil {
			return chorus.Invalid{"email": "form.email"}
		}
		p, err := s.Accounts.Ensure(ctx, tx, email, l)
		if err != nil || p.Steward {
			return err
		}
		if err := s.Accounts.MakeSteward(ctx, tx, p.ID); err != nil {
			return err
		}
		say := s.Accounts.Catalogue.Speak(p.Lang)
		return s.Accounts.Mail.Queue(ctx, tx, mail.Message{
			To: email, Topic: "steward", Lang: string(say.Tag()), Auto: true,
			Subject: say.T("portal.mail.subject"),
			Text:    say.T("portal.mail.text", "page", s.Settings.BaseURL+"/"+string(say.Tag())+"/steward"),
		})
	})
}

// dropFromStewards ends it. The last steward stays: an instance is never left
// with nobody to look after it.
func (s *Service) dropFromStewards(ctx context.Context, by, id chorus.ID) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.RequireSteward(ctx, tx, by); err != nil {
			return err
		}
		err := account.EndSteward(ctx, tx, id)
		if errors.Is(err, account.ErrLastSteward) {
			err = chorus.Invalid{"email": "portal.people.last"}
		}
		return err
	})
}
