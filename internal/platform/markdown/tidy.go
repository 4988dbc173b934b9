// SPDX-License-Identifier: AGPL-3.0-or-later

package markdown

import (
	"net/url"
	"slices"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// rel tells search engines and browsers that a link comes from a visitor, and
// keeps the page it leads to from reaching back.
const rel = "nofollow noopener ugc"

// tidy changes a text after it is read and before it is written.
type tidy struct{}

// Transform implements goldmark's parser.ASTTransformer.
func (tidy) Transform(doc *ast.Document, source text.Reader, _ parser.Context) {
	var headings []*ast.Heading
	var bare []ast.Node // those that only their words remain of
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			headings = append(headings, n)
		case *ast.Image:
			bare = append(bare, n)
		case *ast.Link:
			if !leadsToPage(n.Destination) {
				bare = append(bare, n)
			}
			n.SetAttributeString("rel", []byte(rel))
		case *ast.AutoLink:
			if n.AutoLinkType == ast.AutoLinkURL && !leadsToPage(n.URL(source.Source())) {
				n.AppendChild(n, ast.NewString(n.Label(source.Source())))
				bare = append(bare, n)
			}
			n.SetAttributeString("rel", []byte(rel))
		}
		return ast.WalkContinue, nil
	}) // the walker above never returns an error
	lower(headings)
	for _, n := range bare {
		unwrap(n)
	}
}

// leadsToPage reports whether a link leads to a page or opens a letter, and does nothing else.
func leadsToPage(destination []byte) bool {
	address, err := url.Parse(string(util.URLEscape(destination, true)))
	if err != nil {
		return false
	}
	switch address.Scheme {
	case "http", "https":
		return address.Host != ""
	case "mailto":
		return address.Opaque != ""
	case "":
		return address.Host != "" || address.Path != ""
	}
	return false
}

// lower puts the levels a text uses below the page's own title, without gaps: the
// highest becomes 2, the next 3, whatever signs its writer chose.
func lower(headings []*ast.Heading) {
	var levels []int
	for _, h := range headings {
		levels = append(levels, h.Level)
	}
	slices.Sort(levels)
	levels = slices.Compact(levels)
	for _, h := range headings {
		h.Level = min(6, slices.Index(levels, h.Level)+2)
	}
}

// unwrap leaves the words of a node in its place.
func unwrap(n ast.Node) {
	parent := n.Parent()
	for child := n.FirstChild(); child != nil; child = n.FirstChild() {
		parent.InsertBefore(parent, n, child)
	}
	parent.RemoveChild(parent, n)
}
