// SPDX-License-Identifier: AGPL-3.0-or-later

package desk

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.org/chorus"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

// A preview is a draft as it will look.
type preview struct {
	declaration.Work
	Shown *declaration.Declaration
	Orgs  declaration.Organisations
	New   []string // names of duty-bearers that get an entry by publishing
	Lacks []lack
}

// previewOf gives organisations without an entry a passing ID of their own.
func previewOf(w declaration.Work) preview {
	p := preview{Work: w, Orgs: declaration.Organisations{}}
	d := w.Draft
	d.DutyBearers = slices.Clone(d.DutyBearers)
	for i := range d.DutyBearers {
		party := &d.DutyBearers[i]
		if party.ID == "" {
			party.ID = chorus.ID(fmt.Sprintf("new-%d", i))
			p.New = append(p.New, party.Name)
		}
	}
	for _, party := range append(slices.Clone(d.Organisers), d.DutyBearers...) {
		p.Orgs[party.ID] = organisation.Organisation{ID: party.ID, Name: party.Name, Country: party.Country, Website: party.Website}
	}
	p.Shown = &declaration.Declaration{ID: w.ID, DeclarationCore: d.Core("")}
	return p
}

// readPreview reads the draft of an address as it will look.
func (s *Service) readPreview(v *web.Visit) (p preview, err error) {
	return p, s.aDraft(v, func(tx *db.Tx, w declaration.Work) error {
		w.Draft.DutyBearers = slices.Clone(w.Draft.DutyBearers)
		if err := declaration.Resolve(v.Context(), tx, w.Draft.DutyBearers); err != nil {
			return err
		}
		p = previewOf(w)
		p.Lacks = lacksOf(v, w.Draft, tx.Now)
		return nil
	})
}

func (s *Service) showPreview(v *web.Visit) error {
	p, err := s.readPreview(v)
	if err != nil {
		return err
	}
	return v.Show(statusOK, web.Page{Title: v.T("declaration.desk.preview.title"), Class: web.Wide, Private: true}, previewPage(v, p))
}

// showPublish says what publishing means, and asks.
func (s *Service) showPublish(v *web.Visit) error { return s.drawPublish(v, statusOK) }

func (s *Service) drawPublish(v *web.Visit, status int) error {
	p, err := s.readPreview(v)
	if err != nil {
		return err
	}
	return v.Show(status, web.Page{Title: v.T("declaration.desk.publish.title"), Class: web.Narrow, Private: true}, publishPage(v, p))
}

func (s *Service) postPublish(v *web.Visit) error {
	slug, err := s.Declarations.Publish(v.Context(), v.Who, chorus.ID(v.PathValue("id")))
	if _, isFaulty := errors.AsType[chorus.Invalid](err); isFaulty {
		return s.drawPublish(v, statusFaulty)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/declarations/" + slug)
}

// A closing is the page that asks why a declaration is closed.
type closing struct {
	web.Form
	*declaration.Declaration
}

func (s *Service) showClose(v *web.Visit) error {
	return s.drawClose(v, statusOK, web.Form{})
}

func (s *Service) drawClose(v *web.Visit, status int, f web.Form) error {
	d, err := s.atWorkPublished(v)
	if err != nil {
		return err
	}
	if d.Closed != "" {
		return chorus.ErrClosed
	}
	return v.Show(status, web.Page{Title: v.T("declaration.desk.close.title"), Class: web.Narrow, Private: true}, closePage(v, closing{f, d}))
}

// atWorkPublished is the published declaration of an address on the desk.
func (s *Service) atWorkPublished(v *web.Visit) (d *declaration.Declaration, err error) {
	return d, s.atWork(v, func(tx *db.Tx, w declaration.Work) (err error) {
		d, err = declaration.ByID(v.Context(), tx, w.ID)
		return err
	})
}

func (s *Service) postClose(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	if fault := web.CheckComment(f.Get("why"), web.Line{Max: declaration.MaxWhy}); fault != "" {
		f.Wrong = chorus.Invalid{"why": fault}
		return s.drawClose(v, statusFaulty, f)
	}
	if err := s.Declarations.Close(v.Context(), v.Who, chorus.ID(v.PathValue("id")), f.Get("why")); err != nil {
		return err
	}
	return v.Redirect("/desk")
}

// A heap is the comments that wait at a declaration.
type heap struct {
	*declaration.Declaration
	Waiting []signing.WaitingComment
}

func (s *Service) showComments(v *web.Visit) error {
	d, err := s.atWorkPublished(v)
	if err != nil {
		return err
	}
	waiting, err := s.Signing.WaitingComments(v.Context(), v.Who, d.ID)
	if err != nil {
		return err
	}
	return v.Show(statusOK, web.Page{Title: v.T("declaration.desk.comments.title"), Class: web.Narrow, Private: true}, commentsPage(v, heap{d, waiting}))
}

// postComments judges one comment; the next then stands on top.
func (s *Service) postComments(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	id := chorus.ID(v.PathValue("id"))
	switch {
	case f.Get("show") != "":
		err = s.Signing.ShowComment(v.Context(), v.Who, id, chorus.ID(f.Get("show")))
	case f.Get("drop") != "":
		err = s.Signing.DropComment(v.Context(), v.Who, id, chorus.ID(f.Get("drop")))
	}
	if err != nil {
		return err
	}
	return v.Redirect(pathOf(id) + "/comments")
}

func (s *Service) showImport(v *web.Visit) error { return drawImport(v, statusOK, web.Form{}, "") }

// drawImport shows the page that takes a file; fault says what was wrong with one.
func drawImport(v *web.Visit, status int, f web.Form, fault string) error {
	if v.Who == "" {
		return chorus.ErrForbidden
	}
	return v.Show(status, web.Page{Title: v.T("declaration.desk.import.title"), Class: web.Narrow, Private: true}, importPage(v, f, fault))
}

func (s *Service) postImport(v *web.Visit) error {
	f, err := v.Form()
	if err != nil {
		return err
	}
	text, err := v.File("file")
	if err != nil {
		return err
	}
	if text == "" {
		text = f.Get("text")
	}
	id, err := s.Declarations.Import(v.Context(), v.Who, strings.NewReader(text))
	if fault := importFault(v, err); fault != "" {
		return drawImport(v, statusFaulty, f, fault)
	}
	if err != nil {
		return err
	}
	return v.Redirect(pathOf(id))
}

// importFault says what is wrong with a file, and on which line; "" where the
// fault is not the file's.
func importFault(v *web.Visit, err error) string {
	if fault, ok := errors.AsType[*document.Error](err); ok {
		return fault.Tell(v.Say)
	}
	wrong, _ := errors.AsType[chorus.Invalid](err)
	var all []string
	for _, key := range wrong {
		all = append(all, faultText(v, key))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
