// SPDX-License-Identifier: AGPL-3.0-or-later

package document

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxDocument = 2 << 20 // bytes

// readDocument reads a file as text with ends of lines as \n, and refuses by
// name what is something else.
func readDocument(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return "", fmt.Errorf("reading a declaration: %w", err)
	}
	if len(b) > maxDocument {
		return "", faultOf(0, "too_large")
	}
	if word := wrongFile(b); word != "" {
		return "", faultOf(0, word)
	}
	return tidyText(strings.TrimPrefix(string(b), "\uFEFF")), nil
}

// beginnings are the first bytes by which files of other kinds are known.
var beginnings = []struct{ bytes, word string }{
	{"%PDF-", "file_pdf"},
	{"{\\rtf", "file_word"},
	{"\xD0\xCF\x11\xE0", "file_word"},
	{"PK\x03\x04", "file_zip"},
	{"\x1F\x8B", "file_zip"},
	{"\x89PNG", "file_picture"},
	{"\xFF\xD8\xFF", "file_picture"},
	{"GIF8", "file_picture"},
}

// wrongFile says what a file is that cannot be a declaration; "" if it may be one.
func wrongFile(b []byte) string {
	for _, known := range beginnings {
		if !bytes.HasPrefix(b, []byte(known.bytes)) {
			continue
		}
		begin := b[:min(len(b), 4096)]
		if known.word == "file_zip" && (bytes.Contains(begin, []byte("word/")) || bytes.Contains(begin, []byte("[Content_Types].xml")) || bytes.Contains(begin, []byte("opendocument.text"))) {
			return "file_word"
		}
		return known.word
	}
	switch text := strings.TrimSpace(strings.TrimPrefix(string(b), "\uFEFF")); {
	case text == "":
		return "file_empty"
	case !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0:
		return "file_letters"
	case likeHTML(text):
		return "file_html"
	case likeTable(text):
		return "file_csv"
	}
	return ""
}

func likeHTML(text string) bool {
	low := strings.ToLower(text[:min(len(text), 200)])
	return strings.HasPrefix(low, "<!doctype") || strings.HasPrefix(low, "<html") || strings.HasPrefix(low, "<?xml")
}

// likeTable reports whether the first line is that of a table: three or more cells
// with the same sign between them.
func likeTable(text string) bool {
	first, _, _ := strings.Cut(text, "\n")
	if strings.HasPrefix(first, "---") || strings.HasPrefix(first, "#") {
		return false
	}
	for _, sign := range []string{",", ";", "\t"} {
		cells := strings.Split(strings.ToLower(first), sign)
		for _, cell := range cells {
			if cell = strings.Trim(cell, " \"\r"); len(cells) > 2 && (cell == "name" || cell == "country" || cell == "website") {
				return true
			}
		}
	}
	return false
}

// tidyText brings the ends of lines to \n and drops control characters that
// nobody sees.
func tidyText(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
