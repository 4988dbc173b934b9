// SPDX-License-Identifier: AGPL-3.0-or-later

// Command cldr writes the table of languages that Chorus speaks from: names of
// countries, months and days, how dates, numbers and lists are written. All of
// it comes from the Common Locale Data Repository (CLDR) of the Unicode
// Consortium, as published in five npm packages of one pinned version, whose
// checksums are written down in source.go. From the top of the repository:
//
//	go -C tools run ./cldr
//
// npm is needed only here; what it fetched is thrown away afterwards. To add a
// language to Chorus, add a line to shipped below, run the command, and give
// every slice a messages file for it.
package main

import (
	"flag"
	"fmt"
	"os"

	"golang.org/x/text/language"
)

// A locale is one language to ship: the tag people choose it by, and the CLDR
// locale its habits are taken from.
type locale struct{ tag, cldr string }

// shipped lists the languages; the first is the one every text exists in.
// English is that of the world (en-001): day before month, no comma before the
// last "and". Arabic is Modern Standard Arabic, whose numbers CLDR 48 writes
// with Western digits.
var shipped = []locale{
	{"en", "en-001"},
	{"ar", "ar"},
}

func main() {
	out := flag.String("o", "../internal/platform/lang/tables.go", "file to write")
	from := flag.String("from", "", "folder that holds the npm packages already, as .tgz files")
	flag.Parse()
	if err := run(*from, *out); err != nil {
		fmt.Fprintln(os.Stderr, "cldr:", err)
		os.Exit(1)
	}
}

func run(from, out string) error {
	if from == "" {
		dir, err := os.MkdirTemp("", "cldr")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if err := fetch(dir); err != nil {
			return err
		}
		from = dir
	}
	src, err := open(from)
	if err != nil {
		return err
	}
	text, err := generate(src, shipped)
	if err != nil {
		return err
	}
	return os.WriteFile(out, text, 0o644)
}

func generate(src source, locales []locale) ([]byte, error) {
	codes, err := countryCodes(src)
	if err != nil {
		return nil, err
	}
	var tables []table
	for _, l := range locales {
		t, err := read(src, l, codes)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", l.cldr, err)
		}
		collate(language.Make(l.tag), t.Countries)
		tables = append(tables, t)
	}
	return render(codes, tables)
}
