// SPDX-License-Identifier: AGPL-3.0-or-later

// Package chart draws a few plain charts as SVG, on the server, so that a page
// shows them without a script. A chart takes its colours from the page's style,
// has a title and a description for those who listen, follows the direction of
// the language, and gives the rows of the table that stands beside it. The same
// values always give the same bytes.
package chart

import (
	"html"
	"strconv"
	"strings"
)

// Direction is the way the reader's language runs.
type Direction int

// The two directions. In RightToLeft, time runs from right to left and bars grow from the right.
const (
	LeftToRight Direction = iota
	RightToLeft
)

// Options are what every chart needs besides its values. All text is in the reader's language.
type Options struct {
	ID        string // unique on the page; letters, digits and hyphens
	Title     string // what the chart shows, read out first
	Desc      string // what can be seen in it, in a sentence or two
	Direction Direction
	Number    func(int) string // writes a count; plain digits if nil
}

// Row is one line of the table beside a chart.
type Row struct {
	Label string
	Value string
}

func (o Options) number(n int) string {
	if o.Number == nil {
		return strconv.Itoa(n)
	}
	return o.Number(n)
}

// open writes the start of an <svg> whose title and description are tied to it.
func (o Options) open(b *strings.Builder, attributes string) {
	id := html.EscapeString(o.ID)
	b.WriteString(`<svg role="img" aria-labelledby="` + id + `-t"`)
	if o.Desc != "" {
		b.WriteString(` aria-describedby="` + id + `-d"`)
	}
	b.WriteString(attributes + `><title id="` + id + `-t">` + html.EscapeString(o.Title) + `</title>`)
	if o.Desc != "" {
		b.WriteString(`<desc id="` + id + `-d">` + html.EscapeString(o.Desc) + `</desc>`)
	}
}

// tenth writes x with at most one digit after the point, as short as it can.
func tenth(x float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
}
