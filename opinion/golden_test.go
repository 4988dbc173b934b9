// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// garden is a small conversation written for this project: 70 people, 18 statements, two camps and four who agree with everything.
func garden(t testing.TB) *Log {
	t.Helper()
	c, err := os.ReadFile(filepath.Join("testdata", "garden", "comments.csv"))
	if err != nil {
		t.Fatal(err)
	}
	statements, err := ReadStatements(bytes.NewReader(c))
	if err != nil {
		t.Fatal(err)
	}
	v, err := os.ReadFile(filepath.Join("testdata", "garden", "votes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	log, err := ReadVotes(bytes.NewReader(v), ReadOptions{Known: statements})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestGolden(t *testing.T) {
	log := garden(t)
	r := analyze(t, log.Votes(), Params{Seed: 1})
	golden(t, "result.json", rounded(t, r))
	v, err := CompatVotes(log)
	if err != nil {
		t.Fatal(err)
	}
	compat, err := (&Compat{CurrentPriorities: true}).Tick(context.Background(), v)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "compat.json", rounded(t, compat))
	var picture bytes.Buffer
	if err := r.Picture().WriteSVG(&picture, PictureText{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "map.svg", picture.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "garden", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not as it was; go test -update writes it anew, and the difference is the review", name)
	}
}

// rounded is JSON with six digits to a number, since processors differ in the last bits.
func rounded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return out.String()
		}
		if n, ok := token.(json.Number); ok {
			f, _ := n.Float64()
			if f = math.Round(f*1e6) / 1e6; f == 0 {
				f = 0 // never -0
			}
			out.WriteString(strconv.FormatFloat(f, 'g', 6, 64))
		} else if delim, ok := token.(json.Delim); ok {
			out.WriteString(delim.String())
		} else {
			text, _ := json.Marshal(token)
			out.Write(text)
		}
		out.WriteByte('\n')
	}
}

func TestPictureHoldsPeopleTogether(t *testing.T) {
	p := Picture{Groups: []PictureGroup{{Name: "A", People: make([][2]float64, 5000)}}}
	var out bytes.Buffer
	if err := p.WriteSVG(&out, PictureText{Title: "a < b"}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), `class="dot`); n != 1 || !strings.Contains(out.String(), "a &lt; b") {
		t.Errorf("%d marks for people in one place: %s", n, out.String())
	}
}

// TestPictureLabels: labels stay within the drawing and do not cover each other, and what is read out is a sentence.
func TestPictureLabels(t *testing.T) {
	group := func(name string, n int, x, y float64) PictureGroup {
		g := PictureGroup{Name: name, Center: [2]float64{x, y}}
		for range n {
			g.People = append(g.People, g.Center)
		}
		return g
	}
	p := Picture{Groups: []PictureGroup{group("A", 50, 9, 0), group("B", 1, -9, 0), group("C", 7, -9, 0.01)}, Others: make([][2]float64, 1)}
	var out bytes.Buffer
	if err := p.WriteSVG(&out, PictureText{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<text class="label" x="719.0" y="280.2">Group A: 50 people</text>`,
		`<text class="label" x="76.5" y="280.2">Group B: 1 person</text>`,
		`<text class="label" x="76.5" y="300.2">Group C: 7 people</text>`,
		"Group A: 50 people; Group B: 1 person; Group C: 7 people. In no group: 1 person.</desc>",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, out.String())
		}
	}
	out.Reset()
	if err := (Picture{}).WriteSVG(&out, PictureText{}); err != nil || !strings.Contains(out.String(), "There are no groups.</desc>") || strings.Contains(out.String(), `class="legend"`) {
		t.Errorf("of nobody: %v, %s", err, out.String())
	}
}

func TestGroupName(t *testing.T) {
	for label, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 27: "AB", 52: "BA"} {
		if got := GroupName(label); got != want {
			t.Errorf("GroupName(%d) = %s, want %s", label, got, want)
		}
	}
}
