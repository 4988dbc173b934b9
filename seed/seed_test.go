// SPDX-License-Identifier: AGPL-3.0-or-later

package seed

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func load(t *testing.T) *Town {
	t.Helper()
	town, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return town
}

func TestOrganisations(t *testing.T) {
	town := load(t)
	kinds := []string{"civil society", "public body", "company", "multilateral", "community group"}
	seen := map[string]bool{}
	without := 0
	for _, o := range town.Organisations {
		if seen[o.Name] || o.Name == "" {
			t.Errorf("organisation %q is empty or there twice", o.Name)
		}
		seen[o.Name] = true
		if !slices.Contains(kinds, o.Kind) || len(o.Country) != 2 {
			t.Errorf("%s: kind %q, country %q", o.Name, o.Kind, o.Country)
		}
		site, err := url.Parse(o.Website)
		switch {
		case o.Website == "":
			without++
		case err != nil || site.Scheme != "https" || !strings.HasSuffix(site.Host, ".example"):
			t.Errorf("%s: website %q is not an https address under .example", o.Name, o.Website)
		}
	}
	if len(seen) < 24 || without == 0 {
		t.Errorf("%d organisations, %d without a website", len(seen), without)
	}
}

func TestInitiativesAreInBothLanguages(t *testing.T) {
	town := load(t)
	if len(town.Initiatives) != 4 {
		t.Errorf("%d initiatives, want 4", len(town.Initiatives))
	}
	for _, i := range town.Initiatives {
		if _, ok := town.OrganisationByName(i.Organiser); !ok {
			t.Errorf("%s: organiser %q is not in the town", i.ID, i.Organiser)
		}
		if !arabic(i.TitleAr) || !arabic(i.SummaryAr) || i.Title == "" || i.Summary == "" {
			t.Errorf("%s: title or summary missing in a language", i.ID)
		}
	}
}

func TestPeople(t *testing.T) {
	town := load(t)
	roles := map[string]int{}
	for _, p := range town.People {
		roles[p.Role]++
		if _, err := mail.ParseAddress(p.Email); err != nil || !strings.HasSuffix(p.Email, ".example") {
			t.Errorf("%s: e-mail %q", p.ID, p.Email)
		}
		if _, ok := town.OrganisationByName(p.Organisation); !ok && p.Organisation != "" {
			t.Errorf("%s: organisation %q is not in the town", p.ID, p.Organisation)
		}
		if (p.Language == "ar") != arabic(p.Name) {
			t.Errorf("%s: language %q for the name %s", p.ID, p.Language, p.Name)
		}
	}
	for _, role := range []string{"steward", "organiser", "editor", "signer", "duty-bearer office"} {
		if roles[role] == 0 {
			t.Errorf("nobody is %s", role)
		}
	}
	if len(town.People) != 8 {
		t.Errorf("%d people, want 8", len(town.People))
	}
}

func TestListsOfNamesAreLongEnough(t *testing.T) {
	town := load(t)
	given, family := map[bool]int{}, map[bool]int{}
	for _, own := range town.traditions {
		given[own.code == "ar"] += len(own.given)
		family[own.code == "ar"] += len(own.family)
	}
	if given[false] < 150 || family[false] < 150 || given[true] < 80 || family[true] < 80 {
		t.Errorf("given %v, family %v (true: Arabic)", given, family)
	}
	if len(town.comments["en"]) < 40 || len(town.comments["ar"]) < 20 {
		t.Errorf("comments: %d English, %d Arabic", len(town.comments["en"]), len(town.comments["ar"]))
	}
}

func TestOrganisationsCSVIsTheFile(t *testing.T) {
	content, err := OrganisationsCSV()
	if err != nil || !strings.HasPrefix(string(content), "name,kind,country,website\n") {
		t.Errorf("OrganisationsCSV begins %.40q, error %v", content, err)
	}
}

func arabic(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Arabic, r) })
}
