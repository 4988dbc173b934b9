// SPDX-License-Identifier: AGPL-3.0-or-later

package mirror

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"example.org/chorus/record"
)

const (
	often  = 10 * time.Second // between looks, while all goes well
	seldom = 5 * time.Minute  // between looks at most, while nobody answers
)

// Run keeps the copy up to date until ctx ends.
func (m *Mirror) Run(ctx context.Context) {
	often := often
	if m.Every != 0 {
		often = m.Every
	}
	for failures := 0; ; {
		wait := often
		if failures > 0 {
			wait = min(often<<min(failures, 10), seldom)
			wait = wait/2 + rand.N(wait) // so that not all come back at once
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if err := m.Look(ctx, nil); err != nil {
			failures++
		} else {
			failures = 0
		}
	}
}

// Look is one pull, and keeps in mind and in the log what came of it.
func (m *Mirror) Look(ctx context.Context, progress func(done, total int64)) error {
	err := m.Pull(ctx, progress)
	if err == nil || ctx.Err() != nil {
		return err
	}
	s := m.State()
	if s.Fork != nil {
		return err
	}
	why := Unreached
	if errors.Is(err, ErrUntrue) || errors.Is(err, ErrBehind) || errors.Is(err, record.ErrQuorum) || errors.Is(err, record.ErrFork) {
		why = Refused
	}
	if s.Since.IsZero() {
		s.Since = m.DB.Now()
	}
	s.Why = why
	m.state.Store(&s)
	m.Log.Warn("the copy does not go on", "since", s.Since, "entries", s.Size, "err", err)
	return err
}
