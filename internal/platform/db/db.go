// SPDX-License-Identifier: AGPL-3.0-or-later

// Package db opens the database and runs transactions. An instance keeps its
// data either in one SQLite file or in PostgreSQL; the SQL is one text for both.
//
//   - A Tx is the only thing that can run SQL, so every function says in its
//     signature that it needs a transaction.
//   - On SQLite one goroutine writes. It commits the deeds that wait together
//     in one transaction (group commit) and answers each only once the commit
//     is on the disk. A deed that fails is undone alone.
//   - On PostgreSQL every deed is a transaction of its own and may be run again
//     after a conflict, so a deed changes nothing outside its Tx.
//   - Nothing but this package reads the clock: the time of a deed is Tx.Now.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.org/chorus"
)

// An Engine is one of the two databases.
type Engine int

// The engines.
const (
	SQLite Engine = iota
	PostgreSQL
)

func (e Engine) String() string { return [...]string{"SQLite", "PostgreSQL"}[e] }

// A DB is an open database.
type DB struct {
	Engine Engine
	// Now is the clock; tests replace it before anything runs.
	Now func() time.Time

	lite *lite
	pg   *pg
}

// Open opens a PostgreSQL database for a postgres:// URL and an SQLite file
// for anything else, making the file if there is none.
func Open(ctx context.Context, source string) (*DB, error) {
	d := &DB{Now: time.Now}
	var err error
	if strings.HasPrefix(source, "postgres://") || strings.HasPrefix(source, "postgresql://") {
		d.Engine = PostgreSQL
		d.pg, err = openPG(ctx, source)
	} else {
		d.lite, err = openLite(ctx, source)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the %v database: %w", d.Engine, err)
	}
	return d, nil
}

// Close waits for deeds under way and closes the database.
func (d *DB) Close() error {
	if d.Engine == PostgreSQL {
		return d.pg.close()
	}
	return d.lite.close()
}

// Read runs fn on one unchanging view of the database. fn cannot write.
func (d *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	if d.Engine == PostgreSQL {
		return d.pg.read(ctx, d.moment(), fn)
	}
	return d.lite.read(ctx, d.moment(), fn)
}

// Write runs fn in a transaction, commits it if fn returns nil, and returns
// once it is durable. On PostgreSQL fn may run more than once.
func (d *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	if d.Engine == PostgreSQL {
		return d.pg.write(ctx, d.pg.pool, d.moment, fn)
	}
	return d.lite.write(ctx, d.moment, fn)
}

// WriteApart is Write for background work that must not wait behind visitors:
// on PostgreSQL it has a connection of its own.
func (d *DB) WriteApart(ctx context.Context, fn func(*Tx) error) error {
	if d.Engine == PostgreSQL {
		return d.pg.write(ctx, d.pg.apart, d.moment, fn)
	}
	return d.lite.write(ctx, d.moment, fn)
}

// moment is the present in the precision that both engines keep.
func (d *DB) moment() time.Time { return d.Now().UTC().Truncate(time.Microsecond) }

// A Tx is a transaction under way. Now is the one moment at which it happens.
type Tx struct {
	Engine Engine
	Now    time.Time

	conn    executor
	stmts   *statements // nil where the driver prepares by itself
	grouped bool        // others share the transaction: what has begun runs to its end
}

type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ErrUnique is wrapped by the error of a write that would double a unique key.
// On PostgreSQL the transaction is lost with it: let the deed fail, or write
// ON CONFLICT DO NOTHING.
var ErrUnique = errors.New("db: value is there already")

// Exec runs a query that returns no rows and gives the number of rows it changed.
func Exec(ctx context.Context, tx *Tx, q *Query, args ...any) (changed int64, err error) {
	res, err := tx.exec(ctx, q, bind(args))
	if err != nil {
		return 0, q.fail(classify(err))
	}
	return res.RowsAffected()
}

// All runs a query and scans every row.
func All[T any](ctx context.Context, tx *Tx, q *Query, scan func(Row) (T, error), args ...any) (all []T, err error) {
	err = Each(ctx, tx, q, func(row Row) error {
		v, err := scan(row)
		all = append(all, v)
		return err
	}, args...)
	return all, err
}

// One runs a query and scans its first row; chorus.ErrNotFound if there is none.
func One[T any](ctx context.Context, tx *Tx, q *Query, scan func(Row) (T, error), args ...any) (one T, err error) {
	found := false
	err = Each(ctx, tx, q, func(row Row) (err error) {
		if found {
			return nil
		}
		found = true
		one, err = scan(row)
		return err
	}, args...)
	if err == nil && !found {
		err = chorus.ErrNotFound
	}
	return one, err
}

// Value is One for a query with a single column.
func Value[T any](ctx context.Context, tx *Tx, q *Query, args ...any) (T, error) {
	return One(ctx, tx, q, func(row Row) (v T, err error) { return v, row.Scan(&v) }, args...)
}

// Each runs a query and hands every row to fn, without keeping them.
func Each(ctx context.Context, tx *Tx, q *Query, fn func(Row) error, args ...any) error {
	rows, err := tx.query(ctx, q, bind(args))
	if err != nil {
		return q.fail(classify(err))
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(Row{rows}); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil && !tx.grouped {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return q.fail(classify(err))
	}
	return nil
}

// On SQLite no statement is ever interrupted. An interrupted one would roll back
// the whole group, and with it the deeds of others; and the driver would keep a
// watch on each, which costs as much as a small statement. Statements are short,
// and readers look between rows whether they are still wanted.

func (tx *Tx) exec(ctx context.Context, q *Query, args []any) (sql.Result, error) {
	if tx.stmts == nil {
		return tx.conn.ExecContext(ctx, q.text[tx.Engine], args...)
	}
	stmt, err := tx.stmts.get(q)
	if err != nil {
		return nil, err
	}
	if args, err = q.arranged(args); err != nil {
		return nil, err
	}
	return stmt.ExecContext(context.Background(), args...)
}

func (tx *Tx) query(ctx context.Context, q *Query, args []any) (*sql.Rows, error) {
	if tx.stmts == nil {
		return tx.conn.QueryContext(ctx, q.text[tx.Engine], args...)
	}
	stmt, err := tx.stmts.get(q)
	if err != nil {
		return nil, err
	}
	if args, err = q.arranged(args); err != nil {
		return nil, err
	}
	return stmt.QueryContext(context.Background(), args...)
}

// A Row is one row of a result.
type Row struct{ rows *sql.Rows }

// Scan reads the columns. A *time.Time reads what a time.Time argument wrote.
func (r Row) Scan(dest ...any) error {
	for i, d := range dest {
		if t, ok := d.(*time.Time); ok {
			dest[i] = (*moment)(t)
		}
	}
	return r.rows.Scan(dest...)
}

// A moment is stored as microseconds since 1970 in UTC; 0 is the zero time.
type moment time.Time

func (m *moment) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("db: %T is not a time", src)
	}
	*m = moment{}
	if n != 0 {
		*m = moment(time.UnixMicro(n).UTC())
	}
	return nil
}

// bind gives arguments the form that both drivers store alike: times as
// microseconds, truth as 0 and 1.
func bind(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case time.Time:
			args[i] = int64(0)
			if !v.IsZero() {
				args[i] = v.UnixMicro()
			}
		case bool:
			args[i] = int64(0)
			if v {
				args[i] = int64(1)
			}
		}
	}
	return args
}
