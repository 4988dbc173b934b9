// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"strings"
	"unicode"
)

// slugOf makes a readable address of a title: its words in small letters, in
// whatever script, at most 60 characters.
func slugOf(title string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(title) {
		if !isSlugRune(r) {
			gap = b.Len() > 0
			continue
		}
		if gap && b.Len() > 50 {
			break
		}
		if gap {
			b.WriteByte('-')
		}
		gap = false
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return "declaration"
	}
	return b.String()
}

func isSlugRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
