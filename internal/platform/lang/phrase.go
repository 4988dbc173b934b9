// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// A phrase is a text cut at its placeholders: texts[0], the value called
// names[0], texts[1] and so on. There is one more text than names.
type phrase struct {
	texts, names []string
}

var (
	placeholder = regexp.MustCompile(`\{\{\s*\.([a-z][a-z0-9_]*)\s*\}\}`)
	markup      = regexp.MustCompile(`</?[a-zA-Z]`)
)

// newPhrase cuts a text. Of go-i18n's templates only {{.name}} is allowed: a
// sentence must not compute.
func newPhrase(text string) (phrase, error) {
	if markup.MatchString(text) {
		return phrase{}, errors.New("holds markup")
	}
	p := phrase{texts: placeholder.Split(text, -1)}
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		p.names = append(p.names, found[1])
	}
	for _, rest := range p.texts {
		if strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
			return phrase{}, errors.New("has braces that are not {{.name}}")
		}
	}
	return p, nil
}

// placeholders lists the names, sorted, each once.
func (p phrase) placeholders() []string {
	return slices.Compact(slices.Sorted(slices.Values(p.names)))
}

// fill puts the values in; value says what a name stands for.
func (p phrase) fill(value func(name string) string) string {
	if len(p.names) == 0 {
		return p.texts[0]
	}
	var b strings.Builder
	for i, name := range p.names {
		b.WriteString(p.texts[i])
		b.WriteString(value(name))
	}
	b.WriteString(p.texts[len(p.names)])
	return b.String()
}
