// SPDX-License-Identifier: AGPL-3.0-or-later

package eye

import (
	"context"
	"strings"
	"time"

	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// Eyes say who has looked at the record.
type Eyes struct {
	Size        int64 // entries in the checkpoint that is served
	Witnesses   []Witness
	Holds       bool // as many witnesses as the policy asks for have cosigned that checkpoint
	Independent int  // hosts other than our own that have
	Copies      []Copy
	Erasure     int64 // place of the newest entry that erased words; -1 if there is none
}

// A Witness is one that is asked.
type Witness struct {
	Name   string
	Host   string
	Newest bool      // it cosigned the checkpoint that is served
	Size   int64     // entries in the newest that it cosigned; 0 if it never did
	At     time.Time // when it did
}

// A Copy is what a mirror said last.
type Copy struct {
	Address string
	Size    int64     // entries it holds; 0 if it has not answered yet
	At      time.Time // when it answered
}

// Cosigned counts the witnesses that cosigned the checkpoint that is served.
func (e *Eyes) Cosigned() (n int) {
	for _, w := range e.Witnesses {
		if w.Newest {
			n++
		}
	}
	return n
}

// Erased counts the mirrors that have come past the newest erasure. A mirror
// erases before it serves more.
func (e *Eyes) Erased() (n int) {
	for _, c := range e.Copies {
		if c.Size > e.Erasure {
			n++
		}
	}
	return n
}

// Seen says who has looked at the record as it is served now.
// chorus.ErrNotFound before anything is signed.
func (s *Service) Seen(ctx context.Context) (*Eyes, error) {
	c, text, err := s.newest(ctx)
	if err != nil {
		return nil, err
	}
	quorum, err := s.policy.Check([]byte(text))
	if err != nil {
		return nil, err
	}
	e := &Eyes{Size: c.Size, Holds: quorum.Holds, Independent: quorum.Independent}
	cosigned := map[string]int64{}
	for _, w := range quorum.Witnesses {
		cosigned[w.Key] = w.Unix
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		e.Witnesses = nil
		for _, w := range s.asked() {
			st, err := standingOf(ctx, tx, w.Key)
			if err != nil {
				return err
			}
			host, _, _ := strings.Cut(w.Key, "/")
			seen := Witness{Name: w.Name, Host: host, Size: st.acked, At: st.at}
			if unix, ok := cosigned[w.Key]; ok {
				seen.Newest, seen.Size, seen.At = true, c.Size, time.Unix(unix, 0).UTC()
			}
			e.Witnesses = append(e.Witnesses, seen)
		}
		e.Erasure, err = recorder.NewestErasure(ctx, tx)
		return err
	})
	e.Copies = s.mirrors()
	return e, err
}

// mirrors are the copies that we know of, in the order in which they were given.
func (s *Service) mirrors() (all []Copy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.Mirrors {
		c := s.copies[m]
		c.Address = m
		all = append(all, c)
	}
	return all
}

// Policy is whom the operator trusts to look; nil if nobody was named.
func (s *Service) Policy() *record.Policy { return s.policy }
