// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
	"example.org/chorus/seed"
)

// checkpoints measures how long a fact waits until a signed checkpoint covers
// it, and what it weighs on disk.
func (b *workbench) checkpoints(ctx context.Context) ([]figure, error) {
	s, err := b.open(ctx, "site", "", working)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	people, err := crowdOf(b.size(100_000))
	if err != nil {
		return nil, err
	}
	if err := s.publish(ctx); err != nil {
		return nil, err
	}
	before, err := s.weight()
	if err != nil {
		return nil, err
	}
	if err := s.fill(ctx, people); err != nil {
		return nil, err
	}
	after, err := s.weight()
	if err != nil {
		return nil, err
	}
	delays, err := s.delays(ctx, people[:300], s.covered)
	if err != nil {
		return nil, err
	}
	copied, err := b.mirror(ctx, s, people[:2000])
	if err != nil {
		return nil, err
	}
	late := percentile(delays, 99)
	return append(copied, []figure{
		{what: "recorded to covered by a checkpoint, median", value: percentile(delays, 50), unit: "ms"},
		{what: "  99 of 100 within", value: late, unit: "ms", goal: "1100 ms", missed: late > 1100},
		{what: "a signature in the database, without its private side", value: float64(after-before) / float64(len(people)), unit: "bytes"},
	}...), nil
}

// mirror measures how fast a copy is made, and how far it stays behind.
func (b *workbench) mirror(ctx context.Context, of *stage, people []seed.Signer) ([]figure, error) {
	folder := filepath.Join(b.folder, "mirror")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, app.Config{Data: folder, Mirror: "http://" + of.host, BaseURL: "http://mirror.example", Log: of.Config.Log})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	begun := time.Now()
	if err := a.Mirror.Pull(ctx, nil); err != nil {
		return nil, err
	}
	rate := float64(a.Mirror.State().Size) / time.Since(begun).Seconds()
	background, rest := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { a.Mirror.Run(background) })
	delays, err := of.delays(ctx, people, func(context.Context) (int64, error) { return a.Mirror.State().Size, nil })
	rest()
	running.Wait()
	return []figure{
		{what: "a mirror made, checked, from the network", value: rate, unit: "facts/s"},
		{what: "  recorded to served by the mirror, median", value: percentile(delays, 50), unit: "ms"},
		{what: "  99 of 100 within", value: percentile(delays, 99), unit: "ms"},
	}, err
}

// weight is the bytes of the database's files.
func (s *stage) weight() (total int64, err error) {
	for _, ending := range []string{"", "-wal"} {
		info, err := os.Stat(filepath.Join(s.Config.Data, "chorus.db"+ending))
		if err != nil {
			return 0, err
		}
		total += info.Size()
	}
	return total, nil
}

// covered is how much of the record the checkpoint covers that is served.
func (s *stage) covered(ctx context.Context) (int64, error) {
	text, err := s.Record.Checkpoint(ctx)
	if err != nil {
		return 0, err
	}
	key, err := s.Record.VerifierKey()
	if err != nil {
		return 0, err
	}
	c, err := record.OpenCheckpoint([]byte(text), key)
	return c.Size, err
}

// delays records signatures, one every now and then, and sees how much later
// each is among those that are covered.
func (s *stage) delays(ctx context.Context, people []seed.Signer, size func(context.Context) (int64, error)) (late []time.Duration, err error) {
	type one struct {
		place int64
		at    time.Time
	}
	var waiting []one
	for len(people) > 0 || len(waiting) > 0 {
		if len(people) > 0 {
			place, err := s.record(ctx, people[0])
			if err != nil {
				return nil, err
			}
			waiting, people = append(waiting, one{place, time.Now()}), people[1:]
		}
		time.Sleep(7 * time.Millisecond)
		covered, err := size(ctx)
		if err != nil {
			return nil, err
		}
		for len(waiting) > 0 && waiting[0].place < covered {
			late, waiting = append(late, time.Since(waiting[0].at)), waiting[1:]
		}
	}
	slices.Sort(late)
	return late, nil
}

// record records one signature and gives its place.
func (s *stage) record(ctx context.Context, p seed.Signer) (place int64, err error) {
	err = s.Record.Write(ctx, func(d *recorder.Deed) error {
		hash, err := d.Publish(ctx, s.signature(p))
		if err == nil {
			place, err = recorder.PlaceOf(ctx, d.Tx, hash)
		}
		return err
	})
	return place, err
}
