// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
)

const invitationLife = 14 * 24 * time.Hour

// Invite mails somebody a link by which they become a member. The link works
// only for who signs in with that address.
func (s *Service) Invite(ctx context.Context, by, id chorus.ID, email string, r Role) error {
	wrong := chorus.Invalid{}
	email, err := mail.ParseAddress(email)
	if err != nil {
		wrong["email"] = "form.email"
	}
	if !r.valid() {
		wrong["role"] = "form.choose"
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	token := rand.Text()
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := decidesFor(ctx, tx, by, id); err != nil {
			return err
		}
		o, err := ByID(ctx, tx, id)
		if err != nil {
			return err
		}
		topic := "organisation invites " + string(id)
		allowed, err := s.Mail.Allow(ctx, tx, email, topic)
		if err != nil {
			return err
		}
		put := addInvitation
		if allowed { // only a mail that goes out may replace the link of the last one
			put = putInvitation
		}
		if _, err := db.Exec(ctx, tx, put, chorus.NewID(), id, s.Accounts.AddressHash(email), s.Vault.Seal(sealFor, []byte(email)),
			string(r), hashOf(token), tx.Now.Add(invitationLife)); err != nil || !allowed {
			return err
		}
		say := s.sayTo(ctx, tx, by)
		return s.Mail.Queue(ctx, tx, mail.Message{To: email, Topic: topic, Lang: string(say.Tag()), Auto: true,
			Subject: say.T("organisation.mail.invite_subject", "name", o.Name),
			Text:    say.T("organisation.mail.invite_text", "name", o.Name, "link", s.address(say, "/invitations/"+token)),
		})
	})
}

const sealFor = "organisation invitation"

// sayTo speaks the language of who invites, for that of the invited is not known.
func (s *Service) sayTo(ctx context.Context, tx *db.Tx, person chorus.ID) *lang.Speaker {
	p, err := account.ByID(ctx, tx, person)
	if err != nil {
		return s.Catalogue.Speak("en")
	}
	return s.Catalogue.Speak(p.Lang)
}

// address is the address of a page in the language of say.
func (s *Service) address(say *lang.Speaker, path string) string {
	return s.BaseURL + "/" + string(say.Tag()) + path
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// An invitation waits to be taken up.
type invitation struct {
	ID           chorus.ID
	Organisation chorus.ID
	Role         Role
	Email        string

	address, sealed []byte
}

func scanInvitation(r db.Row) (i invitation, err error) {
	return i, r.Scan(&i.ID, &i.Organisation, &i.address, &i.sealed, &i.Role)
}

// invitationFor is the invitation of a link, and whether it is for this person.
func (s *Service) invitationFor(ctx context.Context, tx *db.Tx, by chorus.ID, token string) (i invitation, mine bool, err error) {
	i, err = db.One(ctx, tx, invitationByToken, scanInvitation, hashOf(token), tx.Now)
	if err != nil {
		return i, false, err
	}
	mine, err = account.HasAddress(ctx, tx, by, i.address)
	return i, mine, err
}

// Accept makes the invited person a member; chorus.ErrForbidden for somebody
// else, and chorus.ErrNotFound for a link that was used or is too old.
func (s *Service) Accept(ctx context.Context, by chorus.ID, token string) (id chorus.ID, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		i, mine, err := s.invitationFor(ctx, tx, by, token)
		if err == nil && !mine {
			err = chorus.ErrForbidden
		}
		if err != nil {
			return err
		}
		id = i.Organisation
		used, err := db.Exec(ctx, tx, dropInvitation, i.ID, i.Organisation)
		if err != nil || used == 0 {
			return orElse(err, chorus.ErrNotFound)
		}
		return admit(ctx, tx, id, by, i.Role)
	})
	return id, err
}

// Uninvite takes an invitation back.
func (s *Service) Uninvite(ctx context.Context, by, id, invitation chorus.ID) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := decidesFor(ctx, tx, by, id); err != nil {
			return err
		}
		n, err := db.Exec(ctx, tx, dropInvitation, invitation, id)
		if err == nil && n == 0 {
			err = chorus.ErrNotFound
		}
		return err
	})
}

// invitations lists who was invited, with the address opened.
func (s *Service) invitations(ctx context.Context, tx *db.Tx, id chorus.ID) ([]invitation, error) {
	all, err := db.All(ctx, tx, invitationsOf, scanInvitation, id, tx.Now)
	if err != nil {
		return nil, err
	}
	for n, i := range all {
		plain, err := s.Vault.Open(sealFor, i.sealed)
		if err != nil {
			return nil, err
		}
		all[n].Email = string(plain)
	}
	return all, nil
}

// DropStale forgets invitations and codes that nobody used in time.
func (s *Service) DropStale(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, expireInvitations, tx.Now); err != nil {
			return err
		}
		_, err := db.Exec(ctx, tx, expireDomainCodes, tx.Now)
		return err
	})
}

var (
	addInvitation = db.SQL(`INSERT INTO private_invitation (id, organisation, address, sealed, role, token, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (organisation, address) DO NOTHING`)
	putInvitation = db.SQL(`INSERT INTO private_invitation (id, organisation, address, sealed, role, token, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (organisation, address) DO UPDATE SET sealed = excluded.sealed, role = excluded.role, token = excluded.token, expires = excluded.expires`)
	invitationByToken = db.SQL(`SELECT id, organisation, address, sealed, role FROM private_invitation WHERE token = $1 AND expires > $2`)
	invitationsOf     = db.SQL(`SELECT id, organisation, address, sealed, role FROM private_invitation WHERE organisation = $1 AND expires > $2 ORDER BY expires, id LIMIT 500`)
	dropInvitation    = db.SQL(`DELETE FROM private_invitation WHERE id = $1 AND organisation = $2`)
	expireInvitations = db.SQL(`DELETE FROM private_invitation WHERE expires <= $1`)
)
