// SPDX-License-Identifier: AGPL-3.0-or-later

// Package receipt shows entries of the public record to people: what happened,
// what became of it, and a file that proves it.
//
//   - A receipt is a C2SP tlog-proof with the leaf and its words in it. It is
//     made from the record alone and checked before it is given out.
//   - Everybody can have the receipt of every entry, with what is public of it.
//     Only whom a withheld part belongs to gets a receipt that opens it.
//   - A page tells nothing of what lies behind the newest checkpoint, so that a
//     mirror of the same size shows the same page.
//   - What was erased is in no receipt made from then on.
package receipt

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/platform/chart"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
	"example.org/chorus/record"
)

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// A Service shows entries and gives out their receipts.
type Service struct {
	DB     *db.DB
	Record *recorder.Recorder
}

// Path is where the page of an entry is.
func Path(index int64) string { return "/r/" + strconv.FormatInt(index, 10) }

// FilePath is where the public receipt of an entry is.
func FilePath(index int64) string { return Path(index) + suffix }

const suffix = ".tlog-proof"

// FileName is what the file of a receipt is called where it is kept.
func FileName(index int64) string { return "receipt-" + strconv.FormatInt(index, 10) + suffix }

// What says in plain words what sort of fact an entry is.
func What(v *web.Visit, kind string) string {
	if !slices.Contains(fact.Kinds(), kind) {
		return v.T("receipt.newer")
	}
	return v.T("receipt.kind." + kind)
}

// Became says in plain words what a later entry did to an earlier one.
func Became(v *web.Visit, l recorder.Later) string {
	if l.Kind != (&fact.Redacted{}).Kind() {
		return What(v, l.Kind)
	}
	switch l.Of {
	case (&fact.CommentPublished{}).Kind():
		return v.T("receipt.erased.comment")
	case (&fact.SignatureShown{}).Kind():
		return v.T("receipt.erased.name")
	case (&fact.SignatureAdded{}).Kind():
		if !slices.Contains(l.Parts, fact.SignatureCorePart) {
			return v.T("receipt.erased.name")
		}
		return v.T("receipt.erased.words")
	}
	return What(v, l.Kind)
}

// Why says a reason in plain words; "" if none is given.
func Why(v *web.Visit, reason fact.Reason) string {
	if !slices.Contains(reasons, reason) { // none, or a newer one
		return string(reason)
	}
	return v.T("receipt.reason." + string(reason))
}

var reasons = []fact.Reason{fact.GDPR, fact.Author, fact.Court, fact.Moderation, fact.Minor, fact.Fraud, fact.Duplicate, fact.Test,
	fact.Lapsed, fact.Late, fact.Unfit}

// Day reads a day of the record.
func Day(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s) // a leaf holds nothing else
	return t
}

// entryPage is the data of the page of an entry, and of its print.
type entryPage struct {
	*recorder.Receipt
	About catalogue.Card // what it is about; without a path if there is no page
	Acts  int64          // place of the entry it acts on; -1 if none
	Key   string         // with which the checkpoint is checked
}

func (s *Service) page(ctx context.Context, place int64) (*entryPage, error) {
	r, err := s.Record.Receipt(ctx, place)
	if err != nil {
		return nil, err
	}
	p := &entryPage{Receipt: r, Acts: -1}
	if p.Key, err = s.Record.VerifierKey(); err != nil {
		return nil, err
	}
	return p, s.DB.Read(ctx, func(tx *db.Tx) error {
		cards, err := catalogue.ByIDs(ctx, tx, chorus.ID(r.Head.Subject))
		if err != nil {
			return err
		}
		p.About = cards[chorus.ID(r.Head.Subject)]
		if r.Head.Ref == (record.Hash{}) {
			return nil
		}
		p.Acts, err = recorder.PlaceOf(ctx, tx, fact.Hash(r.Head.Ref))
		return err
	})
}

// states counts the words of an entry by what became of them.
func states(r *recorder.Receipt, state record.PartState) (n int64, by int64) {
	for _, p := range r.Body.Parts {
		if p.State == state {
			n, by = n+1, p.By
		}
	}
	return n, by
}

// code is the QR code of a receipt; "" if it is too long for one.
func code(v *web.Visit, r *recorder.Receipt) (string, error) {
	svg, err := chart.QR(string(r.Proof), chart.Options{ID: "code", Title: v.T("receipt.print.code", "entry", r.Index)})
	if errors.Is(err, chart.ErrTooLong) {
		return "", nil
	}
	return svg, err
}

// Address is where the site of a record is, as the record's name tells. It is
// the same on a mirror.
func Address(origin string) string {
	host := strings.TrimSuffix(origin, "/record")
	if strings.HasPrefix(host, "localhost") || strings.HasPrefix(host, "127.") {
		return "http://" + host
	}
	return "https://" + host
}

// Address is where the site of the record is that this instance shows;
// chorus.ErrNotFound before its first checkpoint.
func (s *Service) Address(ctx context.Context) (string, error) {
	note, err := s.Record.Checkpoint(ctx)
	if err != nil {
		return "", err
	}
	origin, _, _ := strings.Cut(note, "\n")
	return Address(origin), nil
}

// back names the page that a printed receipt comes from.
func back(v *web.Visit, p *entryPage, from sheet) string {
	if from.own {
		return v.T("receipt.print.mine")
	}
	return v.T("receipt.entry.title", "entry", p.Index)
}
