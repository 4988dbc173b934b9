// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"encoding/json"
	"math"
	"slices"
)

// CompatVersion names the JSON form of CompatResult.
const CompatVersion = "chorus.opinion.compat/1"

// CompatResult is what Polis would publish; the JSON form has the names and shapes of its math result, and lists that Polis keeps to itself.
type CompatResult struct {
	Version          string                    `json:"version"`
	Hash             string                    `json:"input-hash"` // of the votes; the past of a Compat is not part of it
	CurrentPriority  bool                      `json:"current-priorities"`
	Participants     []ParticipantID           `json:"pids"`
	Statements       []StatementID             `json:"tids"`
	ModeratedOut     []StatementID             `json:"mod-out"`
	Meta             []StatementID             `json:"meta-tids"`
	Included         []ParticipantID           `json:"in-conv"`
	PCA              CompatPCA                 `json:"pca"`
	Places           [][2]float64              `json:"proj"` // by participant
	Base             CompatBase                `json:"base-clusters"`
	Clusterings      map[int][]CompatGroup     `json:"group-clusterings"`
	Silhouettes      map[int]float64           `json:"silhouettes"`
	Smoother         CompatSmoother            `json:"group-k-smoother"`
	Groups           []CompatGroup             `json:"group-clusters"`
	VoteCounts       map[ParticipantID]int     `json:"user-vote-counts"`
	GroupVotes       []CompatGroupVotes        `json:"-"` // see MarshalJSON
	Representative   map[int][]CompatStatement `json:"repness"`
	Consensus        CompatConsensus           `json:"consensus"`
	GroupAware       map[StatementID]float64   `json:"group-aware-consensus"`
	Priorities       map[StatementID]float64   `json:"comment-priorities"`
	ParticipantStats []CompatStats             `json:"ptpt-stats"`
}

// CompatPCA holds the axes; the lists are by statement.
type CompatPCA struct {
	Center     []float64    `json:"center"`
	Components [2][]float64 `json:"comps"`
	Places     [2][]float64 `json:"comment-projection"`
	Extremity  []float64    `json:"comment-extremity"`
}

// CompatBase holds the clusters of people that the groups are made of, at most 100.
type CompatBase struct {
	ID      []int             `json:"id"`
	Members [][]ParticipantID `json:"members"`
	X       []float64         `json:"x"`
	Y       []float64         `json:"y"`
	Count   []int             `json:"count"`
}

// CompatGroup is a group of base clusters.
type CompatGroup struct {
	ID      int        `json:"id"`
	Members []int      `json:"members"` // of Base.ID
	Center  [2]float64 `json:"center"`
}

// CompatGroupVotes counts a group's answers, by statement in column order.
type CompatGroupVotes struct {
	ID      int
	Members int
	Tallies []Tally
}

// MarshalJSON writes the votes of groups as Polis does: by group, by statement, A agreeing and D disagreeing of S.
func (r *CompatResult) MarshalJSON() ([]byte, error) {
	type answers struct{ A, D, S int }
	type votes struct {
		ID      int                     `json:"id"`
		Members int                     `json:"n-members"`
		Votes   map[StatementID]answers `json:"votes"`
	}
	groups := make(map[int]votes, len(r.GroupVotes))
	for _, g := range r.GroupVotes {
		v := votes{g.ID, g.Members, make(map[StatementID]answers, len(g.Tallies))}
		for j, t := range g.Tallies {
			v.Votes[r.Statements[j]] = answers{t.Agrees, t.Disagrees, t.Seen()}
		}
		groups[g.ID] = v
	}
	type fields CompatResult // without this method
	return json.Marshal(struct {
		*fields
		N          int           `json:"n"`
		Columns    int           `json:"n-cmts"`
		GroupVotes map[int]votes `json:"group-votes"`
	}{(*fields)(r), len(r.Participants), len(r.Statements), groups})
}

// CompatStats says where a grouped participant stands (repness.clj, participant-stats): with x the participant's place, c the mean place
// of the group and all that of everyone,
//
//	centricness 1 - |x - all|    coreness 1 - |x - c|    extremeness (x - c)(c - all) / |c - all|
type CompatStats struct {
	Participant ParticipantID `json:"pid"`
	Group       int           `json:"gid"`
	Votes       int           `json:"n-votes"`
	Centricness float64       `json:"centricness"`
	Coreness    float64       `json:"coreness"`
	Extremeness float64       `json:"extremeness"`
}

func (t *compatTick) result(c *Compat) *CompatResult {
	r := &CompatResult{
		Version: CompatVersion, Hash: t.v.Hash(), CurrentPriority: c.CurrentPriorities,
		Participants: t.v.participants,
		PCA:          CompatPCA{t.center, c.comps, t.statementPlaces, t.extremity},
		Places:       t.places,
		Silhouettes:  t.silhouettes,
		Smoother:     c.smoother,
		Clusterings:  map[int][]CompatGroup{},
		VoteCounts:   make(map[ParticipantID]int, len(t.v.participants)),
		Statements:   []StatementID{}, ModeratedOut: []StatementID{}, Meta: []StatementID{}, Included: []ParticipantID{}, // never null in JSON
		Base: CompatBase{[]int{}, [][]ParticipantID{}, []float64{}, []float64{}, []int{}},
	}
	for i, p := range t.v.participants {
		r.VoteCounts[p] = t.v.spans[i].len()
	}
	for _, s := range t.v.statements {
		r.Statements = append(r.Statements, s.ID)
		if !s.counts() {
			r.ModeratedOut = append(r.ModeratedOut, s.ID)
		}
		if s.Meta {
			r.Meta = append(r.Meta, s.ID)
		}
	}
	for _, i := range t.in {
		r.Included = append(r.Included, t.v.participants[i])
	}
	for _, b := range c.base {
		members := make([]ParticipantID, len(b.members))
		for n, i := range b.members {
			members[n] = t.v.participants[i]
		}
		r.Base.ID = append(r.Base.ID, b.id)
		r.Base.Members = append(r.Base.Members, members)
		r.Base.X, r.Base.Y = append(r.Base.X, b.center[0]), append(r.Base.Y, b.center[1])
		r.Base.Count = append(r.Base.Count, len(members))
	}
	for k, clusters := range c.clusters {
		r.Clusterings[k] = []CompatGroup{}
		for _, g := range clusters {
			r.Clusterings[k] = append(r.Clusterings[k], CompatGroup{g.id, g.members, g.center})
		}
	}
	r.Groups = r.Clusterings[c.smoother.SmoothedK]
	return r
}

