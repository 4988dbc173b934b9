// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"bytes"
	"net/http"
	"strconv"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/web"
)

// CountsPath is where the numbers of all declarations stand for programs, among
// the files of the record that bears them out.
const CountsPath = "/record/counts"

// Routes are all the addresses of this capability.
func (s *Service) Routes(site *web.Site) {
	site.HandlePublic("GET /declarations/{slug}", s.show)
	site.HandlePublic("GET /declarations/{slug}/number", s.number)
	site.HandlePublic("GET /declarations/{slug}/count", s.count)
	site.HandlePublic("GET /declarations/{slug}/names", s.names)
	site.HandlePublic("GET /declarations/{slug}/declaration.md", s.document)
	site.HandleAlways("GET /declarations/{slug}/signatures.csv", s.table)
	site.HandlePublic("GET "+CountsPath, s.claims)
}

func (s *Service) show(v *web.Visit) error {
	p, err := s.showPage(v.Context(), v.PathValue("slug"), string(v.Say.Tag()))
	if err != nil {
		return err
	}
	title, _ := p.Title.In(string(v.Say.Tag()))
	return v.Show(http.StatusOK, web.Page{Title: title, Description: p.Summary, Class: web.Split}, show(v, p))
}

// number is the count alone and, on a second line, of how much of the record
// it is, for pages that stay open.
func (s *Service) number(v *web.Visit) error {
	d, size, err := s.counted(v.Context(), v.PathValue("slug"))
	if err != nil {
		return err
	}
	v.Reply.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = v.Reply.Write([]byte(v.Say.Number(d.Number()) + "\n" + v.T("receipt.asof", "size", size)))
	return err
}

// count says how the number comes about.
func (s *Service) count(v *web.Visit) error {
	p, err := s.countPage(v.Context(), v.PathValue("slug"))
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("declaration.recounting.title"), Class: web.Narrow}, recount(v, p))
}

func (s *Service) claims(v *web.Visit) error {
	claims, err := s.Claims(v.Context())
	if err != nil {
		return err
	}
	lines, err := fact.MarshalClaims(claims)
	if err != nil {
		return err
	}
	v.Reply.Header().Set("Content-Type", "application/jsonl")
	_, err = v.Reply.Write(lines)
	return err
}

func (s *Service) names(v *web.Visit) error {
	before, _ := strconv.ParseInt(v.URL.Query().Get("before"), 10, 64) // 0: from the newest
	p, err := s.namesPage(v.Context(), v.PathValue("slug"), before)
	if err != nil {
		return err
	}
	title, _ := p.Title.In(string(v.Say.Tag()))
	return v.Show(http.StatusOK, web.Page{Title: v.T("declaration.people.title") + ": " + title, Class: web.Wide}, names(v, p))
}

func (s *Service) document(v *web.Visit) error {
	d, orgs, err := s.withOrganisations(v.Context(), v.PathValue("slug"))
	if err != nil {
		return err
	}
	draft := draftOf(d, orgs)
	return v.Download(d.Slug+".md", "text/markdown; charset=utf-8", draft.Markdown())
}

var tableRate = web.Rate{Deed: "table", PerHour: 60, Burst: 10}

// table is the open data of a declaration: what everybody can see of every
// signature that counts.
func (s *Service) table(v *web.Visit) error {
	if err := v.Limit(tableRate); err != nil {
		return err
	}
	slug := v.PathValue("slug")
	var b bytes.Buffer
	if err := s.writeTable(v.Context(), slug, &b); err != nil {
		return err
	}
	return v.Download(slug+".csv", "text/csv; charset=utf-8", b.Bytes())
}
