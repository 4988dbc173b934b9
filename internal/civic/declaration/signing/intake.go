// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/relay"
)

// Requests that a mirror took while this instance could not be reached come
// late, twice, in any order or never. Each that comes ends exactly once, in
// public: as a signature, once the person confirms the mail that they then get,
// or as a refusal. What is refused, and when, does not depend on whether the
// address has signed before.

// Relay is how requests travel: an origin has a key to open them, a mirror a box
// to keep them in.
type Relay struct {
	Open *relay.Key // nil on a mirror
	Box  *relay.Box // nil on an origin

	Key  func(ctx context.Context, tx *db.Tx) (string, error)    // the announced one of the origin
	Site func(ctx context.Context, tx *db.Tx) (chorus.ID, error) // by which the instance names itself
}

const (
	confirmRelayed = 7 * 24 * time.Hour // the person may not be there when the way opens
	intakeBatch    = 100
)

// States of a request that was entered.
const (
	waiting = "waiting" // no mail could go out yet
	mailed  = "mailed"
	ended   = "ended"
)

var (
	enterRequest  = db.SQL(`INSERT INTO private_intake (request, declaration, state, until) VALUES ($1, $2, $3, $4) ON CONFLICT (request) DO NOTHING`)
	moveRequest   = db.SQL(`UPDATE private_intake SET state = $2 WHERE request = $1 AND state <> 'ended'`)
	requestsOver  = db.SQL(`SELECT request, declaration FROM private_intake WHERE state <> 'ended' AND until <= $1 ORDER BY until, request LIMIT $2`)
	requestsMute  = db.SQL(`SELECT request, declaration FROM private_intake WHERE state = 'waiting' AND until > $1 AND request > $2 ORDER BY request LIMIT $3`)
	requestsEnded = db.SQL(`SELECT count(*) FROM signing_request WHERE request = $1`)
	formOfRequest = db.SQL(`SELECT signer, details, wrong, request, until FROM private_signing WHERE request = $1 AND until > $2`)
	dropRequest   = db.SQL(`DELETE FROM private_signing WHERE request = $1`)
)

// An entered is a request as private_intake has it.
type entered struct {
	request     []byte
	declaration chorus.ID
}

func scanEntered(r db.Row) (e entered, err error) { return e, r.Scan(&e.request, &e.declaration) }

// Receive takes an envelope that another instance hands on. It fails with
// relay.ErrEnvelope for what cannot be read, which leaves no trace. Otherwise
// the request is entered once, and the reply is the same whatever becomes of it.
func (s *Service) Receive(ctx context.Context, envelope []byte) error {
	if s.Relay.Open == nil {
		return chorus.ErrNotFound
	}
	plain, err := s.Relay.Open.Open(envelope)
	if err != nil {
		return err
	}
	r, err := parseRequest(plain)
	if err != nil {
		return err
	}
	r.Lang = string(s.Catalogue.Match(r.Lang, ""))
	hash := r.hash()
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		if known, err := Ended(ctx, d.Tx, hash); err != nil || known {
			return err
		}
		isNew, err := db.Exec(ctx, d.Tx, enterRequest, hash[:], r.Declaration, waiting, d.Tx.Now.Add(confirmRelayed))
		if err != nil || isNew == 0 {
			return err
		}
		to, why, err := s.weigh(ctx, d.Tx, r)
		switch {
		case err != nil:
			return err
		case why != "":
			return s.refuse(ctx, d, hash, to.Declaration, why)
		}
		return s.askFor(ctx, d.Tx, to, r)
	})
}

// weigh says why a request cannot be asked about, or "". The declaration is nil
// if there is none.
func (s *Service) weigh(ctx context.Context, tx *db.Tx, r *request) (to declaration.Keyed, why fact.Reason, err error) {
	to, err = declaration.KeyedByID(ctx, tx, r.Declaration)
	if isMissing(err) {
		return to, fact.Unfit, nil
	}
	if err != nil {
		return to, "", err
	}
	switch err := to.CanSign(fact.People, tx.Now); {
	case errors.Is(err, chorus.ErrClosed):
		return to, fact.Late, nil
	case err != nil || to.Secret == nil || !r.isFit(to.Declaration):
		return to, fact.Unfit, nil
	}
	return to, "", nil
}