// groupOf is the place of each row's group in the list of groups; -1 for none.
func (r *CompatResult) groupOf() []int {
	byBase := map[int]int{}
	for g, group := range r.Groups {
		for _, b := range group.Members {
			byBase[b] = g
		}
	}
	byID := make(map[ParticipantID]int)
	for n, members := range r.Base.Members {
		if g, ok := byBase[r.Base.ID[n]]; ok {
			for _, p := range members {
				byID[p] = g
			}
		}
	}
	out := make([]int, len(r.Participants))
	for i, p := range r.Participants {
		out[i] = -1
		if g, ok := byID[p]; ok {
			out[i] = g
		}
	}
	return out
}

// statistics adds all that follows from the groups.
func (r *CompatResult) statistics(t *compatTick, c *Compat) {
	groupOf := r.groupOf()
	r.GroupVotes = compatGroupVotes(t.v, groupOf, r.Groups)
	r.Representative = compatRepresentatives(t.v, r.GroupVotes)
	r.Consensus = compatConsensus(t.v.statements, t.tallies)
	r.GroupAware = map[StatementID]float64{}
	r.Priorities = map[StatementID]float64{}
	for j, s := range t.v.statements {
		r.GroupAware[s.ID] = groupAware(r.GroupVotes, j)
		known := c.lastVotes
		if c.CurrentPriorities {
			known = r.GroupVotes
		}
		var sum Tally
		for _, g := range known {
			if j < len(g.Tallies) {
				sum.Agrees += g.Tallies[j].Agrees
				sum.Disagrees += g.Tallies[j].Disagrees
				sum.Passes += g.Tallies[j].Passes
			}
		}
		r.Priorities[s.ID] = priority(s, sum, t.extremity[j])
	}
	r.ParticipantStats = compatStats(t, r.Groups, groupOf)
}

func compatGroupVotes(v *Votes, groupOf []int, groups []CompatGroup) []CompatGroupVotes {
	out := make([]CompatGroupVotes, len(groups))
	for g := range out {
		out[g] = CompatGroupVotes{ID: groups[g].ID, Tallies: make([]Tally, len(v.statements))}
	}
	for i, g := range groupOf {
		if g < 0 {
			continue
		}
		out[g].Members++
		for _, answer := range [...]Vote{Agree, Disagree, Pass} {
			from, to := v.spans[i].bounds(answer)
			for _, col := range v.cols[from:to] {
				out[g].Tallies[col].add(answer, 1)
			}
		}
	}
	return out
}

func compatRepresentatives(v *Votes, groups []CompatGroupVotes) map[int][]CompatStatement {
	out := map[int][]CompatStatement{}
	for _, g := range groups {
		var list []contrast
		for j, s := range v.statements {
			if !s.counts() {
				continue
			}
			var others Tally
			for _, o := range groups {
				if o.ID != g.ID {
					others.Agrees += o.Tallies[j].Agrees
					others.Disagrees += o.Tallies[j].Disagrees
					others.Passes += o.Tallies[j].Passes
				}
			}
			list = append(list, newContrast(s.ID, g.Tallies[j], others))
		}
		out[g.ID] = compatRepresentative(list)
	}
	return out
}

// groupAware is the product over groups of the share that agrees, one agree and two votes added
// (conversation.clj, :group-aware-consensus).
func groupAware(groups []CompatGroupVotes, j int) float64 {
	product := 1.0
	for _, g := range groups {
		product *= float64(g.Tallies[j].Agrees+1) / float64(g.Tallies[j].Seen()+2)
	}
	return product
}

func compatStats(t *compatTick, groups []CompatGroup, groupOf []int) []CompatStats {
	var all [2]float64
	sums := make([][3]float64, len(groups))
	for i, p := range t.places {
		all[0] += p[0] / float64(len(t.places))
		all[1] += p[1] / float64(len(t.places))
		if g := groupOf[i]; g >= 0 {
			sums[g][0] += p[0]
			sums[g][1] += p[1]
			sums[g][2]++
		}
	}
	out := []CompatStats{}
	for _, i := range t.in {
		g := groupOf[i]
		if g < 0 {
			continue
		}
		p := t.places[i]
		own := [2]float64{sums[g][0] / sums[g][2], sums[g][1] / sums[g][2]}
		out1 := [2]float64{own[0] - all[0], own[1] - all[1]}
		s := CompatStats{
			Participant: t.v.participants[i], Group: groups[g].ID, Votes: t.v.spans[i].len(),
			Centricness: 1 - distance(p, all), Coreness: 1 - distance(p, own),
		}
		if l := math.Hypot(out1[0], out1[1]); l > 0 {
			s.Extremeness = ((p[0]-own[0])*out1[0] + (p[1]-own[1])*out1[1]) / l
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b CompatStats) int { return a.Group - b.Group })
	return out
}
