// SPDX-License-Identifier: AGPL-3.0-or-later

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver
)

// pg is a PostgreSQL database: a pool for visitors and one connection apart.
type pg struct{ pool, apart *sql.DB }

const (
	poolSize = 16 // connections a node holds for visitors
	retries  = 8  // of a transaction that met another
)

func openPG(ctx context.Context, url string) (*pg, error) {
	pool, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	apart, err := sql.Open("pgx", url)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	pool.SetMaxOpenConns(poolSize)
	pool.SetMaxIdleConns(poolSize)
	apart.SetMaxOpenConns(1)
	p := &pg{pool: pool, apart: apart}
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *pg) close() error { return errors.Join(p.pool.Close(), p.apart.Close()) }

func (p *pg) read(ctx context.Context, now time.Time, fn func(*Tx) error) error {
	tx, err := p.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fn(&Tx{Engine: PostgreSQL, Now: now, conn: tx})
}

// write retries a transaction that another one got in the way of.
func (p *pg) write(ctx context.Context, pool *sql.DB, now func() time.Time, fn func(*Tx) error) (err error) {
	for try := range retries {
		if err = p.once(ctx, pool, now(), fn); !isConflict(err) {
			return err
		}
		select {
		case <-time.After(time.Duration(rand.IntN(10<<try)) * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("after %d tries: %w", retries, err)
}

func (p *pg) once(ctx context.Context, pool *sql.DB, now time.Time, fn func(*Tx) error) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(&Tx{Engine: PostgreSQL, Now: now, conn: tx}); err != nil {
		return err
	}
	return tx.Commit()
}

// isConflict reports serialization_failure and deadlock_detected: the
// transaction did nothing and can be run again.
func isConflict(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}

// classify marks the errors that callers tell apart.
func classify(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "23505" || isUnique(err) {
		return fmt.Errorf("%w (%w)", ErrUnique, err)
	}
	return err
}
