// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/chorus"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

const address = "https://lindholm.example/record"

var (
	spoilRoot  = db.SQL(`UPDATE record_head SET root = $1`)
	spoilTiles = db.SQL(`DELETE FROM record_tile WHERE level = 0`)
)

// openSigning opens an instance that signs with the key in a folder.
func openSigning(t *testing.T, source, folder string) *instance {
	t.Helper()
	d := chorustest.Database(t, source, recorder.Schema, namesSchema)
	in, err := startSigning(t, d, folder)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func startSigning(t *testing.T, d *db.DB, folder string) (*instance, error) {
	r := recorder.New(d, func(b []byte) []byte { return b }, slog.New(slog.DiscardHandler))
	r.Feed(names{})
	if err := r.Sign(folder, address); err != nil {
		return nil, err
	}
	return &instance{t, r, d}, r.Start(t.Context(), false)
}

// signs publishes facts and places them, and a checkpoint of them.
func (in *instance) signs(names ...string) string {
	in.t.Helper()
	for _, n := range names {
		in.must(in.Write(in.t.Context(), func(d *recorder.Deed) error {
			_, err := d.Publish(in.t.Context(), signed(n))
			return err
		}))
	}
	in.must(in.PublishCheckpoint(in.t.Context()))
	return in.checkpoint()
}

func (in *instance) must(err error) {
	in.t.Helper()
	if err != nil {
		in.t.Fatal(err)
	}
}

func (in *instance) checkpoint() string {
	in.t.Helper()
	text, err := in.Checkpoint(in.t.Context())
	in.must(err)
	return text
}

func (in *instance) opened(text string) record.Checkpoint {
	in.t.Helper()
	key, err := in.VerifierKey()
	in.must(err)
	c, err := record.OpenCheckpoint([]byte(text), key)
	in.must(err)
	return c
}

func (in *instance) spoil(q *db.Query, args ...any) {
	in.t.Helper()
	in.must(in.db.Write(in.t.Context(), func(tx *db.Tx) error {
		_, err := db.Exec(in.t.Context(), tx, q, args...)
		return err
	}))
}

// copyTo has another database follow the first entries of this one.
func (in *instance) copyTo(to *instance, from int64, most int) {
	in.t.Helper()
	raws, err := in.Entries(in.t.Context(), from, most)
	in.must(err)
	in.must(to.Replay(in.t.Context(), raws))
}

func TestPublish(t *testing.T) {
	folder := t.TempDir()
	in := openSigning(t, t.TempDir()+"/chorus.db", folder)
	if _, err := in.Checkpoint(t.Context()); !errors.Is(err, chorus.ErrNotFound) {
		t.Errorf("a checkpoint before the first: %v", err)
	}
	first := in.signs("Ada")
	if again := in.signs(); again != first {
		t.Errorf("a record that did not grow has two checkpoints:\n%s\n%s", first, again)
	}
	if c := in.opened(in.signs("Eve", "Bo")); c.Size != 3 || c.Origin != "lindholm.example/record" {
		t.Errorf("checkpoint %+v, want of 3 entries", c)
	}
	for _, name := range []string{"record.key", "record.signed"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want mode 0600", name, info, err)
		}
	}
	guard, err := os.ReadFile(filepath.Join(folder, "record.signed"))
	if err != nil || string(guard) != in.checkpoint() {
		t.Errorf("the guard file holds %q, %v", guard, err)
	}
}

// TestServedEndsAtTheCheckpoint: what is not signed yet is not served.
func TestServedEndsAtTheCheckpoint(t *testing.T) {
	in := openSigning(t, t.TempDir()+"/chorus.db", t.TempDir())
	ctx := t.Context()
	served := func(place int64) (found []string) {
		width := int(place) + 1
		_, tile := in.Tile(ctx, record.TileRef{Level: 0, N: 0, Width: width})
		_, entries := in.Tile(ctx, record.TileRef{Level: record.EntriesLevel, N: 0, Width: width})
		_, body := in.Body(ctx, place)
		for what, err := range map[string]error{"tile": tile, "entries": entries, "body": body} {
			switch {
			case err == nil:
				found = append(found, what)
			case !errors.Is(err, chorus.ErrNotFound):
				t.Error(what, err)
			}
		}
		return found
	}
	in.signs("Ada")
	if _, err := in.publish(signed("Eve")); err != nil {
		t.Fatal(err)
	}
	if got := served(0); len(got) != 3 {
		t.Errorf("of the entry that is signed only %v are served", got)
	}
	if got := served(1); len(got) != 0 {
		t.Errorf("of an entry that is not signed, %v are served", got)
	}
	if bodies, err := in.Bodies(ctx, 0); err != nil || len(bodies) != 1 {
		t.Errorf("%d bodies, %v, want 1", len(bodies), err)
	}
	in.signs()
	if got := served(1); len(got) != 3 {
		t.Errorf("of the entry that is signed now only %v are served", got)
	}
	if _, err := in.Body(ctx, -1); !errors.Is(err, chorus.ErrNotFound) {
		t.Errorf("the body before the first: %v", err)
	}
}

