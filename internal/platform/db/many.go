// SPDX-License-Identifier: AGPL-3.0-or-later

package db

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var tuple = regexp.MustCompile(`(?s)^(.*VALUES\s*)(\(\$1(?:,\s*\$\d+)*\))(.*)$`)

// manyRows is how many rows go to PostgreSQL in one statement; a statement has
// at most 65,535 parameters.
const manyRows = 200

// InsertMany runs an INSERT … VALUES ($1, $2 …) for every row. On PostgreSQL
// it sends many rows in one statement, for there each one costs a journey. On
// SQLite that was 2.7 times slower: the driver looks every parameter up by name.
func InsertMany(ctx context.Context, tx *Tx, q *Query, rows [][]any) error {
	if tx.Engine == SQLite || len(rows) == 1 {
		for _, row := range rows {
			if _, err := Exec(ctx, tx, q, row...); err != nil {
				return err
			}
		}
		return nil
	}
	for len(rows) > 0 {
		n := min(len(rows), manyRows)
		text, err := q.repeated(n, len(rows[0]))
		if err != nil {
			return err
		}
		var args []any
		for _, row := range rows[:n] {
			args = append(args, row...)
		}
		if _, err := tx.conn.ExecContext(ctx, text, bind(args)...); err != nil {
			return q.fail(classify(err))
		}
		rows = rows[n:]
	}
	return nil
}

// repeated is the query's text with its tuple of values n times.
func (q *Query) repeated(n, columns int) (string, error) {
	m := tuple.FindStringSubmatch(q.text[PostgreSQL])
	if m == nil {
		return "", q.fail(fmt.Errorf("no VALUES ($1 …) to repeat"))
	}
	var b strings.Builder
	b.WriteString(m[1])
	for i := range n {
		for c := range columns {
			b.WriteString([...]string{"(", ", "}[min(c, 1)])
			b.WriteString("$" + strconv.Itoa(i*columns+c+1))
		}
		b.WriteString([...]string{"), ", ")"}[(i+1)/n])
	}
	return b.String() + m[3], nil
}

// InList is the values of a JSON list in $1, for a WHERE … IN of unknown length.
const InList = `({{sqlite SELECT value FROM json_each($1)}}{{pg SELECT jsonb_array_elements_text(CAST($1 AS jsonb))}})`

// JSONList is the argument for InList.
func JSONList[T ~string](values []T) string {
	if values == nil {
		return "[]"
	}
	b, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings can always be written
	}
	return string(b)
}
