// SPDX-License-Identifier: AGPL-3.0-or-later

package asset

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func source(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var comment = regexp.MustCompile(`(?s)/\*.*?\*/`)

func style(t *testing.T) string {
	return comment.ReplaceAllString(source(t, "src", "style.css"), "")
}

// The one style serves both directions, so nothing in it may say left, right, top or bottom.
func TestStyleIsLogical(t *testing.T) {
	physical := regexp.MustCompile(`(?m)(?:^|[\s;{])((?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)[a-z-]*|` +
		`left|right|top|bottom|width|height|(?:min|max)-(?:width|height)|(?:text-align|float|clear)\s*:\s*(?:left|right)|border-(?:top|bottom)-(?:left|right)-radius)\s*[:;}]`)
	for _, found := range physical.FindAllStringSubmatch(style(t), -1) {
		t.Errorf("%q is physical: take the logical property", found[1])
	}
}

func TestWeights(t *testing.T) {
	for name, most := range map[string]int{"style.css": 9000, "script.js": 3000, "favicon.svg": 400} {
		if got := len(files[Path(name)].br); got > most {
			t.Errorf("%s weighs %d bytes, at most %d are allowed", name, got, most)
		}
	}
}

// Every class has a line of its own in docs/face.md and stands in both galleries.
func TestEveryClassIsShown(t *testing.T) {
	used := map[string]bool{}
	selectors := regexp.MustCompile(`\{[^{}]*\}`).ReplaceAllString(style(t), "{}")
	for _, found := range regexp.MustCompile(`\.([a-z][a-z-]*)`).FindAllStringSubmatch(selectors, -1) {
		used[found[1]] = true
	}
	delete(used, "over") // set by the script alone
	delete(used, "count")
	for _, page := range []string{"testdata/gallery.html", "testdata/gallery-ar.html"} {
		for _, class := range missing(used, classesOf(source(t, page))) {
			t.Errorf("%s does not show .%s", page, class)
		}
	}
	words := regexp.MustCompile(`[a-z][a-z-]*`).FindAllString(source(t, "..", "..", "..", "docs", "face.md"), -1)
	for _, class := range missing(used, words) {
		t.Errorf("docs/face.md does not name %s", class)
	}
}

func classesOf(page string) (all []string) {
	for _, found := range regexp.MustCompile(`class="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		all = append(all, strings.Fields(found[1])...)
	}
	return all
}

func missing(want map[string]bool, have []string) (lost []string) {
	for class := range want {
		if !slices.Contains(have, class) {
			lost = append(lost, class)
		}
	}
	slices.Sort(lost)
	return lost
}

var token = regexp.MustCompile(`--([a-z-]+):\s*(?:light-dark\()?(#[0-9a-f]{6})(?:,\s*(#[0-9a-f]{6})\))?;`)

// tokens returns the colours of both schemes, and those for browsers without light-dark().
func tokens(t *testing.T) (plain, light, dark map[string]string) {
	plain, light, dark = map[string]string{}, map[string]string{}, map[string]string{}
	for _, found := range token.FindAllStringSubmatch(style(t), -1) {
		if found[3] == "" {
			plain[found[1]] = found[2]
		} else {
			light[found[1]], dark[found[1]] = found[2], found[3]
		}
	}
	if len(light) < 10 {
		t.Fatalf("found only %d colours in the style", len(light))
	}
	return plain, light, dark
}

func TestContrast(t *testing.T) {
	plain, light, dark := tokens(t)
	for name, value := range light {
		if plain[name] != value {
			t.Errorf("--%s is %s in the light scheme, but %s for old browsers", name, value, plain[name])
		}
	}
	pairs := []struct {
		front, back string
		least       float64 // WCAG 2.2: 4.5 for text (1.4.3), 3 for edges and signs (1.4.11)
	}{{"on-accent", "accent", 4.5}, {"paper", "ink", 4.5}, {"accent", "line", 3}}
	for _, front := range []string{"ink", "quiet", "accent", "kept", "late", "fault"} {
		for _, back := range []string{"paper", "sheet", "wash"} {
			pairs = append(pairs, struct {
				front, back string
				least       float64
			}{front, back, 4.5})
		}
	}
	for scheme, colours := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, pair := range pairs {
			if got := contrast(t, colours[pair.front], colours[pair.back]); got < pair.least {
				t.Errorf("%s: --%s on --%s has a contrast of %.2f, want %.1f", scheme, pair.front, pair.back, got, pair.least)
			}
		}
	}
}

// contrast is the ratio of WCAG 2.2, from 1 to 21.
func contrast(t *testing.T, a, b string) float64 {
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + .05) / (min(la, lb) + .05)
}

// luminance is the relative luminance of WCAG 2.2, from 0 to 1.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var sum float64
	for i, weight := range []float64{.2126, .7152, .0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatalf("%q is no colour", hex)
		}
		c := float64(n) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func TestContrastOfBlackOnWhite(t *testing.T) {
	if got := contrast(t, "#000000", "#ffffff"); math.Abs(got-21) > .001 {
		t.Errorf("contrast of black on white = %v, want 21", got)
	}
}