// TestRollbackGuard signs four entries, then meets databases that are not the
// one that was signed.
func TestRollbackGuard(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		folder := t.TempDir()
		origin := openOrigin(t, folder)
		for name, c := range map[string]struct {
			make func(in *instance)
			fine bool
		}{
			"the same":          {func(in *instance) { origin.copyTo(in, 0, 4) }, true},
			"one that is empty": {func(*instance) {}, false},
			"an older one":      {func(in *instance) { origin.copyTo(in, 0, 2) }, false},
			"another one": {func(in *instance) {
				other := openSigning(t, t.TempDir()+"/other.db", t.TempDir())
				other.signs("Ada", "Bo", "Cy", "Di")
				other.copyTo(in, 0, 4)
			}, false},
			"a longer other one": {func(in *instance) {
				other := openSigning(t, t.TempDir()+"/other.db", t.TempDir())
				other.signs("Ada", "Bo", "Cy", "Di", "Ed")
				other.copyTo(in, 0, 5)
			}, false},
			"another root": {func(in *instance) {
				origin.copyTo(in, 0, 4)
				in.spoil(spoilRoot, make([]byte, 32))
			}, false},
			"one without tiles": {func(in *instance) {
				origin.copyTo(in, 0, 4)
				longer := openSigning(t, t.TempDir()+"/longer.db", t.TempDir())
				origin.copyTo(longer, 0, 4)
				longer.signs("Ed")
				longer.copyTo(in, 4, 1)
				in.spoil(spoilTiles)
			}, false},
		} {
			t.Run(name, func(t *testing.T) { meet(t, source, folder, c.make, c.fine) })
		}
	})
}

// openOrigin is a database with four entries that are signed in folder.
func openOrigin(t *testing.T, folder string) *instance {
	in := openSigning(t, t.TempDir()+"/origin.db", folder)
	in.signs("Ada", "Bo")
	in.signs("Cy", "Di")
	return in
}

