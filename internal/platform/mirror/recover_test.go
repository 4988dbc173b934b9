// SPDX-License-Identifier: AGPL-3.0-or-later

package mirror_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/mirror"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// TestRecover loses the newest entries of an instance and brings them back
// from a mirror: the record is the same, byte for byte, and goes on.
func TestRecover(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		folder := t.TempDir()
		origin := newOrigin(t, file(t), folder)
		ada := origin.publish(signed("Ada"))
		origin.publish(many(1, 300)...)
		backup, err := origin.Entries(t.Context(), 0, 1000)
		origin.must(err)
		origin.publish(erased(ada))
		origin.publish(many(400, 400)...)
		copied, m := newMirror(t, file(t), t.TempDir(), origin)
		origin.must(m.Pull(t.Context(), nil))

		restored := newNode(t, source, func(r *recorder.Recorder) error { return nil })
		origin.must(restored.Replay(t.Context(), backup))
		origin.must(restored.Sign(folder, address))
		origin.must(restored.Start(t.Context(), false))
		write := func() error { return restored.Write(t.Context(), func(*recorder.Deed) error { return nil }) }
		if err := write(); !errors.Is(err, recorder.ErrReadOnly) {
			t.Fatalf("the backup is written to: %v", err)
		}
		restored.table.left = 1 // cut short once
		if _, err := mirror.Recover(t.Context(), restored.Recorder, copied, silent, nil); !errors.Is(err, errMoody) {
			t.Errorf("cut short, and ends with %v", err)
		}
		done, err := mirror.Recover(t.Context(), restored.Recorder, copied, silent, nil)
		origin.must(err)
		if want := (mirror.Recovered{From: 301, To: 702, Signatures: 400}); done != want {
			t.Errorf("%+v, want %+v", done, want)
		}
		assertSame(t, origin, restored)
		origin.must(write())
		again, err := mirror.Recover(t.Context(), restored.Recorder, copied, silent, nil)
		if err != nil || again.From != again.To {
			t.Errorf("once more: %+v, %v", again, err)
		}
		restored.publish(signed("Di"))
		origin.must(m.Pull(t.Context(), nil)) // of the lost one: nothing new
		m.Source = restored
		origin.must(m.Pull(t.Context(), nil))
		assertSame(t, restored, copied)
	})
}

// TestRecoverRefuses what is no continuation, not all, or not ours.
func TestRecoverRefuses(t *testing.T) {
	one, other := forks(t, 3, 4)
	stranger := newOrigin(t, file(t), t.TempDir())
	stranger.publish(many(0, 20)...)
	older, m := newMirror(t, file(t), t.TempDir(), one)
	one.must(m.Pull(t.Context(), nil))
	one.publish(many(50, 9)...)
	newest, m2 := newMirror(t, file(t), t.TempDir(), one)
	one.must(m2.Pull(t.Context(), nil))

	lost := func(t *testing.T, from *node, size int) *node {
		t.Helper()
		folder := t.TempDir()
		n := newNode(t, file(t), func(r *recorder.Recorder) error { return nil })
		raws, err := from.Entries(t.Context(), 0, size)
		n.must(err)
		n.must(n.Replay(t.Context(), raws))
		for _, name := range []string{"record.key", "record.signed"} {
			data, err := os.ReadFile(filepath.Join(one.folder, name))
			n.must(err)
			n.must(os.WriteFile(filepath.Join(folder, name), data, 0o600))
		}
		n.must(n.Sign(folder, address))
		n.must(n.Start(t.Context(), false))
		return n
	}
	for name, c := range map[string]struct {
		from   *node
		source record.Source
		want   error
	}{
		"another's record":             {one, stranger, nil},
		"a copy that is too old":       {one, older, mirror.ErrTooFew},
		"a fork that is shorter":       {one, other, mirror.ErrTooFew},
		"a copy of the other branch":   {other, newest, record.ErrFork},
		"a body that does not open it": {one, tampered{newest, within("bodies/000", `"i":7,"parts":[{"salt":"`, `"i":7,"parts":[{"salt":"A`)}, mirror.ErrUntrue},
	} {
		t.Run(name, func(t *testing.T) {
			n := lost(t, c.from, 5)
			_, err := mirror.Recover(t.Context(), n.Recorder, c.source, silent, nil)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("recovered with %v, want %v", err, c.want)
			}
			if head, err := n.Head(t.Context()); err != nil || head.Size != 5 {
				t.Errorf("%d entries, %v, want the 5 that were there", head.Size, err)
			}
		})
	}
	if _, err := mirror.Recover(t.Context(), newest.Recorder, one, silent, nil); err == nil {
		t.Error("a mirror was recovered")
	}
}
