// SPDX-License-Identifier: AGPL-3.0-or-later

package initiative

import (
	"errors"
	"net/http"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/cause"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/commons/wording"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// Routes adds the pages of initiatives to the site.
func (s *Service) Routes(site *web.Site) {
	site.Handle("GET /initiatives/new", s.newPage)
	site.Handle("POST /initiatives", s.post)
	site.HandlePublic("GET /initiatives/{id}", s.page)
}

// page is what the page of an initiative shows.
type page struct {
	Initiative
	now     time.Time
	size    int64 // of the record that the numbers are of
	runners []catalogue.Card
	open    []cause.Cause
	closed  []cause.Cause
	mayAdd  bool // the visitor may add a declaration
}

func (s *Service) page(v *web.Visit) error {
	p := page{}
	err := s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		p.now = tx.Now
		if p.size, err = recorder.Size(v.Context(), tx); err != nil {
			return err
		}
		if p.Initiative, err = ByID(v.Context(), tx, chorus.ID(v.PathValue("id"))); err != nil {
			return err
		}
		if p.runners, err = catalogue.Linked(v.Context(), tx, p.Ref(), catalogue.RunBy); err != nil {
			return err
		}
		cards, err := catalogue.Linking(v.Context(), tx, catalogue.PartOf, p.Ref())
		if err != nil {
			return err
		}
		open, closed := cause.Parted(cards, tx.Now)
		if p.open, err = cause.Of(v.Context(), tx, open); err != nil {
			return err
		}
		if p.closed, err = cause.Of(v.Context(), tx, closed); err != nil || v.Who == "" {
			return err
		}
		p.mayAdd, err = editsOne(v, tx, p.Organisers)
		return err
	})
	if err != nil {
		return err
	}
	title, _ := p.Title.In(string(v.Say.Tag()))
	if title == "" {
		title = v.T("initiative.erased")
	}
	summary, _ := p.Summary.In(string(v.Say.Tag()))
	return v.Show(http.StatusOK, web.Page{Title: title, Description: summary, Class: web.Wide}, showPage(v, p))
}

// editsOne reports whether the visitor acts for one of the organisations.
func editsOne(v *web.Visit, tx *db.Tx, organisers []chorus.ID) (bool, error) {
	for _, o := range organisers {
		role, err := organisation.RoleOf(v.Context(), tx, v.Who, o)
		if err != nil || role != "" {
			return err == nil, err
		}
	}
	return false, nil
}

// form is what the page for a new initiative shows.
type form struct {
	web.Form
	runners []web.Choice // organisations the visitor may name
}

func (s *Service) newPage(v *web.Visit) error {
	if v.Who == "" {
		return chorus.ErrForbidden
	}
	f := web.Form{Values: v.URL.Query()}
	return s.draw(v, http.StatusOK, f)
}

func (s *Service) draw(v *web.Visit, status int, typed web.Form) error {
	f := form{Form: typed}
	err := s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		f.runners, err = choices(v, tx)
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(status, web.Page{Title: v.T("initiative.new.title"), Class: web.Narrow, Private: true}, formPage(v, f))
}

// mostChoices is how many organisations a steward can choose from; there the
// import, or an editor of the organisation, does the rest.
const mostChoices = 300

// choices are the organisations that the visitor may open an initiative for:
// those they act for and, for a steward, all.
func choices(v *web.Visit, tx *db.Tx) (all []web.Choice, err error) {
	own, err := organisation.Editing(v.Context(), tx, v.Who)
	if err != nil {
		return nil, err
	}
	err = account.RequireSteward(v.Context(), tx, v.Who)
	if err == nil {
		more, err := organisation.Search(v.Context(), tx, "", mostChoices)
		if err != nil {
			return nil, err
		}
		own = append(own, more...)
	} else if !errors.Is(err, chorus.ErrForbidden) {
		return nil, err
	}
	seen := map[chorus.ID]bool{}
	for _, o := range own {
		if o.Name != "" && !seen[o.ID] {
			seen[o.ID] = true
			all = append(all, web.Choice{Value: string(o.ID), Text: o.Name})
		}
	}
	return all, nil
}

func (s *Service) post(v *web.Visit) error {
	if v.Who == "" {
		return chorus.ErrForbidden
	}
	f, err := v.Form()
	if err != nil {
		return err
	}
	in := Input{Title: wording.Read(v, f, "title"), Summary: wording.Read(v, f, "summary")}
	if o := chorus.ID(f.Get("organiser")); o.Valid() {
		in.Organisers = []chorus.ID{o}
	}
	id, err := s.Open(v.Context(), v.Who, in)
	if f, ok := f.With(err); ok {
		return s.draw(v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return v.Redirect(pathOf(id))
}
