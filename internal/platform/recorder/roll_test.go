// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// A rolling is an instance whose key is changed, with the folder it is in.
type rolling struct {
	*instance
	folder, old string
}

func startRolling(t *testing.T) *rolling {
	t.Helper()
	folder := t.TempDir()
	in := openSigning(t, t.TempDir()+"/chorus.db", folder)
	in.PublishEvery(soon)
	in.signs("Ada")
	return &rolling{in, folder, in.key()}
}

// soon is how often these instances publish, and how soon they see that nobody else does.
const soon = 10 * time.Millisecond

func (in *rolling) file(name string) string { return filepath.Join(in.folder, name) }

func (in *rolling) copyFile(from, to string) {
	in.t.Helper()
	text, err := os.ReadFile(in.file(from))
	in.must(err)
	in.must(os.WriteFile(in.file(to), text, 0o600))
}

// restart is the instance after a new start.
func (in *rolling) restart() *rolling {
	in.t.Helper()
	again, err := startSigning(in.t, in.db, in.folder)
	in.must(err)
	again.PublishEvery(soon)
	return &rolling{again, in.folder, in.old}
}

// announce publishes a change of key as the portal does.
func (in *rolling) announce(ctx context.Context, key, proof string) (fact.Hash, error) {
	if err := record.CheckKeyRoll("lindholm.example/record", in.old, key, []byte(proof)); err != nil {
		in.t.Error(err)
	}
	return in.publish(&fact.KeyAnnounced{Site: chorus.NewID(), Core: fact.Show(fact.KeyCore{Use: fact.ForRecord, Key: key, Proof: proof})})
}

// signedBy makes sure that exactly these of the given keys have signed the
// newest checkpoint.
func (in *rolling) signedBy(yes []string, no ...string) {
	in.t.Helper()
	for _, key := range yes {
		if _, err := record.OpenCheckpoint([]byte(in.checkpoint()), key); err != nil {
			in.t.Errorf("who knows only %s cannot check: %v", key, err)
		}
	}
	for _, key := range no {
		if _, err := record.OpenCheckpoint([]byte(in.checkpoint()), key); err == nil {
			in.t.Errorf("%s has signed too", key)
		}
	}
}

func TestRollKey(t *testing.T) {
	in := startRolling(t)
	next, err := in.RollKey(t.Context(), in.announce)
	in.must(err)
	in.signedBy([]string{in.old, next})

	in = in.restart()
	if keys, err := in.VerifierKeys(); err != nil || len(keys) != 2 || keys[0] != next || keys[1] != in.old {
		t.Errorf("verifier keys %q, %v", keys, err)
	}
	in.signs("Bo")
	in.signedBy([]string{in.old, next})
	if _, err := in.RollKey(t.Context(), in.announce); err == nil || !strings.Contains(err.Error(), "record.key.old") {
		t.Errorf("changed again while the old key signs: %v", err)
	}
	if info, err := os.Stat(in.file("record.key.old")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the old key: %v, %v", info, err)
	}

	in.must(os.Remove(in.file("record.key.old")))
	in = in.restart()
	in.signs("Cy")
	in.signedBy([]string{next}, in.old)
	third, err := (&rolling{in.instance, in.folder, next}).RollKey(t.Context(), (&rolling{in.instance, in.folder, next}).announce)
	in.must(err)
	in.signedBy([]string{next, third}, in.old)
}

// TestOldKeyRemovedAtOnce: what was signed last can be read with the new key alone.
func TestOldKeyRemovedAtOnce(t *testing.T) {
	in := startRolling(t)
	next, err := in.RollKey(t.Context(), in.announce)
	in.must(err)
	in.must(os.Remove(in.file("record.key.old")))
	in = in.restart()
	in.signs("Bo")
	in.signedBy([]string{next}, in.old)
}

// TestRollCutShort stops the change after each of its steps, starts the
// instance, which signs with the old key, and changes the key again.
func TestRollCutShort(t *testing.T) {
	cut := errors.New("the power went")
	for name, stop := range map[string]func(in *rolling) error{
		"the new key is drawn": func(in *rolling) error {
			_, err := in.RollKey(t.Context(), func(context.Context, string, string) (h fact.Hash, err error) { return h, cut })
			return err
		},
		"it is announced": func(in *rolling) error {
			_, err := in.RollKey(t.Context(), func(ctx context.Context, key, proof string) (fact.Hash, error) {
				h, err := in.announce(ctx, key, proof)
				return h, errors.Join(err, cut)
			})
			return err
		},
		"what is signed is kept": func(in *rolling) error { // and not published
			_, err := in.RollKey(t.Context(), in.announce)
			in.must(err)
			note, err := os.ReadFile(in.file("record.signed"))
			in.must(err)
			in.undo()
			in.must(os.Remove(in.file("record.key.old")))
			other := openSigning(t, t.TempDir()+"/chorus.db", t.TempDir())
			in.copyTo(other, 0, 2)
			in.db = other.db
			return os.WriteFile(in.file("record.signed"), note, 0o600)
		},
		"both keys have signed": func(in *rolling) error {
			_, err := in.RollKey(t.Context(), in.announce)
			in.undo()
			return errors.Join(err, os.Remove(in.file("record.key.old")))
		},
		"the old key is kept": func(in *rolling) error {
			_, err := in.RollKey(t.Context(), in.announce)
			in.undo()
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := startRolling(t)
			in.t = t
			if err := stop(in); err != nil && !errors.Is(err, cut) {
				t.Fatal(err)
			}
			draft, err := os.ReadFile(in.file("record.key.new"))
			in.must(err)

			in = in.restart()
			if in.key() != in.old {
				t.Errorf("the key is %s already", in.key())
			}
			in.signs("Bo")
			in.signedBy([]string{in.old})

			next, err := in.RollKey(t.Context(), in.announce)
			in.must(err)
			in.signedBy([]string{in.old, next})
			in = in.restart()
			in.signs("Cy")
			in.signedBy([]string{in.old, next})
			if now, err := os.ReadFile(in.file("record.key")); err != nil || string(now) != string(draft) {
				t.Errorf("another key was drawn, %v", err)
			}
			if _, err := os.Stat(in.file("record.key.new")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the draft is there: %v", err)
			}
		})
	}
}

