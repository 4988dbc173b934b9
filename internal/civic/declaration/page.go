// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/chart"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/markdown"
	"example.org/chorus/internal/platform/recorder"
)

// BySlug is the published declaration at an address.
func (s *Service) BySlug(ctx context.Context, slug string) (d *Declaration, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		d, err = BySlug(ctx, tx, slug)
		return err
	})
	return d, err
}

// counted is BySlug with the size of the record that the count is of.
func (s *Service) counted(ctx context.Context, slug string) (d *Declaration, size int64, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if d, err = BySlug(ctx, tx, slug); err != nil {
			return err
		}
		size, err = recorder.Size(ctx, tx)
		return err
	})
	return d, size, err
}

// Claims are the numbers of all declarations, in the order in which they were
// published, and the size of the record in which they stand.
func (s *Service) Claims(ctx context.Context) (claims []fact.Claim, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		size, err := recorder.Size(ctx, tx)
		if err != nil {
			return err
		}
		claims, err = db.All(ctx, tx, claimsOfAll, func(r db.Row) (fact.Claim, error) {
			c := fact.Claim{AsOf: size}
			return c, r.Scan(&c.Declaration, &c.People, &c.Organisations, &c.Waiting)
		})
		return err
	})
	return claims, err
}

// Number is the count shown large: people, or organisations where only they sign.
func (d *Declaration) Number() int64 {
	if d.Takes(fact.People) {
		return d.People
	}
	return d.Organisations
}

// Organisations by their ID, for pages that name them.
type Organisations map[chorus.ID]organisation.Organisation

// showPage is the data of show.templ.
type showPage struct {
	*Declaration
	State       State
	Now         time.Time
	HTML        string // the text
	Lang        string // of the text
	Summary     string
	Orgs        Organisations
	Frame       []catalogue.Card // the initiative that it is part of, if any
	Signatories []Signature      // organisations
	Days        []chart.Point
	Countries   []country
	Names       []Signature
	Size        int64 // entries in the record
}

type country struct {
	Code   string
	People int64
}

const (
	namesShown = 24  // on the declaration's own page
	namesPaged = 300 // on a page of names
)

func (s *Service) showPage(ctx context.Context, slug, want string) (*showPage, error) {
	p := &showPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if p.Declaration, err = BySlug(ctx, tx, slug); err != nil {
			return err
		}
		p.Now, p.State = tx.Now, p.StateAt(tx.Now)
		if p.Signatories, err = Signatories(ctx, tx, p.ID); err != nil {
			return err
		}
		if p.Names, err = db.All(ctx, tx, namesBefore, scanSignature, p.ID, int64(1)<<62, namesShown); err != nil {
			return err
		}
		if p.Countries, err = db.All(ctx, tx, countriesOf, scanCountry, p.ID); err != nil {
			return err
		}
		if p.Days, err = s.days(ctx, tx, p.Declaration); err != nil {
			return err
		}
		if p.Frame, err = catalogue.Linked(ctx, tx, p.Ref(), catalogue.PartOf); err != nil {
			return err
		}
		if p.Size, err = recorder.Size(ctx, tx); err != nil {
			return err
		}
		p.Orgs, err = organisation.ByIDs(ctx, tx, p.named()...)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.HTML, p.Summary, p.Lang = s.texts.of(p.Declaration, want)
	return p, nil
}

// named lists the organisations that the page names.
func (p *showPage) named() (ids []chorus.ID) {
	ids = append(p.DutyBearers(), p.Organisers...)
	for _, sig := range p.Signatories {
		ids = append(ids, sig.Organisation)
	}
	return ids
}

func scanCountry(r db.Row) (c country, err error) { return c, r.Scan(&c.Code, &c.People) }

// days is the count at the end of each day on which it changed.
func (s *Service) days(ctx context.Context, tx *db.Tx, d *Declaration) (points []chart.Point, err error) {
	total := int64(0)
	err = db.Each(ctx, tx, daysOf, func(r db.Row) error {
		var day string
		var people, orgs int64
		if err := r.Scan(&day, &people, &orgs); err != nil {
			return err
		}
		if total += orgs; d.Takes(fact.People) {
			total += people - orgs
		}
		at, err := time.Parse(time.DateOnly, day)
		points = append(points, chart.Point{Day: at, Total: int(total)})
		return err
	}, d.ID)
	return points, err
}

