// SPDX-License-Identifier: AGPL-3.0-or-later

// Package desk is the pages of those who run declarations, and of the stewards
// who look after their signatures:
//
//   - Organisers find here all they write and run. They write a draft, look at
//     it as it will look, publish it, read the comments that wait, and close it.
//   - A faulty draft is kept as it was typed; it says what keeps it from being
//     published.
//   - Stewards see every declaration, and judge single signatures.
//
// The deeds themselves are in the packages declaration and signing.
package desk

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"slices"

	"example.org/chorus"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

//go:embed messages
var messages embed.FS

// Messages are the words of the organisers' desk and the stewards' pages.
func Messages() fs.FS { return messages }

// Service is the pages. Their deeds are those of Declarations and of Signing.
type Service struct {
	DB           *db.DB
	Declarations *declaration.Service
	Signing      *signing.Service
}

// Answers of pages; net/http names them for the files that may import it.
const (
	statusOK     = 200
	statusFaulty = 422
)

// Routes are the addresses of those who run declarations, and of stewards.
func (s *Service) Routes(site *web.Site) {
	site.Handle("GET /desk", s.showDesk)
	site.Handle("GET /desk/declarations/new", s.showNew)
	site.Handle("POST /desk/declarations/new", s.begin)
	site.Handle("GET /desk/declarations/{id}", s.showEditor)
	site.Handle("POST /desk/declarations/{id}", s.postEditor)
	site.Handle("GET /desk/declarations/{id}/preview", s.showPreview)
	site.Handle("GET /desk/declarations/{id}/publish", s.showPublish)
	site.Handle("POST /desk/declarations/{id}/publish", s.postPublish)
	site.Handle("GET /desk/declarations/{id}/close", s.showClose)
	site.Handle("POST /desk/declarations/{id}/close", s.postClose)
	site.Handle("GET /desk/declarations/{id}/discard", s.showDiscard)
	site.Handle("POST /desk/declarations/{id}/discard", s.postDiscard)
	site.Handle("GET /desk/declarations/{id}/declaration.md", s.export)
	site.Handle("GET /desk/declarations/{id}/comments", s.showComments)
	site.Handle("POST /desk/declarations/{id}/comments", s.postComments)
	site.Handle("GET /desk/import", s.showImport)
	site.Handle("POST /desk/import", s.postImport)

	site.Handle("GET /steward/declarations", s.showAll)
	site.Handle("GET /steward/declarations/{id}/signatures", s.showSignatures)
	site.Handle("GET /steward/signatures/{entry}", s.showSignature)
	site.Handle("POST /steward/signatures/{entry}", s.postSignature)
}

func pathOf(id chorus.ID) string { return "/desk/declarations/" + string(id) }

// A pile is what lies on the desk of one organisation.
type pile struct {
	organisation.Organisation
	Items []deskItem
}

// A deskItem is a piece of work with what became of it.
type deskItem struct {
	declaration.Work
	State     declaration.State
	Published *declaration.Declaration // nil for a draft, and until it has its place in the record
	Comments  int64                    // that wait
}

// A desk is what its visitor runs; a steward sees all other work below.
type desk struct {
	Own    []pile
	Others []pile
}

func (s *Service) showDesk(v *web.Visit) error {
	if v.Who == "" {
		return chorus.ErrForbidden
	}
	d, err := s.deskOf(v.Context(), v.Who)
	if err != nil {
		return err
	}
	return v.Show(statusOK, web.Page{Title: v.T("declaration.desk.title"), Class: web.Wide, Private: true}, deskPage(v, d))
}

func (s *Service) deskOf(ctx context.Context, by chorus.ID) (d desk, err error) {
	return d, s.DB.Read(ctx, func(tx *db.Tx) error {
		mine, err := organisation.Editing(ctx, tx, by)
		if err != nil {
			return err
		}
		steward, err := isSteward(ctx, tx, by)
		if err != nil {
			return err
		}
		works, err := worksFor(ctx, tx, mine, steward)
		if err != nil {
			return err
		}
		items, err := deskItems(ctx, tx, works)
		if err != nil {
			return err
		}
		d.Own = piles(mine, items)
		d.Others, err = otherPiles(ctx, tx, mine, items)
		return err
	})
}

