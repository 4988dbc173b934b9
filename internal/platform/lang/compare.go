// SPDX-License-Identifier: AGPL-3.0-or-later

package lang

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// compare reports every message that the languages do not agree on.
func compare(texts map[Tag]map[string]message) []error {
	all := map[string]bool{}
	for _, messages := range texts {
		for key := range messages {
			all[key] = true
		}
	}
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(all)) {
		faults = append(faults, compareKey(key, texts)...)
	}
	return faults
}

func compareKey(key string, texts map[Tag]map[string]message) []error {
	var faults []error
	counted := false
	for _, messages := range texts {
		counted = counted || len(messages[key]) > 1
	}
	first := texts[tables[0].tag][key]
	for _, t := range tables {
		msg, ok := texts[t.tag][key]
		if !ok {
			faults = append(faults, fmt.Errorf("%s is missing in %q", key, t.tag))
			continue
		}
		if counted {
			faults = append(faults, checkForms(key, t, msg)...)
		}
		if first != nil {
			faults = append(faults, checkNames(key, t.tag, msg, first)...)
		}
	}
	return faults
}

// checkForms wants each plural form the language has, and no other: a form it
// does not have would never be said.
func checkForms(key string, t table, msg message) []error {
	var faults []error
	for _, form := range t.plurals {
		if _, ok := msg[form]; !ok {
			faults = append(faults, fmt.Errorf("%s lacks the plural form %q in %q", key, form, t.tag))
		}
	}
	for _, form := range slices.Sorted(maps.Keys(msg)) {
		if !slices.Contains(t.plurals, form) {
			faults = append(faults, fmt.Errorf("%s has the plural form %q, which %q does not know", key, form, t.tag))
		}
	}
	return faults
}

// checkNames wants the same things put into the sentence in each language. A
// form for few numbers may do without the number: "one signature".
func checkNames(key string, tag Tag, msg, first message) []error {
	want := first["other"].placeholders()
	var faults []error
	for _, form := range slices.Sorted(maps.Keys(msg)) {
		got, need := msg[form].placeholders(), want
		if form != "other" && !slices.Contains(got, "count") {
			need = slices.DeleteFunc(slices.Clone(want), func(name string) bool { return name == "count" })
		}
		if !slices.Equal(got, need) {
			faults = append(faults, fmt.Errorf("%s takes {%s} in %q (%s), but {%s} in %q",
				key, strings.Join(got, " "), tag, form, strings.Join(want, " "), tables[0].tag))
		}
	}
	return faults
}
