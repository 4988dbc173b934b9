// SPDX-License-Identifier: AGPL-3.0-or-later

package web

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"example.org/chorus"
	"example.org/chorus/internal/platform/lang"
)

// A Visit is one request, who makes it, and the answer to it.
type Visit struct {
	Reply http.ResponseWriter
	*http.Request
	Site *Site
	Say  *lang.Speaker
	Who  chorus.ID // the person who is signed in; "" for a reader

	prefix string // "/ar" where the address names the language
}

// T says a message in the visitor's language.
func (v *Visit) T(key string, args ...any) string { return v.Say.T(key, args...) }

// N says a message in the plural form of count.
func (v *Visit) N(key string, count int64, args ...any) string { return v.Say.N(key, count, args...) }

// To is the address of a page of this site, in the language the visitor reads.
func (v *Visit) To(path string) string { return v.prefix + path }

// Link is To as a safe address for an attribute.
func (v *Visit) Link(path string) templ.SafeURL { return templ.URL(v.To(path)) }

// Absolute is To with the name of the site in front, for mail and export.
func (v *Visit) Absolute(path string) string { return v.Site.BaseURL + v.To(path) }

// Redirect sends the visitor to a page of this site.
func (v *Visit) Redirect(path string) error {
	http.Redirect(v.Reply, v.Request, v.To(path), http.StatusSeeOther)
	return nil
}

// LocalPath is s if it is a path on this site, else "/": where to go on after
// signing in is not for strangers to choose.
func LocalPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\n\r\t") {
		return "/"
	}
	return s
}

func pathQuery(path string) string { return url.QueryEscape(path) }

// A Page is what the frame needs to know about what it holds.
type Page struct {
	Title       string
	Description string // one sentence for search engines and link previews
	Class       string // Wide, Narrow or Split
	Private     bool   // not for search engines, caches or shared screens
}

// Classes of the page's main part.
const (
	Wide   = "page"
	Narrow = "narrow"
	Split  = "split"
)

// A Frame is what stands around every page.
type Frame struct {
	Name  string // of the instance
	Links []Link // of the menu
	Foot  []Link
	Note  string // a sentence in the footer

	Banner *Banner // on a mirror
}

// A Banner says above every page of a mirror what it is.
type Banner struct {
	Text  string
	Alarm string // why the copy does not go on; "" while it does
	More  Link
}

// A Link leads to a page of this site. A Deed is done by pressing it.
type Link struct {
	Text, Path string
	Deed       Deed
}

// Deed says whether a link only leads somewhere.
type Deed int

// The two sorts of links.
const (
	Leads Deed = iota
	Posts
)

// Show answers with a page.
func (v *Visit) Show(status int, p Page, body templ.Component) error {
	frame, err := v.Site.Frame(v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := layout(v, frame, p, body).Render(context.Background(), &b); err != nil {
		return err
	}
	h := v.Reply.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(v.Say.Tag()))
	h.Add("Vary", "Accept-Language, Cookie")
	h.Set("Cache-Control", "private, no-cache")
	if p.Private {
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex")
	}
	v.Reply.WriteHeader(status)
	_, err = v.Reply.Write(b.Bytes())
	return err
}

// Give answers with bytes for programs.
func (v *Visit) Give(status int, contentType string, body []byte) error {
	v.Reply.Header().Set("Content-Type", contentType)
	v.Reply.WriteHeader(status)
	_, err := v.Reply.Write(body)
	return err
}

// Download answers with a file.
func (v *Visit) Download(name, contentType string, body []byte) error {
	h := v.Reply.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
	_, err := v.Reply.Write(body)
	return err
}

type languageKey struct{}

// languages lets /ar/… be the page … in Arabic.
func (s *Site) languages(next http.Handler) http.Handler {
	prefixes := map[string]bool{}
	for _, t := range s.Catalogue.Languages() {
		prefixes[string(t)] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if !prefixes[first] {
			next.ServeHTTP(w, r)
			return
		}
		inner := r.Clone(context.WithValue(r.Context(), languageKey{}, first))
		inner.URL.Path, inner.URL.RawPath = "/"+rest, ""
		next.ServeHTTP(w, inner)
	})
}

func prefixOf(r *http.Request) string {
	if tag, ok := r.Context().Value(languageKey{}).(string); ok {
		return "/" + tag
	}
	return ""
}

func languageOf(r *http.Request, c *lang.Catalogue) lang.Tag {
	return c.Match(strings.TrimPrefix(prefixOf(r), "/"), r.Header.Get("Accept-Language"))
}

// inLanguage is the address of this page in a language.
func (v *Visit) inLanguage(t lang.Tag) templ.SafeURL {
	path := v.URL.EscapedPath()
	if v.Method != http.MethodGet && v.Method != http.MethodHead {
		path = "/"
	}
	if v.URL.RawQuery != "" && path != "/" {
		path += "?" + v.URL.RawQuery
	}
	return templ.URL("/" + string(t) + path)
}
