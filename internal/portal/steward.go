// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"context"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/job"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/recorder"
)

// desk is what the stewards see first.
type desk struct {
	waiting  []catalogue.Card            // organisations that nobody has checked yet
	joining  []organisation.Organisation // nobody owns them, and somebody asks to join
	mail     mail.Tally
	refused  job.Tally // mail that cannot leave
	jobs     job.Tally // all work
	size     int64     // entries of the record
	pending  time.Duration
	causes   int64
	bodies   int64
	stewards int
}

// mostWaiting is how many organisations the desk shows at once.
const mostWaiting = 5

func (s *Service) readDesk(ctx context.Context) (d desk, err error) {
	if d.pending, err = s.Recorder.PendingAge(ctx); err != nil {
		return d, err
	}
	return d, s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if d.waiting, _, err = unverified(ctx, tx, 0); err != nil {
			return err
		}
		d.waiting = first(mostWaiting, d.waiting)
		if d.joining, err = organisation.Waiting(ctx, tx, mostWaiting); err != nil {
			return err
		}
		if d.mail, err = mail.Count(ctx, tx); err != nil {
			return err
		}
		if d.refused, err = job.Count(ctx, tx, mail.Kind); err != nil {
			return err
		}
		if d.jobs, err = job.Count(ctx, tx, ""); err != nil {
			return err
		}
		if d.causes, err = catalogue.Count(ctx, tx, chorus.Declaration); err != nil {
			return err
		}
		if d.bodies, err = catalogue.Count(ctx, tx, chorus.Organisation); err != nil {
			return err
		}
		if d.size, err = recorder.Size(ctx, tx); err != nil {
			return err
		}
		all, err := account.Stewards(ctx, tx)
		d.stewards = len(all)
		return err
	})
}

// perLook is how many organisations one page of the unverified looks through.
const perLook = 200

// unverified lists organisations that nobody has checked, newest first, those
// entered before an entry; 0 begins. older is where to look on, 0 if there are
// no more.
func unverified(ctx context.Context, tx *db.Tx, before int64) (waiting []catalogue.Card, older int64, err error) {
	cards, err := catalogue.Newest(ctx, tx, chorus.Organisation, before, perLook)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range cards {
		if c.State == organisation.Unverified && c.Title.Text != "" {
			waiting = append(waiting, c)
		}
	}
	if len(cards) == perLook {
		older = cards[perLook-1].Entry
	}
	return waiting, older, nil
}

// revive lets mail that could not leave try again.
func (s *Service) revive(ctx context.Context, by chorus.ID) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.RequireSteward(ctx, tx, by); err != nil {
			return err
		}
		_, err := job.Revive(ctx, tx, mail.Kind)
		return err
	})
}
