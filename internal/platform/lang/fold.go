// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// sameLetter joins letters of the Arabic script that writers and keyboards use
// for one another, and which no rule of Unicode joins.
var sameLetter = map[rune]rune{
	'ى': 'ي', 'ی': 'ي', 'ې': 'ي', // alef maksura and the Persian and Pashto yeh
	'ة': 'ه', 'ہ': 'ه', 'ە': 'ه', // teh marbuta and other forms of heh
	'ک': 'ك', // keheh
	'ٱ': 'ا', // alef wasla
}

// sameSmall joins small letters that share one capital.
var sameSmall = strings.NewReplacer("ß", "ss", "ς", "σ", "ı", "i")

// Fold brings spellings of one text together, for searching and comparing, not
// for showing: it drops accents, vowel marks and invisible characters, joins
// letters of one sound, makes capitals small, digits Western and each gap one
// space. Folding twice changes nothing more.
func Fold(s string) string {
	s = norm.NFKD.String(strings.ToValidUTF8(s, "\ufffd"))
	s = sameSmall.Replace(strings.ToLower(s))
	s = strings.Map(plain, norm.NFKD.String(s))
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

func plain(r rune) rune {
	const tatweel = 'ـ' // stretches a word and means nothing
	switch {
	case r < unicode.MaxASCII:
		return r
	case r == tatweel, unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return -1
	case unicode.IsDigit(r):
		return digit(r)
	}
	if same, ok := sameLetter[r]; ok {
		return same
	}
	return r
}

// digit returns the Western digit of the same value. Unicode lays out each
// script's ten digits in one row, and the rows are apart or whole tens long.
func digit(r rune) rune {
	n := 0
	for unicode.IsDigit(r - 1) {
		r--
		n++
	}
	return '0' + rune(n%10)
}

// Digits is the digits in s as 0 to 9: a code as people write it, with spaces
// or in the digits of their script.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, Fold(s))
}
