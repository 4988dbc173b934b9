// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"errors"
	"fmt"
)

// Vote is what one participant says to one statement.
// The zero value, Unseen, is not a vote: it says that nothing was said, and as an event it takes a vote back.
type Vote uint8

// The three answers, and the absence of one. A pass was seen and left open; it is not the same as never seen.
const (
	Unseen Vote = iota
	Agree
	Disagree
	Pass
)

// Value is the number the mathematics works with: +1 for Agree, -1 for Disagree, 0 otherwise.
func (v Vote) Value() float64 {
	switch v {
	case Agree:
		return 1
	case Disagree:
		return -1
	}
	return 0
}

// Flip exchanges Agree and Disagree.
func (v Vote) Flip() Vote {
	switch v {
	case Agree:
		return Disagree
	case Disagree:
		return Agree
	}
	return v
}

func (v Vote) String() string {
	switch v {
	case Agree:
		return "agree"
	case Disagree:
		return "disagree"
	case Pass:
		return "pass"
	}
	return "unseen"
}

// ParticipantID names a person taking part; StatementID names what they vote on.
// Neither needs to be dense. Both must lie between 0 and MaxID.
type (
	ParticipantID int64
	StatementID   int64
)

// MaxID is the largest identifier: the largest integer that JSON readers keep exactly.
const MaxID = 1<<53 - 1

// MaxStatements is the largest number of statements of one conversation: a vote is stored in two bytes.
const MaxStatements = 1<<16 - 1

// ErrTooLarge says that a conversation has more statements or participants than the package can hold.
var ErrTooLarge = errors.New("opinion: conversation too large")

// Event is one vote given, changed or (with Unseen) taken back.
// Time is in milliseconds since 1970. Of two events of one person on one statement
// the later counts; at equal times, the one that came later in the log.
type Event struct {
	Participant ParticipantID
	Statement   StatementID
	Vote        Vote
	Time        int64
}

// Moderation is the moderators' decision on a statement.
type Moderation int8

// Rejected statements are left out of everything but the plain counts; the other two are treated alike.
const (
	Rejected    Moderation = -1
	Unmoderated Moderation = 0
	Accepted    Moderation = 1
)

// Statement is something people vote on.
type Statement struct {
	ID         StatementID
	Moderation Moderation
	Meta       bool // asks who people are, not what they think: shown to all, never part of the map
	Text       string
}

// counts says whether votes on the statement shape the map.
func (s Statement) counts() bool { return s.Moderation != Rejected && !s.Meta }

func checkIDs(p ParticipantID, s StatementID) error {
	if p < 0 || p > MaxID {
		return fmt.Errorf("opinion: participant %d is out of range", p)
	}
	if s < 0 || s > MaxID {
		return fmt.Errorf("opinion: statement %d is out of range", s)
	}
	return nil
}
