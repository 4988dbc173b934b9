// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// VerifyBySteward says in public that a steward made sure of an organisation.
func (s *Service) VerifyBySteward(ctx context.Context, by, id chorus.ID) error {
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		if err := account.RequireSteward(ctx, d.Tx, by); err != nil {
			return err
		}
		return verify(ctx, d, id, fact.VerificationCore{How: fact.BySteward})
	})
}

func verify(ctx context.Context, d *recorder.Deed, id chorus.ID, how fact.VerificationCore) error {
	o, err := ByID(ctx, d.Tx, id)
	if err != nil || o.Verified && o.How == how.How && o.Domain == how.Domain {
		return err
	}
	_, err = d.Publish(ctx, &fact.OrganisationVerified{Organisation: id, Entered: o.Entered, Core: fact.Show(how)})
	return err
}

const maxWhy = 500 // characters

// Unverify takes a verification back, with an explanation that everybody sees.
func (s *Service) Unverify(ctx context.Context, by, id chorus.ID, why string) error {
	if fault := (web.Line{Max: maxWhy}).Check(why); fault != "" {
		return chorus.Invalid{"why": fault}
	}
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		if err := account.RequireSteward(ctx, d.Tx, by); err != nil {
			return err
		}
		o, err := ByID(ctx, d.Tx, id)
		if err != nil || !o.Verified {
			return err
		}
		_, err = d.Publish(ctx, &fact.OrganisationUnverified{Organisation: id, Entered: o.Entered, Core: fact.Show(fact.Explanation{Text: why})})
		return err
	})
}

const (
	codeLife = 24 * time.Hour // an office reads its mail on the next day
	maxTries = 5              // codes typed for one mail
)

var (
	putDomainCode = db.SQL(`INSERT INTO private_domain_code (organisation, person, domain, code, tries, expires) VALUES ($1, $2, $3, $4, 0, $5)
		ON CONFLICT (organisation, person) DO UPDATE SET domain = excluded.domain, code = excluded.code, tries = 0, expires = excluded.expires`)
	tryDomainCode = db.SQL(`UPDATE private_domain_code SET tries = tries + 1
		WHERE organisation = $1 AND person = $2 AND tries < $3 AND expires > $4 RETURNING domain, code`)
	deleteDomainCode  = db.SQL(`DELETE FROM private_domain_code WHERE organisation = $1 AND person = $2`)
	expireDomainCodes = db.SQL(`DELETE FROM private_domain_code WHERE expires <= $1`)
)

// AskDomain mails a code to an address at the domain of an organisation's
// website. Whoever reads that mailbox can act for the organisation.
func (s *Service) AskDomain(ctx context.Context, by, id chorus.ID, address string) error {
	if by == "" {
		return chorus.ErrForbidden
	}
	address, err := mail.ParseAddress(address)
	if err != nil {
		return chorus.Invalid{"address": "form.email"}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		o, err := ByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if fault := o.checkAddress(address); fault != "" {
			return chorus.Invalid{"address": fault}
		}
		p, err := account.ByID(ctx, tx, by)
		if err != nil {
			return err
		}
		allowed, err := s.Mail.Allow(ctx, tx, address, "organisation "+string(id))
		if err != nil || !allowed {
			return err
		}
		return s.sendDomainCode(ctx, tx, o, p, address)
	})
}

func (s *Service) sendDomainCode(ctx context.Context, tx *db.Tx, o Organisation, p account.Person, address string) error {
	code, err := newCode()
	if err != nil {
		return err
	}
	if _, err := db.Exec(ctx, tx, putDomainCode, o.ID, p.ID, domainOf(address), s.codeHash(o.ID, p.ID, code), tx.Now.Add(codeLife)); err != nil {
		return err
	}
	say := s.Catalogue.Speak(p.Lang)
	return s.Mail.Queue(ctx, tx, mail.Message{
		To: address, Topic: "organisation " + string(o.ID), Lang: string(say.Tag()), Auto: true,
		Subject: say.T("organisation.mail.domain_subject", "code", code),
		Text: say.T("organisation.mail.domain_text", "code", code, "name", o.Name,
			"page", s.address(say, Path(o.ID))),
	})
}

func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%06d", n), nil
}

func (s *Service) codeHash(id, person chorus.ID, code string) []byte {
	return s.Vault.Hash("organisation domain code", string(id), string(person), code)
}

var wrongCode = chorus.Invalid{"code": "form.code"}

// ConfirmDomain takes the mailed code: the organisation is verified by its
// domain, and the person is let in as joinByDomain says.
func (s *Service) ConfirmDomain(ctx context.Context, by, id chorus.ID, code string) error {
	domain, err := s.useDomainCode(ctx, by, id, code)
	if err != nil {
		return err
	}
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		o, err := ByID(ctx, d.Tx, id)
		if err != nil {
			return err
		}
		if !covers(o.Host(), domain) { // the website was changed since
			return wrongCode
		}
		used, err := db.Exec(ctx, d.Tx, deleteDomainCode, id, by)
		if err != nil || used == 0 {
			return orElse(err, wrongCode)
		}
		if err := s.joinByDomain(ctx, d.Tx, o, by); err != nil {
			return err
		}
		return verify(ctx, d, id, fact.VerificationCore{How: fact.ByDomain, Domain: domain})
	})
}

// useDomainCode counts a try, which stays counted when what follows fails, and
// gives the domain that the right code stands for.
func (s *Service) useDomainCode(ctx context.Context, by, id chorus.ID, code string) (domain string, err error) {
	code = lang.Digits(code)
	if len(code) != 6 {
		return "", wrongCode
	}
	right := false
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		right = false
		return db.Each(ctx, tx, tryDomainCode, func(r db.Row) error {
			var want []byte
			err := r.Scan(&domain, &want)
			right = hmac.Equal(want, s.codeHash(id, by, code))
			return err
		}, id, by, maxTries, tx.Now)
	})
	if err == nil && !right {
		err = wrongCode
	}
	return domain, err
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