func isSteward(ctx context.Context, tx *db.Tx, by chorus.ID) (bool, error) {
	err := account.RequireSteward(ctx, tx, by)
	if errors.Is(err, chorus.ErrForbidden) {
		return false, nil
	}
	return err == nil, err
}

func worksFor(ctx context.Context, tx *db.Tx, mine []organisation.Organisation, steward bool) ([]declaration.Work, error) {
	if steward {
		return declaration.Works(ctx, tx)
	}
	var ids []chorus.ID
	for _, o := range mine {
		ids = append(ids, o.ID)
	}
	return declaration.WorksOf(ctx, tx, ids...)
}

// deskItems finds the numbers of published works and the comments that wait.
func deskItems(ctx context.Context, tx *db.Tx, works []declaration.Work) (items []deskItem, err error) {
	var ids []chorus.ID
	for _, w := range works {
		ids = append(ids, w.ID)
	}
	published, err := declaration.ByIDs(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	waiting, err := signing.CountComments(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	for _, w := range works {
		item := deskItem{Work: w, State: declaration.Drafted, Published: published[w.ID], Comments: waiting[w.ID]}
		if item.Published != nil {
			item.State = item.Published.StateAt(tx.Now)
		}
		items = append(items, item)
	}
	return items, nil
}

func piles(orgs []organisation.Organisation, items []deskItem) (all []pile) {
	for _, o := range orgs {
		p := pile{Organisation: o}
		for _, item := range items {
			if item.Organisation == o.ID {
				p.Items = append(p.Items, item)
			}
		}
		all = append(all, p)
	}
	return all
}

// otherPiles are the works of organisations that the visitor does not act for.
func otherPiles(ctx context.Context, tx *db.Tx, mine []organisation.Organisation, items []deskItem) ([]pile, error) {
	var ids []chorus.ID
	for _, item := range items {
		own := slices.ContainsFunc(mine, func(o organisation.Organisation) bool { return o.ID == item.Organisation })
		if !own && !slices.Contains(ids, item.Organisation) {
			ids = append(ids, item.Organisation)
		}
	}
	found, err := organisation.ByIDs(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	var orgs []organisation.Organisation
	for _, id := range ids {
		orgs = append(orgs, found[id])
	}
	return piles(orgs, items), nil
}

// atWork finds the piece of work of an address, for those who may see it, and
// reads what else its page needs.
func (s *Service) atWork(v *web.Visit, more func(*db.Tx, declaration.Work) error) error {
	if v.Who == "" {
		return chorus.ErrForbidden
	}
	return s.DB.Read(v.Context(), func(tx *db.Tx) error {
		w, err := declaration.WorkFor(v.Context(), tx, v.Who, chorus.ID(v.PathValue("id")))
		if err != nil {
			return err
		}
		return more(tx, w)
	})
}

// aDraft is atWork for what is not published yet.
func (s *Service) aDraft(v *web.Visit, more func(*db.Tx, declaration.Work) error) error {
	return s.atWork(v, func(tx *db.Tx, w declaration.Work) error {
		if w.Published {
			return chorus.ErrClosed
		}
		return more(tx, w)
	})
}

// showDiscard asks first: a draft that is thrown away does not come back.
func (s *Service) showDiscard(v *web.Visit) error {
	var w declaration.Work
	if err := s.aDraft(v, func(_ *db.Tx, found declaration.Work) error { w = found; return nil }); err != nil {
		return err
	}
	return v.Show(statusOK, web.Page{Title: v.T("declaration.desk.discard.title"), Class: web.Narrow, Private: true}, discardPage(v, w))
}

func (s *Service) postDiscard(v *web.Visit) error {
	if err := s.Declarations.Discard(v.Context(), v.Who, chorus.ID(v.PathValue("id"))); err != nil {
		return err
	}
	return v.Redirect("/desk")
}

// export is the work as a Markdown file, draft or published.
func (s *Service) export(v *web.Visit) error {
	var w declaration.Work
	if err := s.atWork(v, func(_ *db.Tx, found declaration.Work) error { w = found; return nil }); err != nil {
		return err
	}
	return v.Download("declaration.md", "text/markdown; charset=utf-8", w.Draft.Markdown())
}
