// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.org/chorus"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// openFollower opens a mirror.
func openFollower(t *testing.T, source, folder string, keys ...string) *instance {
	t.Helper()
	in, err := startFollower(t, chorustest.Database(t, source, recorder.Schema, namesSchema), folder, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func startFollower(t *testing.T, d *db.DB, folder string, keys ...string) (*instance, error) {
	r := recorder.New(d, func(b []byte) []byte { return b }, slog.New(slog.DiscardHandler))
	r.Feed(names{})
	if err := r.Follow(folder, keys...); err != nil {
		return nil, err
	}
	return &instance{t, r, d}, r.Start(t.Context(), false)
}

func (in *instance) key() string {
	in.t.Helper()
	key, err := in.VerifierKey()
	in.must(err)
	return key
}

// bodies are the first bodies as they are served.
func (in *instance) bodies() []*record.Body {
	in.t.Helper()
	all, err := in.Bodies(in.t.Context(), 0)
	in.must(err)
	return all
}

// TestFollow has a mirror take what an origin signs, and nothing else.
func TestFollow(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		origin := openSigning(t, t.TempDir()+"/origin.db", t.TempDir())
		two := origin.signs("Ada", "Bo")
		in := openFollower(t, source, t.TempDir(), origin.key())
		if _, err := in.publish(signed("Eve")); !errors.Is(err, recorder.ErrFollows) || !errors.Is(err, chorus.ErrForbidden) {
			t.Errorf("a deed on a mirror: %v, want a refusal", err)
		}
		origin.copyTo(in, 0, 1)
		if err := in.Adopt(t.Context(), []byte(two)); !errors.Is(err, record.ErrFork) {
			t.Errorf("one of two entries, and the checkpoint is adopted: %v", err)
		}
		if _, err := in.Body(t.Context(), 0); !errors.Is(err, chorus.ErrNotFound) {
			t.Errorf("what nobody signed is served: %v", err)
		}
		origin.copyTo(in, 1, 1)
		in.must(in.Adopt(t.Context(), []byte(two)))
		in.must(in.Adopt(t.Context(), []byte(two)))
		if in.checkpoint() != two || in.key() != origin.key() {
			t.Errorf("the mirror serves %s", in.checkpoint())
		}
		ada, err := origin.publish(signed("Cy"))
		in.must(err)
		_, err = origin.publish(erased(ada))
		in.must(err)
		four := origin.signs()
		origin.copyTo(in, 2, 2) // Cy was erased before the mirror came
		in.must(in.Adopt(t.Context(), []byte(four)))
		if d := cmp.Diff(origin.bodies(), in.bodies()); d != "" {
			t.Errorf("the mirror has other bodies (-origin +mirror):\n%s", d)
		}
		if again := openFollower(t, source, t.TempDir(), origin.key()); again.checkpoint() != four {
			t.Error("the mirror forgot what it adopted")
		}
	})
}

// TestAdoptRefuses what was not signed by the origin.
func TestAdoptRefuses(t *testing.T) {
	origin := openSigning(t, t.TempDir()+"/origin.db", t.TempDir())
	origin.signs("Ada")
	stranger := openSigning(t, t.TempDir()+"/stranger.db", t.TempDir())
	origin.copyTo(stranger, 0, 1)
	in := openFollower(t, t.TempDir()+"/mirror.db", t.TempDir(), origin.key())
	origin.copyTo(in, 0, 1)
	for name, text := range map[string]string{"a stranger's": stranger.signs(), "nothing": "", "another text": strings.Replace(origin.checkpoint(), "\n1\n", "\n2\n", 1)} {
		if err := in.Adopt(t.Context(), []byte(text)); err == nil {
			t.Errorf("%s was adopted", name)
		}
	}
	if _, err := in.Checkpoint(t.Context()); !errors.Is(err, chorus.ErrNotFound) {
		t.Errorf("it has a checkpoint: %v", err)
	}
	blind := openFollower(t, t.TempDir()+"/blind.db", t.TempDir())
	if err := blind.Adopt(t.Context(), []byte(origin.checkpoint())); err == nil {
		t.Error("a mirror that knows no key adopted a checkpoint")
	}
}

