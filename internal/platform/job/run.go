// SPDX-License-Identifier: AGPL-3.0-or-later

package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.org/chorus/internal/platform/db"
)

// A Runner does the jobs that are due. Every node has one; what they do
// together is the same as what one would do.
type Runner struct {
	Workers int           // jobs at a time
	Poll    time.Duration // how soon a job is seen that another node added
	Lease   time.Duration // how long a job of a node that is gone stays untouched
	Grace   time.Duration // how long jobs may still run when the node stops

	db    *db.DB
	log   *slog.Logger
	work  map[string]func(ctx context.Context, payload []byte) error
	every map[string]time.Duration
	wake  chan struct{}

	scheduleMu sync.Mutex
	scheduled  bool
}

// New makes a Runner with four workers, a poll every second, leases of a
// minute and a grace of ten seconds.
func New(d *db.DB, log *slog.Logger) *Runner {
	r := &Runner{
		Workers: 4, Poll: time.Second, Lease: time.Minute, Grace: 10 * time.Second,
		db: d, log: log, wake: make(chan struct{}, 1),
		work: map[string]func(context.Context, []byte) error{}, every: map[string]time.Duration{},
	}
	r.Every("job.forget", 24*time.Hour, r.forget)
	return r
}

// Handle says how jobs of a kind are done. It is called before Run, once for
// each kind. fn must bear to be run again, and end soon after ctx does.
func (r *Runner) Handle(kind string, fn func(ctx context.Context, payload []byte) error) {
	if r.work[kind] != nil {
		panic("job: two ways to do " + kind)
	}
	r.work[kind] = fn
}

// Every has fn run now and then at this interval, on one node at a time. The
// first time is at once; a failure is tried again before the interval is over.
func (r *Runner) Every(kind string, interval time.Duration, fn func(ctx context.Context) error) {
	r.Handle(kind, func(ctx context.Context, _ []byte) error { return fn(ctx) })
	r.every[kind] = interval
}

// Wake makes Run look for jobs at once. Call it after committing a deed that
// added one; without it the job is seen at the next poll.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Run does jobs until ctx ends, then lets those under way finish. It fails
// only if it cannot begin.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.schedule(ctx); err != nil {
		if ctx.Err() != nil { // stopped in its first moment
			return nil
		}
		return err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var busy sync.WaitGroup
	var running atomic.Int32
	for ctx.Err() == nil {
		free := r.Workers - int(running.Load())
		for _, j := range r.claimOrLog(ctx, free) {
			running.Add(1)
			busy.Go(func() {
				defer r.Wake()
				defer running.Add(-1)
				r.turn(work, j)
			})
		}
		r.rest(ctx)
	}
	grace := time.AfterFunc(r.Grace, stop)
	defer grace.Stop()
	busy.Wait()
	return nil
}

func (r *Runner) claimOrLog(ctx context.Context, free int) []taken {
	if free < 1 {
		return nil
	}
	jobs, err := r.claim(ctx, free)
	if err != nil && ctx.Err() == nil {
		r.log.Error("jobs cannot be read", "error", err)
	}
	return jobs
}

func (r *Runner) rest(ctx context.Context) {
	poll := time.NewTimer(r.Poll)
	defer poll.Stop()
	select {
	case <-r.wake:
	case <-poll.C:
	case <-ctx.Done():
	}
}

// RunDue does what is due now, one after another in the order of their times,
// and what that adds, until nothing is due. It returns how many jobs ran
// (recurring work not counted) and the errors of those that failed.
func (r *Runner) RunDue(ctx context.Context) (ran int, err error) {
	if err := r.schedule(ctx); err != nil {
		return 0, err
	}
	var faults []error
	for {
		jobs, err := r.claim(ctx, 1)
		if err != nil || len(jobs) == 0 {
			return ran, errors.Join(append(faults, err)...)
		}
		if fault := r.turn(ctx, jobs[0]); fault != nil {
			faults = append(faults, fmt.Errorf("%s: %w", jobs[0].kind, fault))
		}
		if _, recurs := r.interval(jobs[0]); !recurs {
			ran++
		}
	}
}

