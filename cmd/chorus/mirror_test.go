// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/recorder"
)

// describes publishes as many facts, signs the record and gives its checkpoint.
func describes(t *testing.T, a *app.App, facts int) string {
	t.Helper()
	for range facts {
		err := a.Record.Write(t.Context(), func(d *recorder.Deed) error {
			_, err := d.Publish(t.Context(), &fact.SiteDescribed{Site: chorus.NewID(), Core: fact.Show(fact.SiteCore{Name: chorus.Text{Lang: "en", Text: "Lindholm"}})})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := a.Record.Checkpoint(t.Context())
	if facts > 0 {
		err = a.Record.PublishCheckpoint(t.Context())
		text, _ = a.Record.Checkpoint(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func openedApp(t *testing.T, c app.Config) *app.App {
	t.Helper()
	c.Mail, c.BaseURL, c.Log = "memory:", "https://lindholm.example", slog.New(slog.DiscardHandler)
	a, err := app.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func closed(t *testing.T, a *app.App) {
	t.Helper()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// copied puts a database and what lies beside it in place of another.
func copied(t *testing.T, from, to string) {
	t.Helper()
	for _, ending := range []string{"", "-wal", "-shm"} {
		data, err := os.ReadFile(from + ending)
		if errors.Is(err, fs.ErrNotExist) {
			err = os.RemoveAll(to + ending)
		} else if err == nil {
			err = os.WriteFile(to+ending, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRecover goes the whole way of docs/operating.md: a backup, signatures
// after it, a mirror, the backup put back, chorus recover.
func TestRecover(t *testing.T) {
	data, backup := t.TempDir(), filepath.Join(t.TempDir(), "backup.db")
	file := filepath.Join(data, "chorus.db")
	a := openedApp(t, app.Config{Data: data})
	describes(t, a, 3)
	closed(t, a)
	copied(t, file, backup)

	a = openedApp(t, app.Config{Data: data})
	last := describes(t, a, 4)
	site := httptest.NewServer(a.Handler())
	copyData := t.TempDir()
	m := openedApp(t, app.Config{Data: copyData, Mirror: site.URL})
	defer m.Close()
	var out bytes.Buffer
	if err := firstPull(t.Context(), m, &out); err != nil || !strings.Contains(out.String(), "All 7 entries of lindholm.example/record are here and checked.") {
		t.Fatalf("the first pull: %v\n%s", err, &out)
	}
	site.Close()
	closed(t, a)
	copied(t, backup, file)
	mirrorSite := httptest.NewServer(m.Handler())
	defer mirrorSite.Close()

	a = openedApp(t, app.Config{Data: data})
	if err := a.Record.Write(t.Context(), func(*recorder.Deed) error { return nil }); !errors.Is(err, recorder.ErrReadOnly) {
		t.Errorf("the backup is written to: %v", err)
	}
	closed(t, a)
	out.Reset()
	if err := recovers(t.Context(), []string{"--data", data, "--mail", "memory:", "--from", mirrorSite.URL}, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "4 entries came back, #3 to #6") || !strings.Contains(out.String(), "could sign once more") {
		t.Errorf("it says %s", &out)
	}
	a = openedApp(t, app.Config{Data: data})
	defer a.Close()
	if got := describes(t, a, 0); got != last {
		t.Errorf("the checkpoint is\n%s, and was\n%s", got, last)
	}
	if describes(t, a, 1) == last {
		t.Error("the record does not go on")
	}
}

// TestFoldersOfMirrors: a folder is an instance's or a mirror's, and neither
// starts as the other.
func TestFoldersOfMirrors(t *testing.T) {
	data, copyData := t.TempDir(), t.TempDir()
	a := openedApp(t, app.Config{Data: data})
	describes(t, a, 1)
	site := httptest.NewServer(a.Handler())
	defer site.Close()
	defer a.Close()
	m := openedApp(t, app.Config{Data: copyData, Mirror: site.URL})
	if err := m.Mirror.Pull(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	closed(t, m)
	var out bytes.Buffer
	for name, c := range map[string]struct {
		run  func(context.Context, []string) error
		want string
	}{
		"a mirror in an instance's folder": {func(ctx context.Context, args []string) error {
			return mirrors(ctx, append([]string{site.URL, "--addr", "localhost:0"}, args...), &out)
		}, "chorus serve"},
		"an instance in a mirror's folder": {func(ctx context.Context, args []string) error {
			return serve(ctx, append(args, "--addr", "localhost:0"), &out)
		}, "chorus mirror"},
		"a recovery in a mirror's folder": {func(ctx context.Context, args []string) error {
			return recovers(ctx, append(args, "--from", site.URL), &out)
		}, "chorus mirror"},
	} {
		folder := copyData
		if strings.HasPrefix(name, "a mirror") {
			folder = data
		}
		if err := c.run(t.Context(), []string{"--data", folder}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want a sentence that names %s", name, err, c.want)
		}
	}
	for name, args := range map[string][]string{
		"nothing to copy": {}, "no address": {"lindholm.example"}, "nobody there": {"http://localhost:1", "--data", t.TempDir(), "--addr", "localhost:0"},
		"another key": {site.URL, "--data", t.TempDir(), "--addr", "localhost:0", "--key", "lindholm.example/record+99e6c3eb+AY2yoj8R5N6jTQyrRWTlF0kvz8ZLQYHUGLsbEGjPFTdm"},
	} {
		if err := mirrors(t.Context(), args, &out); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
