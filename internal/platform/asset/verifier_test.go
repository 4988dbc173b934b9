// SPDX-License-Identifier: AGPL-3.0-or-later

package asset

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The page that checks has its words in itself, where the tests of the message
// catalogue do not look.
func TestVerifierSpeaksBothLanguages(t *testing.T) {
	english, arabic := verifierWords(t)
	holes := regexp.MustCompile(`\{\w+\}`)
	for key, text := range english {
		for _, hole := range holes.FindAllString(text, -1) {
			if strings.Count(text, hole) != strings.Count(arabic[key], hole) {
				t.Errorf("%s: %s is not in the Arabic", key, hole)
			}
		}
		if arabic[key] == "" {
			t.Errorf("%s has no Arabic", key)
		}
	}
	for key := range arabic {
		if english[key] == "" {
			t.Errorf("%s has no English", key)
		}
	}
}

// verifierWords reads the table of sentences.
func verifierWords(t *testing.T) (english, arabic map[string]string) {
	t.Helper()
	text := source(t, "src", "verify", "6-words.js")
	first, second, ok := strings.Cut(text, "\n  ar: {")
	if !ok {
		t.Fatal("there is no table of words")
	}
	read := func(text string) map[string]string {
		all := map[string]string{}
		for _, found := range regexp.MustCompile(`(?m)^    (\w+): "(.*)",$`).FindAllStringSubmatch(text, -1) {
			if all[found[1]] != "" {
				t.Errorf("%s stands there twice", found[1])
			}
			all[found[1]] = found[2]
		}
		return all
	}
	english, arabic = read(first), read(second)
	if lines := strings.Count(text, `",`+"\n"); len(english) < 50 || len(english)+len(arabic) != lines {
		t.Errorf("read %d and %d of %d sentences", len(english), len(arabic), lines)
	}
	return english, arabic
}

// Every sentence is said somewhere, and nothing is said that is not in the table.
func TestVerifierSaysWhatItHas(t *testing.T) {
	english, _ := verifierWords(t)
	code := source(t, "src", "verify", "page.html")
	scripts, err := filepath.Glob(filepath.Join("src", "verify", "*.js"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range scripts {
		if !strings.HasSuffix(path, "words.js") {
			code += source(t, path)
		}
	}
	for key := range english {
		if !strings.Contains(code, `"`+key+`"`) {
			t.Errorf("nothing says %s", key)
		}
	}
	for _, found := range regexp.MustCompile(`(?:say|refuse|new Refusal)\("(\w+)"|data-say="(\w+)"`).FindAllStringSubmatch(code, -1) {
		if key := found[1] + found[2]; english[key] == "" {
			t.Errorf("there is no sentence %s", key)
		}
	}
}

func TestVerifierIsSmallAndAlone(t *testing.T) {
	page := string(Verifier())
	if len(page) > 40_000 {
		t.Errorf("verify.html has %d bytes, at most 40000 are allowed", len(page))
	}
	if found := regexp.MustCompile(`(?:src|href)=|https?://|fetch\(|XMLHttpRequest|import\(|@import|url\(`).FindString(page); found != "" {
		t.Errorf("verify.html has %q, as if it wanted something from elsewhere", found)
	}
}