// turn does one job and writes down how it ended. It returns what went wrong.
func (r *Runner) turn(ctx context.Context, j taken) error {
	fault := r.hold(ctx, j)
	_, done := errors.AsType[*Done](fault)
	if fault != nil && !done && ctx.Err() != nil {
		fault = &Later{Why: "the node stopped"}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Lease) // then another node may have it
	defer cancel()
	if err := r.settle(ctx, j, fault); err != nil {
		r.log.Error("a job's end cannot be written; it will run again", "kind", j.kind, "error", err)
		return err
	}
	if _, ok := errors.AsType[*Later](fault); ok || done || fault == nil {
		return nil
	}
	level := slog.LevelWarn
	if j.tries >= MaxTries || errors.Is(fault, ErrGiveUp) {
		level = slog.LevelError
	}
	r.log.Log(ctx, level, "a job failed", "kind", j.kind, "tries", j.tries, "error", fault)
	return fault
}

var errLost = errors.New("job: another node has it now")

// hold does one job and keeps its lease up meanwhile. If the lease is lost,
// the job's context ends.
func (r *Runner) hold(ctx context.Context, j taken) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var beat sync.WaitGroup
	beat.Go(func() {
		ticker := time.NewTicker(r.Lease / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := r.extend(ctx, j); errors.Is(err, errLost) {
				cancel(err)
			}
		}
	})
	defer beat.Wait()
	defer cancel(nil)
	return r.do(ctx, j)
}

// extend moves the end of the lease. An error other than errLost is left to the
// next beat: the database may be back before the lease is over.
func (r *Runner) extend(ctx context.Context, j taken) error {
	return r.db.Write(ctx, func(tx *db.Tx) error {
		changed, err := db.Exec(ctx, tx, extend, j.id, j.turn, tx.Now.Add(r.Lease))
		if err == nil && changed == 0 {
			return errLost
		}
		return err
	})
}

// do runs the work and turns a panic into an error.
func (r *Runner) do(ctx context.Context, j taken) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	fn := r.work[j.kind]
	if fn == nil {
		return fmt.Errorf("nobody here does %s", j.kind) // during an upgrade another node may
	}
	if _, recurs := r.interval(j); j.tries > MaxTries && !recurs {
		return fmt.Errorf("%w: the node was lost each time", ErrGiveUp)
	}
	return fn(ctx, j.payload)
}

const recurring = "every/"

func (r *Runner) interval(j taken) (time.Duration, bool) {
	interval, ok := r.every[j.kind]
	return interval, ok && j.id == recurring+j.kind
}

// A recurring job of which an older release made a dead letter begins anew.
var begin = db.SQL(`INSERT INTO private_job (id, kind, once, payload, state, due, turn, tries, fault)
	VALUES ($1, $2, '', $3, 'waiting', $4, 0, 0, '')
	ON CONFLICT (id) DO UPDATE SET state = 'waiting', due = excluded.due, tries = 0 WHERE private_job.state = 'dead'`)

// schedule makes a row for each recurring job, once in a Runner's life.
func (r *Runner) schedule(ctx context.Context) error {
	r.scheduleMu.Lock()
	defer r.scheduleMu.Unlock()
	if r.scheduled {
		return nil
	}
	err := r.db.Write(ctx, func(tx *db.Tx) error {
		for _, kind := range slices.Sorted(maps.Keys(r.every)) {
			if _, err := db.Exec(ctx, tx, begin, recurring+kind, kind, []byte{}, tx.Now); err != nil {
				return err
			}
		}
		return nil
	})
	r.scheduled = err == nil
	if err != nil {
		return fmt.Errorf("scheduling: %w", err)
	}
	return nil
}

var forgetDead = db.SQL(`DELETE FROM private_job WHERE state = 'dead' AND due < $1`)

func (r *Runner) forget(ctx context.Context) error {
	return r.db.Write(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, forgetDead, tx.Now.Add(-KeepDead))
		return err
	})
}
