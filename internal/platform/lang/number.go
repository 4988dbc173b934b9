// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"math"
	"strconv"
	"strings"
)

// Number writes a whole number in figures, in groups where the language has
// them: 12,345.
func (s *Speaker) Number(n int64) string {
	t := s.table
	figures, negative := strings.CutPrefix(strconv.FormatInt(n, 10), "-")
	if len(figures) < t.groupFirst+t.groupMinimum {
		figures = t.figures(figures)
	} else {
		figures = t.grouped(figures)
	}
	if negative {
		return t.minus + figures
	}
	return figures
}

func (t *table) grouped(figures string) string {
	cut := len(figures) - t.groupFirst
	out := t.figures(figures[cut:])
	for cut > 0 {
		from := max(0, cut-t.groupRest)
		out = t.figures(figures[from:cut]) + t.group + out
		cut = from
	}
	return out
}

// figures puts the language's own digits in place of 0 to 9.
func (t *table) figures(text string) string {
	if strings.HasPrefix(t.digits, "0") {
		return text
	}
	digits := []rune(t.digits)
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return digits[r-'0']
		}
		return r
	}, text)
}

// Percent writes part of whole in per cent, with one decimal unless that is
// nought. What is not nothing never reads 0%, and what is not all never reads
// 100%. Nothing, less than nothing, and any part of nothing is 0%.
func (s *Speaker) Percent(part, whole int64) string {
	tenths := int64(0)
	if whole > 0 && part > 0 {
		tenths = max(1, int64(math.Round(float64(part)/float64(whole)*1000)))
	}
	if part < whole {
		tenths = min(tenths, 999)
	}
	figure := s.Number(tenths / 10)
	if rest := tenths % 10; rest > 0 {
		figure += s.table.decimal + s.table.figures(strconv.FormatInt(rest, 10))
	}
	return put(s.table.percent, figure, "")
}

// List joins items as a sentence does: a, b and c.
func (s *Speaker) List(items []string) string {
	t, last := s.table, len(items)-1
	switch len(items) {
	case 0:
		return ""
	case 1:
		return s.isolate(items[0])
	case 2:
		return put(t.listTwo, s.isolate(items[0]), s.isolate(items[1]))
	}
	out := put(t.listEnd, s.isolate(items[last-1]), s.isolate(items[last]))
	for i := last - 2; i > 0; i-- {
		out = put(t.listMiddle, s.isolate(items[i]), out)
	}
	return put(t.listStart, s.isolate(items[0]), out)
}

// put fills {0} and {1} of a pattern; braces in a and b mean nothing.
func put(pattern, a, b string) string {
	return strings.NewReplacer("{0}", a, "{1}", b).Replace(pattern)
}
