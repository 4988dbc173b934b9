// SPDX-License-Identifier: AGPL-3.0-or-later

package seed

import "strings"

// letters writes the letters of the lists of names in plain ASCII, roughly as their
// owners do when they choose an e-mail address. Arabic keeps its consonants.
var letters = strings.NewReplacer(pairs(
	"àáâãăą", "a", "åä", "a", "æ", "ae", "çćč", "c", "ďð", "d", "èéêëęěė", "e", "ğ", "g", "ìíîïıį", "i", "ł", "l",
	"ñńňņ", "n", "òóôõőö", "o", "ø", "oe", "ř", "r", "śšşș", "s", "ß", "ss", "țť", "t", "þ", "th",
	"ùúûüűūųů", "u", "ýÿ", "y", "źżž", "z",
	"اأإآ", "a", "ب", "b", "تةط", "t", "ث", "th", "ج", "j", "حه", "h", "خ", "kh", "دض", "d", "ذ", "dh",
	"ر", "r", "زظ", "z", "سص", "s", "ش", "sh", "ع", "a", "غ", "gh", "ف", "f", "ق", "q", "ك", "k",
	"ل", "l", "م", "m", "ن", "n", "و", "w", "يى", "y", "ئؤ", "e", "ء", "",
	" -'.", "",
)...)

// pairs takes groups of letters, each with what all of them become, apart.
func pairs(groups ...string) []string {
	var flat []string
	for i := 0; i < len(groups); i += 2 {
		for _, letter := range groups[i] {
			flat = append(flat, string(letter), groups[i+1])
		}
	}
	return flat
}

// plain writes a name with the letters a to z only.
func plain(name string) string { return letters.Replace(strings.ToLower(name)) }
