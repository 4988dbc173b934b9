// SPDX-License-Identifier: AGPL-3.0-or-later

package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/job"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A world is a database whose clock stands still until the test moves it.
type world struct {
	*testing.T
	db  *db.DB
	mu  sync.Mutex
	now time.Time
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// both runs a test on SQLite and on PostgreSQL.
func both(t *testing.T, test func(w *world)) {
	t.Run("SQLite", func(t *testing.T) { test(open(t, filepath.Join(t.TempDir(), "test.db"))) })
	t.Run("PostgreSQL", func(t *testing.T) { test(open(t, chorustest.Postgres(t))) })
}

func open(t *testing.T, source string) *world {
	t.Helper()
	d, err := db.Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	w := &world{T: t, db: d, now: start}
	d.Now = w.Now
	if _, err := d.Setup(t.Context(), job.Schema); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) runner() *job.Runner { return job.New(w.db, slog.New(slog.DiscardHandler)) }

func (w *world) add(jobs ...job.Job) {
	w.Helper()
	err := w.db.Write(w.Context(), func(tx *db.Tx) error {
		for _, j := range jobs {
			if err := job.Add(w.Context(), tx, j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) runDue(r *job.Runner) (int, error) { return r.RunDue(w.Context()) }

func (w *world) tally(kind string) (t job.Tally) {
	w.Helper()
	err := w.db.Read(w.Context(), func(tx *db.Tx) (err error) {
		t, err = job.Count(w.Context(), tx, kind)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return t
}

// A notebook is work that remembers what it was given.
type notebook struct {
	mu    sync.Mutex
	lines []string
}

func (n *notebook) write(_ context.Context, payload []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, string(payload))
	return nil
}

func (n *notebook) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, " ")
}

func TestQueries(t *testing.T) {
	both(t, func(w *world) {
		if err := w.db.CheckQueries(w.Context(), "job"); err != nil {
			w.Error(err)
		}
	})
}

func TestRunDue(t *testing.T) {
	both(t, func(w *world) {
		var done notebook
		r := w.runner()
		r.Handle("note", done.write)
		w.add(job.Job{Kind: "note", Payload: []byte("later"), At: start.Add(time.Hour)},
			job.Job{Kind: "note", Payload: []byte("a")}, job.Job{Kind: "note", Payload: []byte("b")},
			job.Job{Kind: "note", Payload: []byte("first"), At: start.Add(-time.Hour)}, job.Job{Kind: "note"})
		if n, err := w.runDue(r); n != 4 || err != nil || done.String() != "first a b " {
			w.Errorf("ran %d, %v: %q", n, err, done.String())
		}
		w.pass(time.Hour)
		if n, err := w.runDue(r); n != 1 || err != nil {
			w.Errorf("ran %d, %v", n, err)
		}
		if got := w.tally("note"); got != (job.Tally{}) {
			w.Errorf("left: %+v", got)
		}
	})
}

// A job exists only if the deed that asked for it was committed.
func TestRollback(t *testing.T) {
	both(t, func(w *world) {
		undone := errors.New("undone")
		err := w.db.Write(w.Context(), func(tx *db.Tx) error {
			return errors.Join(job.Add(w.Context(), tx, job.Job{Kind: "note"}), undone)
		})
		if !errors.Is(err, undone) {
			w.Fatal(err)
		}
		if got := w.tally(""); got.Waiting != 0 {
			w.Errorf("a job of a deed that was undone waits: %+v", got)
		}
	})
}

func TestKey(t *testing.T) {
	both(t, func(w *world) {
		var done notebook
		r := w.runner()
		again := 0
		r.Handle("sum", func(ctx context.Context, payload []byte) error {
			if again++; again == 1 { // something changes while the job runs: it must run once more
				w.add(job.Job{Kind: "sum", Key: "k", Payload: []byte("again")})
			}
			return done.write(ctx, payload)
		})
		r.Handle("other", done.write)
		w.add(job.Job{Kind: "sum", Key: "k", Payload: []byte("one"), At: start.Add(time.Minute)},
			job.Job{Kind: "sum", Key: "k", Payload: []byte("two")}, // brings the first one forward
			job.Job{Kind: "sum", Key: "k", Payload: []byte("three"), At: start.Add(time.Hour)},
			job.Job{Kind: "other", Key: "k", Payload: []byte("other")})
		if _, err := w.runDue(r); err != nil || done.String() != "one other again" {
			w.Errorf("%q, %v", done.String(), err)
		}
	})
}

// A failed job goes back to waiting, unless a newer one with its key waits there.
func TestKeyAfterFailure(t *testing.T) {
	both(t, func(w *world) {
		var done notebook
		r := w.runner()
		again := 0
		r.Handle("sum", func(ctx context.Context, payload []byte) error {
			if again++; again == 1 {
				w.add(job.Job{Kind: "sum", Key: "k", Payload: []byte("newer")})
				return errors.New("broken")
			}
			return done.write(ctx, payload)
		})
		w.add(job.Job{Kind: "sum", Key: "k", Payload: []byte("older")})
		w.runDue(r)
		if got := w.tally("sum"); done.String() != "newer" || got != (job.Tally{}) {
			w.Errorf("%q, left: %+v", done.String(), got)
		}
	})
}

func TestBackoff(t *testing.T) {
	both(t, func(w *world) {
		r := w.runner()
		r.Handle("bad", func(context.Context, []byte) error { return errors.New("broken\x00") })
		w.add(job.Job{Kind: "bad"})
		var total time.Duration
		for try := 1; try < job.MaxTries; try++ {
			if n, err := w.runDue(r); n != 1 || err == nil {
				w.Fatalf("try %d: ran %d, %v", try, n, err)
			}
			wait := w.tally("bad").Due.Sub(w.Now())
			most := min(5*time.Second<<(try-1), time.Hour)
			if wait <= most/2-1 || wait > most {
				w.Errorf("after try %d it waits %v, want between %v and %v", try, wait, most/2, most)
			}
			total += wait
			w.pass(wait)
		}
		w.runDue(r)
		if got := w.tally("bad"); got.Dead != 1 || got.Waiting != 0 {
			w.Errorf("after %d tries and %v: %+v", job.MaxTries, total, got)
		}
		w.pass(job.KeepDead + 25*time.Hour)
		w.runDue(r)
		if got := w.tally("bad"); got.Dead != 0 {
			w.Errorf("the dead letter is kept for ever: %+v", got)
		}
	})
}

func TestGiveUpAndRevive(t *testing.T) {
	both(t, func(w *world) {
		r := w.runner()
		mended := false
		r.Handle("bad", func(context.Context, []byte) error {
			if mended {
				return nil
			}
			return fmt.Errorf("no such thing: %w", job.ErrGiveUp)
		})
		w.add(job.Job{Kind: "bad", Key: "a"}, job.Job{Kind: "bad", Key: "b"})
		if _, err := w.runDue(r); !errors.Is(err, job.ErrGiveUp) || w.tally("bad").Dead != 2 {
			w.Errorf("%v, %+v", err, w.tally("bad"))
		}
		mended = true
		err := w.db.Write(w.Context(), func(tx *db.Tx) error {
			n, err := job.Revive(w.Context(), tx, "bad")
			if n != 2 {
				w.Errorf("revived %d", n)
			}
			return err
		})
		if n, runErr := w.runDue(r); n != 2 || err != nil || runErr != nil {
			w.Errorf("ran %d, %v, %v", n, err, runErr)
		}
	})
}

func TestLater(t *testing.T) {
	both(t, func(w *world) {
		r := w.runner()
		runs := 0
		r.Handle("slow", func(context.Context, []byte) error {
			if runs++; runs <= 3*job.MaxTries {
				return &job.Later{At: w.Now().Add(time.Minute), Why: "full"}
			}
			return nil
		})
		w.add(job.Job{Kind: "slow"})
		for range 3*job.MaxTries + 1 {
			if n, err := w.runDue(r); n != 1 || err != nil {
				w.Fatalf("run %d: %d, %v", runs, n, err)
			}
			w.pass(time.Minute)
		}
		if got := w.tally("slow"); got != (job.Tally{}) {
			w.Errorf("left: %+v", got)
		}
	})
}

func TestPanicAndUnknown(t *testing.T) {
	both(t, func(w *world) {
		r := w.runner()
		r.Handle("panic", func(context.Context, []byte) error { panic("oh") })
		w.add(job.Job{Kind: "panic"}, job.Job{Kind: "unknown"})
		n, err := w.runDue(r)
		if n != 2 || err == nil || !strings.Contains(err.Error(), "panic: oh") || !strings.Contains(err.Error(), "nobody here does unknown") {
			w.Errorf("ran %d, %v", n, err)
		}
		if got := w.tally(""); got.Dead != 0 {
			w.Errorf("one failure made a dead letter: %+v", got)
		}
	})
}

// A node that dies in the middle leaves a lease behind; when it ends, the job runs elsewhere.
func TestCrash(t *testing.T) {
	both(t, func(w *world) {
		crash := func() { // a node that takes the job and is never heard of again
			r := w.runner()
			stuck, quit := make(chan struct{}), make(chan struct{})
			r.Handle("note", func(context.Context, []byte) error { close(stuck); <-quit; return nil })
			go r.RunDue(context.WithoutCancel(w.Context()))
			<-stuck
			w.Cleanup(func() { close(quit) })
		}
		var done notebook
		r := w.runner()
		r.Handle("note", done.write)
		w.add(job.Job{Kind: "note", Payload: []byte("x")})
		for range job.MaxTries - 1 {
			crash()
			if n, err := w.runDue(r); n != 0 || err != nil {
				w.Fatalf("a leased job ran: %d, %v", n, err)
			}
			w.pass(r.Lease)
		}
		if n, err := w.runDue(r); n != 1 || err != nil || done.String() != "x" {
			w.Errorf("ran %d, %v, %q", n, err, done.String())
		}
	})
}

// Work that takes its node down each time must not take all of them down for ever.
func TestPoison(t *testing.T) {
	both(t, func(w *world) {
		w.add(job.Job{Kind: "note"})
		for range job.MaxTries {
			dead := w.runner()
			taken := make(chan struct{})
			quit := make(chan struct{})
			dead.Handle("note", func(context.Context, []byte) error { close(taken); <-quit; return nil })
			go dead.RunDue(context.WithoutCancel(w.Context()))
			<-taken
			w.Cleanup(func() { close(quit) })
			w.pass(time.Minute)
		}
		r := w.runner()
		r.Handle("note", func(context.Context, []byte) error { t.Error("it ran again"); return nil })
		w.runDue(r)
		if got := w.tally("note"); got.Dead != 1 {
			w.Errorf("%+v", got)
		}
	})
}

func TestManyNodes(t *testing.T) {
	both(t, func(w *world) {
		const nodes, jobs = 4, 120
		var mu sync.Mutex
		ran := map[string]int{}
		var all []job.Job
		for i := range jobs {
			all = append(all, job.Job{Kind: "note", Payload: fmt.Append(nil, i)})
		}
		w.add(all...)
		total, recurring := 0, 0
		var working sync.WaitGroup
		for range nodes {
			r := w.runner()
			r.Handle("note", func(_ context.Context, payload []byte) error {
				mu.Lock()
				defer mu.Unlock()
				ran[string(payload)]++
				return nil
			})
			r.Every("daily", 24*time.Hour, func(context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				recurring++
				return nil
			})
			working.Go(func() {
				n, err := w.runDue(r)
				if err != nil {
					w.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				total += n
			})
		}
		working.Wait()
		if total != jobs || len(ran) != jobs || recurring != 1 {
			w.Errorf("%d runs of %d jobs, want %d of %d; the daily work ran %d times", total, len(ran), jobs, jobs, recurring)
		}
	})
}

func TestEvery(t *testing.T) {
	both(t, func(w *world) {
		r := w.runner()
		runs := 0
		var fault error
		r.Every("hourly", time.Hour, func(context.Context) error { runs++; return fault })
		for i, c := range []struct {
			pass  time.Duration
			fault error
			want  int
		}{
			{0, nil, 1}, {59 * time.Minute, nil, 1}, {time.Minute, errors.New("broken"), 2},
			{5 * time.Second, nil, 3}, {59 * time.Minute, nil, 3}, {time.Minute, nil, 4}, {72 * time.Hour, nil, 5},
		} {
			w.pass(c.pass)
			fault = c.fault
			if n, _ := w.runDue(r); n != 0 || runs != c.want {
				w.Errorf("step %d: ran %d times, want %d (counted %d)", i, runs, c.want, n)
			}
		}
	})
}

// inBubble gives a test a database whose time flies when nobody has anything to do.
func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	file := filepath.Join(t.TempDir(), "test.db")
	synctest.Test(t, func(t *testing.T) {
		w := open(t, file)
		w.db.Now = time.Now
		test(t, w)
	})
}

func TestRun(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var done notebook
		r := w.runner()
		r.Handle("note", done.write)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := r.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		begun := time.Now()
		w.add(job.Job{Kind: "note", Payload: []byte("a"), At: begun.Add(24 * time.Hour)})
		time.Sleep(24*time.Hour + 2*time.Second)
		if done.String() != "a" {
			t.Errorf("after a day: %q", done.String())
		}
		synctest.Wait()
		w.add(job.Job{Kind: "note", Payload: []byte("b")})
		r.Wake()
		synctest.Wait()
		if done.String() != "a b" {
			t.Errorf("woken: %q", done.String())
		}
		cancel()
		running.Wait()
	})
}

func TestRunFillsWorkers(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var mu sync.Mutex
		now, most, runs := 0, 0, 0
		r := w.runner()
		r.Handle("slow", func(context.Context, []byte) error {
			mu.Lock()
			now++
			runs++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second / 2)
			mu.Lock()
			now--
			mu.Unlock()
			return nil
		})
		for range 12 {
			w.add(job.Job{Kind: "slow"})
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(1800*time.Millisecond, cancel)
		r.Run(ctx)
		if most != r.Workers || runs != 12 {
			t.Errorf("%d at a time, %d runs in three rounds; want %d and 12", most, runs, r.Workers)
		}
	})
}

