// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

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
	delays, err := s.delays(ctx, people[:300])
	if err != nil {
		return nil, err
	}
	late := percentile(delays, 99)
	return []figure{
		{what: "recorded to covered by a checkpoint, median", value: percentile(delays, 50), unit: "ms"},
		{what: "  99 of 100 within", value: late, unit: "ms", goal: "1100 ms", missed: late > 1100},
		{what: "a signature in the database, without its private side", value: float64(after-before) / float64(len(people)), unit: "bytes"},
	}, nil
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

// delays records signatures, one every now and then, and sees how much
// later the checkpoint that is served covers each.
func (s *stage) delays(ctx context.Context, people []seed.Signer) (late []time.Duration, err error) {
	key, err := s.Record.VerifierKey()
	if err != nil {
		return nil, err
	}
	size := func() (int64, error) {
		text, err := s.Record.Checkpoint(ctx)
		if err != nil {
			return 0, err
		}
		c, err := record.OpenCheckpoint([]byte(text), key)
		return c.Size, err
	}
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
		covered, err := size()
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
