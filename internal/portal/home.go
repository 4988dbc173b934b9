// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/cause"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// How much the home page shows.
const (
	mostLooked     = 200 // declarations that are considered, the newest
	mostOpen       = 18
	mostInitiative = 6
	mostClosed     = 9
	perPage        = 24 // causes on a page of all
)

// home is what the first page shows.
type home struct {
	site        fact.SiteCore
	now         time.Time
	size        int64 // of the record that the numbers are of
	open        []cause.Cause
	initiatives []catalogue.Card
	closed      []cause.Cause
}

func (s *Service) home(v *web.Visit) error {
	h := home{}
	var err error
	if h.site, err = s.site(v.Context()); err != nil {
		return err
	}
	err = s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		h.now = tx.Now
		if h.size, err = recorder.Size(v.Context(), tx); err != nil {
			return err
		}
		if h.initiatives, err = catalogue.Newest(v.Context(), tx, chorus.Initiative, 0, mostInitiative); err != nil {
			return err
		}
		cards, err := catalogue.Newest(v.Context(), tx, chorus.Declaration, 0, mostLooked)
		if err != nil {
			return err
		}
		open, closed := cause.Parted(cards, tx.Now)
		if h.open, err = cause.Of(v.Context(), tx, first(mostOpen, open)); err != nil {
			return err
		}
		h.closed, err = cause.Of(v.Context(), tx, first(mostClosed, closed))
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("portal.home.title"), Description: v.T("portal.home.lead"), Class: web.Wide}, homePage(v, h))
}

func first(n int, cards []catalogue.Card) []catalogue.Card { return cards[:min(n, len(cards))] }

// causes is one page of all declarations.
type causes struct {
	now    time.Time
	size   int64 // of the record that the numbers are of
	all    []cause.Cause
	total  int64
	before int64 // where the next page begins; 0: there is none
	later  bool  // this is not the first page
}

func (s *Service) causes(v *web.Visit) error {
	before, err := strconv.ParseInt(cmp.Or(v.URL.Query().Get("before"), "0"), 10, 64)
	if err != nil || before < 0 {
		return chorus.ErrNotFound
	}
	p := causes{later: before > 0}
	err = s.DB.Read(v.Context(), func(tx *db.Tx) (err error) {
		p.now = tx.Now
		if p.size, err = recorder.Size(v.Context(), tx); err != nil {
			return err
		}
		if p.total, err = catalogue.Count(v.Context(), tx, chorus.Declaration); err != nil {
			return err
		}
		cards, err := catalogue.Newest(v.Context(), tx, chorus.Declaration, before, perPage+1)
		if err != nil {
			return err
		}
		if len(cards) > perPage {
			cards = cards[:perPage]
			p.before = cards[perPage-1].Entry
		}
		p.all, err = cause.Of(v.Context(), tx, cards)
		return err
	})
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("portal.causes.title"), Class: web.Wide}, causesPage(v, p))
}

func (s *Service) about(v *web.Visit) error {
	core, err := s.site(v.Context())
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("portal.about.title"), Class: web.Narrow}, aboutPage(v, core))
}

// opening is the first paragraph of a text, for a visitor who is here for the
// first time; more reports whether there is more to read.
func opening(text string) (paragraph string, more bool) {
	for p := range strings.SplitSeq(text, "\n\n") {
		p = strings.TrimSpace(p)
		if p != "" && !strings.HasPrefix(p, "#") {
			return p, strings.TrimSpace(text) != p
		}
	}
	return "", text != ""
}

// contactLink is the link of a contact that is a mail address or a web address,
// and empty for other words.
func contactLink(how string) string {
	switch {
	case strings.ContainsAny(how, " \t"):
		return ""
	case strings.HasPrefix(how, "https://"):
		return how
	case strings.Count(how, "@") == 1:
		return "mailto:" + how
	}
	return ""
}

// langOf marks words with their language, where it is known.
func langOf(tag string) templ.Attributes {
	if tag == "" {
		return nil
	}
	return templ.Attributes{"lang": tag}
}
