// SPDX-License-Identifier: AGPL-3.0-or-later

package relay_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/record"
)

// A mirror is a box with the door of an origin that answers as it is told.
type mirror struct {
	*testing.T
	*relay.Box
	db     *db.DB
	folder string
	now    time.Time
	status int      // what the origin answers
	came   []string // names of envelopes, in the order in which they came
	ended  map[fact.Hash]bool
}

func openMirror(t *testing.T, source string) *mirror {
	t.Helper()
	m := &mirror{T: t, folder: t.TempDir(), now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), status: http.StatusAccepted, ended: map[fact.Hash]bool{}}
	m.db = chorustest.Database(t, source, relay.Schema)
	m.db.Now = func() time.Time { return m.now }
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		io.ReadFull(r.Body, body)
		m.came = append(m.came, relay.Name(body))
		w.WriteHeader(m.status)
	}))
	t.Cleanup(door.Close)
	m.must(m.open(door.URL))
	return m
}

func (m *mirror) open(origin string) (err error) {
	if m.Box, err = relay.OpenBox(m.Context(), m.db, m.folder, "https://mirror.example"); err != nil {
		return err
	}
	m.Origin, m.Log = func() string { return origin }, slog.New(slog.DiscardHandler)
	m.Ended = func(_ context.Context, _ *db.Tx, request fact.Hash) (bool, error) { return m.ended[request], nil }
	return nil
}

func (m *mirror) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// take keeps an envelope of its own and gives its name.
func (m *mirror) take(n byte) string {
	m.Helper()
	sealed := make([]byte, 100)
	rand.Read(sealed)
	m.must(m.Take(m.Context(), fact.Hash{n}, sealed))
	return relay.Name(sealed)
}

func (m *mirror) waits(want int64) {
	m.Helper()
	if n, err := m.Waiting(m.Context()); n != want || err != nil {
		m.Errorf("%d wait, %v; want %d", n, err, want)
	}
}

func TestBox(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		m := openMirror(t, source)
		names := []string{m.take(1), m.take(2), m.take(3)}
		m.status = http.StatusServiceUnavailable
		m.must(m.HandOn(t.Context()))
		if len(m.came) != 1 {
			t.Errorf("%d came to an origin that is busy, want one try", len(m.came))
		}
		m.must(m.HandOn(t.Context()))
		if len(m.came) != 1 {
			t.Error("tried again at once")
		}
		m.came, m.status, m.now = nil, http.StatusAccepted, m.now.Add(time.Minute)
		m.must(m.HandOn(t.Context()))
		m.must(m.HandOn(t.Context()))
		if !slices.Equal(m.came, names) {
			t.Errorf("%q came, want %q, each once and the oldest first", m.came, names)
		}
		m.waits(3)
		m.ended[fact.Hash{2}] = true
		if n, err := m.Clear(t.Context()); n != 1 || err != nil {
			t.Errorf("forgot %d, %v", n, err)
		}
		m.waits(2)
		m.came, m.status, m.now = nil, http.StatusUnprocessableEntity, m.now.Add(25*time.Hour)
		m.must(m.HandOn(t.Context()))
		if !slices.Equal(m.came, []string{names[0], names[2]}) {
			t.Errorf("a day later %q came", m.came)
		}
		m.waits(2)
		err := m.db.Read(t.Context(), func(tx *db.Tx) error {
			slip, err := relay.Find(t.Context(), tx, fact.Hash{3})
			if err != nil || slip != (relay.Slip{Place: 2, Name: names[2], Day: "2026-11-22"}) {
				t.Errorf("the slip is %+v, %v", slip, err)
			}
			_, err = relay.Find(t.Context(), tx, fact.Hash{2})
			return err
		})
		if !errors.Is(err, chorus.ErrNotFound) {
			t.Errorf("the slip of what is forgotten: %v", err)
		}
	})
}

// TestOlderLog brings a log back that is older than what was signed.
func TestOlderLog(t *testing.T) {
	m := openMirror(t, filepath.Join(t.TempDir(), "chorus.db"))
	m.take(1)
	m.take(2)
	newer, err := os.ReadFile(filepath.Join(m.folder, "intake.signed"))
	m.must(err)
	c, err := record.OpenCheckpoint(newer, m.VerifierKey())
	if err != nil || c.Size != 2 || c.Origin != "mirror.example/intake" {
		t.Errorf("signed is %+v, %v", c, err)
	}
	key, folder := m.VerifierKey(), m.folder
	m = openMirror(t, filepath.Join(t.TempDir(), "chorus.db"))
	for _, name := range []string{"intake.key", "intake.signed"} {
		b, err := os.ReadFile(filepath.Join(folder, name))
		m.must(err)
		m.must(os.WriteFile(filepath.Join(m.folder, name), b, 0o600))
	}
	m.must(m.open("http://origin.example"))
	if m.VerifierKey() != key {
		t.Fatal("it has another key")
	}
	if err := m.Take(t.Context(), fact.Hash{9}, make([]byte, 100)); !errors.Is(err, relay.ErrReadOnly) || !errors.Is(err, chorus.ErrBusy) {
		t.Errorf("taken on an older log: %v", err)
	}
	m.waits(0)
}

// TestFaultIsNoFork: that the database fails while the log is looked at says
// nothing about the log, and more is taken afterwards.
func TestFaultIsNoFork(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		m := openMirror(t, source)
		m.take(1)
		away := m.folder + "-away"
		m.must(os.Rename(m.folder, away))
		if err := m.Take(t.Context(), fact.Hash{2}, make([]byte, 100)); err == nil {
			t.Error("taken, and what was signed cannot be kept")
		}
		m.must(os.Rename(away, m.folder))
		m.exec(`ALTER TABLE record_intake_tile RENAME TO tiles_elsewhere`)
		if err := m.Publish(t.Context()); err == nil || errors.Is(err, relay.ErrReadOnly) {
			t.Errorf("signed without its tiles: %v", err)
		}
		m.exec(`ALTER TABLE tiles_elsewhere RENAME TO record_intake_tile`)
		m.take(3)
		m.waits(3)
	})
}

func (m *mirror) exec(text string) {
	m.Helper()
	m.must(m.db.Write(m.Context(), func(tx *db.Tx) error {
		_, err := db.Exec(m.Context(), tx, db.SQL(text))
		return err
	}))
}
