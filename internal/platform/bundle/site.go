// SPDX-License-Identifier: AGPL-3.0-or-later

package bundle

import (
	"context"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/record"
)

// The pages are those that a reader comes to from the home page in each
// language. Addresses that differ only in numbers are of one kind: the pages of
// a long list, or those of single entries. Of each kind the first are taken.
// What is left out is linked at the origin.
const (
	mostOfAList = 200
	mostOfAKind = 20
	mostPages   = 20_000
)

// aboutItself are the pages in which an instance speaks of itself and not of
// the record: no two say the same.
var aboutItself = []string{"/mirror", "/witness"}

// recordPath is where the files of the record stand among the pages.
const recordPath = "/record"

// A crawl is the pages that were found.
type crawl struct {
	*Contents
	first lang.Tag          // the language of site/index.html
	files map[string]string // by address, where it lies below site/
	pages map[string]Answer // by address
	kinds map[string]int    // how many addresses of a kind were taken
	todo  []string          // addresses in the order in which they were found
	known map[string]bool   // addresses that were found
	held  map[string]bool   // paths of the record that are in the bundle
	says  map[string]*lang.Speaker
}

// site adds the pages to a bundle.
func (c *Contents) site(ctx context.Context, w *writer) error {
	s := &crawl{Contents: c, files: map[string]string{}, pages: map[string]Answer{}, kinds: map[string]int{}, known: map[string]bool{}, held: map[string]bool{}, says: map[string]*lang.Speaker{}}
	for _, p := range c.paths() {
		s.held[p] = true
	}
	for i, t := range c.Catalogue.Languages() {
		if i == 0 {
			s.first = t
		}
		s.says[string(t)] = c.Catalogue.Speak(t)
		s.find("/" + string(t) + "/")
	}
	for n := 0; n < len(s.todo) && n < mostPages; n++ {
		if err := s.visit(ctx, s.todo[n]); err != nil {
			return err
		}
	}
	for _, address := range slices.Sorted(maps.Keys(s.files)) {
		body := s.pages[address].Body
		if isPage(s.pages[address]) {
			body = s.rewrite(address, body)
		}
		w.add("site/"+s.files[address], body)
	}
	return w.err
}

func isPage(a Answer) bool { return strings.HasPrefix(a.Type, "text/html") }

var numbers = regexp.MustCompile(`[0-9]+`)

// find notes an address that is to be visited, unless there are enough like it.
func (s *crawl) find(address string) {
	if s.known[address] {
		return
	}
	s.known[address] = true
	if slices.Contains(aboutItself, s.plain(address)) {
		return
	}
	kind, most := numbers.ReplaceAllString(address, "#"), mostOfAKind
	if strings.Contains(address, "?") {
		most = mostOfAList
	}
	if s.kinds[kind]++; s.kinds[kind] <= most {
		s.todo = append(s.todo, address)
	}
}

// visit takes a page and notes where it leads.
func (s *crawl) visit(ctx context.Context, address string) error {
	answer, err := s.Pages(address)
	if err != nil || !answer.Found {
		return err
	}
	s.pages[address], s.files[address] = answer, s.fileOf(address, isPage(answer))
	if isPage(answer) {
		for _, link := range linksOf(answer.Body) {
			if to, ok := s.address(address, link); ok {
				s.find(to)
			}
		}
	}
	return ctx.Err()
}

// fileOf is where an address lies below site/: /en/causes is en/causes.html, and
// the home page in the first language is index.html.
func (s *crawl) fileOf(address string, page bool) string {
	name, query, _ := strings.Cut(strings.TrimPrefix(address, "/"), "?")
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	if !page {
		return name
	}
	if name = strings.TrimSuffix(name, "/"); name == string(s.first) {
		return "index.html"
	}
	if s.says[name] != nil {
		return name + "/index.html"
	}
	if query != "" {
		name += "-" + strings.Trim(notInNames.ReplaceAllString(query, "-"), "-")
	}
	return name + ".html"
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9]+`)

// address is what a link on a page leads to, if that is something that belongs
// among the pages: not elsewhere, not a file of the record, not this very page.
func (s *crawl) address(page, link string) (string, bool) {
	to, ok := s.resolve(page, link)
	if !ok || s.outside(to) != "" {
		return "", false
	}
	return to, true
}

// resolve is the address of a link without its fragment, in one spelling; not
// ok if it leads to another site.
func (s *crawl) resolve(page, link string) (string, bool) {
	u, err := url.Parse(strings.TrimPrefix(link, s.Address))
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" && u.RawQuery == "" {
		return "", false
	}
	base, err := url.Parse(page)
	if err != nil {
		return "", false
	}
	u = base.ResolveReference(u)
	u.Fragment = ""
	if plain := s.plain(u.Path); path.Ext(plain) != "" || strings.HasPrefix(plain, recordPath+"/") && s.held[strings.TrimPrefix(plain, recordPath+"/")] {
		u.Path = plain // a file is the same in every language
	}
	return u.String(), true
}

// plain is a path without the language in front.
func (s *crawl) plain(p string) string {
	first, rest, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	if s.says[first] != nil {
		return "/" + rest
	}
	return p
}

// outside is where something lies that is in the bundle and not below site/.
func (s *crawl) outside(address string) string {
	if address == "/verify.html" {
		return "verify.html"
	}
	if p, ok := strings.CutPrefix(address, recordPath+"/"); ok && s.held[p] {
		return record.FolderOf(s.Origin) + "/" + p
	}
	return ""
}