func meet(t *testing.T, source, folder string, fill func(*instance), fine bool) {
	if strings.HasPrefix(source, "postgres") {
		source = chorustest.Postgres(t)
	} else {
		source = t.TempDir() + "/chorus.db"
	}
	d := chorustest.Database(t, source, recorder.Schema, namesSchema)
	filler := recorder.New(d, func(b []byte) []byte { return b }, slog.New(slog.DiscardHandler))
	filler.Feed(names{})
	if err := filler.Start(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	fill(&instance{t, filler, d})
	before, err := os.ReadFile(filepath.Join(folder, "record.signed"))
	if err != nil {
		t.Fatal(err)
	}

	in, err := startSigning(t, d, folder)
	in.must(err)
	write := in.Write(t.Context(), func(*recorder.Deed) error { return nil })
	publish := in.PublishCheckpoint(t.Context())
	if fine {
		if write != nil || publish != nil {
			t.Errorf("write %v, publish %v, want no error", write, publish)
		}
		return
	}
	if !errors.Is(write, recorder.ErrReadOnly) || !errors.Is(publish, recorder.ErrReadOnly) || !errors.Is(write, chorus.ErrBusy) {
		t.Errorf("write %v, publish %v, want both refused", write, publish)
	}
	if _, err := in.Checkpoint(t.Context()); !errors.Is(err, chorus.ErrNotFound) {
		t.Errorf("it has a checkpoint: %v", err)
	}
	if after, err := os.ReadFile(filepath.Join(folder, "record.signed")); err != nil || string(after) != string(before) {
		t.Errorf("what was signed is forgotten: %q, %v", after, err)
	}
}

// TestRestoredBackup brings a file back from a backup, is refused, gets what
// is missing from a copy, and goes on.
func TestRestoredBackup(t *testing.T) {
	folder, file := t.TempDir(), filepath.Join(t.TempDir(), "chorus.db")
	session := func(do func(in *instance)) {
		d, err := db.Open(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if _, err := d.Setup(t.Context(), recorder.Schema, namesSchema); err != nil {
			t.Fatal(err)
		}
		in, err := startSigning(t, d, folder)
		if err != nil {
			t.Fatal(err)
		}
		do(in)
	}
	session(func(in *instance) { in.signs("Ada", "Bo") })
	backup := t.TempDir()
	copyFiles(t, file, backup)
	follower := open(t, t.TempDir()+"/mirror.db")
	var last string
	session(func(in *instance) {
		last = in.signs("Cy")
		in.copyTo(follower, 0, 3)
	})
	copyFiles(t, filepath.Join(backup, filepath.Base(file)), filepath.Dir(file))
	session(func(in *instance) {
		if _, err := in.publish(signed("Mallory")); !errors.Is(err, recorder.ErrReadOnly) {
			t.Fatalf("an older database was written to: %v", err)
		}
		follower.copyTo(in, 2, 1)
		if got := in.signs(); got != last {
			t.Errorf("the same record is signed as\n%s, and was as\n%s", got, last)
		}
		if c := in.opened(in.signs("Di")); c.Size != 4 {
			t.Errorf("the record went on to %d, want 4", c.Size)
		}
	})
}

// copyFiles puts a database and what lies beside it in place of another.
func copyFiles(t *testing.T, file, folder string) {
	t.Helper()
	for _, ending := range []string{"", "-wal", "-shm"} {
		to := filepath.Join(folder, filepath.Base(file)+ending)
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(file + ending)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := errors.Join(err, os.WriteFile(to, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKilledWhilePublishing: signed and kept in the file, and killed before it
// was published; the next start publishes the very same.
func TestKilledWhilePublishing(t *testing.T) {
	folder := t.TempDir()
	first := openSigning(t, t.TempDir()+"/a.db", folder)
	note := first.signs("Ada", "Bo")
	again := openSigning(t, t.TempDir()+"/b.db", t.TempDir())
	first.copyTo(again, 0, 2) // all but the row of the checkpoint
	in, err := startSigning(t, again.db, folder)
	in.must(err)
	if got := in.signs(); got != note {
		t.Errorf("published %s, and %s was signed", got, note)
	}
}

// TestDiskFailsBeforeItIsServed: what cannot be kept is not served.
func TestDiskFailsBeforeItIsServed(t *testing.T) {
	folder := t.TempDir()
	in := openSigning(t, t.TempDir()+"/chorus.db", folder)
	note := in.signs("Ada")
	guard := filepath.Join(folder, "record.signed")
	in.must(os.Remove(guard))
	in.must(os.Mkdir(guard, 0o700)) // nothing can be renamed onto a folder
	if _, err := in.publish(signed("Eve")); err != nil {
		t.Fatal(err)
	}
	if err := in.PublishCheckpoint(t.Context()); err == nil || in.checkpoint() != note {
		t.Errorf("%v, and a checkpoint is served that was not kept", err)
	}
	in.must(os.Remove(guard))
	if c := in.opened(in.signs()); c.Size != 2 {
		t.Errorf("a checkpoint of %d entries, want 2", c.Size)
	}
}

func TestKeyOfAnotherRecord(t *testing.T) {
	folder, source := t.TempDir(), t.TempDir()+"/chorus.db"
	in := openSigning(t, source, folder)
	in.signs("Ada")
	if _, err := startSigning(t, in.db, t.TempDir()); !errors.Is(err, recorder.ErrKey) {
		t.Errorf("another key: %v, want a refusal", err)
	}
	in.must(os.Remove(filepath.Join(folder, "record.key")))
	if _, err := startSigning(t, in.db, folder); !errors.Is(err, recorder.ErrKey) {
		t.Errorf("a key that was lost: %v, want a refusal", err)
	}
	for name, text := range map[string]string{"nonsense": "nonsense\n", "nothing": ""} {
		other := t.TempDir()
		in.must(os.WriteFile(filepath.Join(other, "record.key"), []byte(text), 0o600))
		if err := in.Sign(other, address); err == nil {
			t.Errorf("%s was taken for a key", name)
		}
	}
	in.must(os.Chmod(filepath.Join(folder, "record.key"), 0o644))
	if err := in.Sign(folder, address); err == nil {
		t.Error("a key that others can read was taken")
	}
}

// TestTwoNodesPublishOneNote: nodes with one key and a guard file each.
func TestTwoNodesPublishOneNote(t *testing.T) {
	source := chorustest.Postgres(t)
	folders := []string{t.TempDir(), t.TempDir()}
	a := openSigning(t, source, folders[0])
	key, err := os.ReadFile(filepath.Join(folders[0], "record.key"))
	a.must(err)
	a.must(os.WriteFile(filepath.Join(folders[1], "record.key"), key, 0o600))
	b := openSigning(t, source, folders[1])
	for i := range 5 {
		if _, err := open(t, source).publish(signed(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
		errs := make(chan error, 2)
		for _, n := range []*instance{a, b} {
			go func() { errs <- n.PublishCheckpoint(context.Background()) }()
		}
		a.must(errors.Join(<-errs, <-errs))
		if one, two := a.checkpoint(), b.checkpoint(); one != two || a.opened(one).Size != int64(i)+1 {
			t.Fatalf("the nodes serve\n%s\n%s", one, two)
		}
	}
}
