// SPDX-License-Identifier: AGPL-3.0-or-later

package document

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/lang"
)

// readBody takes text and recommendations from what follows the front matter,
// which begins on the given line of the file.
func (d *Draft) readBody(body string, line int) error {
	s := splitBody(body)
	d.Text = s.text
	if len(s.items) > MaxRecommendations {
		return faultOf(line+s.items[MaxRecommendations].at, "too_many", "max", strconv.Itoa(MaxRecommendations))
	}
	book := newAddressBook(d.DutyBearers)
	for i, item := range s.items {
		rest, names, _ := cutAddressees(item.text, book)
		to, err := findAddressees(names, book, line+item.at, i+1)
		if err != nil {
			return err
		}
		if rest == "" {
			return faultOf(line+item.at, "empty_recommendation", "number", strconv.Itoa(i+1))
		}
		d.Recommendations = append(d.Recommendations, Recommendation{Text: rest, To: to})
	}
	switch {
	case len(s.items) > 0 || d.Kind == fact.Pledge:
		return nil
	case s.stray != "":
		return faultOf(line+s.strayAt, "stray", "text", s.stray)
	}
	return faultOf(0, "no_recommendations")
}

// sections is a body in its parts. Places of lines are counted from 0.
type sections struct {
	text    string
	found   bool // a last heading with a numbered list, or with nothing below it
	items   []listItem
	stray   string // if not found: the line below the last heading that is no part of a list
	strayAt int
}

type listItem struct {
	text string
	at   int
}

// splitBody cuts off the last heading if nothing but a numbered list stands
// below it. A heading with nothing at all below it is cut off too: so a pledge
// without recommendations can end in a list.
func splitBody(body string) sections {
	lines := strings.Split(body, "\n")
	start, after := lastHeading(lines)
	if start < 0 {
		return sections{text: trimLines(body)}
	}
	items, stray := readList(lines[after:])
	if stray >= 0 {
		return sections{text: trimLines(body), stray: lines[after+stray], strayAt: after + stray}
	}
	for i := range items {
		items[i].at += after
	}
	return sections{text: trimLines(strings.Join(lines[:start], "\n")), found: true, items: items}
}

// trimLines drops the empty lines above a text and the space below it. Spaces
// at its very beginning stay: they make it a block of code.
func trimLines(s string) string {
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	for {
		first, rest, more := strings.Cut(s, "\n")
		if !more || strings.TrimSpace(first) != "" {
			return s
		}
		s = rest
	}
}

var (
	heading    = regexp.MustCompile(`^#{1,6}([ \t]|$)`)
	underline  = regexp.MustCompile(`^(=+|-+)[ \t]*$`)
	fence      = regexp.MustCompile("^ {0,2}(`{3,20}|~{3,20})(.*)$") // nobody writes longer ones; searching for their ends takes time
	marker     = regexp.MustCompile(`^( {0,3})(\p{Nd}{1,9}[.)])([ \t]+|$)(.*)$`)
	otherBlock = regexp.MustCompile("^ ?([-*+]([ \t]|$)|>|#{1,6}([ \t]|$)|```|~~~|=+[ \t]*$|([-*_][ \t]*){3,}$)")
)

// lastHeading finds the last line that begins with signs of a heading, or is
// underlined as one, and the line after it; -1 if there is none. Lines set in
// by three spaces or more belong to a list or to code, and never count.
func lastHeading(lines []string) (start, after int) {
	start = -1
	unclosed := map[byte]int{} // per sign, the shortest fence known to have no end
	for i := 0; i < len(lines); i++ {
		if end := fenceEnd(lines, i, unclosed); end > 0 {
			i = end
			continue
		}
		switch {
		case heading.MatchString(lines[i]):
			start, after = i, i+1
		case i+1 < len(lines) && underline.MatchString(lines[i+1]) && canBeUnderlined(lines, i):
			start, after = i, i+2
		}
	}
	return start, after
}

func canBeUnderlined(lines []string, i int) bool {
	alone := i == 0 || strings.TrimSpace(lines[i-1]) == ""
	l := lines[i]
	return alone && strings.TrimSpace(l) != "" && l[0] != ' ' && l[0] != '\t' && !marker.MatchString(l) && !otherBlock.MatchString(l)
}

