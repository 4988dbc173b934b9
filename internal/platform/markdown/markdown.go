// SPDX-License-Identifier: AGPL-3.0-or-later

// Package markdown turns the text that people write into HTML that is safe to
// show. What looks like HTML in a text is shown as it was typed. Pictures are
// left out, because a picture from elsewhere would tell another host who reads
// this page; their words stay. Links say that we do not vouch for them. The
// headings of a text stand below the title of the page it is shown on.
package markdown

import (
	"bytes"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Both are made once and shared: they do not change after that.
var (
	engine = newEngine()
	policy = newPolicy()
)

// newEngine reads CommonMark without raw HTML, with tables and struck-out text.
func newEngine() goldmark.Markdown {
	blocks := slices.DeleteFunc(parser.DefaultBlockParsers(), func(p util.PrioritizedValue) bool {
		return p.Priority == htmlBlockPriority
	})
	inlines := slices.DeleteFunc(parser.DefaultInlineParsers(), func(p util.PrioritizedValue) bool {
		return p.Priority == rawHTMLPriority
	})
	return goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(blocks...),
			parser.WithInlineParsers(inlines...),
			parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
			parser.WithASTTransformers(util.Prioritized(tidy{}, 500)),
		)),
		goldmark.WithRenderer(renderer.NewRenderer(renderer.WithNodeRenderers(util.Prioritized(html.NewRenderer(), 1000)))),
		goldmark.WithExtensions(
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)),
			extension.Strikethrough,
		),
	)
}

// The places goldmark gives to its two parsers of raw HTML; TestRawHTMLIsShown fails if they move.
const (
	htmlBlockPriority = 900
	rawHTMLPriority   = 400
)

// newPolicy is the second wall: should the first let something through, only this passes.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code",
		"em", "strong", "del", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile("^" + rel + "$")).OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	return p
}

// HTML returns the text as HTML for a page. A long letter takes about half a
// millisecond, most of it in the second wall, so a page that many read should keep what this returns.
func HTML(text string) string {
	var out bytes.Buffer
	if err := engine.Convert([]byte(text), &out); err != nil {
		return template.HTMLEscapeString(text) // a buffer does not fail; should it ever, the words are shown
	}
	return policy.Sanitize(out.String())
}

// Plain returns the words of the text without any marks, on one line of at most limit
// letters. A longer text is cut between two words and ends with "…".
func Plain(source string, limit int) string {
	src := []byte(source)
	var b strings.Builder
	_ = ast.Walk(engine.Parser().Parse(text.NewReader(src)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			b.Write(words(n, src))
		}
		if n.Type() == ast.TypeBlock || n.Kind() == tables.KindTableCell {
			b.WriteByte(' ')
		}
		return ast.WalkContinue, nil
	}) // the walker above never returns an error
	return cut(strings.Join(strings.Fields(b.String()), " "), limit)
}

// words returns what a node itself says; its children say the rest.
func words(n ast.Node, src []byte) []byte {
	switch n := n.(type) {
	case *ast.Text:
		said := util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(n.Segment.Value(src))))
		if n.SoftLineBreak() || n.HardLineBreak() {
			return append(slices.Clone(said), ' ')
		}
		return said
	case *ast.String:
		return n.Value
	case *ast.AutoLink:
		return n.Label(src)
	case *ast.CodeBlock:
		return n.Lines().Value(src)
	case *ast.FencedCodeBlock:
		return n.Lines().Value(src)
	}
	return nil
}

// cut keeps the words of line that fit into limit letters, with "…" if some do not.
func cut(line string, limit int) string {
	letters := []rune(line)
	if len(letters) <= limit {
		return line
	}
	if limit < 1 {
		return ""
	}
	short := string(letters[:limit-1])
	if at := strings.LastIndexByte(short, ' '); letters[limit-1] != ' ' && at > len(short)/2 {
		short = short[:at]
	}
	return strings.TrimRightFunc(short, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) }) + "…"
}
