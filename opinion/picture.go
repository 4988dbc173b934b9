// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Picture is a map of people to be drawn.
type Picture struct {
	Groups []PictureGroup
	Others [][2]float64 // people in no group
}

// PictureGroup is a group on it.
type PictureGroup struct {
	Name   string
	People [][2]float64
	Center [2]float64
	Spread Ellipse
}

// PictureText is the wording of a picture; the defaults are English.
type PictureText struct {
	Title  string
	Group  func(name string, size int) string             // the label beside a group
	About  func(groups []PictureGroup, others int) string // the description read out by a screen reader
	Legend string                                         // below the map, where there are groups
}

// GroupName is the letter shown for a group's label.
func GroupName(label int) string {
	name := ""
	for label >= 0 {
		name = string(rune('A'+label%26)) + name
		label = label/26 - 1
	}
	return name
}

// Picture is the map of a result.
func (r *Result) Picture() Picture {
	var p Picture
	place := map[int]int{}
	for n, g := range r.Groups {
		place[g.Label] = n
		p.Groups = append(p.Groups, PictureGroup{Name: GroupName(g.Label), Center: g.Center, Spread: g.Spread})
	}
	for _, person := range r.People {
		at := [2]float64{person.X, person.Y}
		if n, ok := place[person.Group]; ok {
			p.Groups[n].People = append(p.Groups[n].People, at)
		} else if person.Votes > 0 {
			p.Others = append(p.Others, at)
		}
	}
	return p
}

// Picture is the map of a result of Compat. People who are not grouped are left out, as Polis does.
func (r *CompatResult) Picture() Picture {
	var p Picture
	groupOf := r.groupOf()
	for g, group := range r.Groups {
		var people [][2]float64
		for i, at := range r.Places {
			if groupOf[i] == g {
				people = append(people, at)
			}
		}
		center, spread := spreadAround(people)
		p.Groups = append(p.Groups, PictureGroup{GroupName(group.ID), people, center, spread})
	}
	return p
}

func spreadAround(people [][2]float64) (center [2]float64, spread Ellipse) {
	n := max(1, float64(len(people)))
	for _, p := range people {
		center[0] += p[0] / n
		center[1] += p[1] / n
	}
	var xx, xy, yy float64
	for _, p := range people {
		x, y := p[0]-center[0], p[1]-center[1]
		xx, xy, yy = xx+x*x/n, xy+x*y/n, yy+y*y/n
	}
	return center, ellipseOf([]float64{xx, xy, yy})
}

// The drawing is this many units wide and high; people are gathered into cells of a few units, so that a million weigh no
// more than a thousand and nobody can be picked out of a crowd.
const (
	pictureWidth  = 800
	pictureHeight = 600
	pictureMargin = 60
	pictureCell   = 8
)

// Each group has a colour and a shape of its own, so that nobody needs to see colours. The colours are those of
// Okabe and Ito (2008), darkened or lightened for contrast.
const pictureStyle = `
svg{font:16px system-ui,sans-serif;color:#1b1b1b;background:#fffdf8}
.frame{fill:none;stroke:currentColor;stroke-opacity:.25}
.label{fill:currentColor;font-weight:600;paint-order:stroke;stroke:#fffdf8;stroke-width:4px;text-anchor:middle}
.legend{fill:currentColor;fill-opacity:.8;font-size:13px}
.hull{fill-opacity:.12;stroke-width:1.5;stroke-linejoin:round}
.spread{fill:none;stroke-width:2;stroke-dasharray:6 4}
.dot{fill-opacity:.75}
.none{fill:currentColor;fill-opacity:.25}
.g0{fill:#0072b2;stroke:#0072b2}.g1{fill:#b84a00;stroke:#b84a00}.g2{fill:#00795a;stroke:#00795a}
.g3{fill:#a33d78;stroke:#a33d78}.g4{fill:#6b5b00;stroke:#6b5b00}.g5{fill:#444;stroke:#444}
.dot{stroke:none}.spread{fill:none}
@media (prefers-color-scheme:dark){svg{color:#f2efe8;background:#16181c}.label{stroke:#16181c}
.g0{fill:#63b9f0;stroke:#63b9f0}.g1{fill:#ff9a52;stroke:#ff9a52}.g2{fill:#3ecfa4;stroke:#3ecfa4}
.g3{fill:#ea9cc8;stroke:#ea9cc8}.g4{fill:#f0e442;stroke:#f0e442}.g5{fill:#ccc;stroke:#ccc}.dot{stroke:none}.spread{fill:none}}
`

