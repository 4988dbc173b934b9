// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"context"
	"errors"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// A sum is how the number of a class of signers comes about. What was added,
// less what does not count, is what counts.
type sum struct {
	Added     int64
	Withdrawn int64 // by their signers
	Invalid   int64 // taken out by stewards
	Waiting   int64 // organisations that are not verified
	Counted   int64
}

// countPage is the data of count.templ.
type countPage struct {
	*Declaration
	Size    int64 // entries in the record
	People  sum
	Bodies  sum    // organisations
	Address string // where the record is, for whom recounts; "" if nothing is signed
}

// uncounted tells why signatures do not count, by the rule of
// Signature.shouldCount. Few do not, and an index holds them.
var uncounted = db.SQL(`SELECT class, CASE WHEN withdrawn = 1 THEN 'withdrawn' WHEN invalid <> '' THEN 'invalid' ELSE 'waiting' END AS why, count(1)
	FROM declaration_signature WHERE declaration = $1 AND counts = 0 GROUP BY class, why ORDER BY class, why`)

func (s *Service) countPage(ctx context.Context, slug string) (*countPage, error) {
	p := &countPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if p.Declaration, err = BySlug(ctx, tx, slug); err != nil {
			return err
		}
		if p.Size, err = recorder.Size(ctx, tx); err != nil {
			return err
		}
		p.People.Counted, p.Bodies.Counted = p.Declaration.People, p.Declaration.Organisations
		return p.subtract(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	p.People.Added, p.Bodies.Added = p.People.added(), p.Bodies.added()
	if p.Address, err = s.Receipts.Address(ctx); errors.Is(err, chorus.ErrNotFound) {
		err = nil
	}
	return p, err
}

func (p *countPage) subtract(ctx context.Context, tx *db.Tx) error {
	return db.Each(ctx, tx, uncounted, func(r db.Row) error {
		var class, why string
		var n int64
		if err := r.Scan(&class, &why, &n); err != nil {
			return err
		}
		of := &p.People
		if class == string(fact.Organisations) {
			of = &p.Bodies
		}
		switch why {
		case "withdrawn":
			of.Withdrawn = n
		case "invalid":
			of.Invalid = n
		default:
			of.Waiting = n
		}
		return nil
	}, p.ID)
}

func (s sum) added() int64 { return s.Counted + s.Withdrawn + s.Invalid + s.Waiting }
