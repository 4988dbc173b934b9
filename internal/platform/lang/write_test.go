// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

func TestDates(t *testing.T) {
	c := catalogue(t)
	en, ar := c.Speak("en"), c.Speak("ar")
	east := time.FixedZone("east", 3*3600)
	when := time.Date(2026, 3, 2, 1, 5, 0, 0, east) // still the first in UTC
	for _, test := range []struct{ got, want string }{
		{en.Date(when), "1 March 2026"},
		{en.Day(when), "1 Mar 2026"},
		{en.DayMonth(when), "1 Mar"},
		{en.Weekday(when), "Sunday"},
		{en.DateTime(when), "1 March 2026 at 22:05 UTC"},
		{ar.Date(when), "1 مارس 2026"},
		{ar.Day(when), "1 مارس 2026"},
		{ar.DayMonth(when), "1 مارس"},
		{ar.Weekday(when), "الأحد"},
		{ar.DateTime(when), "1 مارس 2026 في 22:05 UTC"},
		{en.table.date("d 'de' MMMM 'de' y, dd.MM HH'h'mm 'x", when), "1 de March de 2026, 01.03 22h05 x"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	s := catalogue(t).Speak("en")
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", -1234: "-1,234", 1234567: "1,234,567",
		math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := s.Number(n); got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
	if got := catalogue(t).Speak("ar").Number(-12345); got != "\u200e-12,345" {
		t.Errorf("Number in Arabic = %q", got)
	}
}

// A third language may group by twos, have digits of its own, or leave numbers
// of four figures alone.
func TestOtherWaysWithNumbers(t *testing.T) {
	hindi := &Speaker{table: &table{digits: "०१२३४५६७८९", group: ",", groupFirst: 3, groupRest: 2, groupMinimum: 1}}
	if got := hindi.Number(1234567); got != "१२,३४,५६७" {
		t.Errorf("Number = %q", got)
	}
	spanish := &Speaker{table: &table{digits: "0123456789", group: ".", groupFirst: 3, groupRest: 3, groupMinimum: 2}}
	if got := spanish.Number(1234) + " " + spanish.Number(12345); got != "1234 12.345" {
		t.Errorf("Number = %q", got)
	}
}

func TestPercent(t *testing.T) {
	s := catalogue(t).Speak("en")
	for _, test := range []struct {
		part, whole int64
		want        string
	}{
		{1, 2, "50%"}, {1, 3, "33.3%"}, {0, 5, "0%"}, {5, 5, "100%"}, {6, 5, "120%"},
		{1, 100000, "0.1%"}, {99999, 100000, "99.9%"}, {1, 0, "0%"}, {-1, 5, "0%"},
	} {
		if got := s.Percent(test.part, test.whole); got != test.want {
			t.Errorf("Percent(%d, %d) = %q, want %q", test.part, test.whole, got, test.want)
		}
	}
	if got := catalogue(t).Speak("ar").Percent(1, 8); got != "12.5\u200e%\u200e" {
		t.Errorf("Percent in Arabic = %q", got)
	}
}

func TestLists(t *testing.T) {
	c := catalogue(t)
	for _, test := range []struct {
		tag   Tag
		items string
		want  string
	}{
		{"en", "", ""}, {"en", "a", "a"}, {"en", "a b", "a and b"},
		{"en", "a b c", "a, b and c"}, {"en", "{1} {0} c d", "{1}, {0}, c and d"},
		{"ar", "ا ب ج", "ا وب وج"},
	} {
		if got := c.Speak(test.tag).List(strings.Fields(test.items)); got != test.want {
			t.Errorf("List(%s) = %q, want %q", test.items, got, test.want)
		}
	}
}

func TestCountries(t *testing.T) {
	c := catalogue(t)
	if len(countryCodes) != 250 || !slices.IsSorted(countryCodes) {
		t.Errorf("%d codes; ISO 3166 has 249, and there is XK", len(countryCodes))
	}
	for code, want := range map[string]bool{"EG": true, "XK": true, "PS": true, "eg": false, "EU": false, "UK": false, "": false, "ZZ": false} {
		if KnownCountry(code) != want {
			t.Errorf("KnownCountry(%q) = %v", code, !want)
		}
	}
	for _, test := range []struct {
		tag        Tag
		code, want string
	}{
		{"en", "TR", "Türkiye"}, {"en", "MK", "North Macedonia"}, {"en", "SZ", "Eswatini"},
		{"ar", "EG", "مصر"}, {"ar", "TN", "تونس"}, {"ar", "zz", ""},
	} {
		if got := c.Speak(test.tag).Country(test.code); got != test.want {
			t.Errorf("%s: Country(%s) = %q, want %q", test.tag, test.code, got, test.want)
		}
	}
}

// The table is sorted when it is made; here its order is checked against the
// rules of each language.
func TestCountriesAreCollated(t *testing.T) {
	c := catalogue(t)
	for _, tag := range c.Languages() {
		list := c.Speak(tag).Countries()
		if len(list) != len(countryCodes) {
			t.Errorf("%s has %d countries", tag, len(list))
		}
		order := collate.New(language.Make(string(tag)))
		for i := 1; i < len(list); i++ {
			if order.CompareString(list[i-1].Name, list[i].Name) > 0 {
				t.Errorf("%s: %s stands before %s", tag, list[i-1].Name, list[i].Name)
			}
		}
	}
	place := func(tag Tag, code string) int {
		return slices.IndexFunc(c.Speak(tag).Countries(), func(c Country) bool { return c.Code == code })
	}
	if place("en", "AX") > place("en", "AL") {
		t.Error("Åland stands after Albania")
	}
	if place("ar", "IS") > place("ar", "YE") || place("ar", "YE") > place("ar", "EG") {
		t.Error("آيسلندا, اليمن, مصر are not in their order")
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"  Ångström\tÉCOLE ":   "angstrom ecole",
		"Straße":               "strasse",
		"İstanbul ISPARTA ı":   "istanbul isparta i",
		"ΟΔΥΣΣΕΥΣ Οδυσσεύς":    "οδυσσευσ οδυσσευσ",
		"ﬁne Ⅳ":                "fine iv",
		"مُحَمَّد":             "محمد",
		"أحمد إيمان آمال":      "احمد ايمان امال",
		"مسؤول شاطئ":           "مسوول شاطي",
		"مستشفى مدرسة":         "مستشفي مدرسه",
		"العـــربية":           "العربيه",
		"کتاب ایران":           "كتاب ايران",
		"٢٠٢٦ ۱۲":              "2026 12",
		"soft\u00adhy\u200bph": "softhyph",
		"한국":                   "한국",
		"":                     "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Ǆ", "ß", "ﷺ", "ΐ", "\u0345", "\xff", "ͅa\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		if twice := Fold(once); twice != once {
			t.Errorf("Fold(%q) = %q, folded again %q", s, once, twice)
		}
	})
}
