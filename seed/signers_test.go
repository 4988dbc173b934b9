// SPDX-License-Identifier: AGPL-3.0-or-later

package seed

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestSignersAreTheSameForTheSameSeed(t *testing.T) {
	first := slices.Collect(load(t).Signers(500, 7))
	again := slices.Collect(load(t).Signers(800, 7))
	other := slices.Collect(load(t).Signers(500, 8))
	if len(first) != 500 || !slices.Equal(first, again[:500]) {
		t.Error("the same seed gives other signers")
	}
	if slices.Equal(first, other) {
		t.Error("another seed gives the same signers")
	}
}

// A fixed answer: whoever changes the lists or the drawing changes every picture of the town, and should mean to.
func TestSignersAreTheSameOnEveryMachine(t *testing.T) {
	for got := range load(t).Signers(1, 1) {
		want := Signer{Name: "Jonas Eschenbach", Email: "jonas.eschenbach1@post.example", Town: "Lindholm", Country: "DK", Language: "en"}
		if got != want {
			t.Errorf("first signer = %+v, want %+v", got, want)
		}
	}
}

func TestSignersAreAcceptable(t *testing.T) {
	town := load(t)
	name := regexp.MustCompile(`^\p{L}[\p{L} .'’-]+$`)
	email := regexp.MustCompile(`^[a-z]+\.[a-z]+\d+@[a-z]+\.example$`)
	seen := map[string]bool{}
	for s := range town.Signers(6000, 3) {
		if _, err := mail.ParseAddress(s.Email); err != nil || !email.MatchString(s.Email) || seen[s.Email] {
			t.Errorf("e-mail %q of %s is odd or there twice", s.Email, s.Name)
		}
		seen[s.Email] = true
		if !name.MatchString(s.Name) || s.Town == "" || len(s.Country) != 2 {
			t.Errorf("odd signer %+v", s)
		}
		if s.Comment != "" && (s.Language == "ar") != arabic(strings.ReplaceAll(s.Comment, s.Town, "")) {
			t.Errorf("a comment in another language: %+v", s)
		}
		if strings.ContainsAny(s.Comment, "{}<>") {
			t.Errorf("unfinished comment %q", s.Comment)
		}
	}
}

func TestSharesOfSigners(t *testing.T) {
	var comments, hidden, near, inArabic int
	for s := range load(t).Signers(9000, 5) {
		comments += one(s.Comment != "")
		hidden += one(s.Hidden)
		near += one(s.Country == home)
		inArabic += one(s.Language == "ar")
	}
	between(t, "comments", comments, 9000/14-100, 9000/14+100)
	between(t, "hidden", hidden, 9000/9-120, 9000/9+120)
	between(t, "near Lindholm", near, 6500, 8500)
	between(t, "in Arabic", inArabic, 500, 1200)
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func between(t *testing.T, what string, got, low, high int) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s: %d, want %d to %d", what, got, low, high)
	}
}

func TestSignersOfADeclaration(t *testing.T) {
	d := declarationByName(t, "interpreter")
	total, inArabic := 0, 0
	for s := range load(t).SignersOf(d) {
		total++
		inArabic += one(s.Language == "ar")
	}
	if total != d.Signatures || inArabic*2 < total {
		t.Errorf("%d of %d signers in Arabic, want more than half of %d", inArabic, total, d.Signatures)
	}
}

func TestRemarksComeInTurn(t *testing.T) {
	seen := map[string]bool{}
	for s := range load(t).Signers(400, 11) {
		if s.Comment != "" && s.Language == "en" && seen[s.Comment] {
			t.Errorf("%q is said twice in a short time", s.Comment)
		}
		seen[s.Comment] = true
	}
	if len(seen) < 15 {
		t.Errorf("only %d remarks", len(seen))
	}
}

func TestSignersCanBeCutShort(t *testing.T) {
	count := 0
	for range load(t).Signers(100, 1) {
		if count++; count == 3 {
			break
		}
	}
	if count != 3 {
		t.Errorf("%d signers after stopping at 3", count)
	}
}

func TestPlain(t *testing.T) {
	for name, want := range map[string]string{
		"Þorvaldsen": "thorvaldsen", "O'Brannagh": "obrannagh", "van der Meij": "vandermeij",
		"İnci": "inci", "Żuraw": "zuraw", "أبو زيتون": "abwzytwn",
	} {
		if got := plain(name); got != want {
			t.Errorf("plain(%s) = %q, want %q", name, got, want)
		}
	}
}
