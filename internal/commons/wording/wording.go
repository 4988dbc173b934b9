// SPDX-License-Identifier: AGPL-3.0-or-later

// Package wording lets people write a text in the language they read the site
// in, and add what it is in the site's other languages.
package wording

import (
	"embed"
	"io/fs"
	"unicode/utf8"

	"example.org/chorus"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/web"
)

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// A Field is a text to be written in several languages.
type Field struct {
	web.Input
	Long bool // of several lines
}

func (f Field) in(t lang.Tag) Field {
	f.Name += "_" + string(t)
	f.Hint, f.Optional = "", true
	return f
}

// others are the languages of the site that the visitor does not read it in.
func others(v *web.Visit) (tags []lang.Tag) {
	for _, t := range v.Site.Catalogue.Languages() {
		if t != v.Say.Tag() {
			tags = append(tags, t)
		}
	}
	return tags
}

// Read is what was typed into a field, in all languages.
func Read(v *web.Visit, f web.Form, name string) chorus.Text {
	text := chorus.Text{Lang: string(v.Say.Tag()), Text: f.Get(name)}
	for _, t := range others(v) {
		if tr := f.Get(name + "_" + string(t)); tr != "" {
			if text.Translations == nil {
				text.Translations = map[string]string{}
			}
			text.Translations[string(t)] = tr
		}
	}
	return text
}

// Fill puts a text into the form, to be changed.
func Fill(v *web.Visit, f web.Form, name string, text chorus.Text) {
	for _, t := range v.Site.Catalogue.Languages() {
		words, tag := text.In(string(t))
		switch {
		case t == v.Say.Tag():
			f.Values.Set(name, words)
		case tag == string(t):
			f.Values.Set(name+"_"+string(t), words)
		}
	}
}

// Check is the fault of a text or of one of its translations, or "".
func Check(t chorus.Text, rule web.Line) string {
	if t.Lang == "" && !rule.Optional {
		return "form.missing"
	}
	for _, tr := range t.Translations {
		if utf8.RuneCountInString(tr) > rule.Max {
			return rule.Check(tr)
		}
	}
	return rule.Check(t.Text)
}