// fenceEnd is the line that ends the block of code that begins on line i; 0 if
// none begins there. What is opened and never closed is no block: else one
// forgotten fence would swallow the recommendations.
func fenceEnd(lines []string, i int, unclosed map[byte]int) int {
	m := fence.FindStringSubmatch(lines[i])
	if m == nil || m[1][0] == '`' && strings.Contains(m[2], "`") {
		return 0
	}
	sign, length := m[1][0], len(m[1])
	if n, known := unclosed[sign]; known && length >= n {
		return 0
	}
	for end := i + 1; end < len(lines); end++ {
		c := fence.FindStringSubmatch(lines[end])
		if c != nil && c[1][0] == sign && len(c[1]) >= length && strings.TrimSpace(c[2]) == "" {
			return end
		}
	}
	unclosed[sign] = length
	return 0
}

// readList reads lines that should be a numbered list and nothing else. stray
// is the first line that is no part of one, or -1.
func readList(lines []string) (items []listItem, stray int) {
	l := list{}
	for i, line := range lines {
		if !l.add(line, i) {
			return nil, i
		}
	}
	l.finish()
	return l.items, -1
}

// list is a numbered list that is being read.
type list struct {
	items  []listItem
	open   []string // lines of the item being read
	base   int      // columns the first item is set in by
	offset int      // columns the text of the item is set in by
	gap    bool     // the line before was empty
}

// add takes one more line; false if it is no part of the list.
func (l *list) add(line string, at int) bool {
	if strings.TrimSpace(line) == "" {
		l.gap = true
		if len(l.items) > 0 {
			l.open = append(l.open, outdent(line, l.offset))
		}
		return true
	}
	in := indent(line)
	m := marker.FindStringSubmatch(line)
	first := len(l.items) == 0
	switch {
	case m != nil && (first || in <= l.base+1):
		l.begin(m, in, at)
	case first:
		return false
	case in >= l.base+2:
		l.open = append(l.open, outdent(line, l.offset))
	case l.gap || otherBlock.MatchString(line):
		return false
	default: // a line of a paragraph that its writer did not set in
		l.open = append(l.open, strings.TrimLeft(line, " \t"))
	}
	l.gap = false
	return true
}

func (l *list) begin(m []string, in, at int) {
	if len(l.items) == 0 {
		l.base = in
	}
	l.finish()
	gap := indent(m[3])
	if gap < 1 || gap > 4 {
		gap = 1
	}
	l.offset = in + len([]rune(m[2])) + gap
	l.items = append(l.items, listItem{at: at})
	l.open = []string{m[4]}
}

// finish gives the item being read its text.
func (l *list) finish() {
	if len(l.items) > 0 {
		l.items[len(l.items)-1].text = strings.TrimSpace(strings.Join(l.open, "\n"))
	}
	l.open = nil
}

// indent counts the columns a line is set in by. A tab leads to the next
// column that four divides.
func indent(line string) (columns int) {
	for _, c := range line {
		switch c {
		case ' ':
			columns++
		case '\t':
			columns += 4 - columns%4
		default:
			return columns
		}
	}
	return columns
}

// outdent takes away up to so many columns of space.
func outdent(line string, columns int) string {
	taken := 0
	for line != "" && taken < columns {
		switch line[0] {
		case ' ':
			taken++
		case '\t':
			taken += 4 - taken%4
		default:
			return line
		}
		line = line[1:]
	}
	return strings.Repeat(" ", max(0, taken-columns)) + line
}

var addressed = regexp.MustCompile(`(?i)\(\s*to\s*:`)

// cutAddressees cuts the closing "(to: …)" off a recommendation. found is false if
// it has none; names is empty if it names nobody, which means all.
func cutAddressees(text string, book addressBook) (rest, names string, found bool) {
	all := addressed.FindAllStringIndex(text, -1)
	closed, ends := strings.CutSuffix(strings.TrimRight(strings.TrimSuffix(text, "."), " \t\n"), ")")
	if len(all) == 0 || !ends {
		return text, "", false
	}
	last := all[len(all)-1]
	if last[1] > len(closed) {
		return text, "", false
	}
	names = OneLine(closed[last[1]:])
	if _, err := findAddressees(names, book, 0, 0); err != nil && !balanced(names) {
		return text, "", false // "(to: the mayor) and tell (everyone)"
	}
	return strings.TrimSpace(text[:last[0]]), names, true
}