// WriteSVG draws the picture: each group as a shape around its people, an ellipse of one standard deviation, and marks whose area grows
// with the number of people. It has a title and a description for screen readers, and follows light and dark.
func (p Picture) WriteSVG(w io.Writer, text PictureText) error {
	text = text.withDefaults()
	out := bufio.NewWriter(w)
	f := p.frame()
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="map-title" aria-describedby="map-about">`+"\n", pictureWidth, pictureHeight)
	fmt.Fprintf(out, "<title id=\"map-title\">%s</title>\n<desc id=\"map-about\">%s</desc>\n", escape(text.Title), escape(text.About(p.Groups, len(p.Others))))
	fmt.Fprintf(out, "<style>%s</style>\n", pictureStyle)
	fmt.Fprintf(out, `<rect class="frame" x="1" y="1" width="%d" height="%d" rx="6"/>`+"\n", pictureWidth-2, pictureHeight-2)
	f.dots(out, p.Others, "none", 0)
	for n, g := range p.Groups {
		f.group(out, n, g)
	}
	f.labels(out, p.Groups, text)
	fmt.Fprintln(out, "</svg>")
	return out.Flush()
}

// The size of a label, in the units of the drawing: the width of a letter, and the height of a line.
const (
	labelLetter = 9
	labelLine   = 20
)

// labels writes each group's label at its centre: above a group that is hardly more than a point, never beyond the edge,
// and below the label it would otherwise cover.
func (f frame) labels(out io.Writer, groups []PictureGroup, text PictureText) {
	type label struct{ x, y, half float64 }
	var set []label
	for _, g := range groups {
		words := text.Group(g.Name, len(g.People))
		at := f.to(g.Center)
		l := label{at[0], at[1], labelLetter * float64(utf8.RuneCountInString(words)) / 2}
		if g.Spread.Major*f.scale < labelLine {
			l.y -= labelLine
		}
		l.x = min(max(l.x, l.half), max(pictureWidth-l.half, l.half))
		for again := true; again; {
			again = false
			for _, o := range set {
				if math.Abs(o.x-l.x) < o.half+l.half && math.Abs(o.y-l.y) < labelLine {
					l.y, again = o.y+labelLine, true
				}
			}
		}
		set = append(set, l)
		fmt.Fprintf(out, `<text class="label" x="%.1f" y="%.1f">%s</text>`+"\n", l.x, l.y, escape(words))
	}
	if len(groups) > 0 {
		fmt.Fprintf(out, `<text class="legend" x="16" y="%d">%s</text>`+"\n", pictureHeight-14, escape(text.Legend))
	}
}

func (t PictureText) withDefaults() PictureText {
	if t.Title == "" {
		t.Title = "Map of opinions"
	}
	if t.Group == nil {
		t.Group = func(name string, size int) string { return fmt.Sprintf("Group %s: %s", name, peopleOf(size)) }
	}
	if t.About == nil {
		t.About = t.about
	}
	if t.Legend == "" {
		t.Legend = "Marks: people, larger where several stand. Dashed: one standard deviation. Grey: too few votes for a group."
	}
	return t
}

func (t PictureText) about(groups []PictureGroup, others int) string {
	about := "People who vote alike stand close together. There are no groups."
	if len(groups) > 0 {
		list := make([]string, len(groups))
		for n, g := range groups {
			list[n] = t.Group(g.Name, len(g.People))
		}
		about = "People who vote alike stand close together. " + strings.Join(list, "; ") + "."
	}
	if others > 0 {
		about += " In no group: " + peopleOf(others) + "."
	}
	return about
}

func peopleOf(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

func escape(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text))
	return b.String()
}

// frame maps places onto the drawing, both axes to the same scale, y upwards.
type frame struct {
	center [2]float64
	scale  float64
	unit   float64 // the radius of the mark of one person
}

// largestMark is the radius of the largest mark of a group.
const largestMark = 8

func (p Picture) frame() frame {
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	grow := func(list [][2]float64) {
		for _, at := range list {
			for k, x := range at {
				low[k], high[k] = min(low[k], x), max(high[k], x)
			}
		}
	}
	grow(p.Others)
	total := len(p.Others)
	for _, g := range p.Groups {
		grow(g.People)
		total += len(g.People)
	}
	f := frame{scale: 1, unit: min(5, max(2.2, 50/math.Sqrt(float64(max(total, 1)))))} // few people are few marks: large ones
	if low[0] > high[0] {
		return f
	}
	f.center = [2]float64{(low[0] + high[0]) / 2, (low[1] + high[1]) / 2}
	f.scale = math.Inf(1)
	for k, size := range [2]float64{pictureWidth - 2*pictureMargin, pictureHeight - 2*pictureMargin} {
		if width := high[k] - low[k]; width > 0 {
			f.scale = min(f.scale, size/width)
		}
	}
	if math.IsInf(f.scale, 1) {
		f.scale = 1
	}
	return f
}

func (f frame) to(at [2]float64) [2]float64 {
	return [2]float64{pictureWidth/2 + (at[0]-f.center[0])*f.scale, pictureHeight/2 - (at[1]-f.center[1])*f.scale}
}

func (f frame) group(out io.Writer, n int, g PictureGroup) {
	class := fmt.Sprintf("g%d", n%6)
	fmt.Fprintf(out, "<g>\n")
	if hull := convexHull(g.People); len(hull) > 1 {
		fmt.Fprintf(out, `<polygon class="hull %s" points="`, class)
		for _, at := range hull {
			q := f.to(at)
			fmt.Fprintf(out, "%.1f,%.1f ", q[0], q[1])
		}
		fmt.Fprintln(out, `"/>`)
	}
	c := f.to(g.Center)
	fmt.Fprintf(out, `<ellipse class="spread %s" rx="%.1f" ry="%.1f" transform="translate(%.1f %.1f) rotate(%.1f)"/>`+"\n",
		class, g.Spread.Major*f.scale, g.Spread.Minor*f.scale, c[0], c[1], -g.Spread.Angle*180/math.Pi)
	f.dots(out, g.People, class, n)
	fmt.Fprintln(out, "</g>")
}

