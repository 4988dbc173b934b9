// SPDX-License-Identifier: AGPL-3.0-or-later

package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/web"
)

const maxTries = 5 // codes typed for one ticket

// AskSignIn mails a link and a code to an address, and returns the ticket that
// the browser keeps meanwhile. Whether a mail was really sent does not show: too
// many were sent already, perhaps. to is where the person wants to go on.
func (s *Service) AskSignIn(ctx context.Context, email string, l lang.Tag, to string) (ticket string, err error) {
	address, err := mail.ParseAddress(email)
	if err != nil {
		return "", chorus.Invalid{"email": "form.email"}
	}
	ticket = rand.Text()
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		allowed, err := s.Mail.Allow(ctx, tx, address, mail.SignIn)
		if err != nil || !allowed {
			return err
		}
		return s.sendTicket(ctx, tx, ticket, address, l, web.LocalPath(to))
	})
	return ticket, err
}

func (s *Service) sendTicket(ctx context.Context, tx *db.Tx, browser, address string, l lang.Tag, to string) error {
	id, link, code := chorus.NewID(), rand.Text(), newCode()
	if _, err := db.Exec(ctx, tx, insertTicket, id, hashOf(browser), hashOf(link), s.codeHash(id, code),
		s.Vault.Seal(sealFor, []byte(address)), string(l), to, tx.Now.Add(ticketLife)); err != nil {
		return err
	}
	say := s.Catalogue.Speak(l)
	minutes := int64(ticketLife.Minutes())
	return s.Mail.Queue(ctx, tx, mail.Message{
		To: address, Topic: mail.SignIn, Lang: string(say.Tag()), Auto: true,
		Subject: say.T("account.mail.subject", "code", code),
		Text: say.N("account.mail.text", minutes, "code", code,
			"link", fmt.Sprintf("%s/%s/sign-in/%s", s.BaseURL, say.Tag(), link)),
	})
}

// newCode draws six digits.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // the system's randomness never fails
	}
	return fmt.Sprintf("%06d", n)
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// codeHash is keyed: six digits are soon guessed by who has the table alone.
func (s *Service) codeHash(ticket chorus.ID, code string) []byte {
	return s.Vault.Hash("account code", string(ticket), code)
}

// A Proof is what somebody shows to be let in: the code in the browser where
// they began, or the link there, or the link and the code anywhere.
type Proof struct {
	Ticket string // of this browser; "" if the sign-in did not begin here
	Link   string // token of the mailed link; "" if the code was typed instead
	Code   string // as typed
}

// errStale means that the link or ticket was used or is too old.
var errStale = fmt.Errorf("sign-in: %w", chorus.ErrNotFound)

// SignIn checks a proof and returns the person, made now if the address is new,
// and where they wanted to go. A wrong code is chorus.Invalid; a link that was
// used or is too old is chorus.ErrNotFound.
func (s *Service) SignIn(ctx context.Context, p Proof) (person Person, to string, err error) {
	var wrong error // beside err, for a wrong try must be committed
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		var t ticket
		if t, wrong = find(ctx, tx, p); wrong != nil {
			return nil
		}
		if wrong = s.check(ctx, tx, t, p); wrong != nil {
			return nil
		}
		address, err := s.Vault.Open(sealFor, t.sealed)
		if err != nil {
			return err
		}
		to = t.target
		person, err = s.Ensure(ctx, tx, string(address), t.lang)
		return err
	})
	return person, to, errors.Join(err, wrong)
}

// find is the ticket that a proof is about.
func find(ctx context.Context, tx *db.Tx, p Proof) (t ticket, err error) {
	if p.Link != "" {
		t, err = db.One(ctx, tx, ticketByLink, scanTicket, hashOf(p.Link), tx.Now)
	} else {
		t, err = db.One(ctx, tx, ticketByBrowser, scanTicket, hashOf(p.Ticket), tx.Now)
	}
	if errors.Is(err, chorus.ErrNotFound) {
		if p.Link == "" {
			return t, chorus.Invalid{"code": "form.code"}
		}
		return t, errStale
	}
	return t, err
}

// check uses the ticket up if the proof is good.
func (s *Service) check(ctx context.Context, tx *db.Tx, t ticket, p Proof) error {
	if !p.beganHere(t) {
		code := lang.Digits(p.Code)
		if len(code) != 6 { // a link scanner that presses the button spends no try
			return chorus.Invalid{"code": "form.code"}
		}
		// Counted first, so that of many tries at once only five are looked at.
		counted, err := db.Exec(ctx, tx, tryTicket, t.id, maxTries)
		if err != nil {
			return err
		}
		if counted == 0 || !hmac.Equal(t.code, s.codeHash(t.id, code)) {
			return chorus.Invalid{"code": "form.code"}
		}
	}
	used, err := db.Exec(ctx, tx, deleteTicket, t.id)
	if err == nil && used == 0 {
		err = errStale
	}
	return err
}

// beganHere reports whether the link was opened in the browser that asked for it.
func (p Proof) beganHere(t ticket) bool {
	return p.Link != "" && p.Ticket != "" && hmac.Equal(t.browser, hashOf(p.Ticket))
}

// needsCode reports whether the page of a link must ask for the code; it fails
// with chorus.ErrNotFound for a link that leads nowhere any more.
func (s *Service) needsCode(ctx context.Context, p Proof) (needed bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		t, err := find(ctx, tx, p)
		needed = !p.beganHere(t)
		return err
	})
	return needed, err
}

// DropStaleTickets forgets the sign-ins that nobody finished in time.
func (s *Service) DropStaleTickets(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, expireTickets, tx.Now)
		return err
	})
}
