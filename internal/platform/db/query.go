// SPDX-License-Identifier: AGPL-3.0-or-later

package db

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Query is one SQL text for both engines. Queries are declared as package
// variables, so that a test can prepare every one of them on both.
type Query struct {
	at    string // file:line of the declaration, for errors
	text  [2]string
	order []int // SQLite: which argument each parameter takes; nil if in order
}

var (
	queriesMu sync.Mutex
	queries   []*Query
)

// SQL declares a query. Parameters are $1, $2 …; where the engines differ, the
// text forks: {{sqlite …}} {{pg …}}.
func SQL(text string) *Query {
	_, file, line, _ := runtime.Caller(1)
	plain, order := unnumbered(fork(text, SQLite))
	q := &Query{at: fmt.Sprintf("%s:%d", base(file), line), text: [2]string{plain, fork(text, PostgreSQL)}, order: order}
	queriesMu.Lock()
	defer queriesMu.Unlock()
	queries = append(queries, q)
	return q
}

var (
	forks = regexp.MustCompile(`(?s)\{\{(sqlite|pg) (.*?)\}\}`)
	last2 = regexp.MustCompile(`[^/]+/[^/]+$`)
)

func base(file string) string { return last2.FindString(file) }

func fork(text string, e Engine) string {
	word := [...]string{"sqlite", "pg"}[e]
	return forks.ReplaceAllStringFunc(text, func(part string) string {
		if m := forks.FindStringSubmatch(part); m[1] == word {
			return m[2]
		}
		return ""
	})
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// unnumbered is the text with a plain ? for each parameter, and which argument
// each stands for; nil if they stand in order, each once. SQLite's driver spells
// out the number of each parameter that has one, at every run.
func unnumbered(text string) (plain string, order []int) {
	inOrder := true
	for i, m := range parameter.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1]) // digits, as the pattern says
		order = append(order, n-1)
		inOrder = inOrder && n-1 == i
	}
	if inOrder {
		order = nil
	}
	return parameter.ReplaceAllString(text, "?"), order
}

// arranged is the arguments in the order of the parameters in SQLite's text.
func (q *Query) arranged(args []any) ([]any, error) {
	if q.order == nil {
		return args, nil
	}
	all := make([]any, len(q.order))
	for i, n := range q.order {
		if n >= len(args) {
			return nil, fmt.Errorf("no argument for $%d", n+1)
		}
		all[i] = args[n]
	}
	return all, nil
}

func (q *Query) fail(err error) error { return fmt.Errorf("query at %s: %w", q.at, err) }

// CheckQueries prepares the queries that packages of these names declare, or
// all if none is named, and returns the first that this database refuses.
func (d *DB) CheckQueries(ctx context.Context, packages ...string) error {
	queriesMu.Lock()
	defer queriesMu.Unlock()
	pool := d.pool()
	for _, q := range queries {
		if name, _, _ := strings.Cut(q.at, "/"); len(packages) > 0 && !slices.Contains(packages, name) {
			continue
		}
		stmt, err := pool.PrepareContext(ctx, q.text[d.Engine])
		if err != nil {
			return q.fail(err)
		}
		if err := stmt.Close(); err != nil {
			return q.fail(err)
		}
	}
	return nil
}

func (d *DB) pool() *sql.DB {
	if d.Engine == PostgreSQL {
		return d.pg.pool
	}
	return d.lite.writerDB
}

// statements keeps the prepared queries of one connection; preparing halves
// the cost of a small query on SQLite.
type statements struct {
	conn *sql.Conn
	have map[*Query]*sql.Stmt
}

func (s *statements) get(q *Query) (*sql.Stmt, error) {
	if stmt, ok := s.have[q]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), q.text[SQLite])
	if err != nil {
		return nil, err
	}
	s.have[q] = stmt
	return stmt, nil
}
