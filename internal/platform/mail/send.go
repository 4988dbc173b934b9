// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/job"
)

// send is the job that sends one mail.
func (o *Outbox) send(ctx context.Context, payload []byte) error {
	id := string(payload)
	l, err := o.letter(ctx, id)
	if errors.Is(err, chorus.ErrNotFound) {
		return nil // sent already, blocked since, or too old
	}
	if err != nil {
		return err
	}
	err = o.sender.Send(ctx, l)
	switch {
	case err == nil:
		return o.sent(id)
	case ctx.Err() != nil: // the node is stopping; that says nothing about the way out
		return ctx.Err()
	case errors.Is(err, ErrDown):
		return o.down(l.At, err)
	case errors.Is(err, ErrRefused):
		return errors.Join(o.refused(ctx), fmt.Errorf("%w: %w", job.ErrGiveUp, err))
	default:
		return err
	}
}

// letter takes a place in the hour's budget and unseals the mail.
func (o *Outbox) letter(ctx context.Context, id string) (l Letter, err error) {
	var wait *job.Later
	alarm := false
	err = o.db.Write(ctx, func(tx *db.Tx) error {
		l, wait, alarm = Letter{}, nil, false // on PostgreSQL this may run again
		if until := o.breaker.closedUntil(); tx.Now.Before(until) {
			wait = &job.Later{At: until, Why: "the way out is closed"}
			return nil
		}
		m, err := o.messageByID(ctx, tx, id)
		if err != nil {
			return err
		}
		blocked, err := o.Blocked(ctx, tx, m.To)
		if err != nil {
			return err
		}
		if blocked {
			return o.drop(ctx, tx, id)
		}
		l = Letter{ID: id, From: *o.from, At: tx.Now, Message: m}
		wait, alarm, err = o.budget(ctx, tx, m.Topic)
		return err
	})
	if alarm {
		o.log.Error("the mail budget of this hour is spent; mails wait", "per hour", o.limits.PerHour)
	}
	switch {
	case err != nil:
		return Letter{}, err
	case wait != nil:
		return Letter{}, wait
	case l.ID == "":
		return Letter{}, chorus.ErrNotFound
	}
	return l, nil
}

func (o *Outbox) messageByID(ctx context.Context, tx *db.Tx, id string) (m Message, err error) {
	sealed, err := db.Value[[]byte](ctx, tx, mailByID, id)
	if err != nil {
		return m, err
	}
	plain, err := o.vault.Open(sealFor, sealed)
	if err != nil {
		return m, fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	return m, json.Unmarshal(plain, &m)
}

// budget takes a place in the hour, or says when to come back and whether the
// operator has yet to be told.
func (o *Outbox) budget(ctx context.Context, tx *db.Tx, topic string) (wait *job.Later, alarm bool, err error) {
	most := o.limits.PerHour
	if topic != SignIn {
		most -= most / 10
	}
	free, err := takePlace(ctx, tx, most)
	if err != nil || free {
		return nil, false, err
	}
	hour := tx.Now.Truncate(time.Hour)
	alarmed, err := db.Exec(ctx, tx, hourAlarm, hour)
	return &job.Later{At: hour.Add(time.Hour), Why: "the budget of this hour is spent"}, alarmed > 0, err
}

// sent erases the mail and counts it, with the job that sent it: even when the
// node is stopping, for the mail has left and must not leave twice.
func (o *Outbox) sent(id string) error {
	if o.breaker.open() {
		o.log.Info("mails leave again")
	}
	return &job.Done{And: func(ctx context.Context, tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, mailDelete, id); err != nil {
			return err
		}
		return count(ctx, tx, growth{sent: 1})
	}}
}

func (o *Outbox) drop(ctx context.Context, tx *db.Tx, id string) error {
	if _, err := db.Exec(ctx, tx, mailDelete, id); err != nil {
		return err
	}
	return count(ctx, tx, growth{dropped: 1})
}

// refused counts a mail that the other side will never take. It stays sealed
// for a week, so that the operator can revive it if the fault was here.
func (o *Outbox) refused(ctx context.Context) error {
	return o.db.Write(ctx, func(tx *db.Tx) error { return count(ctx, tx, growth{refused: 1}) })
}

// down closes the way out for a while. Mails wait, and it costs them no try.
func (o *Outbox) down(now time.Time, fault error) error {
	until, isNew := o.breaker.close(now)
	if isNew {
		o.log.Error("mails cannot leave; they wait", "until", until, "error", fault)
	}
	return &job.Later{At: until, Why: "the way out is closed"}
}

// A breaker keeps a node from running against a closed door: ten seconds after
// the first failure, twice as long after each further one, at most ten minutes.
type breaker struct {
	mu     sync.Mutex
	faults int
	until  time.Time
}

const (
	firstBreak   = 10 * time.Second
	longestBreak = 10 * time.Minute
)

func (b *breaker) closedUntil() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until
}

// close reports whether this failure is news: several mails that were under
// way together fail for one reason.
func (b *breaker) close(now time.Time) (until time.Time, isNew bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.until) {
		return b.until, false
	}
	b.until = now.Add(min(firstBreak<<min(b.faults, 10), longestBreak))
	b.faults++
	return b.until, true
}

// open reports whether the way out had been closed.
func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.faults > 0
	b.faults, b.until = 0, time.Time{}
	return was
}
