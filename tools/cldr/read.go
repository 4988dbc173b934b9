// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	collation "golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// A country has its ISO 3166 code and its name in one language.
type country struct{ Code, Name string }

// A table mirrors the type of the same name in internal/platform/lang.
type table struct {
	Tag, Locale, Autonym, Dir           string
	Plurals                             []string
	Months, ShortMonths, Days           []string
	Long, Medium, DayMonth, Clock, Glue string
	Digits, Decimal, Group, Minus       string
	Percent                             string
	GroupFirst, GroupRest, GroupMinimum int
	ListTwo, ListStart, ListMiddle      string
	ListEnd                             string
	Countries                           []country
}

// A reader gathers the first fault, so that a long row of look-ups stays
// readable.
type reader struct {
	src  source
	cldr string
	err  error
}

// main looks into a file of the locale; the keys start below main/LOCALE.
func (r *reader) main(v any, pkg, file string, keys ...string) {
	if r.err == nil {
		keys = append([]string{"main", r.cldr}, keys...)
		r.err = r.src.get(v, pkg+"/main/"+r.cldr+"/"+file, keys...)
	}
}

func read(src source, l locale, codes []string) (table, error) {
	r := &reader{src: src, cldr: l.cldr}
	t := table{Tag: l.tag, Locale: l.cldr}
	r.names(&t, codes)
	r.dates(&t)
	r.numbers(&t)
	r.lists(&t)
	r.plurals(&t)
	return t, r.err
}

func (r *reader) names(t *table, codes []string) {
	r.main(&t.Autonym, "cldr-localenames-full", "languages.json", "localeDisplayNames", "languages", t.Tag)
	var order string
	r.main(&order, "cldr-misc-full", "layout.json", "layout", "orientation", "characterOrder")
	t.Dir = "ltr"
	if order == "right-to-left" {
		t.Dir = "rtl"
	}
	var names map[string]string
	r.main(&names, "cldr-localenames-full", "territories.json", "localeDisplayNames", "territories")
	for _, code := range codes {
		if names[code] == "" && r.err == nil {
			r.err = fmt.Errorf("no name for country %s", code)
		}
		t.Countries = append(t.Countries, country{code, names[code]})
	}
}

func (r *reader) dates(t *table) {
	calendar := func(v any, keys ...string) {
		keys = append([]string{"dates", "calendars", "gregorian"}, keys...)
		r.main(v, "cldr-dates-full", "ca-gregorian.json", keys...)
	}
	var wide, short, days map[string]string
	calendar(&wide, "months", "format", "wide")
	calendar(&short, "months", "format", "abbreviated")
	calendar(&days, "days", "format", "wide")
	for m := range 12 {
		t.Months = append(t.Months, wide[strconv.Itoa(m+1)])
		t.ShortMonths = append(t.ShortMonths, short[strconv.Itoa(m+1)])
	}
	for _, d := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		t.Days = append(t.Days, days[d])
	}
	calendar(&t.Long, "dateFormats", "long")
	// The standard medium form is bare figures in some languages, and figures
	// are misread: 02/03 is two days. This form always names the month.
	calendar(&t.Medium, "dateTimeFormats", "availableFormats", "yMMMd")
	calendar(&t.DayMonth, "dateTimeFormats", "availableFormats", "MMMd")
	calendar(&t.Clock, "dateTimeFormats", "availableFormats", "Hm")
	calendar(&t.Glue, "dateTimeFormats-atTime", "standard", "long")
	t.Glue = strings.ReplaceAll(t.Glue, "'", "")
	for _, pattern := range []string{t.Long, t.Medium, t.DayMonth, t.Clock} {
		r.fields(pattern)
	}
}

var (
	quoted = regexp.MustCompile(`'[^']*'`)
	fields = regexp.MustCompile(`[A-Za-z]+`)
	known  = []string{"d", "dd", "M", "MM", "MMM", "MMMM", "y", "EEEE", "H", "HH", "mm"}
)

