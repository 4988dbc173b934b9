// SPDX-License-Identifier: AGPL-3.0-or-later

package desk

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/web"
)

func bodyNamed(name string) document.Party {
	return document.Party{Input: organisation.Input{Name: name, Kind: "public body", Country: "DK", Website: "https://city.example"}}
}

func knownBody(id chorus.ID, name, country string) document.Party {
	return document.Party{ID: id, Input: organisation.Input{Name: name, Kind: "public body", Country: country, Website: "https://known.example"}}
}

func TestReadForm(t *testing.T) {
	riders := document.Party{ID: "riders", Input: organisation.Input{Name: "Tram Riders"}}
	was := document.Draft{Organisers: []document.Party{riders}, DutyBearers: []document.Party{knownBody("dk", "City", "DK"), knownBody("se", "City", "SE")},
		Signers: []fact.SignerClass{fact.Organisations, fact.People}, Opens: time.Date(2027, 1, 2, 9, 30, 0, 0, time.UTC)}
	tests := []struct {
		name  string
		form  url.Values
		want  document.Draft
		wrong chorus.Invalid
	}{
		{"nothing", url.Values{}, document.Draft{Organisers: []document.Party{riders}}, chorus.Invalid{}},
		{"a closing day is all of that day", url.Values{"closes": {"2027-03-01"}},
			document.Draft{Organisers: []document.Party{riders}, Closes: time.Date(2027, 3, 1, 23, 59, 59, 0, time.UTC)}, chorus.Invalid{}},
		{"a day that stays keeps its hour", url.Values{"opens": {"2027-01-02"}}, document.Draft{Organisers: []document.Party{riders}, Opens: was.Opens}, chorus.Invalid{}},
		{"a new day begins at midnight", url.Values{"opens": {"2027-01-03"}},
			document.Draft{Organisers: []document.Party{riders}, Opens: time.Date(2027, 1, 3, 0, 0, 0, 0, time.UTC)}, chorus.Invalid{}},
		{"what cannot be kept", url.Values{"closes": {"soon"}, "goal": {"many"}, "answer_within": {"-3"}},
			document.Draft{Organisers: []document.Party{riders}}, chorus.Invalid{"closes": "form.date", "goal": "form.number", "answer_within": "form.number"}},
		{"figures of three scripts", url.Values{"goal": {"20,000"}, "answer_within": {"٦٠"}, "closes": {"۲۰۲۷-۰۳-۰۱"}},
			document.Draft{Organisers: []document.Party{riders}, Goal: 20_000, AnswerWithin: 60, Closes: time.Date(2027, 3, 1, 23, 59, 59, 0, time.UTC)}, chorus.Invalid{}},
		{"too large a number", url.Values{"goal": {"99999999999999999999"}}, document.Draft{Organisers: []document.Party{riders}}, chorus.Invalid{"goal": "form.number"}},
		{"the order of signers stays", url.Values{"signers": {"both"}}, document.Draft{Organisers: []document.Party{riders}, Signers: was.Signers}, chorus.Invalid{}},
		{"one sort of signers", url.Values{"signers": {"people"}}, document.Draft{Organisers: []document.Party{riders}, Signers: []fact.SignerClass{fact.People}}, chorus.Invalid{}},
		{"nobody known may sign", url.Values{"signers": {"robots"}}, document.Draft{Organisers: []document.Party{riders}}, chorus.Invalid{}},
		{"two of one name stay two", url.Values{"duty_bearer_1_name": {"City"}, "duty_bearer_1_country": {"SE"}, "duty_bearer_2_name": {" City "}, "duty_bearer_2_country": {"DK"}},
			document.Draft{Organisers: []document.Party{riders}, DutyBearers: []document.Party{was.DutyBearers[1], was.DutyBearers[0]}}, chorus.Invalid{}},
		{"another country is another body", url.Values{"duty_bearer_1_name": {"City"}, "duty_bearer_1_country": {"NO"}},
			document.Draft{Organisers: []document.Party{riders}, DutyBearers: []document.Party{{Input: organisation.Input{Name: "City", Country: "NO"}}}}, chorus.Invalid{}},
		{"what is emptied is gone, and the ticks move along",
			url.Values{"duty_bearer_1_name": {""}, "duty_bearer_2_name": {"B"}, "duty_bearer_3_name": {"C"}, "recommendation_1": {""},
				"recommendation_2": {"Do it."}, "recommendation_2_to": {"3", "1", "3", "x", "9"}},
			document.Draft{Organisers: []document.Party{riders}, DutyBearers: []document.Party{{Input: organisation.Input{Name: "B"}}, {Input: organisation.Input{Name: "C"}}},
				Recommendations: []document.Recommendation{{Text: "Do it.", To: []int{1}}}}, chorus.Invalid{}},
		{"co-organisers one below the other", url.Values{"organisers": {"Friends\n\n  Night   Choir "}},
			document.Draft{Organisers: []document.Party{riders, {Input: organisation.Input{Name: "Friends"}}, {Input: organisation.Input{Name: "Night Choir"}}}}, chorus.Invalid{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, wrong := readForm(web.Form{Values: test.form}, was)
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("draft (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wrong, wrong); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// What the editor shows of a draft and sends back untouched is the same draft.
func TestFormKeepsDrafts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDraft(t)
		got, wrong := readForm(formOf(d), d)
		if len(wrong) > 0 {
			t.Fatalf("faults: %v", wrong)
		}
		if diff := cmp.Diff(d, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func anyDraft(t *rapid.T) document.Draft {
	line := rapid.StringMatching(`[A-Za-z\p{Arabic}<>&"'=;,.-]{1,8}( [a-z\p{Han}]{1,5}){0,3}`)
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "unset") {
			return time.Time{}
		}
		return time.Unix(rapid.Int64Range(1, 5e9).Draw(t, "seconds"), 0).UTC()
	})
	d := document.Draft{Kind: rapid.SampledFrom(fact.DeclarationKinds).Draw(t, "kind"), Lang: rapid.SampledFrom([]string{"en", "ar", "pt-BR"}).Draw(t, "lang"),
		Title: line.Draw(t, "title"), Text: line.Draw(t, "text") + "\n\n## " + line.Draw(t, "heading"),
		Signers: rapid.SampledFrom([][]fact.SignerClass{nil, {fact.People}, {fact.Organisations}, {fact.Organisations, fact.People}}).Draw(t, "signers"),
		Opens:   moment.Draw(t, "opens"), Closes: moment.Draw(t, "closes"), AnswerWithin: rapid.IntRange(0, 730).Draw(t, "answer"),
		Goal: rapid.Int64Range(0, 1e11).Draw(t, "goal"), Initiative: chorus.ID(rapid.SampledFrom([]string{"", "river"}).Draw(t, "initiative"))}
	for i := range rapid.IntRange(1, 4).Draw(t, "organisers") {
		d.Organisers = append(d.Organisers, document.Party{ID: chorus.ID(fmt.Sprint("o", i)), Input: organisation.Input{Name: line.Draw(t, "organiser"), Country: "DK"}})
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "bearers") {
		p := bodyNamed(line.Draw(t, "bearer"))
		if rapid.Bool().Draw(t, "known") {
			p.ID = chorus.ID(fmt.Sprint("b", i))
		}
		if p.ID == "" && slices.ContainsFunc(d.DutyBearers, func(q document.Party) bool { return q.Name == p.Name }) {
			continue // resolving the draft has found the entry of both
		}
		d.DutyBearers = append(d.DutyBearers, p)
	}
	for range rapid.IntRange(0, 3).Draw(t, "recommendations") {
		r := document.Recommendation{Text: line.Draw(t, "demand")}
		for place := range d.DutyBearers {
			if rapid.Bool().Draw(t, "to") {
				r.To = append(r.To, place)
			}
		}
		d.Recommendations = append(d.Recommendations, r)
	}
	return d
}

// Whatever is sent, reading it ends, and what was read can be shown and read again.
func TestFormOfAnything(t *testing.T) {
	fields := []string{"kind", "lang", "title", "text", "signers", "opens", "closes", "answer_within", "goal", "initiative", "organisers",
		"duty_bearer_1_name", "duty_bearer_1_country", "duty_bearer_2_name", "recommendation_1", "recommendation_1_to", "recommendation_50"}
	rapid.Check(t, func(t *rapid.T) {
		f := web.Form{Values: url.Values{}}
		for _, field := range fields {
			f.Values[field] = rapid.SliceOfN(rapid.String(), 0, 2).Draw(t, field)
		}
		d, _ := readForm(f, document.Draft{Organisers: []document.Party{{ID: "o"}}})
		again, wrong := readForm(formOf(d), d)
		if len(wrong) > 0 || len(again.Recommendations) != len(d.Recommendations) || len(again.DutyBearers) != len(d.DutyBearers) {
			t.Fatalf("%v\n%+v\n%+v", wrong, d, again)
		}
	})
}

func TestSplitField(t *testing.T) {
	for field, want := range map[string]string{
		"title": "title 0 ", "duty_bearer_12_website": "duty_bearer 12 website", "recommendation_3": "recommendation 3 ", "answer_within": "answer_within 0 ",
	} {
		base, row, part := splitField(field)
		if got := fmt.Sprintf("%s %d %s", base, row, part); got != want {
			t.Errorf("splitField(%s) = %s, want %s", field, got, want)
		}
	}
}

// Every fault that Check can find has its place on the editor's page.
func TestFieldsHavePlaces(t *testing.T) {
	wrong := (&document.Draft{Closes: time.Unix(1, 0), AnswerWithin: -1, Goal: -1, DutyBearers: []document.Party{{}}, Recommendations: []document.Recommendation{{}}}).Check(time.Unix(2, 0))
	for field := range wrong {
		if fieldPlace(field)[0] < 0 {
			t.Errorf("the editor does not know the field %s", field)
		}
	}
}
