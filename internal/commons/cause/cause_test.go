// SPDX-License-Identifier: AGPL-3.0-or-later

package cause

import (
	"slices"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/commons/catalogue"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestStageOf(t *testing.T) {
	for name, c := range map[string]struct {
		card catalogue.Card
		want Stage
	}{
		"no dates":             {catalogue.Card{State: "open"}, Open},
		"opens later":          {catalogue.Card{State: "open", Opens: noon.Add(time.Second)}, Ahead},
		"opens now":            {catalogue.Card{State: "open", Opens: noon}, Open},
		"closes later":         {catalogue.Card{State: "open", Closes: noon.Add(time.Second)}, Open},
		"closes now":           {catalogue.Card{State: "open", Closes: noon}, Closed},
		"closed by hand":       {catalogue.Card{State: "closed", Closes: noon.Add(time.Hour)}, Closed},
		"closed before it was": {catalogue.Card{State: "closed", Opens: noon.Add(time.Hour)}, Closed},
	} {
		if got := StageOf(c.card, noon); got != c.want {
			t.Errorf("%s: StageOf = %v, want %v", name, got, c.want)
		}
	}
}

func TestParted(t *testing.T) {
	var cards []catalogue.Card // newest first
	for i, c := range []struct {
		people int64
		state  string
	}{{0, "open"}, {9, "open"}, {5, "closed"}, {800, "open"}, {7, "open"}} {
		cards = append(cards, catalogue.Card{Ref: chorus.Ref{Kind: chorus.Declaration, ID: chorus.ID(rune('a' + i))}, State: c.state, People: c.people})
	}
	open, closed := Parted(cards, noon)
	names := func(cards []catalogue.Card) (s []string) {
		for _, c := range cards {
			s = append(s, string(c.Ref.ID))
		}
		return s
	}
	// most signed, newest, second most signed (the second newest too), and so on
	if want := []string{"d", "a", "b", "e"}; !slices.Equal(names(open), want) {
		t.Errorf("open = %v, want %v", names(open), want)
	}
	if want := []string{"c"}; !slices.Equal(names(closed), want) {
		t.Errorf("closed = %v, want %v", names(closed), want)
	}
	if open, closed := Parted(nil, noon); open != nil || closed != nil {
		t.Errorf("of nothing: %v, %v", open, closed)
	}
}
