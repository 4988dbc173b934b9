// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date writes the day of t in full: 21 November 2026. All dates are of UTC.
func (s *Speaker) Date(t time.Time) string { return s.table.date(s.table.long, t) }

// Day writes the day of t in short: 21 Nov 2026.
func (s *Speaker) Day(t time.Time) string { return s.table.date(s.table.medium, t) }

// DayMonth writes the day of t without its year, for places where the year is
// plain: 21 Nov.
func (s *Speaker) DayMonth(t time.Time) string { return s.table.date(s.table.dayMonth, t) }

// Weekday writes the name of the day of the week.
func (s *Speaker) Weekday(t time.Time) string { return s.table.date("EEEE", t) }

// DateTime writes day and minute of t: 21 November 2026 at 14:05 UTC.
func (s *Speaker) DateTime(t time.Time) string {
	clock := s.table.date(s.table.clock, t) + " UTC"
	return put(s.table.glue, clock, s.Date(t))
}

// date fills a date pattern of CLDR.
func (t *table) date(pattern string, when time.Time) string {
	when = when.UTC()
	var b strings.Builder
	for pattern != "" {
		var n int
		switch c := pattern[0]; {
		case c == '\'':
			text, _, _ := strings.Cut(pattern[1:], "'")
			b.WriteString(text)
			n = min(len(text)+2, len(pattern))
		case isLetter(c):
			n = len(pattern) - len(strings.TrimLeft(pattern, string(c)))
			b.WriteString(t.field(pattern[:n], when))
		default:
			b.WriteByte(c)
			n = 1
		}
		pattern = pattern[n:]
	}
	return b.String()
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// field writes one part of a date; tools/cldr lets no other field in.
func (t *table) field(field string, when time.Time) string {
	switch field {
	case "EEEE":
		return t.days[when.Weekday()]
	case "MMMM":
		return t.months[when.Month()-1]
	case "MMM":
		return t.shortMonths[when.Month()-1]
	case "MM", "M":
		return t.padded(int(when.Month()), len(field))
	case "dd", "d":
		return t.padded(when.Day(), len(field))
	case "HH", "H":
		return t.padded(when.Hour(), len(field))
	case "mm":
		return t.padded(when.Minute(), len(field))
	case "y":
		return t.figures(strconv.Itoa(when.Year()))
	}
	return field
}

func (t *table) padded(n, width int) string { return t.figures(fmt.Sprintf("%0*d", width, n)) }
