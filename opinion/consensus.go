// SPDX-License-Identifier: Apache-2.0

package opinion

import "math"

// Consensus says how far all groups share an answer. Each figure is a share from 0 to 1 that holds with evidence: a group counts with the
// lower bound of its share, so that few votes count for little, and groups are joined by the geometric mean, so
// that one group against weighs as one group, however many there are.
type Consensus struct {
	Agree         float64 `json:"agree"`
	Disagree      float64 `json:"disagree"`
	LeastAgree    Worst   `json:"leastAgree"` // the group that agrees least
	LeastDisagree Worst   `json:"leastDisagree"`
}

// Worst is the group in which the lower bound of a share is lowest.
type Worst struct {
	Group int     `json:"group"` // label
	Share float64 `json:"share"`
}

// consensusOf joins the groups; nil when any has fewer votes on the statement than needed.
func consensusOf(shares []GroupShare, labels []int) *Consensus {
	if len(shares) == 0 {
		return nil
	}
	c := Consensus{LeastAgree: Worst{Share: math.Inf(1)}, LeastDisagree: Worst{Share: math.Inf(1)}}
	agree, disagree := 0.0, 0.0
	for g, s := range shares {
		if !s.Enough {
			return nil
		}
		agree += math.Log(s.Agree.Low)
		disagree += math.Log(s.Disagree.Low)
		if s.Agree.Low < c.LeastAgree.Share {
			c.LeastAgree = Worst{labels[g], s.Agree.Low}
		}
		if s.Disagree.Low < c.LeastDisagree.Share {
			c.LeastDisagree = Worst{labels[g], s.Disagree.Low}
		}
	}
	c.Agree = math.Exp(agree / float64(len(shares)))
	c.Disagree = math.Exp(disagree / float64(len(shares)))
	return &c
}

// shareOf describes the answers of one group to one statement.
func shareOf(t Tally, enough int) GroupShare {
	s := GroupShare{Tally: t, Enough: t.Seen() >= enough}
	if s.Enough {
		s.Agree = shareInterval(t.Agrees, t.Seen())
		s.Disagree = shareInterval(t.Disagrees, t.Seen())
	}
	return s
}