// TestFolders: a folder is an origin's or a mirror's, and follows one record.
func TestFolders(t *testing.T) {
	folder, other := t.TempDir(), t.TempDir()
	d := chorustest.Database(t, t.TempDir()+"/chorus.db", recorder.Schema, namesSchema)
	origin, err := startSigning(t, d, folder)
	if err != nil {
		t.Fatal(err)
	}
	stranger := openSigning(t, t.TempDir()+"/stranger.db", t.TempDir())
	mirror := openFollower(t, t.TempDir()+"/mirror.db", other, origin.key())
	for name, err := range map[string]error{
		"an origin's folder followed":  mirror.Follow(folder),
		"a mirror's folder signed":     origin.Sign(other, address),
		"another key":                  mirror.Follow(other, stranger.key()),
		"a key with another name":      mirror.Trust(strings.Replace(origin.key(), "lindholm", "elsewhere", 1)),
		"a key of a record of no name": mirror.Trust("nonsense"),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	origin.signs("Ada")
	if _, err := startFollower(t, d, t.TempDir(), stranger.key()); !errors.Is(err, recorder.ErrOtherOrigin) {
		t.Errorf("the database of an origin opened as a mirror of another: %v", err)
	}
}

// TestLearn tells an instance of checkpoints that were seen elsewhere.
func TestLearn(t *testing.T) {
	folder := t.TempDir()
	origin := openOrigin(t, folder) // four entries, signed
	key, err := os.ReadFile(filepath.Join(folder, "record.key"))
	origin.must(err)
	lost := func(t *testing.T, size int) *instance { // a backup, the guard file with it
		d := chorustest.Database(t, t.TempDir()+"/chorus.db", recorder.Schema, namesSchema)
		filler := &instance{t, recorder.New(d, nil, slog.New(slog.DiscardHandler)), d}
		filler.Feed(names{})
		filler.must(filler.Start(t.Context(), false))
		origin.copyTo(filler, 0, size)
		folder := t.TempDir()
		filler.must(os.WriteFile(filepath.Join(folder, "record.key"), key, 0o600))
		in, err := startSigning(t, d, folder)
		filler.must(err)
		return in
	}
	t.Run("what it holds", func(t *testing.T) {
		in := lost(t, 4)
		in.must(in.Learn(t.Context(), []byte(origin.checkpoint())))
		in.signs("Ed")
		in.must(in.Learn(t.Context(), []byte(origin.checkpoint())))
	})
	t.Run("more than it holds", func(t *testing.T) {
		in := lost(t, 2)
		in.signs()
		if err := in.Learn(t.Context(), []byte(origin.checkpoint())); !errors.Is(err, recorder.ErrReadOnly) {
			t.Errorf("learnt of two more entries: %v", err)
		}
		if _, err := in.publish(signed("Eve")); !errors.Is(err, recorder.ErrReadOnly) {
			t.Errorf("it goes on: %v", err)
		}
		origin.copyTo(in, 2, 2)
		if got := in.signs(); got != origin.checkpoint() {
			t.Errorf("recovered, and signs %s", got)
		}
		_, err := in.publish(signed("Ed"))
		in.must(err)
	})
	t.Run("a fork", func(t *testing.T) {
		in := lost(t, 2)
		in.signs("Eve", "Mallory", "Trudy")
		if err := in.Learn(t.Context(), []byte(origin.checkpoint())); !errors.Is(err, recorder.ErrReadOnly) {
			t.Errorf("learnt of other entries: %v", err)
		}
	})
	t.Run("another's", func(t *testing.T) {
		in := lost(t, 2)
		stranger := openSigning(t, t.TempDir()+"/stranger.db", t.TempDir())
		if err := in.Learn(t.Context(), []byte(stranger.signs("Ada"))); err == nil || errors.Is(err, recorder.ErrReadOnly) {
			t.Errorf("learnt of a stranger's checkpoint: %v", err)
		}
		in.signs("Ed")
	})
}
