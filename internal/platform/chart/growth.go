// SPDX-License-Identifier: AGPL-3.0-or-later

package chart

import (
	"html"
	"strings"
	"time"
)

// Point is a total on a day.
type Point struct {
	Day   time.Time
	Total int
}

// GrowthChart shows how a total grew over days. Make one with Growth.
type GrowthChart struct {
	points []Point
	top    int // the highest total, nought if there is none
	day    func(time.Time) string
	o      Options
}

// The drawing's own measure. The page stretches it to the width it has, so all
// text stands outside of the drawing and keeps its size.
const (
	width, height = 640.0, 180.0
	air           = 8.0 // room above the highest point
	maxPoints     = 120 // more cannot be told apart on a phone
	maxRows       = 31
)

// Growth returns the chart of points, which are in the order of their days;
// day writes a day in the reader's language. With no points it draws an empty frame.
func Growth(points []Point, day func(time.Time) string, o Options) GrowthChart {
	g := GrowthChart{points: thin(points, maxPoints), day: day, o: o}
	for _, p := range g.points {
		g.top = max(g.top, p.Total)
	}
	return g
}

// Rows returns at most 31 lines for the table: the first day, the last, and days between.
func (g GrowthChart) Rows() []Row {
	var rows []Row
	for _, p := range thin(g.points, maxRows) {
		rows = append(rows, Row{Label: g.day(p.Day), Value: g.o.number(p.Total)})
	}
	return rows
}

// String returns the chart as HTML that may stand inside a <figure>.
func (g GrowthChart) String() string {
	var b strings.Builder
	b.WriteString(`<div class="growth">`)
	if g.top > 0 {
		b.WriteString(`<div class="scale" aria-hidden="true"><span>` + html.EscapeString(g.o.number(g.last().Total)) + `</span></div>`)
	}
	g.o.open(&b, ` viewBox="0 0 640 180" preserveAspectRatio="none"`)
	b.WriteString(`<path class="rule" d="M0 180H640"/>`)
	g.draw(&b)
	b.WriteString(`</svg>`)
	if len(g.points) > 1 {
		first, last := g.points[0], g.last()
		b.WriteString(`<div class="scale" aria-hidden="true"><span>` + html.EscapeString(g.day(first.Day)) +
			`</span><span>` + html.EscapeString(g.day(last.Day)) + `</span></div>`)
	}
	b.WriteString(`</div>`)
	return b.String()
}

func (g GrowthChart) last() Point { return g.points[len(g.points)-1] }

func (g GrowthChart) draw(b *strings.Builder) {
	if len(g.points) == 0 {
		return
	}
	line, start, end := g.line()
	if len(g.points) > 1 {
		b.WriteString(`<path class="area" d="` + line + `V180H` + tenth(start.x) + `Z"/>`)
		b.WriteString(`<path class="line" d="` + line + `"/>`)
	}
	b.WriteString(`<path class="now" d="M` + tenth(end.x) + ` ` + tenth(end.y) + `h0"/>`)
}

type spot struct{ x, y float64 }

// line returns the path through all points, and where it starts and ends.
func (g GrowthChart) line() (path string, start, end spot) {
	var b strings.Builder
	for i, p := range g.points {
		end = g.place(p)
		if i == 0 {
			start = end
			b.WriteString("M")
		} else if i == 1 {
			b.WriteString("L")
		} else {
			b.WriteString(" ")
		}
		b.WriteString(tenth(end.x) + " " + tenth(end.y))
	}
	return b.String(), start, end
}

func (g GrowthChart) place(p Point) spot {
	first, last := g.points[0].Day, g.last().Day
	x := width
	if span := last.Sub(first); span > 0 {
		x = width * min(1, max(0, float64(p.Day.Sub(first))/float64(span)))
	}
	if g.o.Direction == RightToLeft {
		x = width - x
	}
	y := height
	if g.top > 0 {
		y = height - (height-air)*float64(max(0, p.Total))/float64(g.top)
	}
	return spot{x, y}
}

// thin returns at most n of points: the first, the last, the highest and the lowest
// among them, and between those one from each stretch of even length.
func thin(points []Point, n int) []Point {
	if len(points) <= n {
		return points
	}
	keep := map[int]bool{0: true, len(points) - 1: true}
	low, high := 0, 0
	for i, p := range points {
		if p.Total < points[low].Total {
			low = i
		}
		if p.Total > points[high].Total {
			high = i
		}
	}
	keep[low], keep[high] = true, true
	for i, steps := 1, n-len(keep); i <= steps; i++ {
		keep[i*(len(points)-1)/(steps+1)] = true
	}
	var few []Point
	for i, p := range points {
		if keep[i] {
			few = append(few, p)
		}
	}
	return few
}
