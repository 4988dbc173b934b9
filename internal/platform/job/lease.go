// SPDX-License-Identifier: AGPL-3.0-or-later

package job

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
)

// taken is a job that this node has on lease.
type taken struct {
	id, kind, once string
	payload        []byte
	turn, tries    int
}

var (
	isDue = db.SQL(`SELECT 1 FROM private_job WHERE state <> 'dead' AND due <= $1 LIMIT 1`)

	// MATERIALIZED, for a plan that ran the inner query twice would take more than the limit.
	take = db.SQL(`WITH first AS MATERIALIZED (
			SELECT id FROM private_job WHERE state <> 'dead' AND due <= $1
			ORDER BY due, id LIMIT $3 {{pg FOR UPDATE SKIP LOCKED}})
		UPDATE private_job SET state = 'running', due = $2, turn = turn + 1, tries = tries + 1
		WHERE id IN (SELECT id FROM first)
		RETURNING id, kind, once, payload, turn, tries`)

	extend = db.SQL(`UPDATE private_job SET due = $3 WHERE id = $1 AND turn = $2 AND state = 'running'`)
	remove = db.SQL(`DELETE FROM private_job WHERE id = $1 AND turn = $2 AND state = 'running'`)
	bury   = db.SQL(`UPDATE private_job SET state = 'dead', due = $3, fault = $4 WHERE id = $1 AND turn = $2 AND state = 'running'`)

	// A job with a key goes back only if no newer one waits in its place.
	giveBack = db.SQL(`UPDATE private_job SET state = 'waiting', due = $3, tries = $4, fault = $5
		WHERE id = $1 AND turn = $2 AND state = 'running' AND (once = '' OR NOT EXISTS (
			SELECT 1 FROM private_job other WHERE other.kind = private_job.kind AND other.once = private_job.once AND other.state = 'waiting'))`)
)

// claim leases up to n jobs that are due, in the order in which they are due.
func (r *Runner) claim(ctx context.Context, n int) (jobs []taken, err error) {
	due := false
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		_, err := db.Value[int](ctx, tx, isDue, tx.Now)
		due = err == nil
		if errors.Is(err, chorus.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil || !due {
		return nil, err
	}
	err = r.db.Write(ctx, func(tx *db.Tx) (err error) {
		jobs, err = db.All(ctx, tx, take, scanTaken, tx.Now, tx.Now.Add(r.Lease), n)
		return err
	})
	// RETURNING keeps no order.
	slices.SortFunc(jobs, func(a, b taken) int { return cmp.Compare(a.id, b.id) })
	return jobs, err
}

func scanTaken(row db.Row) (j taken, err error) {
	return j, row.Scan(&j.id, &j.kind, &j.once, &j.payload, &j.turn, &j.tries)
}

// settle writes down how a turn ended. A node that lost its lease in the
// meantime changes nothing.
func (r *Runner) settle(ctx context.Context, j taken, fault error) error {
	err := r.db.Write(ctx, func(tx *db.Tx) error { return r.settleIn(ctx, tx, j, fault) })
	if errors.Is(err, db.ErrUnique) { // a newer one came between the question and the answer
		err = r.db.Write(ctx, func(tx *db.Tx) error { return r.settleIn(ctx, tx, j, fault) })
	}
	return err
}

func (r *Runner) settleIn(ctx context.Context, tx *db.Tx, j taken, fault error) error {
	interval, recurs := r.interval(j)
	later, postponed := errors.AsType[*Later](fault)
	done, isDone := errors.AsType[*Done](fault)
	if isDone {
		fault = nil
	}
	var err error
	switch {
	case postponed:
		err = r.retry(ctx, tx, j, later.At, j.tries-1, fault.Error())
	case fault == nil && recurs:
		err = r.retry(ctx, tx, j, tx.Now.Add(interval), 0, "")
	case fault == nil:
		_, err = db.Exec(ctx, tx, remove, j.id, j.turn)
	case recurs:
		err = r.retry(ctx, tx, j, tx.Now.Add(min(interval, pause(j.tries))), j.tries, shorten(fault))
	case j.tries >= MaxTries || errors.Is(fault, ErrGiveUp):
		_, err = db.Exec(ctx, tx, bury, j.id, j.turn, tx.Now, shorten(fault))
	default:
		err = r.retry(ctx, tx, j, tx.Now.Add(pause(j.tries)), j.tries, shorten(fault))
	}
	if err == nil && isDone {
		err = done.And(ctx, tx)
	}
	return err
}

func (r *Runner) retry(ctx context.Context, tx *db.Tx, j taken, at time.Time, tries int, fault string) error {
	changed, err := db.Exec(ctx, tx, giveBack, j.id, j.turn, at, tries, fault)
	if err == nil && changed == 0 {
		// Either the lease was lost, and this changes nothing, or a newer job does the same work.
		_, err = db.Exec(ctx, tx, remove, j.id, j.turn)
	}
	return err
}

// shorten keeps a long error from filling the table.
func shorten(fault error) string {
	const most = 500
	text := fault.Error()
	if len(text) > most {
		text = text[:most]
	}
	// PostgreSQL takes neither half a letter nor a zero.
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}
