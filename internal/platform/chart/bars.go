// SPDX-License-Identifier: AGPL-3.0-or-later

package chart

import (
	"html"
	"strings"
)

// Bar is a count and what it is a count of.
type Bar struct {
	Label string
	Count int
}

// BarChart compares counts, one line for each. Make one with Bars.
type BarChart struct {
	bars []Bar
	o    Options
}

// pitch is the height of one line of the chart, in the page's letter heights (em).
const pitch = 2.6

// Bars returns the chart of bars in the order given. The longest bar spans the whole width.
func Bars(bars []Bar, o Options) BarChart {
	return BarChart{bars: bars, o: o}
}

// Rows returns the lines of the table beside the chart.
func (c BarChart) Rows() []Row {
	var rows []Row
	for _, bar := range c.bars {
		rows = append(rows, Row{Label: bar.Label, Value: c.o.number(bar.Count)})
	}
	return rows
}

// String returns the chart as HTML that may stand inside a <figure>. It measures in per cent and em, not in a
// viewBox, so that its words keep the size of the page's words on every screen.
func (c BarChart) String() string {
	var b strings.Builder
	high := tenth(pitch * float64(len(c.bars)))
	c.o.open(&b, ` class="bars" width="100%" height="`+high+`em"`)
	longest := 0
	for _, bar := range c.bars {
		longest = max(longest, bar.Count)
	}
	for i, bar := range c.bars {
		c.draw(&b, i, bar, share(bar.Count, longest))
	}
	b.WriteString(`</svg>`)
	return b.String()
}

func (c BarChart) draw(b *strings.Builder, i int, bar Bar, percent float64) {
	text, line := tenth(pitch*float64(i)+1.2), tenth(pitch*float64(i)+1.7)
	near, far, from := "0", "100%", "0"
	if c.o.Direction == RightToLeft {
		near, far, from = "100%", "0", tenth(100-percent)+"%"
	}
	b.WriteString(`<text x="` + near + `" y="` + text + `em">` + html.EscapeString(bar.Label) + `</text>`)
	b.WriteString(`<text class="value" text-anchor="end" x="` + far + `" y="` + text + `em">` + html.EscapeString(c.o.number(bar.Count)) + `</text>`)
	b.WriteString(`<rect class="track" y="` + line + `em" width="100%" height=".4em"/>`)
	b.WriteString(`<rect class="bar-fill" x="` + from + `" y="` + line + `em" width="` + tenth(percent) + `%" height=".4em"/>`)
}

func share(count, longest int) float64 {
	if longest <= 0 || count <= 0 {
		return 0
	}
	return 100 * float64(count) / float64(longest)
}
