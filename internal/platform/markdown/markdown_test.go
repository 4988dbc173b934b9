// SPDX-License-Identifier: AGPL-3.0-or-later

package markdown

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHTML(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"a paragraph", "Open the path.", "<p>Open the path.</p>"},
		{"emphasis", "*a* **b** ~~c~~", "<p><em>a</em> <strong>b</strong> <del>c</del></p>"},
		{"a heading goes below the page's title", "# A\n\n## B", "<h2>A</h2>\n<h3>B</h3>"},
		{"levels without gaps", "## A\n\n##### B\n\n## C", "<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>"},
		{"a link", "[us](https://example.org/a?b=1&c=2)", `<p><a href="https://example.org/a?b=1&amp;c=2" rel="nofollow noopener ugc">us</a></p>`},
		{"a link in brackets", "<https://example.org>", `<p><a href="https://example.org" rel="nofollow noopener ugc">https://example.org</a></p>`},
		{"a bare address is only text", "https://example.org", "<p>https://example.org</p>"},
		{"a picture leaves its words", "See ![our *river*](https://elsewhere.example/p.png).", "<p>See our <em>river</em>.</p>"},
		{"a picture in a link", "[![map](x.png)](https://example.org)", `<p><a href="https://example.org" rel="nofollow noopener ugc">map</a></p>`},
		{"script address", "[x](javascript:alert(1))", "<p>x</p>"},
		{"data address", "[x](data:text/html;base64,AAAA)", "<p>x</p>"},
		{"a list that starts at three", "3. a\n4. b", "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>"},
		{"a table", "|a|b|\n|--|-:|\n|1|2|", "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>"},
		{"no class from a code block", "```go onload=x\na<b\n```", "<pre><code>a&lt;b\n</code></pre>"},
		{"Arabic", "طريق **النهر**", "<p>طريق <strong>النهر</strong></p>"},
	} {
		if got := strings.TrimSpace(HTML(c.text)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestRawHTMLIsShown(t *testing.T) {
	for _, text := range []string{"<div onclick=x>hi</div>", "a <b>bold</b> word", "<!-- hidden -->", "<script>alert(1)</script>"} {
		got := HTML(text)
		if !strings.Contains(got, "&lt;") || strings.Contains(strings.NewReplacer("<p>", "", "</p>", "").Replace(got), "<") {
			t.Errorf("%q became %q, want it shown as typed", text, got)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, c := range []struct {
		name, text string
		limit      int
		want       string
	}{
		{"short", "# River\n\nOpen *the* [path](https://example.org).", 80, "River Open the path."},
		{"cut between words", "Keep the river path open to everyone", 20, "Keep the river path…"},
		{"no mark before the dots", "Keep the river, please", 17, "Keep the river…"},
		{"one long word", "Donaudampfschifffahrt", 8, "Donauda…"},
		{"letters, not bytes", "ليبقَ طريق النهر مفتوحًا", 12, "ليبقَ طريق…"},
		{"table and list", "|a|b|\n|--|--|\n|1|2|\n\n- x\n- y", 80, "a b 1 2 x y"},
		{"lines", "one\ntwo\\\nthree", 80, "one two three"},
		{"entities", "R&amp;D \\* 5", 80, "R&D * 5"},
		{"code", "`go` and\n\n    indented", 80, "go and indented"},
		{"nothing", "", 10, ""},
		{"no room", "abc", 0, ""},
	} {
		if got := Plain(c.text, c.limit); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

var (
	tags    = regexp.MustCompile(`<[^>]*>`)
	allowed = regexp.MustCompile(`^</?(?:p|br|hr|h[2-6]|ul|ol|li|blockquote|pre|code|em|strong|del|table|thead|tbody|tr|th|td)/?>$|` +
		`^<ol start="[0-9]+">$|^</a>$|^<a href="[^"<>]*" rel="nofollow noopener ugc">$`)
	scheme = regexp.MustCompile(`^<a href="([A-Za-z][A-Za-z0-9+.-]*):`)
)

func FuzzHTML(f *testing.F) {
	for _, seed := range []string{
		"# A\n\n[a](javascript:alert(1)) <img src=x onerror=alert(1)> ![p](https://e.example/p.png)",
		"<a href=\"JaVaScRiPt:x\" style=color:red>", "[a]: java\tscript:x \"t\"\n[a]", "<javascript:alert(1)>",
		"```\"onload=x\n```", "|a|\n|:-:|\n|<svg/onload=x>|", "[x](<java\nscript:x>)", "&#106;avascript:x", "[a](&#x6A;avascript:x)", "<vbscript:x>",
		"![a](x \"on' onerror=\\\"y\")", "[x](//evil.example \"q\\\" onclick=1\")", "<style>*{}</style>", "a\x00b\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out := HTML(text)
		for _, tag := range tags.FindAllString(out, -1) {
			if !allowed.MatchString(tag) {
				t.Fatalf("%q gave the tag %q", text, tag)
			}
			if found := scheme.FindStringSubmatch(tag); found != nil && !strings.Contains(" http https mailto ", " "+strings.ToLower(found[1])+" ") {
				t.Fatalf("%q gave a link to %q", text, found[1])
			}
		}
		if strings.ContainsRune(tags.ReplaceAllString(out, ""), '<') {
			t.Fatalf("%q gave a tag without an end: %q", text, out)
		}
		if short := Plain(text, 50); utf8.RuneCountInString(short) > 50 || strings.ContainsRune(short, '\n') {
			t.Fatalf("%q in short is %q", text, short)
		}
	})
}

func BenchmarkHTML(b *testing.B) {
	text := strings.Repeat("In a crisis we *see* how much rests on [few people](https://example.org). We ask:\n\n1. to be heard\n2. to be paid\n\n", 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		HTML(text)
	}
}
