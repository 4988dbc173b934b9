// SPDX-License-Identifier: Apache-2.0

package opinion

import "testing"

func TestPeriod(t *testing.T) {
	log := new(Log)
	for _, e := range []Event{{1, 1, Agree, 5000}, {2, 1, Agree, 9000}, {1, 2, Pass, 2000}, {3, 1, Disagree, 1}} {
		if err := log.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		people      []ParticipantID
		first, last int64
	}{
		"one":    {[]ParticipantID{1}, 2000, 5000},
		"two":    {[]ParticipantID{1, 2}, 2000, 9000},
		"nobody": {nil, 0, 0},
		"not in": {[]ParticipantID{7}, 0, 0},
	} {
		if first, last := log.Period(c.people); first != c.first || last != c.last {
			t.Errorf("%s: %d to %d, want %d to %d", name, first, last, c.first, c.last)
		}
	}
}
