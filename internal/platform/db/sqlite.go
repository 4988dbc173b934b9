// SPDX-License-Identifier: AGPL-3.0-or-later

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"runtime/debug"
	"sync"
	"time"

	"example.org/chorus"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// lite is an SQLite database: one connection that writes, a few that read.
type lite struct {
	writerDB, readerDB *sql.DB
	writer             *statements
	readers            chan *statements

	queue   chan *deed
	settles []Settler
	closing chan struct{}
	closed  sync.WaitGroup
	broken  error // set by the writer when the file can no longer be trusted
}

const (
	readers  = 4
	maxBatch = 512 // deeds in one commit
)

// synchronous=FULL is a matter of correctness: with NORMAL a power cut can take
// back a commit after the record was signed, and the record would fork. The
// writer waits longer than a purge, which keeps it out while it waits for readers.
const (
	writerPragmas = "?_dqs=0&_pragma=busy_timeout(30000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=secure_delete(ON)&_pragma=cache_size(-65536)&_pragma=temp_store(MEMORY)"
	readerPragmas = "?_dqs=0&_pragma=busy_timeout(5000)&_pragma=cache_size(-4096)&_pragma=temp_store(MEMORY)&_query_only=1"
)

func openLite(ctx context.Context, path string) (_ *lite, err error) {
	file := (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String()
	l := &lite{readers: make(chan *statements, readers), queue: make(chan *deed, maxBatch), closing: make(chan struct{})}
	if l.writerDB, err = sql.Open("sqlite", file+writerPragmas); err != nil {
		return nil, err
	}
	l.writerDB.SetMaxIdleConns(0) // migrations and checks borrow a connection and close it
	if l.writer, err = connect(ctx, l.writerDB); err != nil {
		return nil, errors.Join(err, l.writerDB.Close())
	}
	if l.readerDB, err = sql.Open("sqlite", file+readerPragmas); err != nil {
		return nil, errors.Join(err, l.writerDB.Close())
	}
	for range readers {
		l.readers <- nil // opened when first needed
	}
	l.closed.Go(l.write1)
	return l, nil
}

func connect(ctx context.Context, pool *sql.DB) (*statements, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &statements{conn: conn, have: map[*Query]*sql.Stmt{}}, nil
}

func (l *lite) close() error {
	close(l.closing)
	l.closed.Wait()
	for range readers {
		if s := <-l.readers; s != nil {
			s.conn.Close()
		}
	}
	return errors.Join(l.writer.conn.Close(), l.readerDB.Close(), l.writerDB.Close())
}

func (l *lite) read(ctx context.Context, now time.Time, fn func(*Tx) error) (err error) {
	var s *statements
	select {
	case s = <-l.readers:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { l.readers <- s }()
	if s == nil {
		if s, err = connect(context.WithoutCancel(ctx), l.readerDB); err != nil {
			return err
		}
	}
	// The connection goes back to the pool. A BEGIN that was cancelled may have
	// begun all the same, and nothing could be read on that connection any more.
	lasting := context.WithoutCancel(ctx)
	if _, err := s.conn.ExecContext(lasting, "BEGIN"); err != nil {
		return err
	}
	defer s.conn.ExecContext(lasting, "ROLLBACK")
	return fn(&Tx{Engine: SQLite, Now: now, conn: s.conn, stmts: s})
}

// A deed is a Write that waits for the writer.
type deed struct {
	now  func() time.Time
	fn   func(*Tx) error
	done chan error
	err  error
}

var errClosed = errors.New("db: closed")

func (l *lite) write(ctx context.Context, now func() time.Time, fn func(*Tx) error) error {
	d := &deed{now: now, fn: fn, done: make(chan error, 1)}
	select {
	case l.queue <- d:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closing:
		return errClosed
	}
	select {
	case err := <-d.done:
		return err
	case <-l.closing:
		l.closed.Wait()
		select {
		case err := <-d.done:
			return err
		default:
			return errClosed
		}
	}
}

// A Settler has work to do once for all the deeds that are committed together
// on SQLite.
type Settler interface {
	// Settle runs before the commit.
	Settle(ctx context.Context, tx *Tx) error
	// Settled tells whether the commit succeeded.
	Settled(committed bool)
}

// OnSettle adds a Settler. It has no effect on PostgreSQL, where every deed is
// committed alone. It must be called before the first Write.
func (d *DB) OnSettle(s Settler) {
	if d.lite != nil {
		d.lite.settles = append(d.lite.settles, s)
	}
}

// write1 is the one writer.
func (l *lite) write1() {
	for {
		select {
		case first := <-l.queue:
			l.group(first)
		case <-l.closing:
			return
		}
	}
}

// group runs the first deed and those that wait behind it in one transaction
// and answers all of them.
func (l *lite) group(first *deed) {
	deeds, err := []*deed(nil), l.broken
	if err == nil {
		deeds, err = l.try(first)
	}
	for _, d := range deeds {
		if err != nil {
			d.err = err
		}
		d.done <- d.err
	}
	if len(deeds) == 0 {
		first.done <- err
	}
}

func (l *lite) try(first *deed) (deeds []*deed, err error) {
	ctx := context.Background()
	defer func() {
		for _, s := range l.settles {
			s.Settled(err == nil)
		}
	}()
	if _, err := l.writer.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, fmt.Errorf("beginning: %w", err)
	}
	for d := first; d != nil && err == nil; d = l.waiting(len(deeds)) {
		deeds = append(deeds, d)
		err = l.run(d)
	}
	for _, s := range l.settles {
		if err == nil {
			err = s.Settle(ctx, l.tx(first))
		}
	}
	if err == nil {
		err = l.commit(ctx)
	}
	if err != nil {
		l.writer.conn.ExecContext(ctx, "ROLLBACK")
	}
	return deeds, err
}

// commit is fatal when it fails for any reason but a full disk: what is on the
// disk is then not known, and only a restart reads it anew.
func (l *lite) commit(ctx context.Context) error {
	_, err := l.writer.conn.ExecContext(ctx, "COMMIT")
	if err != nil && code(err) != sqlite3.SQLITE_FULL {
		l.broken = fmt.Errorf("db: stopped after a failed commit: %w", err)
	}
	return err
}

func (l *lite) waiting(taken int) *deed {
	if taken >= maxBatch {
		return nil
	}
	select {
	case d := <-l.queue:
		return d
	default:
		return nil
	}
}

func (l *lite) tx(d *deed) *Tx {
	return &Tx{Engine: SQLite, Now: d.now(), conn: l.writer.conn, stmts: l.writer, grouped: true}
}

var (
	savepoint = &Query{at: "savepoint", text: [2]string{"SAVEPOINT deed"}}
	release   = &Query{at: "release", text: [2]string{"RELEASE deed"}}
	undo      = &Query{at: "undo", text: [2]string{"ROLLBACK TO deed"}}
)

// run gives a deed a savepoint of its own. The error it returns is one that
// ends the group; the deed's own is kept in the deed.
func (l *lite) run(d *deed) error {
	tx := l.tx(d)
	if _, err := Exec(context.Background(), tx, savepoint); err != nil {
		return err
	}
	if d.err = guarded(tx, d.fn); d.err != nil {
		if _, err := Exec(context.Background(), tx, undo); err != nil {
			return fmt.Errorf("undoing a deed: %w", err)
		}
	}
	_, err := Exec(context.Background(), tx, release)
	return err
}

// guarded keeps a deed that panics from taking the writer with it.
func guarded(tx *Tx, fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a deed: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(tx)
}

// Purge drops from SQLite's write-ahead log what has been erased from the
// tables: an erased name would stay readable there until the next checkpoint.
// It fails with chorus.ErrBusy while a reader holds an older view. PostgreSQL's
// log is the operator's affair (docs/operating.md).
func (d *DB) Purge(ctx context.Context) error {
	if d.Engine == PostgreSQL {
		return nil
	}
	var busy, frames, moved int
	row := d.lite.readerDB.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := row.Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("emptying the write-ahead log: %w", err)
	}
	if busy != 0 {
		return fmt.Errorf("emptying the write-ahead log: %w", chorus.ErrBusy)
	}
	return nil
}

func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// isUnique reports a doubled unique or primary key.
func isUnique(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
