// SPDX-License-Identifier: AGPL-3.0-or-later

package mirror_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/mirror"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// TestTampered: nothing of what was changed on the way is taken or served.
func TestTampered(t *testing.T) {
	origin := newOrigin(t, file(t), t.TempDir())
	ada := origin.publish(signed("Ada"))
	origin.publish(many(1, 9)...)
	before := origin.files()
	origin.publish(erased(ada))
	all := origin.files()
	lines := strings.SplitAfter(all["bodies/000"], "\n")
	for name, change := range map[string]func(path string, data []byte) ([]byte, error){
		"a leaf is changed":            within("tile/entries/", "signature", "signatura"),
		"entries are dropped":          replacing("tile/entries/000.p/11", before["tile/entries/000.p/10"]),
		"a body for another's":         replacing("bodies/000", lines[0]+lines[2]+lines[1]+strings.Join(lines[3:], "")),
		"a body is missing":            replacing("bodies/000", strings.Join(lines[:10], "")),
		"a salt is changed":            within("bodies/000", `"salt":"`, `"salt":"A`),
		"bodies are not bodies":        replacing("bodies/000", "nonsense"),
		"a part gone without a reason": replacing("bodies/000", strings.Replace(all["bodies/000"], "\"redacted_by\":10", "\"redacted_by\":9", 1)),
		"words gone, and nobody erased them": func(path string, data []byte) ([]byte, error) {
			if path != "bodies/000" {
				return data, nil
			}
			return []byte(strings.Replace(all["bodies/000"], lines[3], `{"i":3,"parts":[{"redacted_by":10},{"redacted_by":10}]}`+"\n", 1)), nil
		},
		"another size": within("checkpoint", "\n11\n", "\n10\n"),
		"no signature": replacing("checkpoint", strings.SplitAfter(all["checkpoint"], "\n\n")[0]),
	} {
		t.Run(name, func(t *testing.T) {
			copied, m := newMirror(t, file(t), t.TempDir(), tampered{origin, change})
			if err := m.Look(t.Context(), nil); !errors.Is(err, mirror.ErrUntrue) {
				t.Errorf("the pull ends with %v, want ErrUntrue", err)
			}
			if head, err := copied.Head(t.Context()); err != nil || head.Size != 0 {
				t.Errorf("%d entries were taken, %v", head.Size, err)
			}
			if s := m.State(); s.Since.IsZero() || s.Why != mirror.Refused {
				t.Errorf("state %+v", s)
			}
			m.Source = origin
			copied.must(m.Pull(t.Context(), nil))
			assertSame(t, origin, copied)
		})
	}
}

func within(prefix, old, new string) func(string, []byte) ([]byte, error) {
	return func(path string, data []byte) ([]byte, error) {
		if strings.HasPrefix(path, prefix) {
			data = bytes.Replace(data, []byte(old), []byte(new), 1)
		}
		return data, nil
	}
}

// TestShownAlthoughErased: who still shows erased words cannot bring them back.
func TestShownAlthoughErased(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		origin := newOrigin(t, file(t), t.TempDir())
		ada := origin.publish(signed("Ada Unforgettable"))
		shows := strings.TrimSuffix(origin.files()["bodies/000"], "\n")
		origin.publish(erased(ada))
		gone := strings.SplitAfter(origin.files()["bodies/000"], "\n")[1]
		copied, m := newMirror(t, source, t.TempDir(), tampered{origin, replacing("bodies/000", shows+"\n"+gone)})
		origin.must(m.Pull(t.Context(), nil))
		assertSame(t, origin, copied)
	})
}

