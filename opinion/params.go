// SPDX-License-Identifier: Apache-2.0

package opinion

import "fmt"

// Params sets how a conversation is analysed. The zero value is a good choice; every field left at zero takes its default.
type Params struct {
	Seed          uint64 `json:"seed"`          // of everything that is drawn; the same seed gives the same result
	MinVotes      int    `json:"minVotes"`      // votes a person needs to be grouped; default 7, fewer where there are fewer statements
	MinGroupVotes int    `json:"minGroupVotes"` // votes of a group a statement needs for a figure, and so people a group needs; default 5
	Groups        int    `json:"groups"`        // number of groups; 0 lets the votes decide
	MaxGroups     int    `json:"maxGroups"`     // most groups considered; default 5
	MaxAxes       int    `json:"maxAxes"`       // most axes people are grouped by; default 5

	// Brief leaves out the bridging rank and the checks of robustness, which take passes over all votes of their own.
	Brief bool `json:"brief"`

	// Previous gives the groups its labels where they have members in common. It changes nothing else.
	Previous *Result `json:"-"`
	// Progress, when set, is told what is being done.
	Progress func(step string) `json:"-"`
}

// mostGroups is the largest number of groups that may be asked for.
const mostGroups = 10

func (p Params) withDefaults() (Params, error) {
	for _, f := range []struct {
		name           string
		value          *int
		fallback, most int
	}{
		{"MinVotes", &p.MinVotes, 7, MaxStatements},
		{"MinGroupVotes", &p.MinGroupVotes, 5, 1 << 30},
		{"Groups", &p.Groups, 0, mostGroups},
		{"MaxGroups", &p.MaxGroups, 5, mostGroups},
		{"MaxAxes", &p.MaxAxes, 5, maxAxes},
	} {
		if *f.value == 0 {
			*f.value = f.fallback
		}
		if *f.value < 0 || *f.value > f.most {
			return p, fmt.Errorf("opinion: %s is %d, not between 0 and %d", f.name, *f.value, f.most)
		}
	}
	if p.Groups == 1 {
		return p, fmt.Errorf("opinion: Groups is 1; there are at least 2")
	}
	p.MaxAxes = max(2, p.MaxAxes)
	p.MaxGroups = max(2, p.MaxGroups)
	if p.Progress == nil {
		p.Progress = func(string) {}
	}
	return p, nil
}
