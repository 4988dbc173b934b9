// SPDX-License-Identifier: AGPL-3.0-or-later

package seed

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var today = time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)

func declarationByName(t *testing.T, name string) Declaration {
	t.Helper()
	for _, d := range load(t).Declarations {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("no declaration %q", name)
	return Declaration{}
}

func TestEveryDeclarationHasItsFrontMatter(t *testing.T) {
	town := load(t)
	if len(town.Declarations) != 9 {
		t.Errorf("%d declarations, want 9", len(town.Declarations))
	}
	for _, d := range town.Declarations {
		t.Run(d.Name, func(t *testing.T) {
			oneOf(t, "kind", d.Kind, "open-letter", "petition", "pledge", "action-programme")
			oneOf(t, "state", d.State, Draft, NotYetOpen, Open, Closed, InvalidatedSome)
			oneOf(t, "shape", d.Shape, Spike, Steady, Slow, TwoWaves)
			for _, s := range d.Signers {
				oneOf(t, "signers", s, "organisations", "people")
			}
			if d.Title == "" || len(d.Language) != 2 || len(d.Organisers) == 0 || len(d.DutyBearers) == 0 || len(d.Signers) == 0 {
				t.Errorf("title, language, organisers, signers or duty-bearers missing: %+v", d)
			}
			if !regexp.MustCompile(`(?m)^answer-within: [1-9]\d* days$`).Match(d.Raw) {
				t.Error("answer-within missing")
			}
			if !slices.ContainsFunc(town.Initiatives, func(i Initiative) bool { return i.ID == d.Initiative }) {
				t.Errorf("initiative %q is not in the town", d.Initiative)
			}
		})
	}
}

func oneOf(t *testing.T, what, got string, allowed ...string) {
	t.Helper()
	if !slices.Contains(allowed, got) {
		t.Errorf("%s is %q, want one of %v", what, got, allowed)
	}
}

func TestDeclarationsNameOrganisationsOfTheTown(t *testing.T) {
	town := load(t)
	for _, d := range town.Declarations {
		for _, name := range d.Organisers {
			if _, ok := town.OrganisationByName(name); !ok {
				t.Errorf("%s: organiser %q is not in the town", d.Name, name)
			}
		}
		for _, b := range d.DutyBearers {
			o, _ := town.OrganisationByName(b.Name)
			if o.Name != b.Name || o.Kind != b.Kind || o.Country != b.Country {
				t.Errorf("%s: duty-bearer %+v, but the town has %+v", d.Name, b, o)
			}
		}
		if got := len(town.Cosigners(d)); got != d.Organisations {
			t.Errorf("%s: %d organisations can sign, want %d", d.Name, got, d.Organisations)
		}
	}
}

func TestTheStoryOfEachDeclarationHoldsTogether(t *testing.T) {
	for _, d := range load(t).Declarations {
		signing := d.State != Draft && d.State != NotYetOpen
		if signing != (d.Days > 0) || !signing && d.Signatures+d.Organisations > 0 {
			t.Errorf("%s: %s with %d signatures in %d days", d.Name, d.State, d.Signatures, d.Days)
		}
		if (d.State == InvalidatedSome) != (d.Invalidated > 0) || d.Invalidated > d.Signatures {
			t.Errorf("%s: %s with %d invalidated", d.Name, d.State, d.Invalidated)
		}
		if (d.State == Closed) != (d.ClosesIn < 0) || (d.State == NotYetOpen) != (d.OpensIn > 0) {
			t.Errorf("%s: %s, opens in %d, closes in %d", d.Name, d.State, d.OpensIn, d.ClosesIn)
		}
		if !slices.Contains(d.Signers, "people") && d.Signatures > 0 || !slices.Contains(d.Signers, "organisations") && d.Organisations > 0 {
			t.Errorf("%s: signed by those who may not", d.Name)
		}
	}
}

var addressed = regexp.MustCompile(`^(\d+)\. .*?(?: \(to: ([^()]+)\))?$`)

func TestRecommendationsAreNumberedAndAddressed(t *testing.T) {
	for _, d := range load(t).Declarations {
		_, body, _ := strings.Cut(string(d.Raw[4:]), "\n---\n")
		if words := len(strings.Fields(body)); words < 120 || words > 350 {
			t.Errorf("%s: %d words", d.Name, words)
		}
		count := 0
		asked := map[string]bool{}
		for line := range strings.Lines(body) {
			m := addressed.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil {
				continue
			}
			count++
			if m[1] != string(rune('0'+count)) {
				t.Errorf("%s: recommendation %s comes %d.", d.Name, m[1], count)
			}
			checkAddressees(t, d, m[2], asked)
		}
		if count < 3 || d.Kind == "action-programme" && count != 8 {
			t.Errorf("%s: %d recommendations", d.Name, count)
		}
		if len(asked) != len(d.DutyBearers) {
			t.Errorf("%s: only %v are asked for anything", d.Name, asked)
		}
	}
}

// checkAddressees notes who is asked; a line that names nobody asks all.
func checkAddressees(t *testing.T, d Declaration, to string, asked map[string]bool) {
	for _, b := range d.DutyBearers {
		if to == "" {
			asked[b.Name] = true
		}
	}
	for name := range strings.SplitSeq(to, "; ") {
		if to == "" {
			continue
		}
		if !slices.ContainsFunc(d.DutyBearers, func(b Organisation) bool { return b.Name == name }) {
			t.Errorf("%s: %q is asked but is no duty-bearer", d.Name, name)
		}
		asked[name] = true
	}
}

func TestDaysOfADeclaration(t *testing.T) {
	tests := []struct{ name, opens, closes string }{
		{"south-ferry", "0001-01-01", "0001-01-01"},
		{"clean-water", "2026-03-13", "2026-06-11"},
		{"market-shade", "2026-03-04", "2026-06-01"},
		{"shops-pledge", "2025-12-20", "0001-01-01"},
		{"night-bus", "2025-12-17", "2026-01-28"},
	}
	for _, test := range tests {
		d := declarationByName(t, test.name)
		opens, closes := d.Opens(today).Format(time.DateOnly), d.Closes(today).Format(time.DateOnly)
		if opens != test.opens || closes != test.closes {
			t.Errorf("%s: from %s to %s, want from %s to %s", test.name, opens, closes, test.opens, test.closes)
		}
	}
}

func TestMarkdownIsWhatAnOrganiserImports(t *testing.T) {
	for _, d := range load(t).Declarations {
		text := string(d.Markdown(today))
		if strings.Contains(text, "seed-") {
			t.Errorf("%s: seed- keys are left", d.Name)
		}
		_, body, _ := strings.Cut(string(d.Raw[4:]), "\n---\n")
		if !strings.HasPrefix(text, "---\nkind: ") || !strings.HasSuffix(text, "\n---\n"+body) {
			t.Errorf("%s: front matter or body changed", d.Name)
		}
	}
	text := string(declarationByName(t, "night-bus").Markdown(today))
	if !strings.Contains(text, "\nopens: 2025-12-17\ncloses: 2026-01-28\n---\n") {
		t.Errorf("days missing in\n%s", text)
	}
}

func TestFaultyDeclarationsAreRefused(t *testing.T) {
	tests := map[string]string{
		"no front matter":       "Dear city,\n",
		"no end":                "---\nkind: pledge\n",
		"unknown key":           "---\ncolour: red\n---\n",
		"unknown list":          "---\nfriends:\n  - Karen\n---\n",
		"not a number":          "---\nseed-days: many\n---\n",
		"duty-bearer, no name":  "---\nduty-bearers:\n    kind: company\n---\n",
		"duty-bearer, odd line": "---\nduty-bearers:\n  - name: A\n    colour: red\n---\n",
	}
	for name, text := range tests {
		if _, err := parseDeclaration([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
