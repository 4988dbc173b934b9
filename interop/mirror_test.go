// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"testing"
	"time"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
)

// mirrored is a mirror that has looked once.
func mirrored(t *testing.T, of *instance) *chorustest.Instance {
	t.Helper()
	m := chorustest.RunWith(t, app.Config{Mirror: of.URL, Database: filepath.Join(t.TempDir(), "mirror.db"), Unlimited: true})
	look(t, m)
	return m
}

func look(t *testing.T, m *chorustest.Instance) {
	t.Helper()
	if err := m.Mirror.Look(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	m.Wait(2 * time.Second)
}

// places are where a mirror serves its copy: as the origin does, and below the
// hash of the origin's name, as C2SP tlog-mirror asks.
func places(t *testing.T, m *chorustest.Instance, origin *instance) []string {
	t.Helper()
	name := sha256.Sum256([]byte(origin.head().Origin))
	return []string{m.URL + "/record", m.URL + "/" + hex.EncodeToString(name[:])}
}

// TestMirror has a mirror judged like the origin, and its tracker told that
// the one goes on from the other.
func TestMirror(t *testing.T) {
	in := open(t)
	in.sign(300)
	m := mirrored(t, in)
	_, kept := judgeOf(t, in.address()).checkpoint(t)
	for round := range 2 {
		for _, address := range places(t, m, in) {
			j := judgeOf(t, address)
			if err := j.check(); err != nil {
				t.Errorf("%s: %v", address, err)
			}
			if tracker := j.tracker(t, kept); round > 0 {
				if _, _, _, err := tracker.Update(t.Context()); err != nil || tracker.Latest().Size != uint64(in.head().Size) {
					t.Errorf("%s: %d entries, %v", address, tracker.Latest().Size, err)
				}
			}
			sameFiles(t, in.address(), address)
		}
		in.sign(300)
		look(t, m)
	}
}

// sameFiles compares two records byte for byte.
func sameFiles(t *testing.T, one, other string) {
	t.Helper()
	a, b := t.TempDir(), t.TempDir()
	copyRecord(t, one, a)
	copyRecord(t, other, b)
	files, there := read(t, a), read(t, b)
	if len(files) != len(there) || len(files) < 5 {
		t.Errorf("%d files and %d", len(files), len(there))
	}
	for name, data := range files {
		if !bytes.Equal(data, there[name]) {
			t.Errorf("%s differs", name)
		}
	}
}
