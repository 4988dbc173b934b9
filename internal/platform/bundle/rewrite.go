// SPDX-License-Identifier: AGPL-3.0-or-later

package bundle

import (
	"bytes"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"example.org/chorus/internal/platform/lang"
)

// linksOf are the addresses that a page names, in their order.
func linksOf(page []byte) (links []string) {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return links
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if t.Data == "script" {
				continue
			}
			for _, a := range t.Attr {
				if a.Key == "href" || a.Key == "src" {
					links = append(links, a.Val)
				}
			}
		}
	}
}

// A rewriter makes a page of the site one that lies in a folder: links lead to
// the files beside it, scripts and forms are taken out.
type rewriter struct {
	*crawl
	address string
	file    string // below the top of the bundle
	say     *lang.Speaker
	out     bytes.Buffer
}

func (s *crawl) rewrite(address string, page []byte) []byte {
	first, _, _ := strings.Cut(strings.TrimPrefix(address, "/"), "/")
	r := &rewriter{crawl: s, address: address, file: "site/" + s.files[address], say: s.says[first]}
	if r.say == nil {
		r.say = s.says[string(s.first)]
	}
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return r.out.Bytes()
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := slices.Clone(z.Raw())
			r.tag(z, raw, z.Token())
		default:
			r.out.Write(z.Raw())
		}
	}
}

// tag writes a tag, or takes out the element that it begins.
func (r *rewriter) tag(z *html.Tokenizer, raw []byte, t html.Token) {
	switch {
	case t.Data == "script":
		skip(z, t)
	case t.Data == "form":
		skip(z, t)
		if strings.EqualFold(attribute(t, "method"), "post") {
			r.sayElsewhere()
		}
	case attribute(t, "id") == "mirror-banner":
		skip(z, t)
		r.sayCopy()
	default:
		r.links(raw, t)
	}
}

// skip reads on to the end of an element.
func skip(z *html.Tokenizer, t html.Token) {
	for depth := 1; depth > 0 && t.Type != html.SelfClosingTagToken; {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken:
			if name, _ := z.TagName(); string(name) == t.Data {
				depth++
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == t.Data {
				depth--
			}
		}
	}
}

func attribute(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// links writes a tag with links that fit where the page lies now.
func (r *rewriter) links(raw []byte, t html.Token) {
	changed := false
	for i, a := range t.Attr {
		if a.Key != "href" && a.Key != "src" {
			continue
		}
		if to := r.link(a.Val); to != a.Val {
			t.Attr[i].Val, changed = to, true
		}
	}
	if !changed {
		r.out.Write(raw)
		return
	}
	r.out.WriteString(t.String())
}

// link is a link from where the page lies now: to a file of the bundle, or to
// the origin for what is not in it.
func (r *rewriter) link(link string) string {
	to, ok := r.resolve(r.address, link)
	if !ok {
		return link
	}
	_, fragment, found := strings.Cut(link, "#")
	if found {
		fragment = "#" + fragment
	}
	if name := r.outside(to); name != "" {
		return r.relative(name) + fragment
	}
	if name, ok := r.files[to]; ok {
		return r.relative("site/"+name) + fragment
	}
	return r.Address + to + fragment
}

func (r *rewriter) relative(name string) string {
	to, err := filepath.Rel(filepath.Dir(r.file), name)
	if err != nil { // both are below the same top
		return name
	}
	return (&url.URL{Path: filepath.ToSlash(to)}).String()
}

// sayCopy stands above every page.
func (r *rewriter) sayCopy() {
	r.out.WriteString(`<section class="banner" aria-label="` + html.EscapeString(r.say.T("bundle.name")) + `"><p>` + html.EscapeString(r.say.T("bundle.copy", "origin", r.host(), "size", r.To)) +
		` <a href="` + html.EscapeString(r.relative("verify.html")) + `">` + html.EscapeString(r.say.T("bundle.check")) + `</a></p></section>`)
}

// sayElsewhere stands where a form was.
func (r *rewriter) sayElsewhere() {
	to := r.Address + r.address
	r.out.WriteString(`<p>` + html.EscapeString(r.say.T("bundle.elsewhere")) + ` <a href="` + html.EscapeString(to) + `" dir="ltr">` + html.EscapeString(to) + `</a></p>`)
}

func (r *rewriter) host() string {
	_, host, _ := strings.Cut(r.Address, "://")
	return host
}