// fields refuses a pattern that package lang cannot read.
func (r *reader) fields(pattern string) {
	for _, field := range fields.FindAllString(quoted.ReplaceAllString(pattern, ""), -1) {
		if !slices.Contains(known, field) && r.err == nil {
			r.err = fmt.Errorf("date pattern %q has a field %q unknown to package lang", pattern, field)
		}
	}
}

func (r *reader) numbers(t *table) {
	number := func(v any, keys ...string) {
		r.main(v, "cldr-numbers-full", "numbers.json", append([]string{"numbers"}, keys...)...)
	}
	var system, minimum, decimal, percent, sign string
	number(&system, "defaultNumberingSystem")
	number(&minimum, "minimumGroupingDigits")
	symbols := "symbols-numberSystem-" + system
	number(&t.Decimal, symbols, "decimal")
	number(&t.Group, symbols, "group")
	number(&t.Minus, symbols, "minusSign")
	number(&sign, symbols, "percentSign")
	number(&decimal, "decimalFormats-numberSystem-"+system, "standard")
	number(&percent, "percentFormats-numberSystem-"+system, "standard")
	if r.err != nil {
		return
	}
	r.err = r.src.get(&t.Digits, "cldr-core/supplemental/numberingSystems.json",
		"supplemental", "numberingSystems", system, "_digits")
	t.GroupFirst, t.GroupRest = groups(decimal)
	t.GroupMinimum, _ = strconv.Atoi(minimum)
	figures := regexp.MustCompile(`[#,0]+`)
	t.Percent = strings.Replace(figures.ReplaceAllString(percent, "{0}"), "%", sign, 1)
}

// groups reads from a pattern such as #,##,##0.### how many figures stand
// together at the end of a whole number, and how many in each group before it.
func groups(pattern string) (first, rest int) {
	whole, _, _ := strings.Cut(pattern, ".")
	parts := strings.Split(whole, ",")
	first = len(parts[len(parts)-1])
	rest = first
	if len(parts) > 2 {
		rest = len(parts[len(parts)-2])
	}
	return first, rest
}

func (r *reader) lists(t *table) {
	var list map[string]string
	r.main(&list, "cldr-misc-full", "listPatterns.json", "listPatterns", "listPattern-type-standard")
	t.ListTwo, t.ListStart, t.ListMiddle, t.ListEnd = list["2"], list["start"], list["middle"], list["end"]
}

// plurals lists the plural forms of the language in the order of CLDR.
func (r *reader) plurals(t *table) {
	if r.err != nil {
		return
	}
	var rules map[string]string
	r.err = r.src.get(&rules, "cldr-core/supplemental/plurals.json",
		"supplemental", "plurals-type-cardinal", t.Tag)
	for _, form := range []string{"zero", "one", "two", "few", "many", "other"} {
		if _, ok := rules["pluralRule-count-"+form]; ok {
			t.Plurals = append(t.Plurals, form)
		}
	}
}

// countryCodes lists the countries and areas of ISO 3166, and Kosovo (XK),
// which has a code by custom only: all parts of the world that have a number
// of three figures too, which tells them from islands and zones that CLDR
// adds for its own purposes.
func countryCodes(src source) ([]string, error) {
	var areas map[string]struct {
		Contains []string `json:"_contains"`
	}
	if err := src.get(&areas, "cldr-core/supplemental/territoryContainment.json",
		"supplemental", "territoryContainment"); err != nil {
		return nil, err
	}
	var mapping map[string]struct {
		Numeric string `json:"_numeric"`
	}
	if err := src.get(&mapping, "cldr-core/supplemental/codeMappings.json",
		"supplemental", "codeMappings"); err != nil {
		return nil, err
	}
	var codes []string
	todo := []string{"001"}
	for len(todo) > 0 {
		area := todo[0]
		todo = append(todo[1:], areas[area].Contains...)
		if len(areas[area].Contains) == 0 && mapping[area].Numeric != "" {
			codes = append(codes, area)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes), nil
}

// collate puts countries into the order of a dictionary of the language.
func collate(tag language.Tag, countries []country) {
	order := collation.New(tag)
	slices.SortFunc(countries, func(a, b country) int {
		return cmp.Or(order.CompareString(a.Name, b.Name), cmp.Compare(a.Code, b.Code))
	})
}
