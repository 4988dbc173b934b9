// SPDX-License-Identifier: AGPL-3.0-or-later

package chart

import (
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var june = time.Date(2026, 6, 14, 0, 0, 0, 0, time.UTC)

func english(t time.Time) string { return t.Format("2 January") }

func thousands(n int) string {
	s := strconv.Itoa(n)
	if len(s) > 3 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s
}

func river() []Point {
	totals := []int{112, 1152, 1240, 1500, 1890, 2600, 2690, 3500, 4100, 4400, 6900, 7400, 7900, 8800, 10000, 11200, 12408}
	var points []Point
	for i, total := range totals {
		points = append(points, Point{Day: june.AddDate(0, 0, 9*i), Total: total})
	}
	return points
}

func options(d Direction) Options {
	if d == RightToLeft {
		return Options{ID: "growth-ar", Title: "التوقيعات بمرور الوقت", Desc: "12,408 اليوم", Direction: d, Number: thousands}
	}
	return Options{ID: "growth", Title: "Signatures over time", Desc: "112 on 14 June, 12,408 today", Number: thousands}
}

func countries(d Direction) (bars []Bar, o Options) {
	if d == RightToLeft {
		return []Bar{{"الدانمرك", 9120}, {"السويد", 2211}, {"لبنان", 801}, {"بلدان أخرى", 276}},
			Options{ID: "from-ar", Title: "من أين", Direction: d, Number: thousands}
	}
	return []Bar{{"Denmark", 9120}, {"Sweden", 2211}, {"Lebanon", 801}, {"Other countries", 276}},
		Options{ID: "from", Title: "From where", Number: thousands}
}

func TestGolden(t *testing.T) {
	bars, barOptions := countries(LeftToRight)
	barsRTL, barOptionsRTL := countries(RightToLeft)
	for name, got := range map[string]string{
		"growth":    Growth(river(), english, options(LeftToRight)).String(),
		"growth-ar": Growth(river(), english, options(RightToLeft)).String(),
		"bars":      Bars(bars, barOptions).String(),
		"bars-ar":   Bars(barsRTL, barOptionsRTL).String(),
		"nobody":    Growth(nil, english, options(LeftToRight)).String() + "\n" + Bars(nil, barOptions).String(),
	} {
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRowsAreTheValuesDrawn(t *testing.T) {
	bars, o := countries(LeftToRight)
	want := []Row{{"Denmark", "9,120"}, {"Sweden", "2,211"}, {"Lebanon", "801"}, {"Other countries", "276"}}
	if diff := cmp.Diff(want, Bars(bars, o).Rows()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	rows := Growth(river(), english, options(LeftToRight)).Rows()
	if len(rows) != 17 || rows[0] != (Row{"14 June", "112"}) || rows[16].Value != "12,408" {
		t.Errorf("growth rows = %v", rows)
	}
}

func TestPeoplesTextIsEscaped(t *testing.T) {
	o := Options{ID: `a"b`, Title: "<script>", Desc: "a & b"}
	got := Bars([]Bar{{`<img src=x onerror=alert(1)>`, 3}}, o).String()
	if strings.Contains(got, "<script") || strings.Contains(got, "<img") || strings.Contains(got, `a"b-t`) {
		t.Errorf("text got out of its place: %s", got)
	}
	wellFormed(t, got)
}

// wellFormed fails if text is not XML: an SVG with a slip in it would swallow the page.
func wellFormed(t rapid.TB, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("not well formed: %v\n%s", err, text)
		}
	}
}

var lineOf = regexp.MustCompile(`class="line" d="([^"]*)"`)

// spots reads the places of the points back from a drawing.
func spots(t rapid.TB, svg string) (at []spot) {
	t.Helper()
	found := lineOf.FindStringSubmatch(svg)
	if found == nil {
		return nil
	}
	fields := strings.Fields(strings.NewReplacer("M", " ", "L", " ").Replace(found[1]))
	for i := 0; i+1 < len(fields); i += 2 {
		x, errX := strconv.ParseFloat(fields[i], 64)
		y, errY := strconv.ParseFloat(fields[i+1], 64)
		if errX != nil || errY != nil {
			t.Fatalf("not numbers: %q %q", fields[i], fields[i+1])
		}
		at = append(at, spot{x, y})
	}
	return at
}

func TestGrowthStaysInItsFrame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 1<<30), 0, 400).Draw(t, "steps")
		gaps := rapid.SliceOfN(rapid.IntRange(0, 40), len(steps), len(steps)).Draw(t, "gaps")
		o := options(rapid.SampledFrom([]Direction{LeftToRight, RightToLeft}).Draw(t, "direction"))
		var points []Point
		day, total := june, 0
		for i := range steps {
			day, total = day.AddDate(0, 0, gaps[i]), total+steps[i]
			points = append(points, Point{day, total})
		}
		g := Growth(points, english, o)
		svg := g.String()
		wellFormed(t, svg)
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Fatalf("a number that is none: %s", svg)
		}
		if len(svg) > 4096 {
			t.Fatalf("%d bytes for %d points", len(svg), len(points))
		}
		inFrame(t, spots(t, svg), o.Direction)
		if len(points) > 0 && g.Rows()[len(g.Rows())-1].Value != thousands(total) {
			t.Fatalf("the last row is not the last total")
		}
	})
}

func inFrame(t rapid.TB, at []spot, d Direction) {
	for i, p := range at {
		if p.x < 0 || p.x > width || p.y < 0 || p.y > height {
			t.Fatalf("point %d lies outside of the frame: %v", i, p)
		}
		if i == 0 {
			continue
		}
		forward := p.x >= at[i-1].x
		if d == RightToLeft {
			forward = p.x <= at[i-1].x
		}
		if !forward || p.y > at[i-1].y {
			t.Fatalf("a growing total goes back at point %d: %v after %v", i, p, at[i-1])
		}
	}
}

func TestThinKeepsTheExtremes(t *testing.T) {
	var points []Point
	for i := range 1000 {
		points = append(points, Point{june.AddDate(0, 0, i), 500})
	}
	points[437].Total, points[613].Total = 900, 3
	few := thin(points, maxPoints)
	if len(few) > maxPoints || few[0] != points[0] || few[len(few)-1] != points[999] {
		t.Fatalf("thin kept %d points, %v to %v", len(few), few[0], few[len(few)-1])
	}
	seen := map[int]bool{}
	for _, p := range few {
		seen[p.Total] = true
	}
	if !seen[900] || !seen[3] {
		t.Errorf("thin lost an extreme: high %v, low %v", seen[900], seen[3])
	}
}

func TestFewPoints(t *testing.T) {
	for n := range 3 {
		svg := Growth(river()[:n], english, options(LeftToRight)).String()
		wellFormed(t, svg)
		if got, want := strings.Contains(svg, `class="line"`), n == 2; got != want {
			t.Errorf("%d points: line drawn = %v, want %v", n, got, want)
		}
		if got, want := strings.Contains(svg, `class="now"`), n > 0; got != want {
			t.Errorf("%d points: dot drawn = %v, want %v", n, got, want)
		}
	}
}
