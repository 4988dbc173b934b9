// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"example.org/chorus/internal/platform/db"
)

const nodes = 3

// signOnPostgres measures signatures on three nodes with one database.
func (b *workbench) signOnPostgres(ctx context.Context) (figures []figure, err error) {
	if b.postgres == "" {
		b.say("  left out: name a server with --database or CHORUS_TEST_PG")
		return nil, nil
	}
	server := &server{admin: b.postgres}
	defer func() { err = errors.Join(err, server.drop()) }()
	people, err := crowdOf(b.size(12_800))
	if err != nil {
		return nil, err
	}
	source, err := server.fresh()
	if err != nil {
		return nil, err
	}
	all, err := b.openNodes(ctx, source)
	if err != nil {
		return nil, err
	}
	rows, lags, s := new(captured), &lag{}, signed{}
	s, err = signAll(ctx, all, walks(people), func() error {
		return errors.Join(rows.take(ctx, all[0], passing), lags.watch(ctx, source))
	})
	if err == nil {
		err = errors.Join(lags.end(), rows.take(ctx, all[0], lasting))
	}
	if err = errors.Join(err, closeAll(all)); err != nil {
		return nil, err
	}
	b.say("  %d signatures, %.0f/s", len(people), s.rate())
	whole, alone, err := b.raw(ctx, server.fresh, rows)
	if err != nil {
		return nil, err
	}
	late := percentile(lags.each, 99)
	return append(signFigures("PostgreSQL, 3 nodes", s, whole, alone, 2000),
		figure{what: "  written to applied, median", value: percentile(lags.each, 50), unit: "ms"},
		figure{what: "  written to applied, 99 of 100 within", value: late, unit: "ms", goal: "150 ms", missed: late > 150}), nil
}

func (b *workbench) openNodes(ctx context.Context, source string) (all []*stage, err error) {
	for range nodes {
		s, err := b.open(ctx, "nodes", source, working) // one folder, for they share the secret
		if err != nil {
			return nil, errors.Join(err, closeAll(all))
		}
		all = append(all, s)
	}
	if err := all[0].publish(ctx); err != nil {
		return nil, errors.Join(err, closeAll(all))
	}
	return all, nil
}

// A lag is how long facts took from being written in their deed to being seen
// applied by somebody else. It is more than the time from the commit: the end
// of the deed and the pause between two looks are in it.
type lag struct {
	db   *db.DB
	stop context.CancelFunc
	done chan error
	each []time.Duration // sorted at the end
}

const look = 5 * time.Millisecond

var entriesAfter = db.SQL(`SELECT idx, eid FROM record_entry WHERE idx > $1 ORDER BY idx`)

// watch looks at the record on a connection of its own until end is called.
func (l *lag) watch(ctx context.Context, source string) (err error) {
	if l.db, err = db.Open(ctx, source); err != nil {
		return err
	}
	last := int64(-1)
	if last, _, err = l.see(ctx, last); err != nil { // what was there before
		return err
	}
	ctx, l.stop = context.WithCancel(ctx)
	l.done = make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			var new []time.Duration
			if last, new, err = l.see(ctx, last); err != nil && ctx.Err() == nil {
				l.done <- err
				return
			}
			l.each = append(l.each, new...)
			time.Sleep(look)
		}
		l.done <- nil
	}()
	return nil
}

// see gives the age of entries after a place: their IDs hold the millisecond
// in which they were made.
func (l *lag) see(ctx context.Context, last int64) (_ int64, ages []time.Duration, err error) {
	err = l.db.Read(ctx, func(tx *db.Tx) error {
		return db.Each(ctx, tx, entriesAfter, func(r db.Row) error {
			var eid []byte
			if err := r.Scan(&last, &eid); err != nil {
				return err
			}
			made := binary.BigEndian.Uint64(eid) >> 16 // milliseconds since 1970; RFC 9562, 5.7
			ages = append(ages, time.Since(time.UnixMilli(int64(made))))
			return nil
		}, last)
	})
	return last, ages, err
}

func (l *lag) end() error {
	l.stop()
	err := <-l.done
	slices.Sort(l.each)
	return errors.Join(err, l.db.Close())
}

// A server is a PostgreSQL on which databases may be made.
type server struct {
	admin string
	made  []string
}

// fresh makes an empty database and gives its URL.
func (s *server) fresh() (string, error) {
	name := fmt.Sprintf("chorus_bench_%d_%d", os.Getpid(), len(s.made))
	if err := s.do("CREATE DATABASE " + name); err != nil {
		return "", err
	}
	s.made = append(s.made, name)
	source, err := url.Parse(s.admin)
	if err != nil {
		return "", err
	}
	source.Path = "/" + name
	return source.String(), nil
}

func (s *server) drop() (err error) {
	for _, name := range s.made {
		err = errors.Join(err, s.do("DROP DATABASE "+name+" WITH (FORCE)"))
	}
	return err
}

func (s *server) do(deed string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, deed)
	return err
}