// The heartbeat keeps a long job from being taken by another node.
func TestHeartbeat(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		runs := 0
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for range 2 {
			r := w.runner()
			r.Handle("long", func(context.Context, []byte) error { runs++; time.Sleep(time.Hour); return nil })
			running.Go(func() { r.Run(ctx) })
		}
		w.add(job.Job{Kind: "long"})
		time.Sleep(2 * time.Hour)
		cancel()
		running.Wait()
		if got := w.tally("long"); runs != 1 || got != (job.Tally{}) {
			t.Errorf("ran %d times, left %+v", runs, got)
		}
	})
}

func TestGrace(t *testing.T) {
	for _, c := range []struct {
		name     string
		work     time.Duration
		finished bool
	}{{"short work ends", 8 * time.Second, true}, {"long work is given back", time.Hour, false}} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				r := w.runner()
				finished := false
				r.Handle("work", func(ctx context.Context, _ []byte) error {
					select {
					case <-time.After(c.work):
						finished = true
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				})
				w.add(job.Job{Kind: "work"})
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				begun := time.Now()
				r.Run(ctx)
				if took := time.Since(begun); took > 11*time.Second+time.Millisecond {
					t.Errorf("stopping took %v", took)
				}
				want := job.Tally{}
				if !c.finished {
					want.Waiting = 1
				}
				if got := w.tally("work"); finished != c.finished || got != want {
					t.Errorf("finished %v, left %+v", finished, got)
				}
			})
		})
	}
}
