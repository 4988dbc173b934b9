// SPDX-License-Identifier: AGPL-3.0-or-later

package mirror

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// ErrTooFew says that a copy does not hold all that was signed here.
var ErrTooFew = errors.New("that copy is not new enough: it does not hold all that was signed here; look for one that does")

// Recovered says what came back.
type Recovered struct {
	From, To   int64 // entries before, and now
	Signatures int64 // among those that came back
}

// Recover brings back to an instance what its database lost: entries that its
// own key has signed and that a mirror still has. The copy must go on from what
// is here and from all that is known to be signed; two histories are never
// joined. Nothing is taken that was not checked, and a recovery that was cut
// short goes on when it is called again.
func Recover(ctx context.Context, r *recorder.Recorder, source record.Source, log *slog.Logger, progress func(done, total int64)) (done Recovered, err error) {
	if len(r.Follows()) > 0 {
		return done, errors.New("a mirror needs no recovery: it takes what is missing by itself")
	}
	text, err := source.Fetch(ctx, "checkpoint")
	if err != nil {
		return done, err
	}
	theirs, err := r.Own(text)
	if err != nil {
		return done, fmt.Errorf("that copy is not of this record: %w", err)
	}
	head, err := r.Head(ctx)
	if err != nil {
		return done, err
	}
	if err := fits(ctx, r, source, theirs, head); err != nil {
		return done, err
	}
	// From here on the instance knows of it, whatever happens.
	if err := r.Learn(ctx, text); err != nil && !errors.Is(err, recorder.ErrReadOnly) {
		return done, err
	}
	done = Recovered{From: head.Size, To: max(head.Size, theirs.Size)}
	if theirs.Size > head.Size {
		h := haul{record: r, source: source, log: log, progress: progress}
		if err := h.bring(ctx, theirs); err != nil {
			return done, err
		}
		done.Signatures = h.signed
	}
	return done, r.PublishCheckpoint(ctx)
}

// fits makes sure that a copy goes on from the head and from what was signed
// last.
func fits(ctx context.Context, r *recorder.Recorder, source record.Source, theirs, head record.Checkpoint) error {
	signed, err := r.Signed()
	if err != nil {
		return err
	}
	if theirs.Size < signed.Size {
		return fmt.Errorf("%w: %d entries of %d", ErrTooFew, theirs.Size, signed.Size)
	}
	if theirs.Size < head.Size {
		return r.Holds(ctx, theirs)
	}
	for _, older := range []record.Checkpoint{signed, head} {
		if older.Size == 0 {
			continue
		}
		if err := record.Extends(theirs, older, tilesOf(ctx, source)); err != nil {
			return err
		}
	}
	return nil
}
