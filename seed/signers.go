// SPDX-License-Identifier: AGPL-3.0-or-later

package seed

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Signer is one invented neighbour.
type Signer struct {
	Name     string
	Email    string // no two in one sequence are alike
	Town     string
	Country  string // two letters of ISO 3166
	Language string // of mails and comment: en or ar
	Comment  string // empty for thirteen in fourteen
	Hidden   bool   // one in nine does not show the name
}

// tradition is a stock of names that go together.
type tradition struct {
	code   string // language, as in the lists of names
	weight int    // how many signers in relation to the others
	given  []string
	family []string
}

type place struct {
	name, country, tradition string
	weight                   int
}

// home is the country of Lindholm, where most signers live.
const home = "DK"

// Signers gives n invented people, the same ones for the same seed; asked for more,
// it gives the same first ones and others after them.
func (t *Town) Signers(n int, seed uint64) iter.Seq[Signer] {
	return t.crowd(n, seed, "")
}

// SignersOf gives the people who sign a declaration, as many as Signatures says.
// Where it is written in another language than English, more of them speak it.
func (t *Town) SignersOf(d Declaration) iter.Seq[Signer] {
	return t.crowd(d.Signatures, d.seed(), d.Language)
}

func (t *Town) crowd(n int, seed uint64, language string) iter.Seq[Signer] {
	traditions := favour(t.traditions, language)
	return func(yield func(Signer) bool) {
		draw := newDraw(seed)
		remarks := map[string]*deck{"en": deal(t.comments["en"], draw), "ar": deal(t.comments["ar"], draw)}
		for i := range n {
			s := t.signer(i, traditions, draw)
			if draw.IntN(14) == 0 {
				s.Comment = comment(s, remarks[s.Language], draw)
			}
			if !yield(s) {
				return
			}
		}
	}
}

// favour raises the share of one tradition; English is everybody's second language here.
func favour(traditions []tradition, language string) []tradition {
	raised := slices.Clone(traditions)
	for i := range raised {
		if raised[i].code == language && language != "en" {
			raised[i].weight *= 20
		}
	}
	return raised
}

func (t *Town) signer(i int, traditions []tradition, draw *rand.Rand) Signer {
	own := pick(traditions, func(x tradition) int { return x.weight }, draw)
	where := t.placeFor(own, draw)
	s := Signer{Town: where.name, Country: where.country, Language: "en", Hidden: draw.IntN(9) == 0}
	given, family := own.given[draw.IntN(len(own.given))], own.family[draw.IntN(len(own.family))]
	s.Name = styled(given, family, own, draw)
	s.Email = address(given, family, i, draw)
	if own.code == "ar" && draw.IntN(6) > 0 {
		s.Language = "ar"
	}
	return s
}

// placeFor lets three in four live near Lindholm and the others where their names are at home.
func (t *Town) placeFor(own tradition, draw *rand.Rand) place {
	near := draw.IntN(4) > 0
	weight := func(p place) int {
		if near && p.country == home || !near && p.tradition == own.code {
			return p.weight
		}
		return 0
	}
	return pick(t.places, weight, draw)
}

// styled writes a name as people do: mostly in full, at times with two family names or an initial.
func styled(given, family string, own tradition, draw *rand.Rand) string {
	style := draw.IntN(30)
	second := own.family[draw.IntN(len(own.family))]
	first, _ := utf8.DecodeRuneInString(given)
	switch {
	case own.code == "ar":
		return given + " " + family
	case style == 0:
		return string(first) + ". " + family
	case style <= 2 && second != family && !strings.ContainsAny(family+second, "- "):
		return given + " " + family + "-" + second
	}
	return given + " " + family
}

// address is made from the name and the signer's number, which no other has.
func address(given, family string, number int, draw *rand.Rand) string {
	domains := []string{"post.example", "mail.example", "brev.example", "barid.example", "lindnet.example", "briefkasten.example"}
	return plain(given) + "." + plain(family) + strconv.Itoa(number+1) + "@" + domains[draw.IntN(len(domains))]
}

// deck holds remarks in an order of its own, so that none comes again before the others were said.
type deck struct {
	remarks []string
	next    int
}

func deal(remarks []string, draw *rand.Rand) *deck {
	d := &deck{remarks: slices.Clone(remarks)}
	draw.Shuffle(len(remarks), func(i, j int) { d.remarks[i], d.remarks[j] = d.remarks[j], d.remarks[i] })
	return d
}

