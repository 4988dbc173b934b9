// SPDX-License-Identifier: AGPL-3.0-or-later

package desk

import (
	"errors"
	"net/url"
	"strconv"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

// forSteward reads what a page of the stewards shows.
func (s *Service) forSteward(v *web.Visit, read func(*db.Tx) error) error {
	return s.DB.Read(v.Context(), func(tx *db.Tx) error {
		if err := account.RequireSteward(v.Context(), tx, v.Who); err != nil {
			return err
		}
		return read(tx)
	})
}

// showAll lists every declaration and draft of the instance.
func (s *Service) showAll(v *web.Visit) error {
	var all []pile
	err := s.forSteward(v, func(tx *db.Tx) error {
		works, err := declaration.Works(v.Context(), tx)
		if err != nil {
			return err
		}
		items, err := deskItems(v.Context(), tx, works)
		if err != nil {
			return err
		}
		all, err = otherPiles(v.Context(), tx, nil, items)
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(statusOK, web.Page{Title: v.T("declaration.desk.all.title"), Class: web.Wide, Private: true}, allPage(v, all))
}

// A ledger is a stretch of the signatures of a declaration, newest first.
type ledger struct {
	*declaration.Declaration
	Signatures []declaration.Signature
	Orgs       declaration.Organisations
	Day        string // "" for all days
	Before     int64  // the place of the entry after the newest; 0 for the first page
	Older      int64  // where the next page begins; 0 if there is none
}

const signaturesPaged = 100

func (s *Service) showSignatures(v *web.Visit) error {
	l := ledger{}
	if day, err := time.Parse(time.DateOnly, westernFigures(v.URL.Query().Get("day"))); err == nil {
		l.Day = day.Format(time.DateOnly)
	}
	l.Before, _ = strconv.ParseInt(v.URL.Query().Get("before"), 10, 64) // 0: from the newest
	err := s.forSteward(v, func(tx *db.Tx) (err error) {
		if l.Declaration, err = declaration.ByID(v.Context(), tx, chorus.ID(v.PathValue("id"))); err != nil {
			return err
		}
		return l.read(v, tx)
	})
	if err != nil {
		return err
	}
	return v.Show(statusOK, web.Page{Title: v.T("declaration.desk.ledger.title"), Class: web.Wide, Private: true}, ledgerPage(v, l))
}

func (l *ledger) read(v *web.Visit, tx *db.Tx) (err error) {
	l.Signatures, err = declaration.Signatures(v.Context(), tx, l.ID, declaration.Stretch{Day: l.Day, Before: l.Before, Most: signaturesPaged})
	if err != nil {
		return err
	}
	if len(l.Signatures) == signaturesPaged {
		l.Older = l.Signatures[signaturesPaged-1].Entry
	}
	l.Orgs, err = signingOrganisations(v, tx, l.Signatures...)
	return err
}

func signingOrganisations(v *web.Visit, tx *db.Tx, signatures ...declaration.Signature) (declaration.Organisations, error) {
	var ids []chorus.ID
	for _, sig := range signatures {
		if sig.Organisation != "" {
			ids = append(ids, sig.Organisation)
		}
	}
	return organisation.ByIDs(v.Context(), tx, ids...)
}

// path is the address of a stretch of the ledger.
func (l ledger) path(before int64) string {
	q := url.Values{}
	if l.Day != "" {
		q.Set("day", l.Day)
	}
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	if len(q) == 0 {
		return ledgerPath(l.ID)
	}
	return ledgerPath(l.ID) + "?" + q.Encode()
}

func ledgerPath(id chorus.ID) string { return "/steward/declarations/" + string(id) + "/signatures" }

func signaturePath(entry int64) string {
	return "/steward/signatures/" + strconv.FormatInt(entry, 10)
}

// A bench is one signature and what a steward can do about it.
type bench struct {
	web.Form
	declaration.Signature
	Of   *declaration.Declaration
	Orgs declaration.Organisations
	Done string // the deed that was just done
}

func (s *Service) showSignature(v *web.Visit) error {
	return s.drawBench(v, statusOK, web.Form{}, v.URL.Query().Get("done"))
}

func (s *Service) drawBench(v *web.Visit, status int, f web.Form, done string) error {
	b := bench{Form: f, Done: done}
	err := s.forSteward(v, func(tx *db.Tx) error {
		entry, err := strconv.ParseInt(v.PathValue("entry"), 10, 64)
		if err != nil {
			return chorus.ErrNotFound
		}
		if b.Signature, err = declaration.SignatureAt(v.Context(), tx, entry); err != nil {
			return err
		}
		if b.Of, err = declaration.ByID(v.Context(), tx, b.Declaration); err != nil {
			return err
		}
		b.Orgs, err = signingOrganisations(v, tx, b.Signature)
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(status, web.Page{Title: v.T("declaration.desk.signature.title"), Class: web.Narrow, Private: true}, benchPage(v, b))
}

// postSignature does one of three deeds. Each has its own fields, so that what
// was typed for one is never taken for another.
func (s *Service) postSignature(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	entry, err := strconv.ParseInt(v.PathValue("entry"), 10, 64)
	if err != nil {
		return chorus.ErrNotFound
	}
	do := f.Get("do")
	err = s.judgeSignature(v, f, do, entry)
	if wrong, ok := errors.AsType[chorus.Invalid](err); ok {
		f.Wrong = chorus.Invalid{}
		for field, fault := range wrong {
			f.Wrong[do+"_"+field] = fault
		}
		return s.drawBench(v, statusFaulty, f, "")
	}
	if err != nil {
		return err
	}
	return v.Redirect(signaturePath(entry) + "?done=" + do)
}

func (s *Service) judgeSignature(v *web.Visit, f web.Form, do string, entry int64) error {
	reason, why := fact.Reason(f.Get(do+"_reason")), f.Get(do+"_why")
	switch do {
	case "invalidate":
		return s.Signing.Invalidate(v.Context(), v.Who, entry, reason, why)
	case "erase":
		return s.Signing.EraseWords(v.Context(), v.Who, entry, reason, why)
	case "reinstate":
		return s.Signing.Reinstate(v.Context(), v.Who, entry, why)
	}
	return chorus.ErrNotFound
}

// signatory is how a signature is called on the stewards' pages.
func signatory(v *web.Visit, s declaration.Signature, orgs declaration.Organisations) string {
	switch {
	case s.Class == fact.Organisations && orgs[s.Organisation].Name != "":
		return orgs[s.Organisation].Name
	case s.Name != "":
		return s.Name
	}
	return v.T("declaration.desk.signature.unnamed")
}

// signatureState is the state of a signature in words, and the class of them.
func signatureState(v *web.Visit, s declaration.Signature) (text, class string) {
	switch {
	case s.Withdrawn():
		return v.T("declaration.desk.signature.withdrawn"), "state withdrawn"
	case s.Invalid != "":
		return v.T("declaration.desk.signature.invalid"), "state invalid"
	case s.Waiting():
		return v.T("declaration.desk.signature.waiting"), "state waiting"
	}
	return v.T("declaration.desk.signature.counts"), "state open"
}

func reasonChoices(v *web.Visit, reasons []fact.Reason) (all []web.Choice) {
	for _, r := range reasons {
		all = append(all, web.Choice{Value: string(r), Text: v.T("declaration.desk.reason." + string(r))})
	}
	return all
}
