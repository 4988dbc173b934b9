// SPDX-License-Identifier: AGPL-3.0-or-later

package desk

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/web"
)

// peopleAndOrganisations is the form's word for both classes of signers.
const peopleAndOrganisations = "both"

// formOf is the editor's form with a draft in it; readForm reads it back.
func formOf(d document.Draft) web.Form {
	f := web.Form{Values: url.Values{}}
	f.Values.Set("kind", string(d.Kind))
	f.Values.Set("lang", d.Lang)
	f.Values.Set("title", d.Title)
	f.Values.Set("text", d.Text)
	f.Values.Set("signers", signersWord(d.Signers))
	f.Values.Set("opens", dayOf(d.Opens))
	f.Values.Set("closes", dayOf(d.Closes))
	f.Values.Set("answer_within", figuresOf(int64(d.AnswerWithin)))
	f.Values.Set("goal", figuresOf(d.Goal))
	f.Values.Set("initiative", string(d.Initiative))
	if len(d.Organisers) > 1 {
		f.Values.Set("organisers", strings.Join(partyNames(d.Organisers[1:]), "\n"))
	}
	for i, p := range d.DutyBearers {
		row := bearerRow(i + 1)
		f.Values.Set(row+"_name", p.Name)
		f.Values.Set(row+"_kind", strings.ToLower(p.Kind))
		f.Values.Set(row+"_country", strings.ToUpper(p.Country))
		f.Values.Set(row+"_website", p.Website)
	}
	for i, r := range d.Recommendations {
		row := demandRow(i + 1)
		f.Values.Set(row, r.Text)
		for _, to := range r.To {
			f.Values.Add(row+"_to", strconv.Itoa(to+1))
		}
	}
	return f
}

// readForm is the draft that stands in the editor's form; was is the draft as
// it was kept. Invalid tells what cannot be kept as it was typed. A duty-bearer
// without a name and a recommendation without words are gone.
func readForm(f web.Form, was document.Draft) (document.Draft, chorus.Invalid) {
	wrong := chorus.Invalid{}
	d := document.Draft{Kind: fact.DeclarationKind(f.Get("kind")), Lang: f.Get("lang"), Title: document.OneLine(f.Get("title")), Text: f.Get("text"),
		Signers: readSigners(f.Get("signers"), was.Signers), Initiative: chorus.ID(f.Get("initiative"))}
	d.Opens = readDay(f, "opens", was.Opens, 0, wrong)
	d.Closes = readDay(f, "closes", was.Closes, document.LastSecond, wrong)
	d.AnswerWithin = int(readFigures(f, "answer_within", wrong))
	d.Goal = readFigures(f, "goal", wrong)
	d.Organisers = readOrganisers(f, was.Organisers, wrong)
	bearers, places := readBearers(f, was.DutyBearers)
	d.DutyBearers, d.Recommendations = bearers, readDemands(f, places)
	return d, wrong
}

func bearerRow(n int) string { return "duty_bearer_" + strconv.Itoa(n) }

func demandRow(n int) string { return "recommendation_" + strconv.Itoa(n) }

func signersWord(classes []fact.SignerClass) string {
	switch len(classes) {
	case 0:
		return ""
	case 1:
		return string(classes[0])
	}
	return peopleAndOrganisations
}

func readSigners(word string, was []fact.SignerClass) []fact.SignerClass {
	switch {
	case word == signersWord(was):
		return was
	case word == peopleAndOrganisations:
		return []fact.SignerClass{fact.People, fact.Organisations}
	case word == string(fact.People), word == string(fact.Organisations):
		return []fact.SignerClass{fact.SignerClass(word)}
	}
	return nil
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// readDay keeps the hour that was set where only days are shown.
func readDay(f web.Form, field string, was time.Time, at time.Duration, wrong chorus.Invalid) time.Time {
	typed := westernFigures(f.Get(field))
	if typed == dayOf(was) {
		return was
	}
	if typed == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, typed)
	if err != nil {
		wrong[field] = "form.date"
		return time.Time{}
	}
	return day.Add(at)
}