// TestErasedWordsLeaveTheFiles: once the copy serves the newer size, no byte of
// what was erased is in its files.
func TestErasedWordsLeaveTheFiles(t *testing.T) {
	origin := newOrigin(t, file(t), t.TempDir())
	ada := origin.publish(signed("Ada Unforgettable"))
	source := file(t)
	copied, m := newMirror(t, source, t.TempDir(), origin)
	origin.must(m.Pull(t.Context(), nil))
	origin.publish(erased(ada))
	origin.must(m.Pull(t.Context(), nil))
	for _, ending := range []string{"", "-wal"} {
		data, err := os.ReadFile(source + ending)
		if err == nil && bytes.Contains(data, []byte("Unforgettable")) {
			t.Errorf("the name is still in the file %s", filepath.Base(source+ending))
		}
	}
	assertSame(t, origin, copied)
}

// TestErasedJustNow: words that are gone in the name of an entry to come are
// waited for, and never taken without it.
func TestErasedJustNow(t *testing.T) {
	origin := newOrigin(t, file(t), t.TempDir())
	ada := origin.publish(signed("Ada"))
	before := origin.files()["checkpoint"]
	origin.publish(erased(ada))
	late := false
	copied, m := newMirror(t, file(t), t.TempDir(), tampered{origin, func(path string, data []byte) ([]byte, error) {
		if path == "checkpoint" && !late {
			data, late = []byte(before), true
		}
		return data, nil
	}})
	origin.must(m.Pull(t.Context(), nil)) // fetches the second checkpoint
	assertSame(t, origin, copied)

	origin.publish(signed("Bo"))
	hidden := strings.Replace(origin.files()["bodies/000"], "\n"+`{"i":2,`, "\n"+`{"i":2,"parts":[{"redacted_by":9},{"redacted_by":9}]}`+"\n", 1)
	m.Source, m.Carried = tampered{origin, replacing("bodies/000", hidden)}, true // does not wait
	if err := m.Look(t.Context(), nil); !errors.Is(err, mirror.ErrUntrue) {
		t.Errorf("words without a reason: %v", err)
	}
	if head, err := copied.Head(t.Context()); err != nil || head.Size != 2 {
		t.Errorf("%d entries are here, %v", head.Size, err)
	}
}

// forks are two origins with one key: they agree on some entries, and then do not.
func forks(t *testing.T, same, more int) (one, other *node) {
	folder, second := t.TempDir(), t.TempDir()
	one = newOrigin(t, file(t), folder)
	key, err := os.ReadFile(filepath.Join(folder, "record.key"))
	one.must(err)
	one.must(os.WriteFile(filepath.Join(second, "record.key"), key, 0o600))
	if same > 0 {
		one.publish(many(0, same)...)
	}
	other = newOrigin(t, file(t), second)
	raws, err := one.Entries(t.Context(), 0, same)
	one.must(err)
	one.must(other.Replay(t.Context(), raws))
	one.publish(many(100, more)...)
	other.publish(many(200, more+1)...)
	return one, other
}

// TestFork serves a copy two histories that one key has signed.
func TestFork(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		one, other := forks(t, 3, 4)
		folder := t.TempDir()
		copied, m := newMirror(t, source, folder, one)
		one.must(m.Pull(t.Context(), nil))
		m.Source = other
		if err := m.Look(t.Context(), nil); !errors.Is(err, record.ErrFork) {
			t.Fatalf("pull: %v, want a fork", err)
		}
		assertForked(t, copied, m, one, other)
		_, m = newMirror(t, source, folder, one)
		one.publish(signed("Bo"))
		if err := m.Pull(t.Context(), nil); !errors.Is(err, record.ErrFork) {
			t.Errorf("the copy follows again: %v", err)
		}
		if s := m.State(); s.Fork == nil || s.Why != mirror.Forked || s.Size != 7 {
			t.Errorf("after a restart: %+v", s)
		}
	})
}

func assertForked(t *testing.T, copied *node, m *mirror.Mirror, one, other *node) {
	t.Helper()
	s := m.State()
	if s.Fork == nil || s.Fork.Held != one.files()["checkpoint"] || s.Fork.Seen != other.files()["checkpoint"] {
		t.Errorf("the evidence is %+v", s.Fork)
	}
	assertSame(t, one, copied)
}

