// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// keyShape keeps keys to one shape, so that Used can find them in the source.
var keyShape = regexp.MustCompile(`^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$`)

// A message is one sentence in one language: a phrase for each plural form, or
// one for "other" alone.
type message map[string]phrase

// load reads the files of all slices and compares the languages.
func load(slices []fs.FS) (map[Tag]map[string]message, error) {
	texts := map[Tag]map[string]message{}
	var faults []error
	for _, t := range tables {
		texts[t.tag] = map[string]message{}
		for _, slice := range slices {
			faults = append(faults, readFile(slice, t.tag, texts[t.tag]))
		}
	}
	faults = append(faults, compare(texts)...)
	return texts, errors.Join(faults...)
}

// readFile adds the messages of one file to those read before.
func readFile(slice fs.FS, tag Tag, into map[string]message) error {
	name := fmt.Sprintf("messages/%s.toml", tag)
	text, err := fs.ReadFile(slice, name)
	if err != nil {
		return err
	}
	parsers := map[string]i18n.UnmarshalFunc{"toml": toml.Unmarshal}
	file, err := i18n.ParseMessageFileBytes(text, name, parsers)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var faults []error
	for _, m := range file.Messages {
		if err := add(m, into); err != nil {
			faults = append(faults, fmt.Errorf("%s: %s %w", name, m.ID, err))
		}
	}
	return errors.Join(faults...)
}

func add(m *i18n.Message, into map[string]message) error {
	if !keyShape.MatchString(m.ID) {
		return errors.New("is not a key such as slice.page.word")
	}
	if _, ok := into[m.ID]; ok {
		return errors.New("is defined twice")
	}
	msg := message{}
	for form, text := range map[string]string{
		"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other,
	} {
		if text == "" {
			continue
		}
		p, err := newPhrase(text)
		if err != nil {
			return err
		}
		msg[form] = p
	}
	if _, ok := msg["other"]; !ok {
		return errors.New("has no text for the form \"other\"")
	}
	into[m.ID] = msg
	return nil
}
