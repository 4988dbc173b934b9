// SPDX-License-Identifier: AGPL-3.0-or-later

package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Tables are of two sorts. Names that begin with record_ or private_ hold what
// exists nowhere else: they are migrated. All others are public tables, a pure
// function of the record: when their schema changes they are made anew.

// Setup makes the tables of the given schemas, each in SQLite's words, and
// brings private ones up to date. It reports whether the public tables are
// new and must be filled from the record.
func (d *DB) Setup(ctx context.Context, schemas ...string) (rebuild bool, err error) {
	kept, public := split(strings.Join(schemas, "\n"))
	if err := d.migrate(ctx, d.words(kept)); err != nil {
		return false, fmt.Errorf("migrating: %w", err)
	}
	sum := sha256.Sum256([]byte(strings.Join(public, ";")))
	want := hex.EncodeToString(sum[:])
	err = d.Write(ctx, func(tx *Tx) error {
		have, err := All(ctx, tx, publicSchema, func(r Row) (s string, err error) { return s, r.Scan(&s) })
		if err != nil || len(have) == 1 && have[0] == want {
			return err
		}
		rebuild = true
		if err := d.remake(ctx, tx, d.words(public)); err != nil {
			return err
		}
		_, err = Exec(ctx, tx, setPublicSchema, want)
		return err
	})
	return rebuild, err
}

// Forget empties the public tables, so that they can be filled from the record.
func (d *DB) Forget(ctx context.Context, tx *Tx) error {
	names, err := publicTables(ctx, tx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := tx.conn.ExecContext(ctx, "DELETE FROM "+name); err != nil {
			return err
		}
	}
	return nil
}

// PublicTables lists the tables that are a function of the record.
func (d *DB) PublicTables(ctx context.Context) (names []string, err error) {
	err = d.Read(ctx, func(tx *Tx) error {
		names, err = publicTables(ctx, tx)
		return err
	})
	return names, err
}

const metaSchema = `CREATE TABLE private_public_schema (id INTEGER PRIMARY KEY, sum TEXT NOT NULL) STRICT`

var (
	publicSchema    = SQL(`SELECT sum FROM private_public_schema WHERE id = 1`)
	setPublicSchema = SQL(`INSERT INTO private_public_schema (id, sum) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET sum = excluded.sum`)
	tableNames      = SQL(`{{sqlite SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name}}
		{{pg SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename}}`)
)

func publicTables(ctx context.Context, tx *Tx) (public []string, err error) {
	names, err := All(ctx, tx, tableNames, func(r Row) (s string, err error) { return s, r.Scan(&s) })
	for _, n := range names {
		if !isKept(n) {
			public = append(public, n)
		}
	}
	return public, err
}

func isKept(table string) bool {
	return strings.HasPrefix(table, "record_") || strings.HasPrefix(table, "private_") || strings.HasPrefix(table, "sqlite_")
}

func (d *DB) remake(ctx context.Context, tx *Tx, public []string) error {
	names, err := publicTables(ctx, tx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := tx.conn.ExecContext(ctx, "DROP TABLE "+name); err != nil {
			return err
		}
	}
	return run(ctx, tx.conn, public)
}

func run(ctx context.Context, conn executor, statements []string) error {
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

var (
	comments = regexp.MustCompile(`(?m)--.*$`)
	subject  = regexp.MustCompile(`(?is)^CREATE\s+(?:UNIQUE\s+)?(?:TABLE\s+(\w+)|INDEX\s+\w+\s+ON\s+(\w+)|TRIGGER\s+(\w+))`)
)

// split sorts the statements of a schema into those that are kept for ever
// and those of public tables.
func split(schema string) (kept, public []string) {
	kept = []string{metaSchema}
	for _, s := range strings.Split(comments.ReplaceAllString(schema, ""), ";\n") {
		s = strings.TrimSuffix(strings.TrimSpace(s), ";")
		m := subject.FindStringSubmatch(s)
		switch {
		case s == "":
		case m != nil && !isKept(m[1]+m[2]+m[3]):
			public = append(public, s)
		default:
			kept = append(kept, s)
		}
	}
	return kept, public
}

var pgWords = strings.NewReplacer(" BLOB", " BYTEA", " INTEGER", " BIGINT", ") STRICT, WITHOUT ROWID", ")", ") STRICT", ")")

// words turns the words of SQLite's schemas into the engine's own.
func (d *DB) words(statements []string) (out []string) {
	for _, s := range statements {
		s = fork(s, d.Engine)
		if d.Engine == PostgreSQL {
			s = pgWords.Replace(s)
		}
		if strings.TrimSpace(s) != "" {
			out = append(out, s)
		}
	}
	return out
}

// migrate runs the migrations of kept tables. The first makes them as the
// schemas say; a release that changes one adds a numbered migration.
func (d *DB) migrate(ctx context.Context, baseline []string) error {
	first := goose.NewGoMigration(1, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		return run(ctx, tx, baseline)
	}}, nil)
	options := []goose.ProviderOption{goose.WithGoMigrations(first), goose.WithTableName("private_migration"), goose.WithDisableGlobalRegistry(true)}
	dialect, pool := goose.DialectSQLite3, d.pool()
	if d.Engine == PostgreSQL {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresTableLocker(lock.WithTableName("private_migration_lock"))
		if err != nil {
			return err
		}
		options = append(options, goose.WithLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, pool, fs.FS(nil), options...)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}
