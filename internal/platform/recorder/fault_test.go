// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// moody fails as often as it is told to, then works.
type moody struct {
	left atomic.Int32
	fail func() error
}

func (m *moody) Apply(context.Context, *db.Tx, []*recorder.Entry) error {
	if m.left.Add(-1) >= 0 {
		return m.fail()
	}
	return nil
}

var errMoody = errors.New("moody")

// TestFaults injects a fault at each step of a write and states what comes of
// it: the deed is refused as a whole, its neighbours are not touched, and the
// record goes on without a gap.
func TestFaults(t *testing.T) {
	ctx := context.Background()
	publish := func(d *recorder.Deed, name string) error {
		_, err := d.Publish(ctx, signed(name))
		return err
	}
	for name, fault := range map[string]func(in *instance) error{
		"deciding fails": func(in *instance) error {
			return in.Write(ctx, func(*recorder.Deed) error { return errMoody })
		},
		"deciding fails after a fact": func(in *instance) error {
			return in.Write(ctx, func(d *recorder.Deed) error { return errors.Join(publish(d, "Eve"), errMoody) })
		},
		"a fact refers to nothing": func(in *instance) error {
			_, err := in.publish(signed("Eve"), erased(fact.Hash{7}))
			return err
		},
		"a private row is doubled": func(in *instance) error {
			return in.Write(ctx, func(d *recorder.Deed) error {
				if err := publish(d, "Eve"); err != nil {
					return err
				}
				_, err := db.Exec(ctx, d.Tx, doubleHead, []byte{1})
				return err
			})
		},
	} {
		chorustest.OnBoth(t, func(t *testing.T, source string) {
			in := open(t, source)
			if _, err := in.publish(signed("Ada")); err != nil {
				t.Fatal(err)
			}
			if err := fault(in); err == nil {
				t.Errorf("%s: no error", name)
			}
			assertGoesOn(t, in, name)
		})
	}
}

var doubleHead = db.SQL(`INSERT INTO record_head (id, size, root) VALUES (1, 0, $1)`)

// assertGoesOn publishes one more fact and expects it right behind Ada's.
func assertGoesOn(t *testing.T, in *instance, name string) {
	t.Helper()
	if _, err := in.publish(signed("Bo")); err != nil {
		t.Errorf("%s: the next deed fails: %v", name, err)
	}
	if got, want := in.signers(), []string{"0 Ada", "1 Bo"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%s: signers %v, want %v", name, got, want)
	}
	if head, entries := in.read(headIs), in.read(entryCount); head != 2 || entries != 2 {
		t.Errorf("%s: head %d, %d entries, want 2", name, head, entries)
	}
}

// TestApplierFails: on SQLite the deed is refused; on PostgreSQL the fact is
// durable already, waits, and gets its place once the fault is over.
func TestApplierFails(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errMoody },
		"panic": func() error { panic("moody") },
	} {
		in := open(t, t.TempDir()+"/chorus.db")
		m := &moody{fail: fail}
		in.Feed(m)
		if _, err := in.publish(signed("Ada")); err != nil {
			t.Fatal(err)
		}
		m.left.Store(1)
		if _, err := in.publish(signed("Eve")); err == nil {
			t.Errorf("%s: no error", name)
		}
		assertGoesOn(t, in, name)
	}
	in := open(t, chorustest.Postgres(t))
	m := &moody{fail: func() error { return errMoody }}
	in.Feed(m)
	m.left.Store(3)
	if _, err := in.publish(signed("Ada")); err != nil {
		t.Fatal(err)
	}
	if got, want := in.signers(), []string{"0 Ada"}; !reflect.DeepEqual(got, want) {
		t.Errorf("signers %v, want %v", got, want)
	}
}

// TestTwoProgramsOnOneFile: an import may write while an instance runs.
func TestTwoProgramsOnOneFile(t *testing.T) {
	source := t.TempDir() + "/chorus.db"
	one, other := open(t, source), open(t, source)
	for i := range 10 {
		if _, err := []*instance{one, other}[i%2].publish(signed(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if head := one.read(headIs); head != 10 {
		t.Errorf("head %d, want 10", head)
	}
	assertFollows(t, one, 3)
}

// TestPurgeWaitsForReaders: while somebody reads an older view, erased words
// stay in the write-ahead log; they go as soon as the reader is done.
func TestPurgeWaitsForReaders(t *testing.T) {
	in := open(t, t.TempDir()+"/chorus.db")
	ada, err := in.publish(signed("Ada"))
	if err != nil {
		t.Fatal(err)
	}
	reading, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- in.db.Read(context.Background(), func(tx *db.Tx) error {
			_, err := db.Value[int64](context.Background(), tx, headIs)
			close(reading)
			time.Sleep(100 * time.Millisecond)
			return err
		})
	}()
	<-reading
	if _, err := in.publish(erased(ada)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(chorustest.Patience); ; time.Sleep(10 * time.Millisecond) {
		err := in.db.Purge(t.Context())
		if err == nil {
			return
		}
		if !errors.Is(err, chorus.ErrBusy) || time.Now().After(end) { // busy: the recorder is at it itself
			t.Fatalf("nobody reads, and still: %v", err)
		}
	}
}
