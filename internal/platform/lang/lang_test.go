// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// pair is a slice with one file in English and one in Arabic.
func pair(en, ar string) fstest.MapFS {
	return fstest.MapFS{
		"messages/en.toml": {Data: []byte(en)},
		"messages/ar.toml": {Data: []byte(ar)},
	}
}

func catalogue(t testing.TB, slices ...fstest.MapFS) *Catalogue {
	t.Helper()
	c := &Catalogue{}
	var err error
	switch len(slices) {
	case 0:
		c, err = New()
	default:
		c, err = New(slices[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const signaturesEn = `
[town.signatures]
one = "One signature in {{.place}}"
other = "{{.count}} signatures in {{.place}}"
`

const signaturesAr = `
[town.signatures]
zero = "لا توقيعات في {{.place}}"
one = "توقيع واحد في {{.place}}"
two = "توقيعان في {{.place}}"
few = "{{.count}} توقيعات في {{.place}}"
many = "{{.count}} توقيعًا في {{.place}}"
other = "{{.count}} توقيع في {{.place}}"
`

func TestPlurals(t *testing.T) {
	c := catalogue(t, pair(signaturesEn, signaturesAr))
	for _, test := range []struct {
		tag   Tag
		count int64
		want  string
	}{
		{"en", 0, "0 signatures in دمر"},
		{"en", 1, "One signature in دمر"},
		{"en", 12345, "12,345 signatures in دمر"},
		{"ar", 0, "لا توقيعات في دمر"},
		{"ar", 1, "توقيع واحد في دمر"},
		{"ar", 2, "توقيعان في دمر"},
		{"ar", 3, "3 توقيعات في دمر"},
		{"ar", 11, "11 توقيعًا في دمر"},
		{"ar", 100, "100 توقيع في دمر"},
		{"ar", 1103, "1,103 توقيعات في دمر"},
	} {
		got := c.Speak(test.tag).N("town.signatures", test.count, "place", "دمر")
		if bare(got) != test.want {
			t.Errorf("%s of %d = %q, want %q", test.tag, test.count, got, test.want)
		}
	}
}

// bare takes away the marks around text of the other direction.
func bare(s string) string { return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(s) }

// The forms that the tables ask translators for must be those that go-i18n
// will look for.
func TestPluralFormsAreThoseOfGoI18n(t *testing.T) {
	c := catalogue(t)
	for _, table := range tables {
		seen := map[string]bool{"other": true}
		for n := range int64(1200) {
			seen[c.Speak(table.tag).form(n)] = true
			seen[c.Speak(table.tag).form(n*1_000_000)] = true
		}
		for form := range seen {
			if !slices.Contains(table.plurals, form) {
				t.Errorf("%s: go-i18n uses %q, the table does not have it", table.tag, form)
			}
		}
		if len(seen) != len(table.plurals) {
			t.Errorf("%s: go-i18n uses %v, the table has %v", table.tag, seen, table.plurals)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct{ name, en, ar, want string }{
		{"missing in Arabic", `town.a = "a"`, ``, `town.a is missing in "ar"`},
		{"missing in English", ``, `town.a = "a"`, `town.a is missing in "en"`},
		{"defined by another slice", `page.home = "a"`, `page.home = "a"`, `page.home is defined twice`},
		{"defined twice in a file", `"town.a" = "a"` + "\n" + `town.a = "b"`, `town.a = "a"`, `town.a is defined twice`},
		{"other placeholder", `town.a = "{{.name}}"`, `town.a = "{{.nom}}"`, `town.a takes {nom} in "ar" (other), but {name} in "en"`},
		{"no placeholder", `town.a = "{{.name}}"`, `town.a = "a"`, `town.a takes {} in "ar"`},
		{"lost in one form", signaturesEn, strings.Replace(signaturesAr, "{{.place}}", "", 1), `town.signatures takes {} in "ar" (zero)`},
		{"lost number", signaturesEn, strings.Replace(signaturesAr, "{{.count}} توقيع ", "", 1), `(other)`},
		{"lacking form", signaturesEn, strings.Replace(signaturesAr, "few", "description", 1), `lacks the plural form "few" in "ar"`},
		{"counted in one language", signaturesEn, `town.signatures = "{{.count}} {{.place}}"`, `lacks the plural form "zero" in "ar"`},
		{"unknown form", "[town.a]\nfew = \"a\"\none = \"a\"\nother = \"a\"", `town.a = "a"`, `which "en" does not know`},
		{"a template", `town.a = "{{if .x}}a{{end}}"`, `town.a = "a"`, `braces`},
		{"markup", `town.a = "<b>a</b>"`, `town.a = "a"`, `town.a holds markup`},
		{"no text", `town.a = ""`, `town.a = "a"`, `town.a has no text`},
		{"bad key", `town = "a"`, `town = "a"`, `town is not a key`},
		{"bad file", `town.a = `, `town.a = "a"`, `messages/en.toml`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(pair(test.en, test.ar))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New says %v, want %s", err, test.want)
			}
		})
	}
	if _, err := New(fstest.MapFS{"messages/en.toml": {}}); err == nil {
		t.Error("New took a slice without an Arabic file")
	}
}

func TestSay(t *testing.T) {
	c := catalogue(t, pair(
		`town.a = "{{.name}} of {{ .name }}: {{.n}}, {{.day}}, {{.all}}, {{.any}}"`,
		`town.a = "{{.name}}: {{.n}}، {{.day}}، {{.all}}، {{.any}}"`))
	day := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)
	args := []any{"name", "{{.n}}", "n", 1234, "day", day, "all", []string{"x", "y"}, "any", Tag("z")}
	got := c.Speak("en").T("town.a", args...)
	want := "{{.n}} of {{.n}}: 1,234, 21 November 2026, x and y, z"
	if got != want {
		t.Errorf("T = %q, want %q", got, want)
	}
}

func TestIsolates(t *testing.T) {
	c := catalogue(t, pair(`town.by = "By {{.name}}"`, `town.by = "من {{.name}}"`))
	for _, test := range []struct {
		tag        Tag
		name, want string
	}{
		{"en", "Ada", "By Ada"},
		{"en", "ليلى", "By \u2068ليلى\u2069"},
		{"ar", "ليلى", "من ليلى"},
		{"ar", "Ada", "من \u2068Ada\u2069"},
		{"ar", "123 456", "من 123 456"},
		{"ar", "https://example.org/a", "من https://example.org/a"},
	} {
		if got := c.Speak(test.tag).T("town.by", "name", test.name); got != test.want {
			t.Errorf("%s: %q, want %q", test.tag, got, test.want)
		}
	}
}

func TestFaultsAreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	s := catalogue(t, pair(`town.by = "By {{.name}}"`, `town.by = "من {{.name}}"`)).Speak("en")
	for range 3 {
		if got := s.T("town.none"); got != "town.none" {
			t.Errorf("T of a missing key = %q", got)
		}
		if got := s.N("town.none", 2); got != "town.none" {
			t.Errorf("N of a missing key = %q", got)
		}
		if got := s.T("town.by", "nom", "Ada"); got != "By {{.name}}" {
			t.Errorf("T without its value = %q", got)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines logged, want 2:\n%s", n, &log)
	}
}

func TestLanguages(t *testing.T) {
	c := catalogue(t)
	if got := c.Languages(); !slices.Equal(got, []Tag{"en", "ar"}) {
		t.Errorf("Languages = %v", got)
	}
	for _, test := range []struct {
		tag, is      Tag
		dir, autonym string
	}{
		{"en", "en", "ltr", "English"},
		{"ar", "ar", "rtl", "العربية"},
		{"xx", "en", "ltr", "English"},
	} {
		s := c.Speak(test.tag)
		if s.Tag() != test.is || s.Dir() != test.dir || s.Autonym() != test.autonym {
			t.Errorf("Speak(%q) is %s %s %s", test.tag, s.Tag(), s.Dir(), s.Autonym())
		}
	}
}

func TestMatch(t *testing.T) {
	c := catalogue(t)
	for _, test := range []struct {
		want, header string
		match        Tag
	}{
		{"", "", "en"},
		{"ar", "en", "ar"},
		{"ar-EG", "en", "ar"},
		{"en", "ar", "en"},
		{"fr", "ar", "ar"},
		{"", "fr, ar;q=0.5, en;q=0.3", "ar"},
		{"", "ar-MA,ar;q=0.9,fr;q=0.8", "ar"},
		{"", "en-US,en;q=0.9,ar;q=0.8", "en"},
		{"", "fr", "en"},
		{"", "*", "en"},
		{"\x00", ";;;", "en"},
		{"", "ar," + strings.Repeat("fr,", 1000), "en"},
	} {
		if got := c.Match(test.want, test.header); got != test.match {
			t.Errorf("Match(%q, %.20q) = %s, want %s", test.want, test.header, got, test.match)
		}
	}
}

func FuzzMatch(f *testing.F) {
	c := catalogue(f)
	f.Add("ar", "en-GB,en;q=0.7,*;q=0.1")
	f.Add("x-klingon", "ar-u-nu-latn;q=0")
	f.Add("zh_Hant", "de-")
	f.Fuzz(func(t *testing.T, want, header string) {
		if got := c.Match(want, header); !slices.Contains(c.Languages(), got) {
			t.Errorf("Match(%q, %q) = %q", want, header, got)
		}
	})
}

func BenchmarkT(b *testing.B) {
	s := catalogue(b).Speak("ar")
	for b.Loop() {
		s.T("page.home")
	}
}

func BenchmarkN(b *testing.B) {
	s := catalogue(b).Speak("ar")
	for b.Loop() {
		s.N("form.faults", 3)
	}
}

func TestDigits(t *testing.T) {
	for typed, want := range map[string]string{"123456": "123456", " 123 456\n": "123456", "١٢٣٤٥٦": "123456", "۱۲۳": "123", "12a4": "124", "": ""} {
		if got := Digits(typed); got != want {
			t.Errorf("Digits(%q) = %q, want %q", typed, got, want)
		}
	}
}
