// SPDX-License-Identifier: Apache-2.0

package opinion

// Version names the JSON form of Result. Fields are only ever added to a version.
const Version = "chorus.opinion/1"

// NoGroup stands for the group of a person who is in none.
const NoGroup = -1

// Result is what an analysis found. It is a function of the votes, the parameters and the seed alone,
// whatever the order in which votes came and on however many processors it was computed.
type Result struct {
	Version    string     `json:"version"`
	Input      Input      `json:"input"`
	Params     Params     `json:"params"`
	Axes       []Axis     `json:"axes"`
	Noise      float64    `json:"noise"`    // standard deviation of a vote around what the map expects
	Residual   float64    `json:"residual"` // of the axes, as a share of the first eigenvalue
	Choices    []Choice   `json:"choices"`  // the numbers of groups considered
	Structure  Structure  `json:"structure"`
	Groups     []Group    `json:"groups"` // by label
	Statements []Assessed `json:"statements"`
	People     []Person   `json:"people"`
	Checks     *Checks    `json:"checks,omitempty"`
	Bridging   *Bridging  `json:"bridging,omitempty"`

	model   *model
	places  *placement
	groupOf []int // by row: the place of the group in Groups, or NoGroup
}

// Input says what was analysed.
type Input struct {
	Hash         string `json:"hash"` // SHA-256 of the votes; see Votes.Hash
	Participants int    `json:"participants"`
	Banned       int    `json:"banned"`
	Statements   int    `json:"statements"`
	Counted      int    `json:"counted"` // statements that shape the map
	Votes        int    `json:"votes"`
	Grouped      int    `json:"grouped"` // participants with enough votes to be grouped
}

// Axis is a direction in which votes differ.
type Axis struct {
	Value   float64 `json:"value"`   // its eigenvalue
	Share   float64 `json:"share"`   // of all that votes differ
	Spread  float64 `json:"spread"`  // standard deviation of people along it
	Carried bool    `json:"carried"` // more than independent votes would show
}

// Structure says in a word how distinct the groups are, by the bounds of Kaufman and Rousseeuw (1990) for the silhouette.
type Structure string

// The bounds are .25, .5 and .7. TooFew means that there are not enough people to group.
const (
	TooFew     Structure = "not enough votes"
	NoGroups   Structure = "no distinct groups"
	Weak       Structure = "weak"
	Reasonable Structure = "reasonable"
	Strong     Structure = "strong"
)

func structureOf(silhouette float64) Structure {
	switch {
	case silhouette > .7:
		return Strong
	case silhouette > .5:
		return Reasonable
	case silhouette > .25:
		return Weak
	}
	return NoGroups
}

// Group is a number of people with like opinions.
type Group struct {
	Label          int              `json:"label"`
	Size           int              `json:"size"`
	Center         [2]float64       `json:"center"`
	Spread         Ellipse          `json:"spread"` // of its members around the centre
	Representative []Representative `json:"representative"`
}

// Ellipse is a region of one standard deviation: half axes and the angle of the longer one, in radians from the x axis.
type Ellipse struct {
	Major float64 `json:"major"`
	Minor float64 `json:"minor"`
	Angle float64 `json:"angle"`
}

// Person is where a participant stands.
type Person struct {
	ID          ParticipantID `json:"id"`
	Votes       int           `json:"votes"` // on statements that count
	Group       int           `json:"group"` // NoGroup with too few votes
	X           float64       `json:"x"`
	Y           float64       `json:"y"`
	Uncertainty Ellipse       `json:"uncertainty"`
	Membership  []float32     `json:"membership,omitempty"` // probability by group
	Between     bool          `json:"between,omitempty"`    // no group has a probability of two thirds
}

// Assessed is what people say to a statement.
type Assessed struct {
	ID        StatementID  `json:"id"`
	Counted   bool         `json:"counted"` // neither rejected nor about people themselves
	All       Tally        `json:"all"`
	Agree     Interval     `json:"agree"`    // share of those who saw it
	Disagree  Interval     `json:"disagree"` // share of those who saw it
	X         float64      `json:"x"`        // loading on the first axis
	Y         float64      `json:"y"`
	Extremity float64      `json:"extremity"`
	Groups    []GroupShare `json:"groups"`
	Consensus *Consensus   `json:"consensus"` // nil: not enough votes
	Bridge    *Bridge      `json:"bridge,omitempty"`
	Priority  float64      `json:"priority"` // weight for showing it next
}

// GroupShare is what a group says to a statement. Enough tells whether the group has given enough votes for the shares to be shown.
type GroupShare struct {
	Tally
	Agree    Interval `json:"agree"`
	Disagree Interval `json:"disagree"`
	Enough   bool     `json:"enough"`
}