// dots draws a mark in every cell that has people.
func (f frame) dots(out io.Writer, people [][2]float64, class string, shape int) {
	type heap struct {
		n    int
		x, y float64
	}
	cells := map[[2]int]heap{}
	most := 0
	for _, at := range people {
		q := f.to(at)
		cell := [2]int{int(q[0] / pictureCell), int(q[1] / pictureCell)}
		h := cells[cell]
		cells[cell] = heap{h.n + 1, h.x + q[0], h.y + q[1]}
		most = max(most, h.n+1)
	}
	order := make([][2]int, 0, len(cells))
	for cell := range cells {
		order = append(order, cell)
	}
	slices.SortFunc(order, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[1], b[1]), cmp.Compare(a[0], b[0])) })
	unit := min(f.unit, largestMark/math.Sqrt(float64(max(most, 1))))
	for _, cell := range order {
		n := float64(cells[cell].n)
		r := max(1.2, unit*math.Sqrt(n))
		fmt.Fprintf(out, `<path class="dot %s" d="%s"/>`+"\n", class, mark(shape, cells[cell].x/n, cells[cell].y/n, r))
	}
}

// mark is the outline of a shape of about the area of a circle of radius r: circle, square, triangle, diamond, pentagon, triangle upside down.
func mark(shape int, x, y, r float64) string {
	corners, turn := [...]int{24, 4, 3, 4, 5, 3}[shape%6], [...]float64{0, math.Pi / 4, -math.Pi / 2, 0, -math.Pi / 2, math.Pi / 2}[shape%6]
	r *= math.Sqrt(2 * math.Pi / (float64(corners) * math.Sin(2*math.Pi/float64(corners))))
	if corners == 24 {
		return fmt.Sprintf("M%.1f %.1fa%.1f %.1f 0 1 0 %.1f 0a%.1f %.1f 0 1 0 %.1f 0z", x-r, y, r, r, 2*r, r, r, -2*r)
	}
	var b strings.Builder
	for k := range corners {
		a := turn + 2*math.Pi*float64(k)/float64(corners)
		fmt.Fprintf(&b, "%c%.1f %.1f", "ML"[min(k, 1)], x+r*math.Cos(a), y+r*math.Sin(a))
	}
	return b.String() + "z"
}

// convexHull is the outline of a set of points (Andrew 1979).
func convexHull(points [][2]float64) [][2]float64 {
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b [2]float64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	sorted = slices.Compact(sorted)
	if len(sorted) < 3 {
		return sorted
	}
	half := func(list [][2]float64) [][2]float64 {
		var hull [][2]float64
		for _, p := range list {
			for len(hull) > 1 && turnsRight(hull[len(hull)-2], hull[len(hull)-1], p) {
				hull = hull[:len(hull)-1]
			}
			hull = append(hull, p)
		}
		return hull[:len(hull)-1]
	}
	lower := half(sorted)
	slices.Reverse(sorted)
	return append(lower, half(sorted)...)
}

func turnsRight(a, b, c [2]float64) bool {
	return (b[0]-a[0])*(c[1]-a[1])-(b[1]-a[1])*(c[0]-a[0]) <= 0
}