// refuse ends a request in public. One for a declaration that is not known is
// refused in the name of the site.
func (s *Service) refuse(ctx context.Context, d *recorder.Deed, hash fact.Hash, decl *declaration.Declaration, why fact.Reason) error {
	isOpen, err := endRequest(ctx, d.Tx, hash[:])
	if err != nil || !isOpen {
		return err
	}
	f := &fact.RequestRefused{Request: hash, Reason: why, Core: fact.Show(fact.Empty{})}
	if decl != nil {
		f.Declaration = decl.ID
	} else if f.Declaration, err = s.Relay.Site(ctx, d.Tx); err != nil {
		return err
	}
	_, err = d.Publish(ctx, f)
	return err
}

// endRequest closes a request, which only one deed can do; false if it was
// closed before, or there is none. The record knows more than the table when a
// backup was brought back.
func endRequest(ctx context.Context, tx *db.Tx, hash []byte) (isOpen bool, err error) {
	if hash == nil {
		return false, nil
	}
	n, err := db.Exec(ctx, tx, moveRequest, hash, ended)
	if err != nil || n == 0 {
		return false, err
	}
	known, err := Ended(ctx, tx, fact.Hash(hash))
	return !known, err
}

// askFor does what the form would have done, for somebody who is not there.
func (s *Service) askFor(ctx context.Context, tx *db.Tx, to declaration.Keyed, r *request) error {
	hash := r.hash()
	form := typed{Details: r.Details, until: tx.Now.Add(confirmRelayed), request: hash[:]}
	var err error
	if form.Email, err = mail.ParseAddress(r.Email); err != nil {
		return err
	}
	who, err := s.ask(ctx, tx, to, form.Details)
	if err != nil {
		return err
	}
	kept := Cookie{ID: newSigningID(tx.Now), Secret: rand.Text()} // no browser has it
	if err := s.keep(ctx, tx, who, kept, form); err != nil {
		return err
	}
	return s.mailRequest(ctx, tx, to.Declaration, who, form)
}

func (s *Service) mailRequest(ctx context.Context, tx *db.Tx, decl *declaration.Declaration, who signer, form typed) error {
	isSent, err := s.mailSigner(ctx, tx, decl, who, form)
	if err != nil || !isSent {
		return err
	}
	_, err = db.Exec(ctx, tx, moveRequest, form.request, mailed)
	return err
}

// MailRequests writes to those to whom no mail could go out when their request
// came, because their address had enough for the day.
func (s *Service) MailRequests(ctx context.Context) error {
	for last, more := []byte{}, true; more; {
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			some, err := db.All(ctx, tx, requestsMute, scanEntered, tx.Now, last, intakeBatch)
			more = len(some) == intakeBatch
			for _, e := range some {
				if err == nil {
					last, err = e.request, s.mailAgain(ctx, tx, e)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) mailAgain(ctx context.Context, tx *db.Tx, e entered) error {
	form := typed{request: e.request}
	kept, err := db.One(ctx, tx, formOfRequest, func(r db.Row) (k keptForm, err error) {
		return k, r.Scan(&k.signer, &k.details, &k.wrong, &k.request, &form.until)
	}, e.request, tx.Now)
	if isMissing(err) { // the person has signed meanwhile, by another form
		return nil
	}
	if err != nil {
		return err
	}
	if form.Details, err = s.openDetails(kept.details); err != nil {
		return err
	}
	who, err := signerFor(ctx, tx, kept.signer)
	if err != nil {
		return err
	}
	decl, err := declaration.ByID(ctx, tx, who.declaration)
	if err != nil {
		return err
	}
	return s.mailRequest(ctx, tx, decl, who, form)
}

// LapseRequests refuses the requests that nobody confirmed in time.
func (s *Service) LapseRequests(ctx context.Context) error {
	for more := true; more; {
		err := s.Record.Write(ctx, func(d *recorder.Deed) error {
			over, err := db.All(ctx, d.Tx, requestsOver, scanEntered, d.Tx.Now, intakeBatch)
			more = len(over) == intakeBatch
			for _, e := range over {
				if err == nil {
					err = s.lapse(ctx, d, e)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) lapse(ctx context.Context, d *recorder.Deed, e entered) error {
	if _, err := db.Exec(ctx, d.Tx, dropRequest, e.request); err != nil {
		return err
	}
	return s.refuse(ctx, d, fact.Hash(e.request), &declaration.Declaration{ID: e.declaration}, fact.Lapsed)
}

func isMissing(err error) bool { return errors.Is(err, chorus.ErrNotFound) }

func ignoreMissing(err error) error {
	if isMissing(err) {
		return nil
	}
	return err
}
