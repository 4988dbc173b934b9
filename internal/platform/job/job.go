// SPDX-License-Identifier: AGPL-3.0-or-later

// Package job does work later: what a deed asks for in its own transaction
// happens if, and only if, that transaction is committed.
//
//   - A job runs at least once. If its node stops in the middle, it runs again
//     on any node when the lease has run out, so work must bear repetition.
//   - No job runs on two nodes at the same time.
//   - A job that fails is tried again after a pause that doubles each time;
//     after MaxTries it is a dead letter, kept for a while for the operator.
//   - Time is the database's clock. Nothing here needs LISTEN or advisory locks.
package job

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
)

// Schema makes the table of jobs.
//
//go:embed schema.sql
var Schema string

// A Job is work to be done later.
type Job struct {
	Kind    string
	Payload []byte
	// Key makes the job the only one of its kind that waits with that key: a
	// second one is dropped, and the earlier of the two times holds. A job that
	// runs already does not count. "" is no key.
	Key string
	At  time.Time // not before; zero means now
}

// Limits of a job's life.
const (
	MaxTries  = 20                  // then it is a dead letter; with the pauses, about eleven hours
	KeepDead  = 30 * 24 * time.Hour // then a dead letter is dropped
	firstWait = 5 * time.Second
	longest   = time.Hour
)

// Add leaves a job behind in the deed's own transaction.
func Add(ctx context.Context, tx *db.Tx, j Job) error {
	if j.At.IsZero() {
		j.At = tx.Now
	}
	if j.Payload == nil {
		j.Payload = []byte{}
	}
	_, err := db.Exec(ctx, tx, insert, newID(tx.Now), j.Kind, j.Key, j.Payload, j.At)
	return err
}

// The update locks the waiting job on PostgreSQL until this deed is committed:
// nobody can run it before it can see what the deed did.
var insert = db.SQL(`INSERT INTO private_job (id, kind, once, payload, state, due, turn, tries, fault)
	VALUES ($1, $2, $3, $4, 'waiting', $5, 0, 0, '')
	ON CONFLICT (kind, once) WHERE state = 'waiting' AND once <> '' DO UPDATE
	SET due = CASE WHEN private_job.tries = 0 AND excluded.due < private_job.due THEN excluded.due ELSE private_job.due END`)

var added atomic.Uint32

// newID sorts by time, then by the order in which this process added.
func newID(now time.Time) string {
	return fmt.Sprintf("%016x%08x%s", now.UnixMicro(), added.Add(1), chorus.NewID())
}

// ErrGiveUp is wrapped by the error of work that no repetition can mend: the
// job becomes a dead letter at once.
var ErrGiveUp = errors.New("job: no use in trying again")

// Done is the error of work that succeeded and has a last thing to write: And
// is written in the transaction that removes the job, so that it costs no
// transaction of its own. It is written even when the node is stopping.
type Done struct {
	And func(ctx context.Context, tx *db.Tx) error
}

func (*Done) Error() string { return "done" }

// Later is the error of work whose time has not come: it waits until At, and
// the try does not count.
type Later struct {
	At  time.Time
	Why string
}

func (l *Later) Error() string { return "later: " + l.Why }

// pause is how long a job waits after so many failed tries: twice as long each
// time, less a random part of up to half, so that jobs that failed together do
// not come back together.
func pause(tries int) time.Duration {
	d := longest
	if shift := max(tries-1, 0); shift < 10 {
		d = min(firstWait<<shift, longest)
	}
	return d - rand.N(d/2)
}

// A Tally counts jobs by what they are doing.
type Tally struct {
	Waiting, Running, Dead int
	Due                    time.Time // of the job that should run first; zero if none waits
}

var tally = db.SQL(`SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'running'),
	count(*) FILTER (WHERE state = 'dead'), COALESCE(min(due) FILTER (WHERE state = 'waiting'), 0)
	FROM private_job WHERE $1 = '' OR kind = $1`)

// Count counts the jobs of a kind, or all for "".
func Count(ctx context.Context, tx *db.Tx, kind string) (Tally, error) {
	return db.One(ctx, tx, tally, func(r db.Row) (t Tally, err error) {
		return t, r.Scan(&t.Waiting, &t.Running, &t.Dead, &t.Due)
	}, kind)
}

var revive = db.SQL(`UPDATE private_job SET state = 'waiting', once = '', due = $2, tries = 0 WHERE state = 'dead' AND kind = $1`)

// Revive lets the dead letters of a kind run again, once what ailed them is
// mended, and tells how many there were.
func Revive(ctx context.Context, tx *db.Tx, kind string) (int64, error) {
	return db.Exec(ctx, tx, revive, kind, tx.Now)
}
