// SPDX-License-Identifier: AGPL-3.0-or-later

// Package lang lets Chorus speak to people in their own language.
//
// Every sentence people read stands in a message file: messages/en.toml,
// messages/ar.toml and so on, kept by the slice that shows it. A Catalogue
// holds all of them, and is refused as a whole when one sentence is missing in
// one language, differs in what is put into it, or lacks a plural form. A
// Speaker says them in one language, and writes numbers, dates, lists and
// countries the way that language does. Messages are plain text; escaping them
// for a page is the work of the view. Times are told in UTC.
package lang

import (
	"embed"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"golang.org/x/text/language"
)

//go:embed messages
var general embed.FS

// A Tag names a shipped language by its BCP 47 tag, such as "en" or "ar".
type Tag string

// A Catalogue holds all messages in all shipped languages. It does not change
// once made and may be used by many at a time.
type Catalogue struct {
	tags     []Tag
	speakers map[Tag]*Speaker
	matcher  language.Matcher
}

// New reads messages/TAG.toml of every shipped language from each slice, after
// the general messages of this package. Its error lists all that is wrong.
func New(slices ...fs.FS) (*Catalogue, error) {
	texts, err := load(append([]fs.FS{general}, slices...))
	if err != nil {
		return nil, err
	}
	c := &Catalogue{speakers: map[Tag]*Speaker{}}
	forms, err := pluralForms()
	if err != nil {
		return nil, err
	}
	var logged sync.Map
	var tags []language.Tag
	for i := range tables {
		t := &tables[i]
		c.tags = append(c.tags, t.tag)
		tags = append(tags, language.Make(string(t.tag)))
		c.speakers[t.tag] = newSpeaker(t, texts[t.tag], forms, &logged)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// Languages lists the shipped languages, English first.
func (c *Catalogue) Languages() []Tag { return slices.Clone(c.tags) }

// longestWish is the longest list of languages, in bytes, that is looked at.
// Browsers send less than half of it.
const longestWish = 512

// Match chooses the language to speak: the one wished for if it is shipped,
// else the best for the browser's Accept-Language header, else English.
func (c *Catalogue) Match(want string, acceptLanguage string) Tag {
	for _, wish := range []string{want, acceptLanguage} {
		if len(wish) > longestWish {
			continue
		}
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, confidence := c.matcher.Match(tags...); confidence > language.No {
			return c.tags[i]
		}
	}
	return c.tags[0]
}

// Speak returns the speaker of a language, and that of English for a language
// that is not shipped.
func (c *Catalogue) Speak(t Tag) *Speaker {
	if s, ok := c.speakers[t]; ok {
		return s
	}
	return c.speakers[c.tags[0]]
}

// Keys lists the keys of all messages, sorted.
func (c *Catalogue) Keys() []string {
	return slices.Sorted(maps.Keys(c.speakers[c.tags[0]].messages))
}
