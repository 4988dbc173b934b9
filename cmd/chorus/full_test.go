// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build linux

package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"example.org/chorus/internal/chorustest"
)

// TestFull lets the disk run full three times, or as often as CHORUS_KILLS says,
// while people sign and checkpoints are published. The instance goes on by
// itself once there is room again, also when it is killed in between, and what
// it promised before and after holds.
func TestFull(t *testing.T) {
	rounds := times(t, 3)
	folder := t.TempDir()
	smallDisk(t, folder)
	k := newKilling(t, folder)
	for i := range rounds {
		k.fullRound(ending(i % 2))
	}
	k.settle()
}

func (k *killing) fullRound(end ending) {
	child, base := k.start()
	rest := k.busy(base)
	defer rest()
	k.more(7)
	room := k.fill()
	pause(100, 300)
	if end == byKill {
		k.kill(child)
		k.must(os.Remove(room))
		child, base = k.start()
	} else {
		k.must(os.Remove(room))
	}
	k.signsAgain(base)
	k.hold(base)
	k.kill(child)
}

// An ending is how a full disk ends.
type ending int

const (
	byKill ending = iota // the instance is killed, then there is room again
	byRoom               // there is room again
)

// fill writes until nothing fits on the disk any more.
func (k *killing) fill() (file string) {
	file = filepath.Join(k.folder, "filler")
	f, err := os.Create(file)
	k.must(err)
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			k.Fatal(err)
		}
	}
	return file
}

// signsAgain waits until somebody can sign, without anybody's help. Mails that
// could not be kept for want of room are tried again after ten seconds.
func (k *killing) signsAgain(base string) {
	k.Helper()
	chorustest.Until(k, "somebody can sign", func() bool {
		address := k.address()
		k.sign(k.Context(), base, address)
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.told[address]
	})
}
