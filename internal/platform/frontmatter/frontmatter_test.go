// SPDX-License-Identifier: AGPL-3.0-or-later

package frontmatter

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type boat struct {
	Name  string   `yaml:"name"`
	Seats int64    `yaml:"seats,omitempty"`
	Built Bare     `yaml:"built,omitempty"`
	Crew  []string `yaml:"crew,omitempty,flow"`
	Ports []port   `yaml:"ports,omitempty"`
}

type port struct {
	Name    string `yaml:"name"`
	Country string `yaml:"country,omitempty"`
}

func read(text string) (boat, Lines, error) {
	var b boat
	d, err := Split(text)
	if err != nil {
		return b, nil, err
	}
	lines, err := d.Decode(&b)
	return b, lines, err
}

func TestDecode(t *testing.T) {
	got, lines, err := read("--- \n# the ferry\nname: \"Ada: a ferry\"\nseats: 12\nbuilt: 1911-05-02\ncrew: [Bo, 'No']\nports:\n  - name: Lindholm\n    country: NO\n  - name: 2026\n    country:\n---\n\nText\n---\n")
	if err != nil {
		t.Fatal(err)
	}
	want := boat{"Ada: a ferry", 12, "1911-05-02", []string{"Bo", "No"}, []port{{"Lindholm", "NO"}, {"2026", ""}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if lines["name"] != 3 || lines["ports.2.country"] != 11 || lines["crew.2"] != 6 {
		t.Errorf("lines are %v", lines)
	}
}

func TestSplit(t *testing.T) {
	d, err := Split("---\na: b\n---\n\nText\n---\nmore")
	want := Document{Head: "a: b\n", Body: "\nText\n---\nmore", BodyLine: 4}
	if err != nil || d != want {
		t.Errorf("Split = %+v, %v; want %+v", d, err, want)
	}
}

func TestFaults(t *testing.T) {
	deep := "crew: " + strings.Repeat("[", 50) + strings.Repeat("]", 50)
	for _, c := range []struct {
		name, text string
		want       Error
	}{
		{"no front matter", "# Title\n", Error{1, Missing, "", ""}},
		{"nothing", "", Error{1, Missing, "", ""}},
		{"not closed", "---\nname: a\n", Error{1, Unclosed, "", ""}},
		{"unknown key", "---\nname: a\ncaptain: b\n---\n", Error{3, Unknown, "captain", ""}},
		{"unknown key in a list", "---\nports:\n  - name: a\n    city: b\n---\n", Error{4, Unknown, "city", ""}},
		{"a list as a key", "---\n? [a]\n: b\n---\n", Error{2, Unknown, "", ""}},
		{"twice", "---\nname: a\nseats: 1\nname: b\n---\n", Error{4, Twice, "name", ""}},
		{"list for word", "---\nname: [a]\n---\n", Error{2, Form, "name", "word"}},
		{"word for list", "---\ncrew: Bo\n---\n", Error{2, Form, "crew", "list"}},
		{"word for table", "---\nports: [a]\n---\n", Error{2, Form, "ports.1", "table"}},
		{"word for number", "---\nseats: many\n---\n", Error{2, Form, "seats", "number"}},
		{"number too large", "---\nseats: 99999999999999999999\n---\n", Error{2, Form, "seats", "number"}},
		{"only a word", "---\nhello\n---\n", Error{2, Form, "", "table"}},
		{"alias", "---\nname: &a b\ncrew: [*a]\n---\n", Error{2, Forbidden, "", ""}},
		{"merge", "---\n<<: {name: a}\n---\n", Error{2, Forbidden, "", ""}},
		{"tag", "---\nname: !!binary aGk=\n---\n", Error{2, Forbidden, "", ""}},
		{"deep", "---\n" + deep + "\n---\n", Error{2, TooLarge, "", ""}},
		{"many", "---\ncrew: [" + strings.Repeat("a,", maxNodes) + "]\n---\n", Error{2, TooLarge, "", ""}},
		{"large", "---\nname: " + strings.Repeat("a", maxHead) + "\n---\n", Error{3, TooLarge, "", ""}},
	} {
		_, _, err := read(c.text)
		got, ok := errors.AsType[*Error](err)
		if !ok || *got != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, &c.want)
		}
	}
}

func TestSyntaxNamesTheLine(t *testing.T) {
	_, _, err := read("---\nname: a\ncrew: [b\nseats: 1\n---\n")
	got, ok := errors.AsType[*Error](err)
	if !ok || got.Problem != Syntax || got.Line < 3 || got.Line > 5 || got.Detail == "" {
		t.Errorf("%v", err)
	}
}

func TestWrite(t *testing.T) {
	b := boat{"Ada: \"a\" ferry", 12, "1911-05-02", []string{"Bo", "No"}, []port{{"قرية النهر", "NO"}, {"2026", ""}}}
	got, err := Write(b, "# Text\n")
	want := "---\nname: \"Ada: \\\"a\\\" ferry\"\nseats: 12\nbuilt: 1911-05-02\ncrew: [Bo, \"No\"]\nports:\n  - name: قرية النهر\n    country: \"NO\"\n  - name: \"2026\"\n---\n\n# Text\n"
	if err != nil || string(got) != want {
		t.Errorf("Write gave %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestWrittenIsRead(t *testing.T) {
	word := rapid.StringMatching(`[\p{L}\p{N}\p{P}\p{S}\p{Z}\n\t#:'"-]{0,30}`)
	rapid.Check(t, func(t *rapid.T) {
		want := boat{
			Name:  word.Draw(t, "name"),
			Seats: rapid.Int64().Draw(t, "seats"),
			Crew:  rapid.SliceOfN(word, 1, 4).Draw(t, "crew"),
			Ports: []port{{word.Draw(t, "port"), word.Draw(t, "country")}},
		}
		text, err := Write(want, "")
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := read(string(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\n%s", diff, text)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"---\nname: a\n---\ntext", "---\nports:\n  - {name: a, country: b}\n---\n", "---\nname: |\n  a\n   b\n---\n",
		"---\nname: &a [*a]\n---\n", "---\n? a\n: b\n---\n", "---\n%YAML 1.1\n---\n", "---\nname: >-\n\n\n---\n", "---\n- - - -\n---\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, _, err := read(text)
		if fault, ok := errors.AsType[*Error](err); err != nil && (!ok || fault.Line < 1 || fault.Error() == "") {
			t.Fatalf("%q gave the error %v", text, err)
		}
		if err != nil || strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) && r != '\n' }) {
			return
		}
		got.Built = ""
		again, err := Write(got, "")
		if err != nil {
			t.Fatalf("%q cannot be written: %v", text, err)
		}
		back, _, err := read(string(again))
		if err != nil {
			t.Fatalf("%q was written as %q: %v", text, again, err)
		}
		if again2, _ := Write(back, ""); string(again2) != string(again) {
			t.Fatalf("%q was written as %q, then as %q", text, again, again2)
		}
	})
}
