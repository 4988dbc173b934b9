// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build linux

package main

import (
	"os"
	"syscall"
	"testing"

	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/seed"
)

// TestKillMirror kills a mirror ten times, or as often as CHORUS_KILLS says,
// while its origin grows and erases. It comes back by itself, never goes back
// behind what it served, and ends with the record and the tables of its origin.
func TestKillMirror(t *testing.T) {
	rounds := times(t, 10)
	m := newMirroring(t, t.TempDir())
	for i := range rounds {
		child, base := m.start()
		m.grow()
		pause(50, 250)
		if i == rounds-1 {
			m.hold(base) // or it might never have come so far
		}
		m.kill(child)
		m.look()
	}
	m.settle()
}

// TestFullMirror lets the disk of a mirror run full three times, or as often
// as CHORUS_KILLS says. It goes on once there is room again.
func TestFullMirror(t *testing.T) {
	rounds := times(t, 3)
	folder := t.TempDir()
	smallDisk(t, folder)
	m := newMirroring(t, folder)
	for i := range rounds {
		child, base := m.start()
		pause(50, 250)
		room := m.fill()
		m.grow()
		pause(50, 250)
		m.must(os.Remove(room))
		m.grow()
		pause(50, 250)
		if i == rounds-1 {
			m.hold(base)
		}
		m.kill(child)
		m.look()
	}
	m.settle()
}

// smallDisk puts a disk of its own under a folder.
func smallDisk(t *testing.T, folder string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=96m"); err != nil {
		t.Skip("a small disk needs root: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// A mirroring is a mirror that is hurt, and its origin, which is not.
type mirroring struct {
	*killing
	origin *stage
	people []seed.Signer
	named  []fact.Hash // signatures whose names are not erased yet
	size   int64       // what the mirror served when it was last looked at
}

func newMirroring(t *testing.T, folder string) *mirroring {
	m := &mirroring{killing: &killing{T: t, folder: folder}}
	b := &workbench{folder: t.TempDir()}
	var err error
	m.origin, err = b.open(t.Context(), "origin", "", working)
	m.must(err)
	t.Cleanup(func() { m.must(m.origin.stop()) })
	m.must(m.origin.publish(t.Context()))
	m.people, err = crowdOf(100_000)
	m.must(err)
	t.Setenv("CHORUS_TEST_MIRROR", "http://"+m.origin.host)
	return m
}

// grow has people sign at the origin, and some of them erase their names.
func (m *mirroring) grow() {
	m.Helper()
	for range 10 {
		m.must(m.origin.Record.Write(m.Context(), func(d *recorder.Deed) error {
			for range 30 {
				hash, err := d.Publish(m.Context(), m.origin.signature(m.people[0]))
				if err != nil {
					return err
				}
				m.named, m.people = append(m.named, hash), m.people[1:]
			}
			_, err := d.Publish(m.Context(), &fact.Redacted{Subject: m.origin.id, Entry: m.named[len(m.named)/2],
				Parts: []int64{fact.SignatureIdentityPart}, Reason: fact.GDPR})
			return err
		}))
	}
	m.must(m.origin.Record.PublishCheckpoint(m.Context()))
}

// open opens the mirror's folder without serving it.
func (m *mirroring) open() *app.App {
	m.Helper()
	c := testConfig(m.folder)
	c.Mirror = "http://" + m.origin.host
	a, err := app.Open(m.Context(), c)
	m.must(err)
	return a
}

// look makes sure that the mirror has not gone back and has seen no fork.
func (m *mirroring) look() {
	m.Helper()
	a := m.open()
	defer a.Close()
	s := a.Mirror.State()
	if s.Size < m.size || s.Fork != nil {
		m.Fatalf("the mirror is at %d after %d, fork %v", s.Size, m.size, s.Fork)
	}
	m.size = s.Size
}

// settle lets the mirror catch up and compares it with its origin.
func (m *mirroring) settle() {
	a := m.open()
	defer a.Close()
	m.must(m.origin.Record.PublishCheckpoint(m.Context()))
	head, err := m.origin.Record.Head(m.Context())
	m.must(err)
	chorustest.Until(m, "the mirror has caught up", func() bool { // a page may be a second old
		m.must(a.Mirror.Pull(m.Context(), nil))
		return a.Mirror.State().Size >= head.Size
	})
	if m.dump(a) != m.dump(m.origin.App) {
		m.Error("the tables of the mirror are not those of its origin")
	}
	if m.size == 0 {
		m.Error("the mirror had no entries before it could catch up: the test tests nothing")
	}
	m.Logf("%d entries; %d were here when it was last killed", a.Mirror.State().Size, m.size)
}

func (m *mirroring) dump(a *app.App) string {
	text, err := a.DB.Dump(m.Context())
	m.must(err)
	return text
}