// namesPage is the data of names.
type namesPage struct {
	*Declaration
	Names []Signature
	Next  int64 // entry before which the next page begins; 0: this is the last
	First bool
}

func (s *Service) namesPage(ctx context.Context, slug string, before int64) (*namesPage, error) {
	p := &namesPage{First: before <= 0}
	if p.First {
		before = 1 << 62
	}
	return p, s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if p.Declaration, err = BySlug(ctx, tx, slug); err != nil {
			return err
		}
		p.Names, err = db.All(ctx, tx, namesBefore, scanSignature, p.ID, before, namesPaged)
		if len(p.Names) == namesPaged {
			p.Next = p.Names[namesPaged-1].Entry
		}
		return err
	})
}

func (s *Service) withOrganisations(ctx context.Context, slug string) (d *Declaration, orgs Organisations, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if d, err = BySlug(ctx, tx, slug); err != nil {
			return err
		}
		orgs, err = organisation.ByIDs(ctx, tx, append(d.DutyBearers(), d.Organisers...)...)
		return err
	})
	return d, orgs, err
}

// draftOf is a published declaration as its organisers could take it elsewhere.
func draftOf(d *Declaration, orgs Organisations) *document.Draft {
	draft := &document.Draft{Kind: d.Kind, Lang: d.Title.Lang, Title: d.Title.Text, Text: d.Text.Text, Signers: d.Signers, Opens: d.Opens, Closes: d.Closes,
		AnswerWithin: d.AnswerWithin, Goal: d.Goal, Initiative: d.Initiative}
	for _, id := range d.Organisers {
		draft.Organisers = append(draft.Organisers, document.PartyOf(orgs[id]))
	}
	places := map[chorus.ID]int{}
	for i, id := range d.DutyBearers() {
		places[id] = i
		draft.DutyBearers = append(draft.DutyBearers, document.PartyOf(orgs[id]))
	}
	for _, r := range d.Recommendations {
		rec := document.Recommendation{Text: r.Text.Text}
		for _, id := range r.To {
			if len(r.To) < len(draft.DutyBearers) {
				rec.To = append(rec.To, places[id])
			}
		}
		draft.Recommendations = append(draft.Recommendations, rec)
	}
	return draft
}

var tableHead = []string{"entry", "number", "class", "name", "town", "country", "organisation", "role", "day", "comment"}

// writeTable writes every signature that counts, as everybody can see it.
func (s *Service) writeTable(ctx context.Context, slug string, to io.Writer) error {
	w := csv.NewWriter(to)
	if err := w.Write(tableHead); err != nil {
		return err
	}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		d, err := BySlug(ctx, tx, slug)
		if err != nil {
			return err
		}
		return db.Each(ctx, tx, countedSignatures, func(r db.Row) error {
			sig, err := scanSignature(r)
			if err != nil {
				return err
			}
			return w.Write([]string{strconv.FormatInt(sig.Entry, 10), strconv.FormatInt(sig.Number, 10), string(sig.Class), sig.Name, sig.Town, sig.Country,
				string(sig.Organisation), sig.Role, sig.Day, cell(sig.Comment)})
		}, d.ID)
	})
	w.Flush()
	return errors.Join(err, w.Error())
}

// cell keeps a spreadsheet from taking a comment for a formula. Names that it
// would take for one are refused when they are typed.
func cell(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}

var countedSignatures = db.SQL(`SELECT ` + signatureColumns + ` FROM declaration_signature WHERE declaration = $1 AND counts = 1 ORDER BY entry LIMIT 1000000`)

// anchor is where a recommendation stands on the page.
func anchor(number int) string { return "recommendation-" + strconv.Itoa(number) }

// texts keeps the HTML of published texts, which never change.
type texts struct {
	kept sync.Map // of textKey to rendered
}

type textKey struct {
	hash fact.Hash
	lang string
}

type rendered struct{ html, summary, lang string }

func (t *texts) of(d *Declaration, want string) (html, summary, lang string) {
	key := textKey{d.Hash, want}
	if kept, ok := t.kept.Load(key); ok {
		k := kept.(rendered)
		return k.html, k.summary, k.lang
	}
	words, lang := d.Text.In(want)
	k := rendered{markdown.HTML(words), markdown.Plain(words, maxSummary), lang}
	t.kept.Store(key, k)
	return k.html, k.summary, k.lang
}
