// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"example.org/chorus/internal/platform/db"
)

// rebuild measures how fast the public tables of a record come back.
func (b *workbench) rebuild(ctx context.Context) ([]figure, error) {
	s, err := b.open(ctx, "site", "", resting)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	people, err := crowdOf(b.size(100_000))
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := errors.Join(s.publish(ctx), s.fill(ctx, people)); err != nil {
		return nil, err
	}
	filled := float64(len(people)) / time.Since(begun).Seconds()
	b.say("  %d signatures recorded, %.0f/s", len(people), filled)
	begun = time.Now()
	n, err := s.Record.Rebuild(ctx, func(int64) {})
	if err != nil {
		return nil, err
	}
	rate := float64(n) / time.Since(begun).Seconds()
	bare, err := b.insertSignatures(ctx, s)
	if err != nil {
		return nil, err
	}
	return []figure{
		{what: "public tables made anew", value: rate, unit: "facts/s", beside: "bare inserts", base: bare, goal: "30000/s", missed: rate < 30_000},
		{what: "  facts recorded, 1,000 in one deed", value: filled, unit: "facts/s", beside: "made anew", base: rate},
	}, nil
}

// insertSignatures inserts the same public rows with nothing around them.
func (b *workbench) insertSignatures(ctx context.Context, from *stage) (float64, error) {
	var c captured
	if err := c.take(ctx, from, lasting); err != nil {
		return 0, err
	}
	empty, err := b.open(ctx, "raw", "", resting)
	if err != nil {
		return 0, err
	}
	defer empty.stop()
	signatures := c.tables[signatureTable]
	begun := time.Now()
	err = empty.DB.Write(ctx, func(tx *db.Tx) error {
		for part := range slices.Chunk(signatures.rows, 5000) {
			if err := db.InsertMany(ctx, tx, signatures.put, part); err != nil {
				return err
			}
		}
		return nil
	})
	return float64(c.signatures) / time.Since(begun).Seconds(), err
}
