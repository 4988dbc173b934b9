// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"
)

// A Speaker says messages in one language. It may be used by many at a time.
type Speaker struct {
	table    *table
	messages map[string]message
	names    map[string]string // of countries, by code
	forms    *i18n.Localizer
	logged   *sync.Map
}

// pluralForm is the key of a message that says no more than its own form. By
// asking for it, Chorus learns the form of a number from go-i18n.
const pluralForm = "plural.form"

func pluralForms() (*i18n.Bundle, error) {
	bundle := i18n.NewBundle(language.English)
	for _, t := range tables {
		m := &i18n.Message{ID: pluralForm, Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"}
		if err := bundle.AddMessages(language.Make(string(t.tag)), m); err != nil {
			return nil, fmt.Errorf("plurals of %s: %w", t.tag, err)
		}
	}
	return bundle, nil
}

func newSpeaker(t *table, messages map[string]message, forms *i18n.Bundle, logged *sync.Map) *Speaker {
	s := &Speaker{table: t, messages: messages, logged: logged, names: map[string]string{}}
	s.forms = i18n.NewLocalizer(forms, string(t.tag))
	for _, c := range t.countries {
		s.names[c.Code] = c.Name
	}
	return s
}

// Tag returns the language spoken.
func (s *Speaker) Tag() Tag { return s.table.tag }

// Dir returns the direction of writing, "ltr" or "rtl".
func (s *Speaker) Dir() string { return s.table.dir }

// Autonym returns the language's name for itself.
func (s *Speaker) Autonym() string { return s.table.autonym }

// T says the message of a key. The arguments are names and values by turns:
//
//	s.T("mail.hello", "name", name)
//
// Whole numbers, times and lists of strings are written in the language's way.
// A key that does not exist is returned as it is, and logged once.
func (s *Speaker) T(key string, args ...any) string {
	m, ok := s.messages[key]
	if !ok {
		s.complain("message does not exist", key)
		return key
	}
	return s.say(key, m["other"], args)
}

// N says the message of a key in the plural form that count needs. {{.count}}
// in it is the number, written in the language's way.
func (s *Speaker) N(key string, count int64, args ...any) string {
	m, ok := s.messages[key]
	if !ok {
		s.complain("message does not exist", key)
		return key
	}
	p, ok := m[s.form(count)]
	if !ok {
		p = m["other"]
	}
	return s.say(key, p, append([]any{"count", count}, args...))
}

// form names the plural form of a number, "other" if there is no better one.
func (s *Speaker) form(count int64) string {
	form, err := s.forms.Localize(&i18n.LocalizeConfig{MessageID: pluralForm, PluralCount: count})
	if err != nil {
		return "other"
	}
	return form
}

func (s *Speaker) say(key string, p phrase, args []any) string {
	return p.fill(func(name string) string {
		for i := 0; i+1 < len(args); i += 2 {
			if args[i] == name {
				return s.value(args[i+1])
			}
		}
		s.complain("message lacks the value "+name, key)
		return "{{." + name + "}}"
	})
}

// value writes what is put into a sentence.
func (s *Speaker) value(v any) string {
	switch v := v.(type) {
	case string:
		return s.isolate(v)
	case int:
		return s.Number(int64(v))
	case int64:
		return s.Number(v)
	case time.Time:
		return s.Date(v)
	case []string:
		return s.List(v)
	}
	return s.isolate(fmt.Sprint(v))
}

// isolate wraps a text that runs against the direction of the language in the
// invisible marks that Unicode has for it: else a Latin name would reorder the
// Arabic sentence around it. An address of a page is left bare, for mail
// programs take what touches it for a part of it.
func (s *Speaker) isolate(text string) string {
	const first, pop = "\u2068", "\u2069"
	if !s.against(text) {
		return text
	}
	return first + text + pop
}

func (s *Speaker) against(text string) bool {
	if isAddress(text) {
		return false
	}
	for i := 0; i < len(text); {
		p, size := bidi.LookupString(text[i:])
		if size == 0 {
			return false
		}
		switch p.Class() {
		case bidi.L:
			if s.table.dir == "rtl" {
				return true
			}
		case bidi.R, bidi.AL:
			if s.table.dir == "ltr" {
				return true
			}
		}
		i += size
	}
	return false
}

func isAddress(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

// complain logs a fault once for each language and key, for the same page may
// be asked for a thousand times a second.
func (s *Speaker) complain(fault, key string) {
	if _, known := s.logged.LoadOrStore(string(s.table.tag)+strconv.Quote(key)+fault, true); !known {
		slog.Warn(fault, "key", key, "language", s.table.tag)
	}
}