func balanced(s string) bool {
	depth := 0
	for _, c := range s {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}

// findAddressees finds the places of the duty-bearers that are named with
// semicolons between them.
func findAddressees(names string, book addressBook, line, number int) (to []int, err error) {
	if names == "" {
		return nil, nil
	}
	parts := strings.Split(names, ";")
	if len(parts) > MaxParties {
		return nil, faultOf(line, "too_many", "max", strconv.Itoa(MaxParties))
	}
	for _, name := range parts {
		args := []string{"name", name, "number", strconv.Itoa(number)}
		switch place := book.place(name); {
		case place == severalParties:
			return nil, faultOf(line, "several_to", args...)
		case place == unknownParty:
			return nil, faultOf(line, "unknown_to", args...)
		case !slices.Contains(to, place):
			to = append(to, place)
		}
	}
	return to, nil
}

const (
	unknownParty   = -1
	severalParties = -2
)

// addressBook finds duty-bearers by the names that recommendations call them.
type addressBook struct {
	labels []string // as Markdown writes them
	// By name, and by name and country, folded: the place in the list, or severalParties.
	byName, byCountry map[string]int
}

func newAddressBook(parties []Party) addressBook {
	book := addressBook{labels: labels(parties), byName: map[string]int{}, byCountry: map[string]int{}}
	enter := func(in map[string]int, name string, place int) {
		name = lang.Fold(name)
		if _, taken := in[name]; taken {
			place = severalParties
		}
		in[name] = place
	}
	for i, p := range parties {
		enter(book.byName, p.Name, i)
		enter(book.byCountry, p.Name+", "+p.Country, i)
	}
	return book
}

// place finds a duty-bearer: by its label as it stands, else by name, or name
// and country, however it is spelt.
func (book addressBook) place(name string) int {
	name = OneLine(name)
	if i := slices.Index(book.labels, name); i >= 0 {
		return i
	}
	const longest = 300 // characters; no name is longer
	if utf8.RuneCountInString(name) > longest {
		return unknownParty
	}
	name = lang.Fold(name)
	for _, names := range []map[string]int{book.byName, book.byCountry} {
		if i, ok := names[name]; ok {
			return i
		}
	}
	return unknownParty
}

// labels are the names by which recommendations call the duty-bearers: with
// the country where two have one name, and without signs that mean something
// in "(to: …)".
func labels(parties []Party) []string {
	count := map[string]int{}
	for _, p := range parties {
		count[OneLine(p.Name)]++
	}
	made := make([]string, len(parties))
	for i, p := range parties {
		made[i] = OneLine(p.Name)
		if count[made[i]] > 1 {
			made[i] += ", " + p.Country
		}
		if strings.Contains(made[i], ";") || !balanced(made[i]) || addressed.MatchString(made[i]) {
			made[i] = OneLine(strings.NewReplacer(";", ",", "(", " ", ")", " ").Replace(made[i]))
		}
	}
	return made
}

// body writes text and recommendations.
func (d *Draft) body() string {
	var b strings.Builder
	text := trimLines(tidyText(d.Text))
	b.WriteString(text)
	if text != "" {
		b.WriteString("\n")
	}
	if len(d.Recommendations) == 0 && !splitBody(text).found {
		return b.String()
	}
	if text != "" {
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "## %s\n", headingIn(d.Lang))
	book := newAddressBook(d.DutyBearers)
	for i, r := range d.Recommendations {
		if i == 0 {
			b.WriteString("\n")
		}
		sign := fmt.Sprintf("%d. ", i+1)
		lines := strings.Split(r.addressed(book), "\n")
		b.WriteString(sign + lines[0] + "\n")
		for _, line := range lines[1:] {
			if line != "" {
				line = strings.Repeat(" ", len(sign)) + line
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// addressed is a recommendation with its closing "(to: …)".
func (r Recommendation) addressed(book addressBook) string {
	text := strings.TrimSpace(tidyText(r.Text))
	var names []string
	for _, place := range r.To {
		if place >= 0 && place < len(book.labels) {
			names = append(names, book.labels[place])
		}
	}
	closing := "(to: " + strings.Join(names, "; ") + ")"
	if len(names) == 0 {
		// Words that only look like a closing must not be taken for one.
		if _, _, found := cutAddressees(text, book); !found {
			return text
		}
		closing = "(to:)"
	}
	if strings.Contains(text, "\n") {
		return text + "\n\n" + closing // its last line may end a block of code
	}
	return text + " " + closing
}

// headings is the word above the recommendations, by language.
var headings = map[string]string{
	"ar": "التوصيات", "da": "Anbefalinger", "de": "Empfehlungen", "es": "Recomendaciones", "fr": "Recommandations",
	"it": "Raccomandazioni", "nl": "Aanbevelingen", "pl": "Rekomendacje", "pt": "Recomendações", "ru": "Рекомендации",
	"sv": "Rekommendationer", "uk": "Рекомендації", "zh": "建议",
}

func headingIn(language string) string {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	if word, ok := headings[primary]; ok {
		return word
	}
	return "Recommendations"
}
