// SPDX-License-Identifier: AGPL-3.0-or-later

package document

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/seed"
)

var rewrite = flag.Bool("update-documents", false, "write testdata/documents/*.golden anew")

var today = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func parse(text string) (Draft, error) { return Parse(strings.NewReader(text), today) }

func sameDraft(want, got Draft) string { return cmp.Diff(want, got, cmpopts.EquateEmpty()) }

// again writes a draft and reads it back.
func again(t rapid.TB, d Draft) {
	t.Helper()
	text := d.Markdown()
	back, err := Parse(bytes.NewReader(text), time.Time{})
	if err != nil {
		t.Fatalf("what was written cannot be read: %v\n%s", err, text)
	}
	if diff := sameDraft(d, back); diff != "" {
		t.Fatalf("what was written reads differently:\n%s\n%s", diff, text)
	}
}

func party(name, kind, country string) Party {
	return Party{Input: organisation.Input{Name: name, Kind: kind, Country: country}}
}

func TestParse(t *testing.T) {
	text, err := os.ReadFile("testdata/documents/path.md")
	if err != nil {
		t.Fatal(err)
	}
	want := Draft{
		Kind: fact.OpenLetter, Lang: "en-GB", Title: `The path: ours, "theirs" & everybody's #1`,
		Text:         "# Why\n\nThis is #1 of three letters.  \nIt has a list that is not yet the list:\n\n1. children\n2. boats\n\n```\n## Recommendations\n\n1. This is code.\n```",
		Signers:      []fact.SignerClass{fact.Organisations, fact.People},
		Opens:        time.Date(2027, 1, 2, 8, 0, 0, 0, time.UTC),
		Closes:       time.Date(2027, 3, 31, 23, 59, 59, 0, time.UTC),
		AnswerWithin: 1,
		Goal:         5000,
		Organisers:   []Party{party("Friends of the Lind", "", "")},
		DutyBearers: []Party{
			{Input: organisation.Input{Name: "City of Lindholm", Kind: "public body", Country: "DK", Website: "https://lindholm.example"}},
			party("Lind Harbour Ltd", "company", "DK"),
			party("Ministry of Rivers", "public body", "DK"),
			party("Ministry of Rivers", "public body", "DE"),
		},
		Recommendations: []Recommendation{
			{"Open the gates,\nall three of them.", []int{1}},
			{"Write it down.\n\nA second paragraph with\n\n1. a list\n2. of its own\n\n```\n# and code\n```", []int{0, 3}},
			{"Tell everybody (not only us)", nil},
		},
	}
	windows := "\uFEFF" + strings.ReplaceAll(string(text), "\n", "\r\n")
	spaced := strings.ReplaceAll(string(text), "---\n", "---  \n")
	for name, text := range map[string]string{"as it is": string(text), "from Windows": windows, "spaces after dashes": spaced} {
		got, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := sameDraft(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/documents/*.md")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := parse(string(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again(t, d)
		golden := strings.TrimSuffix(name, ".md") + ".golden"
		if *rewrite {
			if err := os.WriteFile(golden, d.Markdown(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(d.Markdown())); diff != "" {
			t.Errorf("%s: %s", golden, diff)
		}
	}
}

func TestFilesOfTheTown(t *testing.T) {
	town, err := seed.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range town.Declarations {
		at := today
		if s.State == seed.Closed {
			at = s.Opens(today)
		}
		d, err := Parse(bytes.NewReader(s.Markdown(today)), at)
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		if d.Title != s.Title || len(d.Organisers) != len(s.Organisers) || len(d.DutyBearers) != len(s.DutyBearers) || len(d.Recommendations) < 3 || d.Opens.Format(time.DateOnly) != s.Opens(today).Format(time.DateOnly) {
			t.Errorf("%s was read as %+v", s.Name, d)
		}
		again(t, d)
	}
}

func TestLettersWeWereGiven(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "..", "shared", "data", "letters")
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(names) == 0 {
		t.Skip("the folder shared/data/letters is not beside this repository; nothing to read")
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Parse(f, today)
		f.Close()
		if strings.HasSuffix(name, ".csv") {
			if fault, ok := errors.AsType[*Error](err); !ok || fault.Key != "declaration.document.file_csv" {
				t.Errorf("%s: %v, want it refused as a table", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(d.Recommendations) < 2 || len(d.Organisers) == 0 || strings.Contains(d.Text, "Recommendations") {
			t.Errorf("%s was read as %+v", name, d)
		}
		again(t, d)
	}
}

// letter is a small petition with lines put into its head and below its text.
func letter(head, below string) string {
	return "---\nkind: petition\ntitle: T\nsigners: [people]\nduty-bearers:\n  - name: City\n    country: DK\n  - name: Harbour\n" + head + "---\nText.\n\n" + below
}

func TestRecommendations(t *testing.T) {
	recs := func(texts ...string) (made []Recommendation) {
		for _, text := range texts {
			made = append(made, Recommendation{Text: text})
		}
		return made
	}
	to := func(text string, places ...int) []Recommendation {
		return []Recommendation{{text, places}}
	}
	for _, c := range []struct {
		name, below, text string
		want              []Recommendation
	}{
		{"two", "## R\n1. a\n2. b\n", "Text.", recs("a", "b")},
		{"all numbered 1", "# R\n\n1. a\n\n1. b", "Text.", recs("a", "b")},
		{"underlined", "R\n===\n\n1. a", "Text.", recs("a")},
		{"deep heading with signs at its end", "###### R ######\n1) a", "Text.", recs("a")},
		{"heading without words", "##\n1. a", "Text.", recs("a")},
		{"the last heading counts", "# Q\n1. x\n\n# R\n1. a", "Text.\n\n# Q\n1. x", recs("a")},
		{"numbers set right", "# R\n 9. a\n    more\n10. b\n    more", "Text.", recs("a\nmore", "b\nmore")},
		{"tabs", "# R\n1.\ta\n\n\tmore\n", "Text.", recs("a\n\nmore")},
		{"list within", "# R\n1. a\n   - x\n     - y\n2. b", "Text.", recs("a\n- x\n  - y", "b")},
		{"two spaces suffice", "# R\n10. a\n\n  more", "Text.", recs("a\n\nmore")},
		{"begins on the next line", "# R\n1.\n   a", "Text.", recs("a")},
		{"a fence nobody closes", "```\nx\n\n# R\n1. a", "Text.\n\n```\nx", recs("a")},
		{"a heading inside code", "~~~~\n# R\n~~~\n1. a\n~~~~\n\n# S\n1. b", "Text.\n\n~~~~\n# R\n~~~\n1. a\n~~~~", recs("b")},
		{"addressed", "# R\n1. a (to: Harbour)", "Text.", to("a", 1)},
		{"addressed to both, spelt loosely", "# R\n1. a (To: HARBOUR ;  city, dk)", "Text.", to("a", 1, 0)},
		{"addressed twice", "# R\n1. a (to: City; City).", "Text.", to("a", 0)},
		{"addressed to all", "# R\n1. a (to:)", "Text.", recs("a")},
		{"words in brackets", "# R\n1. Write (to: the mayor) and tell (all)", "Text.", recs("Write (to: the mayor) and tell (all)")},
		{"brackets that are addressed too", "# R\n1. Write (to: the mayor) (to: City)", "Text.", to("Write (to: the mayor)", 0)},
	} {
		got, err := parse(letter("", c.below))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got.Recommendations, cmpopts.EquateEmpty()); diff != "" || got.Text != c.text {
			t.Errorf("%s: text %q, recommendations %s", c.name, got.Text, diff)
		}
		again(t, got)
	}
}

func TestFaults(t *testing.T) {
	head := func(line string) string { return letter(line+"\n", "# R\n1. a\n") }
	many := letter("", "# R\n"+strings.Repeat("1. a\n", MaxRecommendations+1))
	for _, c := range []struct {
		name, text string
		line       int
		word       string
	}{
		{"nothing", " \n", 0, "file_empty"},
		{"a table", "\uFEFFName;Kind;Country\nCity;public body;DK\n", 0, "file_csv"},
		{"PDF", "%PDF-1.7\n", 0, "file_pdf"},
		{"Word", "PK\x03\x04\x14\x00....[Content_Types].xml", 0, "file_word"},
		{"old Word", "\xD0\xCF\x11\xE0\xA1\xB1", 0, "file_word"},
		{"packed", "PK\x03\x04\x14\x00....a.md", 0, "file_zip"},
		{"HTML", "\n<!DOCTYPE html><html>", 0, "file_html"},
		{"a picture", "\x89PNG\r\n", 0, "file_picture"},
		{"UTF-16", "\xFF\xFE-\x00-\x00", 0, "file_letters"},
		{"Latin-1", "---\ntitle: caf\xE9\n---\n", 0, "file_letters"},
		{"large", strings.Repeat("a", maxDocument+1), 0, "too_large"},
		{"no head", "# Title\n\nText, and more, and more.\n", 1, "head_missing"},
		{"open head", "---\ntitle: a\n", 1, "head_unclosed"},
		{"unknown key", head("closing: 2027-01-01"), 9, "head_unknown"},
		{"double key", head("title: b"), 9, "head_twice"},
		{"list for a word", head("answer-within: [1]"), 9, "head_word"},
		{"word for a list", head("organisers: we"), 9, "head_list"},
		{"a list that is not set in is fine", head("organisers:\n- a"), 0, ""},
		{"goal in words", head("goal: many"), 9, "head_number"},
		{"goal below nothing", head("goal: -1"), 9, "goal"},
		{"alias", head("organisers: [&a b, *a]"), 9, "head_forbidden"},
		{"broken head", head("organisers: [a"), 9, "head_syntax"},
		{"no kind", "---\ntitle: T\n---\n", 0, "needs"},
		{"no title", "---\nkind: pledge\n---\n", 0, "needs"},
		{"no signers", "---\nkind: pledge\ntitle: T\n---\n", 0, "needs"},
		{"kind", "---\ntitle: T\nkind: poem\n---\n", 3, "kind"},
		{"language", head("language: english"), 9, "language"},
		{"signers", "---\nkind: pledge\ntitle: T\nsigners: [dogs]\n---\n", 4, "signer"},
		{"organiser without name", head("organisers:\n  - a\n  - \"\""), 11, "nameless"},
		{"duty-bearer without name", head("  - kind: company"), 9, "nameless"},
		{"duty-bearer's name", head("  - name: =SUM(A1)"), 9, "name"},
		{"duty-bearer's kind", head("    kind: firm"), 9, "organisation_kind"},
		{"duty-bearer's country", head("    country: Denmark"), 9, "country"},
		{"duty-bearer's website", head("    website: here"), 9, "website"},
		{"duty-bearer twice", head("  - name: City\n    country: DK"), 9, "same_name"},
		{"too many organisers", head("organisers: [" + strings.Repeat("a,", MaxParties+1) + "]"), 9, "too_many"},
		{"day", head("opens: tomorrow"), 9, "day"},
		{"day that is none", head("closes: 2027-02-30"), 9, "day"},
		{"far day", head("closes: 3027-02-20"), 9, "day"},
		{"order", head("opens: 2027-02-02\ncloses: 2027-02-01"), 10, "order"},
		{"past", head("closes: 2026-11-20"), 9, "past"},
		{"answer", head("answer-within: two weeks"), 9, "answer_within"},
		{"late answer", head("answer-within: 731 days"), 9, "answer_within"},
		{"no recommendations", letter("", "1. a\n2. b"), 0, "no_recommendations"},
		{"nothing below the heading", letter("", "# R\n"), 0, "no_recommendations"},
		{"words before the list", letter("", "# R\nWe ask:\n\n1. a"), 13, "stray"},
		{"words after the list", letter("", "# R\n1. a\n\nThank you."), 15, "stray"},
		{"other list after the list", letter("", "# R\n1. a\n- b"), 14, "stray"},
		{"empty recommendation", letter("", "# R\n1. a\n2.\n3. c"), 14, "empty_recommendation"},
		{"only addressed", letter("", "# R\n1. (to: City)"), 13, "empty_recommendation"},
		{"addressed to somebody else", letter("", "# R\n1. a\n2. b (to: City; Pope)"), 14, "unknown_to"},
		{"addressed to one of two", letter("  - name: City\n    country: SE\n", "# R\n1. a (to: city)"), 15, "several_to"},
		{"too many recommendations", many, 13 + MaxRecommendations, "too_many"},
	} {
		_, err := parse(c.text)
		if c.word == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		got, ok := errors.AsType[*Error](err)
		if !ok || got.Line != c.line || got.Key != "declaration.document."+c.word {
			t.Errorf("%s: %#v, want %s on line %d", c.name, err, c.word, c.line)
		}
	}
}

func TestClosingDay(t *testing.T) {
	d, err := parse(letter("closes: 2026-11-21\n", "# R\n1. a"))
	if err != nil || d.Closes != time.Date(2026, 11, 21, 23, 59, 59, 0, time.UTC) {
		t.Errorf("closes %v, %v; want the last second of today", d.Closes, err)
	}
}

func TestErrorsSpeak(t *testing.T) {
	c, err := lang.New(Messages())
	if err != nil {
		t.Fatal(err)
	}
	_, err = parse(letter("", "# R\n1. a\n2. b (to: Pope)"))
	if want := "Line 14: recommendation 2 is addressed to “Pope”, who is not among the duty-bearers."; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	for _, key := range c.Keys() {
		word, ours := strings.CutPrefix(key, "declaration.document.")
		if !ours {
			continue
		}
		e := faultOf(7, word, "key", "K", "value", "V", "name", "N", "number", "3", "max", "50", "text", "T", "detail", "D")
		for _, tag := range c.Languages() {
			if said := e.Tell(c.Speak(tag)); strings.Contains(said, "{{") || said == key {
				t.Errorf("%s says %q", tag, said)
			}
		}
	}
}

func TestFailingReader(t *testing.T) {
	if _, err := Parse(iotest.ErrReader(os.ErrClosed), today); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v, want the reader's error", err)
	}
}

// TestMarkdownIsReadBack writes drafts as people could have typed them into the form.
func TestMarkdownIsReadBack(t *testing.T) {
	word := rapid.StringMatching(`[\p{L}\p{N}][\p{L}\p{N}\p{P} :;#"'()]{0,20}`)
	line := rapid.SampledFrom([]string{
		"", "", "Words.", "  two spaces before", "two after  ", "# heading", "## Recommendations", "Title", "===", "---", "1. one", "2) two", "   1. deep",
		"- dash", "```", "~~~", "   ```", "\ttab", "    code", "> quote", "(to: City)", "Ask (to: nobody at all)", "(to:)", "(to: x) y (z)", "٣. ثلاثة", "a: b", "<!--", "\u00a0", "***",
	})
	prose := rapid.Custom(func(t *rapid.T) string {
		return strings.TrimSpace(strings.Join(rapid.SliceOfN(line, 1, 8).Draw(t, "lines"), "\n"))
	})
	rapid.Check(t, func(t *rapid.T) {
		d := Draft{
			Kind:         rapid.SampledFrom(fact.DeclarationKinds).Draw(t, "kind"),
			Lang:         rapid.SampledFrom([]string{"en", "ar", "no", "zh-Hant-TW"}).Draw(t, "lang"),
			Title:        "T" + OneLine(word.Draw(t, "title")),
			Text:         prose.Draw(t, "text"),
			Signers:      rapid.SampledFrom([][]fact.SignerClass{{fact.People}, {fact.Organisations, fact.People}}).Draw(t, "signers"),
			AnswerWithin: rapid.IntRange(0, maxAnswerWithin).Draw(t, "days"),
			Goal:         rapid.Int64Min(0).Draw(t, "goal"),
		}
		if rapid.Bool().Draw(t, "has times") {
			d.Opens = today.Truncate(24*time.Hour).AddDate(0, 0, rapid.IntRange(0, 99).Draw(t, "opens"))
			d.Closes = d.Opens.Add(time.Duration(rapid.SampledFrom([]int{1, 3600, 86399, 86400, 172799}).Draw(t, "closes")) * time.Second)
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "organisers") {
			d.Organisers = append(d.Organisers, party(fmt.Sprintf("O%d %s", i, OneLine(word.Draw(t, "organiser"))), "", ""))
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "duty-bearers") {
			name := rapid.SampledFrom([]string{"City", "Holm; Holm & Daughter", "Office (Rivers)", "Odd ) one", "Post (to: you)"}).Draw(t, "duty-bearer")
			d.DutyBearers = append(d.DutyBearers, party(name, "company", []string{"DK", "NO", "DE", "SE"}[i]))
		}
		least := 1
		if d.Kind == fact.Pledge {
			least = 0
		}
		for range rapid.IntRange(least, 12).Draw(t, "recommendations") {
			r := Recommendation{Text: prose.Filter(func(s string) bool { return s != "" }).Draw(t, "recommendation")}
			for i := range d.DutyBearers {
				if rapid.Bool().Draw(t, "to") {
					r.To = append(r.To, i)
				}
			}
			d.Recommendations = append(d.Recommendations, r)
		}
		again(t, d)
	})
}

func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/documents/*.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, below := range []string{"# R\n1. a (to: City)\n\n   ```\n   b\n", "R\n-\n1)\ta\n \tb\n", "```\n# R\n1. a\n```\n# S\n٣. b (to:).", "#\n1. a\r2. b\x0b"} {
		f.Add([]byte(letter("answer-within: 9\ngoal: 3\ncloses: 2100-01-01T00:00:00.5+14:00\n", below)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Parse(bytes.NewReader(text), today)
		if err != nil {
			if fault, ok := errors.AsType[*Error](err); !ok || fault.Line < 0 || fault.Line > 2+bytes.Count(text, []byte("\n"))+bytes.Count(text, []byte("\r")) {
				t.Fatalf("%q gave the error %v", text, err)
			}
			return
		}
		again(t, d)
	})
}