func (d *deck) turn() string {
	d.next++
	return d.remarks[(d.next-1)%len(d.remarks)]
}

// comment takes the next remark that fits where the signer lives.
func comment(s Signer, remarks *deck, draw *rand.Rand) string {
	wrong := "{home}"
	if s.Country == home {
		wrong = "{away}"
	}
	said := remarks.turn()
	for strings.Contains(said, wrong) {
		said = remarks.turn()
	}
	return strings.NewReplacer(
		"{home}", s.Town, "{away}", s.Town,
		"{years}", strconv.Itoa(11+draw.IntN(34)),
		"{age}", strconv.Itoa(71+draw.IntN(24)),
	).Replace(said)
}

// pick draws one by weight. The weights must not all be 0.
func pick[T any](from []T, weight func(T) int, draw *rand.Rand) T {
	sum := 0
	for _, x := range from {
		sum += weight(x)
	}
	at := draw.IntN(sum)
	for _, x := range from {
		if at -= weight(x); at < 0 {
			return x
		}
	}
	panic("seed: weights changed while drawing")
}

func (t *Town) readTraditions() error {
	byCode := map[string]int{}
	for _, name := range []string{"given.txt", "given_ar.txt", "family.txt", "family_ar.txt"} {
		lines, err := readLines(name)
		if err != nil {
			return err
		}
		at := -1
		for number, line := range lines {
			heading, isHeading := strings.CutPrefix(line, "# ")
			switch {
			case isHeading:
				at, err = t.traditionAt(byCode, heading)
			case at < 0:
				err = fmt.Errorf("a name before the first heading")
			case strings.HasPrefix(name, "given"):
				t.traditions[at].given = append(t.traditions[at].given, line)
			default:
				t.traditions[at].family = append(t.traditions[at].family, line)
			}
			if err != nil {
				return fmt.Errorf("%s: line %d: %w", name, number+1, err)
			}
		}
	}
	return t.checkTraditions()
}

// traditionAt finds the tradition a heading begins, "da 440" or "da", or adds it.
func (t *Town) traditionAt(byCode map[string]int, heading string) (int, error) {
	code, weight, weighed := strings.Cut(heading, " ")
	if at, known := byCode[code]; known {
		return at, nil
	}
	if !weighed {
		return -1, fmt.Errorf("%q needs a weight where it stands first", code)
	}
	number, err := strconv.Atoi(weight)
	if err != nil {
		return -1, err
	}
	byCode[code] = len(t.traditions)
	t.traditions = append(t.traditions, tradition{code: code, weight: number})
	return byCode[code], nil
}

func (t *Town) checkTraditions() error {
	for _, own := range t.traditions {
		if len(own.given) == 0 || len(own.family) == 0 || own.weight <= 0 {
			return fmt.Errorf("names of %q: given names, family names or weight missing", own.code)
		}
	}
	return nil
}

// readPlaces reads the towns; every tradition needs one, or its people abroad have nowhere to live.
func (t *Town) readPlaces() error {
	lines, err := readLines("towns.txt")
	if err != nil {
		return err
	}
	for number, line := range lines {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, ",")
		if len(fields) != 4 {
			return fmt.Errorf("towns.txt: line %d: %d fields instead of 4", number+1, len(fields))
		}
		weight, err := strconv.Atoi(fields[3])
		if err != nil {
			return fmt.Errorf("towns.txt: line %d: %w", number+1, err)
		}
		t.places = append(t.places, place{fields[0], fields[1], fields[2], weight})
	}
	for _, own := range t.traditions {
		if !slices.ContainsFunc(t.places, func(p place) bool { return p.tradition == own.code && p.weight > 0 }) {
			return fmt.Errorf("towns.txt: no town for names of %q", own.code)
		}
	}
	return nil
}

func (t *Town) readComments() error {
	t.comments = map[string][]string{}
	for _, language := range []string{"en", "ar"} {
		lines, err := readLines("comments_" + language + ".txt")
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(lines, func(l string) bool { return !strings.Contains(l, "{") }) {
			return fmt.Errorf("comments in %q: none fits everybody", language)
		}
		t.comments[language] = lines
	}
	return nil
}