func figuresOf(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// mostFigures keeps a number small enough for every table.
const mostFigures = 12

// readFigures takes a whole number as people write it: 20000, 20,000 or ٢٠٠٠٠.
func readFigures(f web.Form, field string, wrong chorus.Invalid) int64 {
	typed := strings.NewReplacer(",", "", "\u066c", "", " ", "", "\u00a0", "", "\u202f", "").Replace(westernFigures(f.Get(field)))
	if typed == "" {
		return 0
	}
	n, err := strconv.ParseUint(typed, 10, 63)
	if err != nil || len(typed) > mostFigures {
		wrong[field] = "form.number"
		return 0
	}
	return int64(n)
}

// westernFigures writes Arabic and Persian figures as 0 to 9.
func westernFigures(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '\u0660' && r <= '\u0669':
			return r - '\u0660' + '0'
		case r >= '\u06f0' && r <= '\u06f9':
			return r - '\u06f0' + '0'
		}
		return r
	}, s)
}

func partyNames(parties []document.Party) (names []string) {
	for _, p := range parties {
		names = append(names, p.Name)
	}
	return names
}

// readOrganisers keeps the organisation on whose desk the draft lies in the
// first place, and adds those named below one another.
func readOrganisers(f web.Form, was []document.Party, wrong chorus.Invalid) []document.Party {
	all, rest := slices.Clone(was[:min(1, len(was))]), slices.Clone(was[min(1, len(was)):])
	for line := range strings.SplitSeq(f.Get("organisers"), "\n") {
		name := document.OneLine(line)
		if name == "" {
			continue
		}
		if len(all) == document.MaxParties {
			wrong["organisers"] = "declaration.desk.too_many"
			break
		}
		p, ok := takeParty(&rest, func(p document.Party) bool { return p.Name == name })
		if !ok {
			p = document.Party{Input: organisation.Input{Name: name}}
		}
		all = append(all, p)
	}
	return all
}

// takeParty removes the first party that fits from a list, so that two of one name
// stay two.
func takeParty(from *[]document.Party, fits func(document.Party) bool) (document.Party, bool) {
	i := slices.IndexFunc(*from, fits)
	if i < 0 {
		return document.Party{}, false
	}
	p := (*from)[i]
	*from = slices.Delete(*from, i, i+1)
	return p, true
}

// readBearers gives the duty-bearers that have a name, and where the row of
// each has gone. One that has an entry here keeps it as long as neither its
// name nor its country is changed.
func readBearers(f web.Form, was []document.Party) (all []document.Party, places map[int]int) {
	rest, places := slices.Clone(was), map[int]int{}
	for n := 1; n <= document.MaxParties; n++ {
		row := bearerRow(n)
		in := organisation.Input{Name: document.OneLine(f.Get(row + "_name")), Kind: f.Get(row + "_kind"), Country: f.Get(row + "_country"),
			Website: f.Get(row + "_website")}
		if in.Name == "" {
			continue
		}
		p, ok := takeParty(&rest, func(p document.Party) bool { return p.ID != "" && p.Name == in.Name && p.Country == in.Country })
		if !ok {
			p = document.Party{Input: in}
		}
		places[n] = len(all)
		all = append(all, p)
	}
	return all, places
}

func readDemands(f web.Form, places map[int]int) (all []document.Recommendation) {
	for n := 1; n <= document.MaxRecommendations; n++ {
		row := demandRow(n)
		r := document.Recommendation{Text: f.Get(row)}
		if r.Text == "" {
			continue
		}
		for _, v := range f.Values[row+"_to"] {
			if to, err := strconv.Atoi(v); err == nil {
				if place, ok := places[to]; ok {
					r.To = append(r.To, place)
				}
			}
		}
		slices.Sort(r.To)
		r.To = slices.Compact(r.To)
		all = append(all, r)
	}
	return all
}

// uniqueParties drops organisers that are named twice.
func uniqueParties(parties []document.Party) (all []document.Party) {
	for _, p := range parties {
		if !slices.ContainsFunc(all, func(q document.Party) bool { return p.ID == q.ID && (p.ID != "" || p.Name == q.Name) }) {
			all = append(all, p)
		}
	}
	return all
}

// markTwice finds duty-bearers that turn out to be one organisation.
func markTwice(parties []document.Party, wrong chorus.Invalid) {
	seen := map[chorus.ID]bool{}
	for i, p := range parties {
		if p.ID != "" && seen[p.ID] {
			wrong[bearerRow(i+1)+"_name"] = "declaration.desk.twice"
		}
		seen[p.ID] = true
	}
}
