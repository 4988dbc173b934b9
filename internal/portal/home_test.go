// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import "testing"

func TestOpening(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		more       bool
	}{
		"nothing":            {"", "", false},
		"one paragraph":      {"We run this.\nFor all.", "We run this.\nFor all.", false},
		"two paragraphs":     {"We run this.\n\nSince 1911.", "We run this.", true},
		"a heading first":    {"# Welcome\n\nWe run this.", "We run this.", true},
		"nothing but titles": {"# Welcome", "", true},
	} {
		if got, more := opening(c.text); got != c.want || more != c.more {
			t.Errorf("%s: opening = %q, %v; want %q, %v", name, got, more, c.want, c.more)
		}
	}
}
