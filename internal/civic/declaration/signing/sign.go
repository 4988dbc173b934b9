// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/web"
)

// Details is what a person gives to sign. None of it is public before it is
// confirmed, and the address never is.
type Details struct {
	Name    string `json:"name"`
	Email   string `json:"email"`
	Country string `json:"country"`
	Town    string `json:"town,omitempty"`
	Comment string `json:"comment,omitempty"`
	Lang    string `json:"lang"` // of the page, and of the mail
	Hidden  bool   `json:"hidden,omitempty"`
}

// Check says what is wrong with the details.
func (d Details) Check() chorus.Invalid {
	wrong := web.Wrong(map[string]string{
		"name":    web.CheckName(d.Name, web.Line{Max: declaration.MaxName}),
		"country": web.CheckCountry(d.Country),
		"town":    web.CheckName(d.Town, web.Line{Max: declaration.MaxTown, Optional: true}),
		"comment": web.CheckComment(d.Comment, web.Line{Max: declaration.MaxComment, Optional: true}),
	})
	if _, err := mail.ParseAddress(d.Email); err != nil {
		wrong["email"] = "form.email"
	}
	return wrong
}

// A Cookie is what a browser keeps of a form it sent, until it is confirmed.
type Cookie struct {
	ID     string
	Secret string
}

func (c Cookie) String() string { return c.ID + "." + c.Secret }

// ParseCookie reads what String wrote.
func ParseCookie(s string) Cookie {
	id, secret, _ := strings.Cut(s, ".")
	return Cookie{id, secret}
}

const (
	confirmWithin = 48 * time.Hour
	maxSignings   = 10 // forms kept for one address and declaration
	maxWrong      = 5  // codes typed in vain
)

// Sign keeps what a person typed and mails a code and a link to confirm it.
// Whether the address has signed before or not, the reply is the same.
func (s *Service) Sign(ctx context.Context, slug string, d Details) (Cookie, error) {
	if err := d.Check().Err(); err != nil {
		return Cookie{}, err
	}
	kept := Cookie{Secret: rand.Text()}
	address, err := mail.ParseAddress(d.Email)
	if err != nil {
		return kept, err
	}
	d.Email = address
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		to, err := declaration.KeyedBySlug(ctx, tx, slug)
		if err != nil {
			return err
		}
		if err := to.CanSign(fact.People, tx.Now); err != nil {
			return err
		}
		who, err := s.ask(ctx, tx, to, d)
		if err != nil {
			return err
		}
		kept.ID = newSigningID(tx.Now)
		if err := s.keep(ctx, tx, who, kept, typed{Details: d, until: tx.Now.Add(confirmWithin)}); err != nil {
			return err
		}
		_, err = s.mailSigner(ctx, tx, to.Declaration, who, typed{Details: d})
		return err
	})
	return kept, err
}

// ask finds the row of an address, or makes it.
func (s *Service) ask(ctx context.Context, tx *db.Tx, to declaration.Keyed, d Details) (signer, error) {
	if to.Secret == nil {
		return signer{}, chorus.ErrNotFound
	}
	dedupe := s.Vault.Hash("signer", string(to.Secret), mail.Normalise(d.Email))
	return db.One(ctx, tx, askSigner, func(r db.Row) (w signer, err error) {
		return w, r.Scan(&w.id, &w.state)
	}, newSignerID(tx.Now), to.ID, dedupe, d.Lang, tx.Now)
}

// newSigningID begins with the time, so that forms sent together lie together in
// the table: a commit has fewer pages to write.
func newSigningID(now time.Time) string {
	return fmt.Sprintf("%016x%s", now.UnixMicro(), chorus.NewID())
}

// typed is a form, here or at another instance.
type typed struct {
	Details
	until   time.Time // it can be confirmed before
	request []byte    // SHA-256 of the id of the request; nil if it was typed here
}

// keep stores the form until it is confirmed. Whoever floods an address with
// forms only has their own forms dropped: the mail's link still works.
func (s *Service) keep(ctx context.Context, tx *db.Tx, who signer, kept Cookie, t typed) error {
	sealed, err := s.sealDetails(t.Details)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, insertSigning, kept.ID, who.id, secretHash(kept.Secret), sealed, tx.Now, t.until, t.request,
		who.id, tx.Now, maxSignings)
	return err
}

func secretHash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

const sealDetailsFor = "signer details"

func (s *Service) sealDetails(d Details) ([]byte, error) {
	plain, err := json.Marshal(d)
	return s.Vault.Seal(sealDetailsFor, plain), err
}

func (s *Service) openDetails(sealed []byte) (d Details, err error) {
	if sealed == nil {
		return d, nil
	}
	plain, err := s.Vault.Open(sealDetailsFor, sealed)
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(plain, &d)
}

// mailSigner sends the code and the link, or, to somebody who has signed, the
// link to their own page. It holds no word that the form held. It reports
// whether the address may have a mail now.
func (s *Service) mailSigner(ctx context.Context, tx *db.Tx, decl *declaration.Declaration, who signer, d typed) (bool, error) {
	topic := "sign " + string(decl.ID)
	if ok, err := s.Mail.Allow(ctx, tx, d.Email, topic); err != nil || !ok {
		return false, err
	}
	say := s.Catalogue.Speak(lang.Tag(d.Lang))
	title, _ := decl.Title.In(d.Lang)
	block := s.BaseURL + "/" + d.Lang + "/no-mail/" + s.Mail.BlockCode(d.Email)
	args := []any{"title", title, "code", s.code(who.id), "link", s.BaseURL + "/" + d.Lang + "/mine/" + s.Key(who.id),
		"block", block, "page", s.BaseURL + decl.Path()}
	m := mail.Message{To: d.Email, Topic: topic, Lang: d.Lang, Auto: true, ListUnsubscribe: block, Subject: say.T("declaration.mail.confirm_subject", args...), Text: say.T("declaration.mail.confirm", args...)}
	switch {
	case who.state == signed:
		m.Subject, m.Text = say.T("declaration.mail.signed_subject", args...), say.T("declaration.mail.signed", args...)
	case d.request != nil:
		m.Text = say.T("declaration.mail.relayed", append(args, "until", say.Date(d.until))...)
	}
	return true, s.Mail.QueueAllowed(ctx, tx, m)
}

// Key is the last part of the address of a signer's own page. It is not
// stored: whoever holds the mail holds it.
func (s *Service) Key(id chorus.ID) string {
	return string(id) + "." + s.Vault.Token("signer key", string(id))
}

// KeyOf is the key that the mail for a form brings, for programs that stand in
// for the mail: the demo and measurements. It must never go to the browser that
// sent the form, for it stands for having read the mail.
func (s *Service) KeyOf(ctx context.Context, kept Cookie) (key string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		form, err := db.One(ctx, tx, signingByID, scanKept, kept.ID, secretHash(kept.Secret), tx.Now)
		key = s.Key(form.signer)
		return err
	})
	return key, err
}

func (s *Service) idOf(key string) (chorus.ID, error) {
	id, token, _ := strings.Cut(key, ".")
	if !s.Vault.CheckToken(token, "signer key", id) {
		return "", chorus.ErrNotFound
	}
	return chorus.ID(id), nil
}

// code is the six digits in the mails to a signer.
func (s *Service) code(id chorus.ID) string { return s.Vault.Digits("signer code", 6, string(id)) }
