// SPDX-License-Identifier: AGPL-3.0-or-later

// Package declaration is texts that people and organisations sign: open
// letters, petitions, pledges and action programmes. Its rules:
//
//   - A declaration carries numbered recommendations, each addressed to one or
//     more duty-bearers. Once it is published its text never changes.
//   - A signature counts unless its signer withdrew it or the stewards
//     invalidated it. That of an organisation counts while the organisation is
//     verified; until then it is shown waiting.
//   - What is erased goes for ever and leaves the count as it was.
//   - Numbers are counted from the record alone; nobody can set them.
//
// How one signs is in package signing; who writes and runs a declaration does so
// at the desk.
package declaration

import (
	"embed"
	"io/fs"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/commons/receipt"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// Schema is the tables of declarations and signatures.
//
//go:embed schema.sql
var Schema string

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// Service is everything people can do with declarations.
type Service struct {
	DB            *db.DB
	Record        *recorder.Recorder
	Organisations *organisation.Service
	Receipts      *receipt.Service

	texts texts
}

// A Declaration is a published text as the public sees it.
type Declaration struct {
	ID    chorus.ID
	Hash  fact.Hash
	Entry int64
	fact.DeclarationCore
	Closed        string // day it was closed by hand; "" if it was not
	People        int64
	Organisations int64
	Waiting       int64 // organisations that are not verified yet
}

// Ref points at the declaration.
func (d *Declaration) Ref() chorus.Ref { return chorus.Ref{Kind: chorus.Declaration, ID: d.ID} }

// Path is the address of its page.
func (d *Declaration) Path() string { return "/declarations/" + d.Slug }

// A State is where a declaration stands in its life.
type State string

// The states.
const (
	Drafted State = "draft"
	Coming  State = "coming" // published, not open yet
	Open    State = "open"
	Closed  State = "closed"
)

// StateAt is the state of a published declaration at a moment.
func (d *Declaration) StateAt(t time.Time) State {
	switch {
	case d.Closed != "" || !d.Closes.IsZero() && !t.Before(d.Closes):
		return Closed
	case t.Before(d.Opens):
		return Coming
	}
	return Open
}

// CanSign returns why nobody of a class can sign at t, or nil.
func (d *Declaration) CanSign(class fact.SignerClass, t time.Time) error {
	if d.StateAt(t) != Open {
		return chorus.ErrClosed
	}
	if !d.Takes(class) {
		return chorus.ErrForbidden
	}
	return nil
}

// Takes reports whether signers of a class may sign at all.
func (d *Declaration) Takes(class fact.SignerClass) bool {
	for _, c := range d.Signers {
		if c == class {
			return true
		}
	}
	return false
}

// End is when the declaration was or will be closed; zero if that is open.
func (d *Declaration) End() time.Time {
	if at, err := time.Parse(time.DateOnly, d.Closed); err == nil {
		return at
	}
	return d.Closes
}

// AnswerDue is the day by which duty-bearers should answer; zero if no day is
// set or the declaration has no end yet.
func (d *Declaration) AnswerDue() time.Time {
	if d.AnswerWithin == 0 || d.End().IsZero() {
		return time.Time{}
	}
	return d.End().AddDate(0, 0, d.AnswerWithin)
}

// DutyBearers are the organisations that any recommendation addresses, in the
// order in which they first appear.
func (d *Declaration) DutyBearers() (ids []chorus.ID) {
	seen := map[chorus.ID]bool{}
	for _, r := range d.Recommendations {
		for _, id := range r.To {
			if !seen[id] {
				ids = append(ids, id)
			}
			seen[id] = true
		}
	}
	return ids
}