// TestForksThatHide: at the same size, by an older checkpoint, and after a
// crash in the middle of a pull.
func TestForksThatHide(t *testing.T) {
	one, other := forks(t, 300, 300)
	shorter := other.files()["checkpoint"]
	one.publish(many(400, 1)...) // now both have 601
	pulled := func(t *testing.T) (*node, *mirror.Mirror) {
		copied, m := newMirror(t, file(t), t.TempDir(), one)
		one.must(m.Pull(t.Context(), nil))
		return copied, m
	}
	t.Run("at the same size", func(t *testing.T) {
		copied, m := pulled(t)
		m.Source = other
		if err := m.Pull(t.Context(), nil); !errors.Is(err, record.ErrFork) {
			t.Errorf("pull: %v", err)
		}
		assertForked(t, copied, m, one, other)
	})
	t.Run("after a crash", func(t *testing.T) {
		copied, m := newMirror(t, file(t), t.TempDir(), one)
		copied.table.left = 2
		if err := m.Pull(t.Context(), nil); !errors.Is(err, errMoody) {
			t.Fatal(err)
		}
		m.Source = other
		if err := m.Pull(t.Context(), nil); !errors.Is(err, record.ErrFork) || m.State().Fork == nil {
			t.Errorf("pull: %v", err)
		}
	})
	one.publish(many(401, 5)...)
	t.Run("by an older checkpoint", func(t *testing.T) {
		_, m := pulled(t)
		m.Source = tampered{one, replacing("checkpoint", shorter)}
		if err := m.Pull(t.Context(), nil); !errors.Is(err, record.ErrFork) || m.State().Fork == nil {
			t.Errorf("pull: %v", err)
		}
	})
}

// TestWitnessed: what too few witnesses cosigned is not taken.
func TestWitnessed(t *testing.T) {
	origin := newOrigin(t, file(t), t.TempDir())
	origin.publish(signed("Ada"))
	key, err := record.NewWitnessKey("witness.example")
	origin.must(err)
	copied, m := newMirror(t, file(t), t.TempDir(), origin)
	m.Policy, err = record.ParsePolicy([]byte("witness eye " + key.Verifier() + "\nquorum eye\n"))
	origin.must(err)
	if err := m.Pull(t.Context(), nil); !errors.Is(err, record.ErrQuorum) {
		t.Errorf("pull: %v", err)
	}
	line, err := key.Cosign([]byte(origin.files()["checkpoint"]), 1_790_000_000)
	origin.must(err)
	origin.must(origin.AddCosignature(t.Context(), 1, key.Verifier(), string(line)))
	origin.must(m.Pull(t.Context(), nil))
	assertSame(t, origin, copied)
	other, err := record.NewWitnessKey("another.example")
	origin.must(err)
	line, err = other.Cosign([]byte(origin.files()["checkpoint"]), 1_790_000_001)
	origin.must(err)
	origin.must(origin.AddCosignature(t.Context(), 1, other.Verifier(), string(line))) // of the same size
	origin.must(m.Pull(t.Context(), nil))
	assertSame(t, origin, copied)
}

// roll changes the key of an origin, and gives the new one.
func (n *node) roll() string {
	n.t.Helper()
	n.PublishEvery(10 * time.Millisecond) // for so long it looks whether anybody else signs
	next, err := n.RollKey(n.t.Context(), func(ctx context.Context, key, proof string) (hash fact.Hash, err error) {
		err = n.Write(ctx, func(d *recorder.Deed) (err error) {
			hash, err = d.Publish(ctx, &fact.KeyAnnounced{Site: letter, Core: fact.Show(fact.KeyCore{Use: fact.ForRecord, Key: key, Proof: proof})})
			return err
		})
		return hash, err
	})
	n.must(err)
	return next
}

