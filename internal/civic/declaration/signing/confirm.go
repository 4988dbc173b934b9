// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/recorder"
)

// ConfirmHere signs with the form that this browser sent, for the code that
// came by mail, and gives the key of the signer's own page.
func (s *Service) ConfirmHere(ctx context.Context, kept Cookie, code string) (key string, err error) {
	var id chorus.ID
	isWrong := false
	err = s.Record.Write(ctx, func(d *recorder.Deed) error {
		form, err := db.One(ctx, d.Tx, formToConfirm, scanForm, kept.ID, secretHash(kept.Secret), d.Tx.Now)
		if err != nil {
			return err
		}
		if form.wrong >= maxWrong {
			return errTries
		}
		id = form.signer
		if isWrong = !s.isCode(id, code); isWrong {
			_, err := db.Exec(ctx, d.Tx, wrongSigning, kept.ID)
			return err
		}
		details, err := s.openDetails(form.details)
		if err != nil {
			return err
		}
		return s.confirm(ctx, d, form.who, typed{Details: details})
	})
	if err == nil && isWrong {
		err = chorus.Invalid{"code": "form.code"}
	}
	return s.Key(id), ignoreSigned(err)
}

// ConfirmByLink signs with the details that stand on the page which the mail's
// link leads to. A link alone proves nothing, for mail scanners follow links
// and press buttons: it needs the browser that sent the form, or the code.
func (s *Service) ConfirmByLink(ctx context.Context, key string, kept Cookie, code string, details Details) error {
	id, err := s.idOf(key)
	if err != nil {
		return err
	}
	wrong := details.checkSigned()
	isWrong := false
	err = s.Record.Write(ctx, func(d *recorder.Deed) error {
		form, err := s.newestForm(ctx, d.Tx, id)
		if err != nil {
			return err
		}
		if isWrong, err = s.checkBrowser(ctx, d.Tx, id, kept, code); err != nil || isWrong || len(wrong) > 0 {
			return err
		}
		details.Email, details.Lang = form.Email, form.Lang
		who, err := signerFor(ctx, d.Tx, id)
		if err != nil {
			return err
		}
		return s.confirm(ctx, d, who, typed{Details: details, request: form.request})
	})
	if err == nil && isWrong {
		wrong["code"] = "form.code"
	}
	if err == nil {
		err = wrong.Err()
	}
	return ignoreSigned(err)
}

// checkSigned checks the details on the page of the link, which does not ask
// for the address again.
func (d Details) checkSigned() chorus.Invalid {
	wrong := d.Check()
	delete(wrong, "email")
	return wrong
}

func (s *Service) newestForm(ctx context.Context, tx *db.Tx, id chorus.ID) (typed, error) {
	form, err := db.One(ctx, tx, newestSigning, scanKept, id, tx.Now)
	if err != nil {
		return typed{}, err
	}
	details, err := s.openDetails(form.details)
	return typed{Details: details, request: form.request}, err
}

// checkBrowser makes sure that a person is there: this browser sent the form,
// or the code from the mail was typed. Codes typed in vain are counted.
func (s *Service) checkBrowser(ctx context.Context, tx *db.Tx, id chorus.ID, kept Cookie, code string) (isWrong bool, err error) {
	if isHere, err := sentFrom(ctx, tx, id, kept); err != nil || isHere {
		return false, err
	}
	return s.checkCode(ctx, tx, id, code)
}

// sentFrom reports whether a browser sent a form of this signer that still waits.
func sentFrom(ctx context.Context, tx *db.Tx, id chorus.ID, kept Cookie) (bool, error) {
	form, err := db.One(ctx, tx, signingByID, scanKept, kept.ID, secretHash(kept.Secret), tx.Now)
	return err == nil && form.signer == id, ignoreMissing(err)
}

func (s *Service) checkCode(ctx context.Context, tx *db.Tx, id chorus.ID, code string) (isWrong bool, err error) {
	who, err := signerFor(ctx, tx, id)
	if err != nil {
		return false, err
	}
	if who.wrong >= maxWrong {
		return false, errTries
	}
	count := rightCode
	if isWrong = !s.isCode(id, code); isWrong {
		count = wrongCode
	}
	_, err = db.Exec(ctx, tx, count, id)
	return isWrong, err
}

func (s *Service) isCode(id chorus.ID, typed string) bool {
	return subtle.ConstantTimeCompare([]byte(lang.Digits(typed)), []byte(s.code(id))) == 1
}

// errSigned ends a deed of somebody who has signed meanwhile: no second
// signature, and no error for the signer.
var errSigned = errors.New("has signed")

func ignoreSigned(err error) error {
	if errors.Is(err, errSigned) {
		return nil
	}
	return err
}

// confirm makes a signature public.
func (s *Service) confirm(ctx context.Context, d *recorder.Deed, who signer, form typed) error {
	if who.state == signed {
		return errSigned
	}
	decl, err := declaration.ByID(ctx, d.Tx, who.declaration)
	if err != nil {
		return err
	}
	if err := decl.CanSign(fact.People, d.Tx.Now); err != nil {
		return err
	}
	f := form.fact(decl.ID)
	if isOpen, err := endRequest(ctx, d.Tx, form.request); err != nil {
		return err
	} else if isOpen {
		f.Request = fact.Hash(form.request)
	}
	hash, err := d.Publish(ctx, f)
	if err != nil {
		return err
	}
	return s.keepSigned(ctx, d.Tx, who.id, decl.ID, form.Details, hash)
}

func (d Details) fact(id chorus.ID) *fact.SignatureAdded {
	identity := fact.Identity{Name: d.Name, Town: d.Town}
	f := &fact.SignatureAdded{Declaration: id, Core: fact.Show(fact.SignatureCore{Country: d.Country}), Identity: fact.Show(identity)}
	if d.Hidden {
		f.Identity = fact.Withhold(identity)
	}
	return f
}

// keepSigned marks the signer's row, which only one deed can do. Of two that
// confirm at once the other finds it marked: on SQLite because they come one
// after another, on PostgreSQL because its UPDATE waits for the first commit and
// then looks at the row again. Its error takes its own published fact back.
func (s *Service) keepSigned(ctx context.Context, tx *db.Tx, id, decl chorus.ID, d Details, hash fact.Hash) error {
	sealed, err := s.sealDetails(d)
	if err != nil {
		return err
	}
	shown := hash[:]
	if d.Hidden {
		shown = nil
	}
	marked, err := db.Exec(ctx, tx, keepSigned, sealed, hash[:], shown, id)
	if err != nil {
		return err
	}
	if marked == 0 {
		return errSigned
	}
	if _, err := db.Exec(ctx, tx, deleteSignings, id); err != nil || d.Comment == "" {
		return err
	}
	comment, err := json.Marshal(fact.Comment{Text: d.Comment, Lang: d.Lang})
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, putComment, id, decl, s.Vault.Seal("signer comment", comment), tx.Now)
	return err
}
