// SPDX-License-Identifier: AGPL-3.0-or-later

package receipt

import (
	"net/http"
	"strconv"
	"strings"

	"example.org/chorus"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// Routes are the addresses of entries.
func (s *Service) Routes(site *web.Site) {
	site.HandlePublic("GET /r/{entry}", s.entry)
	site.HandlePublic("GET /r/{entry}/print", s.print)
}

// entry is the page of an entry or, with the end of a file, its receipt.
func (s *Service) entry(v *web.Visit) error {
	text, isFile := strings.CutSuffix(v.PathValue("entry"), suffix)
	place, err := placeOf(text)
	if err != nil {
		return err
	}
	if isFile {
		return s.file(v, place)
	}
	p, err := s.page(v.Context(), place)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("receipt.entry.title", "entry", place), Class: web.Narrow}, entryView(v, p))
}

// placeOf reads a place in its one spelling.
func placeOf(text string) (int64, error) {
	place, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(place, 10) != text {
		return 0, chorus.ErrNotFound
	}
	return place, nil
}

func (s *Service) file(v *web.Visit, place int64) error {
	r, err := s.Record.Receipt(v.Context(), place)
	if err != nil {
		return err
	}
	v.Reply.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.Reply.Header().Set("Cache-Control", "private, no-cache")
	_, err = v.Reply.Write(r.Proof)
	return err
}

func (s *Service) print(v *web.Visit) error {
	place, err := placeOf(v.PathValue("entry"))
	if err != nil {
		return err
	}
	p, err := s.page(v.Context(), place)
	if err != nil {
		return err
	}
	return show(v, p, sheet{back: Path(place), file: FilePath(place)})
}

// A sheet is where a printed receipt comes from.
type sheet struct {
	back, file string
	own        bool // opens what others do not see
}

// ShowOwn is the page on which a signer prints a receipt that opens withheld
// parts: it stands at back, and its file at file.
func (s *Service) ShowOwn(v *web.Visit, own *recorder.Receipt, back, file string) error {
	p, err := s.page(v.Context(), own.Index)
	if err != nil {
		return err
	}
	p.Receipt = own
	return show(v, p, sheet{back, file, true})
}

func show(v *web.Visit, p *entryPage, from sheet) error {
	svg, err := code(v, p.Receipt)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("receipt.print.title", "entry", p.Index), Class: web.Narrow, Private: from.own}, printView(v, p, from, svg))
}