// undo brings the files back to before the new key was put in place.
func (in *rolling) undo() {
	in.t.Helper()
	in.copyFile("record.key", "record.key.new")
	in.copyFile("record.key.old", "record.key")
}

// TestRollBesideAnotherSigner: a node that still runs signs the announcement
// with the old key alone. The change stops, and the old key stays.
func TestRollBesideAnotherSigner(t *testing.T) {
	in := startRolling(t)
	node := in.restart()
	_, err := in.RollKey(t.Context(), func(ctx context.Context, key, proof string) (fact.Hash, error) {
		h, err := in.announce(ctx, key, proof)
		in.must(node.PublishCheckpoint(ctx))
		return h, err
	})
	if err == nil || !strings.Contains(err.Error(), "stop every chorus serve") {
		t.Errorf("RollKey = %v", err)
	}
	in = in.restart()
	if in.key() != in.old {
		t.Error("the key was changed")
	}
	in.signs("Bo")
}

// TestRollWhileServing: whoever publishes in the background is noticed, though
// it does nothing at the very moment.
func TestRollWhileServing(t *testing.T) {
	in := startRolling(t)
	in.PublishEvery(time.Minute) // it would wait for two
	node := in.restart()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		node.RunPublisher(ctx)
	}()
	_, err := in.RollKey(t.Context(), in.announce)
	stop()
	<-done
	if err == nil || !strings.Contains(err.Error(), "stop every chorus serve") {
		t.Errorf("RollKey = %v", err)
	}
	if _, err := os.Stat(in.file("record.key.old")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the key is being changed: %v", err)
	}
	in.PublishEvery(soon)
	next, err := in.RollKey(t.Context(), in.announce) // once it has stopped
	in.must(err)
	in.signedBy([]string{in.old, next})
}

func TestKeyFiles(t *testing.T) {
	folder := t.TempDir()
	key, err := recorder.MakeKey(folder, address)
	if err != nil || key.Origin() != "lindholm.example/record" {
		t.Fatal(key, err)
	}
	if _, err := recorder.MakeKey(folder, address); !errors.Is(err, recorder.ErrKeyThere) {
		t.Errorf("a second key: %v", err)
	}
	if keys, err := recorder.Keys(folder); err != nil || len(keys) != 1 || keys[0].Verifier() != key.Verifier() {
		t.Errorf("%v, %v", keys, err)
	}
	in := &rolling{&instance{t: t}, folder, ""}
	in.must(os.Rename(in.file("record.key"), in.file("record.key.old")))
	r := openSigning(t, t.TempDir()+"/chorus.db", t.TempDir())
	if err := r.Sign(folder, address); err == nil {
		t.Error("a new key was made where one was lost")
	}
	if _, err := recorder.MakeKey(folder, address); err == nil {
		t.Error("a new key was made where one was lost")
	}
	if _, err := os.Stat(in.file("record.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("record.key: %v", err)
	}
	if _, err := recorder.MakeKey(t.TempDir(), "no address"); err == nil {
		t.Error("a key of no address")
	}
	mirror := t.TempDir()
	in.must(os.WriteFile(filepath.Join(mirror, "record.follows"), nil, 0o600))
	if _, err := recorder.MakeKey(mirror, address); err == nil {
		t.Error("a key was made in a mirror's folder")
	}
	follower := recorder.New(chorustest.Database(t, t.TempDir()+"/m.db", recorder.Schema), nil, nil)
	if _, err := follower.RollKey(t.Context(), nil); err == nil {
		t.Error("a recorder that signs nothing changed its key")
	}
}

// TestKeysOfTwoRecords: an old key that came from elsewhere is refused.
func TestKeysOfTwoRecords(t *testing.T) {
	in := startRolling(t)
	other := t.TempDir()
	_, err := recorder.MakeKey(other, "https://elsewhere.example/record")
	in.must(err)
	text, err := os.ReadFile(filepath.Join(other, "record.key"))
	in.must(err)
	in.must(os.WriteFile(in.file("record.key.old"), text, 0o600))
	if _, err := startSigning(t, in.db, in.folder); err == nil || !strings.Contains(err.Error(), "two records") {
		t.Errorf("an old key of another record: %v", err)
	}
	in.must(os.Remove(in.file("record.key.old")))
	in.must(os.WriteFile(in.file("record.key.new"), text, 0o600))
	if _, err := in.restart().RollKey(t.Context(), in.announce); err == nil || !strings.Contains(err.Error(), "record.key.new") {
		t.Errorf("a new key of another record: %v", err)
	}
}
