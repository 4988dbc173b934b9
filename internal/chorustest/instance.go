// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest

import (
	"cmp"
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/job"
	"example.org/chorus/internal/platform/mail"
)

// An Instance is a whole Chorus that runs for one test, on a clock of its own.
type Instance struct {
	*app.App
	URL string

	t      testing.TB
	server *httptest.Server
	later  atomic.Int64 // nanoseconds ahead of the machine's clock
}

// Run starts an instance on a database. Mails stay in memory; there are no
// limits on tries.
func Run(t testing.TB, source string) *Instance {
	t.Helper()
	return RunWith(t, app.Config{Database: source, Unlimited: true})
}

// RunWith is Run with a configuration of one's own.
func RunWith(t testing.TB, c app.Config) *Instance {
	t.Helper()
	in := Still(t, c)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := in.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		in.server.Close()
		stop()
		running.Wait()
	})
	return in
}

// Still is RunWith for an instance that answers, and does nothing by itself.
func Still(t testing.TB, c app.Config) *Instance {
	t.Helper()
	in := &Instance{t: t}
	server := httptest.NewUnstartedServer(nil)
	in.URL = "http://" + server.Listener.Addr().String()
	c.Data, c.BaseURL, c.Now, c.Log = cmp.Or(c.Data, t.TempDir()), in.URL, in.now, slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	if c.Mail == "" {
		c.Mail = "memory:"
	}
	a, err := app.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	in.App = a
	Patient(a)
	server.Config.Handler = a.Handler()
	server.Start()
	in.server = server
	t.Cleanup(func() {
		server.Close()
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

// Over is an instance that the test opens, serves and closes by itself. Its
// clock is that of its configuration.
func Over(t testing.TB, a *app.App, url string) *Instance {
	return &Instance{App: a, URL: url, t: t}
}

func (in *Instance) now() time.Time { return time.Now().Add(time.Duration(in.later.Load())) }

// Wait moves the instance's clock forward.
func (in *Instance) Wait(d time.Duration) { in.later.Add(int64(d)) }

// MailTo is the newest mail to an address, once all that is due has been sent.
func (in *Instance) MailTo(address string) (mail.Letter, bool) {
	inbox, ok := in.Sender.(*mail.Inbox)
	if !ok {
		in.t.Fatal("this instance does not keep its mails in memory")
	}
	in.Chores()
	letters := inbox.For(address)
	if len(letters) == 0 {
		return mail.Letter{}, false
	}
	// Several workers send, and the one that was written last may have come first: names
	// are in the order of writing.
	return slices.MaxFunc(letters, func(a, b mail.Letter) int { return cmp.Compare(a.ID, b.ID) }), true
}

// Chores does all jobs that are due, and waits for those that another worker
// has in hand.
func (in *Instance) Chores() {
	in.t.Helper()
	Until(in.t, "no job is due or under way", func() bool {
		if _, err := in.Jobs.RunDue(context.Background()); err != nil {
			in.t.Fatal(err)
		}
		jobs := in.jobs()
		return jobs.Running == 0 && (jobs.Waiting == 0 || jobs.Due.After(in.DB.Now()))
	})
}

func (in *Instance) jobs() (all job.Tally) {
	in.t.Helper()
	err := in.DB.Read(context.Background(), func(tx *db.Tx) (err error) {
		all, err = job.Count(context.Background(), tx, "")
		return err
	})
	if err != nil {
		in.t.Fatal(err)
	}
	return all
}

// Person makes an account, or finds it.
func (in *Instance) Person(address string) (id chorus.ID) {
	in.t.Helper()
	err := in.DB.Write(context.Background(), func(tx *db.Tx) error {
		p, err := in.Accounts.Ensure(context.Background(), tx, address, "en")
		id = p.ID
		return err
	})
	if err != nil {
		in.t.Fatal(err)
	}
	return id
}

// Steward is Person for somebody who looks after the instance.
func (in *Instance) Steward(address string) chorus.ID {
	in.t.Helper()
	id := in.Person(address)
	err := in.DB.Write(context.Background(), func(tx *db.Tx) error { return in.Accounts.MakeSteward(context.Background(), tx, id) })
	if err != nil {
		in.t.Fatal(err)
	}
	return id
}

// CheckMirror compares the instance's public tables with those of a mirror
// that replays its record, and with its own made anew.
func (in *Instance) CheckMirror() {
	in.t.Helper()
	want := in.dump()
	mirror, err := app.Open(in.t.Context(), app.Config{Data: in.t.TempDir(), Database: filepath.Join(in.t.TempDir(), "mirror.db"), Mail: "memory:"})
	if err != nil {
		in.t.Fatal(err)
	}
	defer mirror.Close()
	for from := int64(0); ; {
		raws, err := in.Record.Entries(context.Background(), from, 7)
		if err == nil && len(raws) > 0 {
			err = mirror.Record.Replay(context.Background(), raws)
		}
		if err != nil {
			in.t.Fatal(err)
		}
		if from += int64(len(raws)); len(raws) == 0 {
			break
		}
	}
	got, err := mirror.DB.Dump(context.Background())
	if err != nil {
		in.t.Fatal(err)
	}
	if got != want {
		in.t.Errorf("a mirror differs:\n%s", firstDifference(want, got))
	}
	if _, err := in.Record.Rebuild(context.Background(), func(int64) {}); err != nil {
		in.t.Fatal(err)
	}
	if got := in.dump(); got != want {
		in.t.Errorf("the tables made anew differ:\n%s", firstDifference(want, got))
	}
}

func (in *Instance) dump() string {
	in.t.Helper()
	text, err := in.DB.Dump(context.Background())
	if err != nil {
		in.t.Fatal(err)
	}
	return text
}

// testWriter lets an instance's log show in the test that failed.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", b)
	return len(b), nil
}
