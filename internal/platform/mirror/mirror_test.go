// SPDX-License-Identifier: AGPL-3.0-or-later

package mirror_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/mirror"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

const (
	address      = "https://lindholm.example/record"
	letter       = chorus.ID("b7Kq0f3mQ5yW2tJ8uN4rCg")
	signerSchema = `CREATE TABLE signer (idx INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;`
)

var (
	insertSigner = db.SQL(`INSERT INTO signer (idx, name) VALUES ($1, $2)`)
	eraseSigner  = db.SQL(`UPDATE signer SET name = '' WHERE idx = $1`)
	silent       = slog.New(slog.DiscardHandler)
	errMoody     = errors.New("moody")
)

// signers is a small public table. It can be told to fail.
type signers struct{ left int }

func (s *signers) Apply(ctx context.Context, tx *db.Tx, entries []*recorder.Entry) (err error) {
	if s.left--; s.left == 0 {
		return errMoody
	}
	for _, e := range entries {
		switch f := e.Fact.(type) {
		case *fact.SignatureAdded:
			_, err = db.Exec(ctx, tx, insertSigner, e.Index, f.Identity.Value.Name)
		case *fact.Redacted:
			_, err = db.Exec(ctx, tx, eraseSigner, e.Ref)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A node is a record on one database, an origin's or a mirror's. It is a
// record.Source of what it serves.
type node struct {
	*recorder.Recorder
	t     *testing.T
	db    *db.DB
	table *signers

	folder string // of an origin: where its key is
}

func newNode(t *testing.T, source string, begin func(*recorder.Recorder) error) *node {
	t.Helper()
	n := &node{t: t, db: chorustest.Database(t, source, recorder.Schema, mirror.Schema, signerSchema), table: new(signers)}
	n.Recorder = recorder.New(n.db, func(b []byte) []byte { return b }, silent)
	n.Feed(n.table)
	n.must(begin(n.Recorder))
	n.must(n.Start(t.Context(), false))
	return n
}

func newOrigin(t *testing.T, source, folder string) *node {
	t.Helper()
	n := newNode(t, source, func(r *recorder.Recorder) error { return r.Sign(folder, address) })
	n.folder = folder
	return n
}

func newMirror(t *testing.T, source, folder string, from record.Source) (*node, *mirror.Mirror) {
	t.Helper()
	n := newNode(t, source, func(r *recorder.Recorder) error { return r.Follow(folder) })
	m := &mirror.Mirror{DB: n.db, Record: n.Recorder, Source: from, Log: silent, Batch: 256}
	n.must(m.Start(t.Context()))
	return n, m
}

func file(t *testing.T) string { return t.TempDir() + "/chorus.db" }

func (n *node) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

func signed(name string) fact.Fact {
	return &fact.SignatureAdded{Declaration: letter, Core: fact.Show(fact.SignatureCore{Country: "DK"}), Identity: fact.Show(fact.Identity{Name: name})}
}

func erased(h fact.Hash) fact.Fact {
	return &fact.Redacted{Subject: letter, Entry: h, Parts: []int64{0, 1}, Reason: fact.GDPR}
}

// publish records facts and signs the record; it gives the hash of the last.
func (n *node) publish(facts ...fact.Fact) (last fact.Hash) {
	n.t.Helper()
	n.must(n.Write(n.t.Context(), func(d *recorder.Deed) (err error) {
		for _, f := range facts {
			if last, err = d.Publish(n.t.Context(), f); err != nil {
				return err
			}
		}
		return nil
	}))
	if n.db.Engine == db.PostgreSQL {
		n.must(n.Integrate(n.t.Context()))
	}
	n.must(n.PublishCheckpoint(n.t.Context()))
	return last
}

func many(from, count int) (facts []fact.Fact) {
	for i := range count {
		facts = append(facts, signed(fmt.Sprint("Signer ", from+i)))
	}
	return facts
}

// Fetch serves as portal does.
func (n *node) Fetch(ctx context.Context, path string) (data []byte, err error) {
	switch number, isBodies := strings.CutPrefix(path, "bodies/"); {
	case path == "checkpoint":
		text, err := n.Checkpoint(ctx)
		return []byte(text), err
	case path == "vkey":
		key, err := n.VerifierKey()
		return []byte(key + "\n"), err
	case isBodies:
		return n.lines(ctx, number)
	}
	ref, err := record.ParseTilePath(path)
	if err == nil {
		data, err = n.Tile(ctx, ref)
	}
	if errors.Is(err, chorus.ErrNotFound) {
		err = fs.ErrNotExist
	}
	return data, err
}

func (n *node) lines(ctx context.Context, number string) ([]byte, error) {
	i, err := record.ParseN(number)
	if err != nil {
		return nil, err
	}
	all, err := n.Bodies(ctx, i)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, body := range all {
		line, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes(), nil
}

// files are all that a node serves, by path.
func (n *node) files() map[string]string {
	n.t.Helper()
	all := map[string]string{}
	add := func(path string) {
		data, err := n.Fetch(n.t.Context(), path)
		if err != nil {
			n.t.Fatalf("%s: %v", path, err)
		}
		all[path] = string(data)
	}
	add("checkpoint")
	add("vkey")
	c, err := record.OpenCheckpoint([]byte(all["checkpoint"]), strings.TrimSpace(all["vkey"]))
	n.must(err)
	for level := record.EntriesLevel; level < 3; level++ {
		for i := int64(0); record.TileWidthAt(c.Size, level, i) > 0; i++ {
			add(record.TileRef{Level: level, N: i, Width: record.TileWidthAt(c.Size, level, i)}.Path())
			if level == record.EntriesLevel {
				add("bodies/" + record.FormatN(i))
			}
		}
	}
	return all
}

// assertSame compares all that two nodes serve, and their public tables.
func assertSame(t *testing.T, origin, copied *node) {
	t.Helper()
	want, got := origin.files(), copied.files()
	for path := range want {
		if want[path] != got[path] {
			t.Errorf("%s differs:\n%s\n%s", path, short(want[path]), short(got[path]))
		}
	}
	if len(want) != len(got) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
	a, err := origin.db.Dump(t.Context())
	origin.must(err)
	b, err := copied.db.Dump(t.Context())
	origin.must(err)
	if a != b {
		t.Errorf("the public tables differ:\n%s\n%s", short(a), short(b))
	}
}

func short(s string) string { return s[:min(len(s), 600)] }

// TestPull follows an origin over several checkpoints, with words that are
// erased before and after they were copied, and has the copy copied in turn.
func TestPull(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		origin := newOrigin(t, file(t), t.TempDir())
		copied, m := newMirror(t, source, t.TempDir(), origin)
		again, m2 := newMirror(t, file(t), t.TempDir(), copied)
		early := origin.publish(signed("Ada"))
		origin.publish(many(1, 600)...)
		origin.publish(erased(early))
		for range 2 {
			origin.must(m.Pull(t.Context(), nil))
			origin.must(m2.Pull(t.Context(), nil))
			assertSame(t, origin, copied)
			assertSame(t, origin, again)
			late := origin.publish(signed("Bo"))
			origin.must(m.Pull(t.Context(), nil))
			origin.must(m2.Pull(t.Context(), nil))
			origin.publish(erased(late))
		}
		if s := m.State(); s.Origin != "lindholm.example/record" || s.Size != 605 || !s.Since.IsZero() {
			t.Errorf("state %+v", s)
		}
	})
}

// TestPostgresOrigin: the engine of the origin does not show in its copy.
func TestPostgresOrigin(t *testing.T) {
	origin := newOrigin(t, chorustest.Postgres(t), t.TempDir())
	ada := origin.publish(signed("Ada"))
	origin.publish(many(1, 300)...)
	origin.publish(erased(ada))
	copied, m := newMirror(t, file(t), t.TempDir(), origin)
	origin.must(m.Pull(t.Context(), nil))
	assertSame(t, origin, copied)
}

// TestCrash ends a pull at every place where it can end, and lets the next
// instance go on.
func TestCrash(t *testing.T) {
	origin := newOrigin(t, file(t), t.TempDir())
	origin.publish(many(0, 300)...)
	first := origin.files()["checkpoint"]
	origin.publish(many(300, 700)...)
	for after := 1; after <= 5; after++ {
		t.Run(fmt.Sprint("applying batch ", after), func(t *testing.T) {
			source, folder := file(t), t.TempDir()
			copied, m := newMirror(t, source, folder, origin)
			copied.table.left = after
			if err := m.Pull(t.Context(), nil); after <= 4 && !errors.Is(err, errMoody) {
				t.Fatalf("pull: %v", err)
			}
			if _, err := copied.Fetch(t.Context(), "bodies/000"); after <= 4 && err == nil {
				t.Error("a part of what was signed is served")
			}
			copied, m = newMirror(t, source, folder, origin)
			copied.must(m.Pull(t.Context(), nil))
			assertSame(t, origin, copied)
		})
	}
	for after := range 10 { // checkpoint, key, four bundles of entries, four of bodies
		t.Run(fmt.Sprint("file ", after), func(t *testing.T) {
			source, folder := file(t), t.TempDir()
			var left atomic.Int64
			left.Store(int64(after))
			_, m := newMirror(t, source, folder, tampered{origin, func(path string, data []byte) ([]byte, error) {
				if left.Add(-1) < 0 {
					return nil, errMoody
				}
				return data, nil
			}})
			if err := m.Pull(t.Context(), nil); !errors.Is(err, errMoody) {
				t.Fatalf("pull: %v", err)
			}
			copied, m := newMirror(t, source, folder, origin)
			// an old checkpoint that is served once more is no fork
			old := &mirror.Mirror{DB: copied.db, Record: copied.Recorder, Source: tampered{origin, replacing("checkpoint", first)}, Log: silent}
			if err := old.Pull(t.Context(), nil); err != nil && !errors.Is(err, mirror.ErrBehind) {
				t.Errorf("an older checkpoint: %v", err)
			}
			copied.must(m.Pull(t.Context(), nil))
			assertSame(t, origin, copied)
		})
	}
}

// tampered is a source whose files are changed on the way.
type tampered struct {
	record.Source
	change func(path string, data []byte) ([]byte, error)
}

func (s tampered) Fetch(ctx context.Context, path string) ([]byte, error) {
	data, err := s.Source.Fetch(ctx, path)
	if err != nil {
		return nil, err
	}
	return s.change(path, bytes.Clone(data))
}

func replacing(file, text string) func(string, []byte) ([]byte, error) {
	return func(path string, data []byte) ([]byte, error) {
		if path == file {
			return []byte(text), nil
		}
		return data, nil
	}
}
