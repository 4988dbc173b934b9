// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

// A table holds the habits of one language as CLDR records them. Patterns use
// {0} and {1} for what is put in; date patterns use CLDR's letters: d day,
// M month, y year, E weekday, H hour, m minute, text between ' as it stands.
type table struct {
	tag     Tag
	autonym string // the language's name for itself
	dir     string // ltr or rtl
	plurals []string

	months, shortMonths [12]string
	days                [7]string // Sunday first

	long, medium, dayMonth, clock string
	glue                          string // {1} the date, {0} the time

	digits                string // of nought to nine
	decimal, group, minus string
	percent               string
	groupFirst, groupRest int // figures in the last group, and in each before it
	groupMinimum          int // figures that must stand before the first separator
	listTwo               string
	listStart, listMiddle string
	listEnd               string
	countries             []Country // in the order of a dictionary
}
