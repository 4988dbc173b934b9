// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/chart"
	"example.org/chorus/internal/platform/web"
)

// Words is a text in the visitor's language, or as it was written.
func Words(v *web.Visit, t chorus.Text) string {
	text, _ := t.In(string(v.Say.Tag()))
	return text
}

// between stands before the i-th of n names in a sentence.
func between(v *web.Visit, i, n int) string {
	switch {
	case i == 0:
		return ""
	case i == n-1:
		return v.T("declaration.and")
	}
	return v.T("declaration.comma")
}

// signedBy goes on behind the large number: people and 31 organisations have signed.
func signedBy(v *web.Visit, d *Declaration) string {
	switch {
	case !d.Takes(fact.People):
		return v.N("declaration.count.organisations_only", d.Organisations)
	case !d.Takes(fact.Organisations) || d.Organisations == 0:
		return v.N("declaration.count.people", d.People)
	}
	return v.N("declaration.count.both", d.People, "organisations", v.N("declaration.count.organisations", d.Organisations))
}

func openedKey(p *showPage) string {
	if p.State == Coming {
		return "declaration.course.opens"
	}
	return "declaration.course.opened"
}

func answerKey(p *showPage, due time.Time) string {
	if p.Now.After(due.AddDate(0, 0, 1)) {
		return "declaration.course.overdue"
	}
	return "declaration.course.answer"
}

func options(v *web.Visit, id, title string) chart.Options {
	o := chart.Options{ID: id, Title: title, Number: func(n int) string { return v.Say.Number(int64(n)) }}
	if v.Say.Dir() == "rtl" {
		o.Direction = chart.RightToLeft
	}
	return o
}

func growthChart(v *web.Visit, p *showPage) chart.GrowthChart {
	o := options(v, "growth", v.T("declaration.growth.title"))
	o.Desc = v.T("declaration.growth.desc", "number", p.Number(), "from", v.Say.Date(p.Days[0].Day))
	return chart.Growth(p.Days, v.Say.Day, o)
}

const countriesDrawn = 6 // the rest stands in the table

func countryChart(v *web.Visit, p *showPage) chart.BarChart {
	var bars []chart.Bar
	for _, c := range p.Countries[:min(len(p.Countries), countriesDrawn)] {
		bars = append(bars, chart.Bar{Label: countryName(v, c.Code), Count: int(c.People)})
	}
	return chart.Bars(bars, options(v, "countries", v.T("declaration.countries.title")))
}

func countryRows(v *web.Visit, p *showPage) (rows []chart.Row) {
	for _, c := range p.Countries {
		rows = append(rows, chart.Row{Label: countryName(v, c.Code), Value: v.Say.Number(c.People)})
	}
	return rows
}

func countryName(v *web.Visit, code string) string {
	if code == "" {
		return v.T("declaration.countries.erased")
	}
	return v.Say.Country(code)
}
