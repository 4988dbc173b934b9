// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import "slices"

// A Country has its two-letter code of ISO 3166 and its name in one language.
// The names are those of CLDR as they stand: Chorus names no country itself.
type Country struct{ Code, Name string }

// KnownCountry reports whether code, in capitals, is one of ISO 3166 or XK.
func KnownCountry(code string) bool {
	_, found := slices.BinarySearch(countryCodes, code)
	return found
}

// Country names the country of a code, and returns "" for an unknown one.
func (s *Speaker) Country(code string) string { return s.names[code] }

// Countries lists all countries in the order of the language's dictionary. The
// list is shared and must not be changed.
func (s *Speaker) Countries() []Country { return s.table.countries }
