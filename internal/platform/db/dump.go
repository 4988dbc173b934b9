// SPDX-License-Identifier: AGPL-3.0-or-later

package db

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var columnNames = SQL(`{{sqlite SELECT name FROM pragma_table_info($1) ORDER BY name}}
	{{pg SELECT CAST(column_name AS text) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 ORDER BY column_name}}`)

// Dump writes every public table, rows in the order of their text. Two
// instances with the same record give the same dump, on either engine.
func (d *DB) Dump(ctx context.Context) (text string, err error) {
	var b strings.Builder
	err = d.Read(ctx, func(tx *Tx) error {
		tables, err := publicTables(ctx, tx)
		for _, table := range tables {
			if err == nil {
				err = dumpTable(ctx, tx, table, &b)
			}
		}
		return err
	})
	return b.String(), err
}

func dumpTable(ctx context.Context, tx *Tx, table string, b *strings.Builder) error {
	columns, err := All(ctx, tx, columnNames, func(r Row) (s string, err error) { return s, r.Scan(&s) }, table)
	if err != nil {
		return err
	}
	rows, err := tx.conn.QueryContext(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+table)
	if err != nil {
		return err
	}
	defer rows.Close()
	lines, err := textOf(rows, columns)
	if err != nil {
		return err
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Fprintf(b, "%s: %s\n", table, line)
	}
	return nil
}

var tableName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Count is how many rows a table has, or most if it has more. It is for tables
// whose names only the database knows; others are counted by a Query.
func Count(ctx context.Context, tx *Tx, table string, most int64) (n int64, err error) {
	if !tableName.MatchString(table) {
		return 0, fmt.Errorf("%q is not the name of a table", table)
	}
	rows, err := tx.conn.QueryContext(ctx, fmt.Sprintf("SELECT count(1) FROM (SELECT 1 FROM %s LIMIT %d) counted", table, most))
	if err != nil {
		return 0, fmt.Errorf("counting %s: %w", table, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, rows.Err()
}

func textOf(rows *sql.Rows, columns []string) (lines []string, err error) {
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		var line strings.Builder
		for i, v := range values {
			if blob, ok := v.([]byte); ok {
				v = fmt.Sprintf("%x", blob)
			}
			fmt.Fprintf(&line, "%s=%q ", columns[i], fmt.Sprint(v))
		}
		lines = append(lines, line.String())
	}
	return lines, rows.Err()
}