func (n *node) key() string {
	n.t.Helper()
	key, err := n.VerifierKey()
	n.must(err)
	return key
}

// TestKeys: a key that an announcement in the record follows on is believed.
func TestKeys(t *testing.T) {
	folder, source := t.TempDir(), file(t)
	origin := newOrigin(t, source, folder)
	origin.publish(signed("Ada"))
	copied, m := newMirror(t, file(t), t.TempDir(), origin)
	origin.must(m.Pull(t.Context(), nil))
	next := origin.roll()
	origin.must(m.Pull(t.Context(), nil))
	if keys := copied.Follows(); len(keys) != 2 || keys[1] != next {
		t.Errorf("it believes %v, want %s as well", keys, next)
	}
	origin.must(os.Remove(filepath.Join(folder, "record.key.old")))
	origin = newOrigin(t, source, folder)
	origin.publish(signed("Bo"))
	m.Source = origin
	origin.must(m.Pull(t.Context(), nil))
	assertSame(t, origin, copied)
}

// TestForeignLines: lines that somebody adds to a checkpoint on the way, before
// or behind that of the origin, do not keep the copy from going on.
func TestForeignLines(t *testing.T) {
	const foreign, named = "— somebody.example AAAAAAAA\n", "— lindholm.example/record AAAAAAAA\n"
	for name, change := range map[string]func(text, sig string) string{
		"before":         func(text, sig string) string { return text + foreign + sig },
		"behind":         func(text, sig string) string { return text + sig + foreign },
		"under its name": func(text, sig string) string { return text + named + sig },
		"on either side": func(text, sig string) string { return text + foreign + named + sig + foreign },
		"a great many":   func(text, sig string) string { return text + strings.Repeat(foreign, 50) + sig },
		"none":           func(text, sig string) string { return text + sig },
	} {
		t.Run(name, func(t *testing.T) {
			origin := newOrigin(t, file(t), t.TempDir())
			origin.publish(signed("Ada"))
			text, sig, _ := strings.Cut(origin.files()["checkpoint"], "\n\n")
			copied, m := newMirror(t, file(t), t.TempDir(), tampered{origin, replacing("checkpoint", change(text+"\n\n", sig))})
			origin.must(m.Pull(t.Context(), nil))
			origin.must(m.Pull(t.Context(), nil))
			m.Source = origin
			origin.must(m.Pull(t.Context(), nil))
			origin.publish(signed("Bo"))
			origin.must(m.Pull(t.Context(), nil))
			assertSame(t, origin, copied)
		})
	}
	t.Run("without end", func(t *testing.T) {
		origin := newOrigin(t, file(t), t.TempDir())
		origin.publish(signed("Ada"))
		long := origin.files()["checkpoint"] + "— somebody.example " + strings.Repeat("AAAA", 50_000) + "\n"
		_, m := newMirror(t, file(t), t.TempDir(), tampered{origin, replacing("checkpoint", long)})
		if err := m.Pull(t.Context(), nil); !errors.Is(err, mirror.ErrUntrue) {
			t.Errorf("pull: %v, want ErrUntrue", err)
		}
	})
}

// TestFirstSightAfterRoll: an origin that changed its key shows two of them,
// and a new copy believes the newer.
func TestFirstSightAfterRoll(t *testing.T) {
	folder := t.TempDir()
	origin := newOrigin(t, file(t), folder)
	origin.publish(signed("Ada"))
	old := origin.key()
	next := origin.roll()
	origin.must(origin.Sign(folder, address)) // as the next start does
	copied, m := newMirror(t, file(t), t.TempDir(), tampered{origin, replacing("vkey", next+"\n"+old+"\n")})
	origin.must(m.Pull(t.Context(), nil))
	if keys := copied.Follows(); len(keys) != 1 || keys[0] != next {
		t.Errorf("it believes %v, want %s", keys, next)
	}
}
