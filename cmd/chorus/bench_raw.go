// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"example.org/chorus/internal/platform/db"
)

// A written is a table that a signature writes to.
type written struct {
	kept life
	with step
	name string
}

// Life says whether a row stays, or is gone once the signature is confirmed and
// its mail sent.
type life int

const (
	lasting life = iota
	passing
)

// Step is the form whose deed writes the row.
type step int

const (
	first step = iota
	code
)

var writtenTables = []written{
	{passing, first, "private_signing"},
	{passing, first, "private_mail"},
	{passing, first, mailJobs},
	{lasting, first, "private_mail_address"},
	{lasting, first, "private_mail_allowed"},
	{lasting, code, "private_signer"},
	{lasting, code, "private_comment"},
	{lasting, code, "private_opening"},
	{lasting, code, "record_entry"},
	{lasting, code, "record_body"},
	{lasting, code, signatureTable},
}

const (
	signatureTable = "declaration_signature"
	mailJobs       = "private_job"
)

var columnsOf = db.SQL(`{{sqlite SELECT name FROM pragma_table_info($1) ORDER BY cid}}
	{{pg SELECT CAST(column_name AS text) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position}}`)

// Captured is the rows that a run left, to be inserted again with nothing around them.
type captured struct {
	tables     map[string]table
	signatures int
	mails      float64 // per second
}

type table struct {
	put  *db.Query
	rows [][]any
}

// take reads the rows of tables of one life.
func (c *captured) take(ctx context.Context, s *stage, l life) error {
	if c.tables == nil {
		c.tables = map[string]table{}
	}
	return s.DB.Read(ctx, func(tx *db.Tx) error {
		for _, t := range writtenTables {
			if t.kept != l {
				continue
			}
			whole, err := rowsOf(ctx, tx, t.name)
			if err != nil {
				return err
			}
			c.tables[t.name] = whole
		}
		c.signatures = len(c.tables[signatureTable].rows)
		return nil
	})
}

func rowsOf(ctx context.Context, tx *db.Tx, name string) (t table, err error) {
	columns, err := db.All(ctx, tx, columnsOf, func(r db.Row) (s string, err error) { return s, r.Scan(&s) }, name)
	if err != nil {
		return t, err
	}
	values := "$1"
	for i := range columns[1:] {
		values += ", $" + strconv.Itoa(i+2)
	}
	list := strings.Join(columns, ", ")
	t.put = db.SQL("INSERT INTO " + name + " (" + list + ") VALUES (" + values + ")")
	choice := ""
	if name == mailJobs {
		choice = " WHERE kind = 'mail.send'"
	}
	t.rows, err = db.All(ctx, tx, db.SQL("SELECT "+list+" FROM "+name+choice), scanAny(len(columns)))
	return t, err
}

func scanAny(columns int) func(db.Row) ([]any, error) {
	return func(r db.Row) ([]any, error) {
		row, into := make([]any, columns), make([]any, columns)
		for i := range row {
			into[i] = &row[i]
		}
		return row, r.Scan(into...)
	}
}

// raw inserts captured rows into a new database of the same kind, as many
// signatures in one commit as there are clients: with the rows of both forms,
// and with those of the code alone.
func (b *workbench) raw(ctx context.Context, fresh func() (string, error), c *captured) (whole, alone inserted, err error) {
	if whole, err = b.insert(ctx, "raw-whole", fresh, c, first); err == nil {
		alone, err = b.insert(ctx, "raw-code", fresh, c, code)
	}
	return whole, alone, err
}

// Inserted is how fast rows went in: signatures per second, and the seconds of
// processor time that one took.
type inserted struct{ rate, work float64 }

// insert inserts the rows of a step and of those after it.
func (b *workbench) insert(ctx context.Context, name string, fresh func() (string, error), c *captured, from step) (i inserted, err error) {
	database, err := fresh()
	if err != nil {
		return i, err
	}
	empty, err := b.open(ctx, name, database, resting)
	if err != nil {
		return i, err
	}
	defer empty.stop()
	begun, work := time.Now(), worked()
	batches := (c.signatures + clients - 1) / clients
	for n := range batches {
		err := empty.DB.Write(ctx, func(tx *db.Tx) error {
			for _, t := range writtenTables {
				rows := c.tables[t.name].rows
				part := rows[len(rows)*n/batches : len(rows)*(n+1)/batches]
				if t.with < from || len(part) == 0 {
					continue
				}
				if err := db.InsertMany(ctx, tx, c.tables[t.name].put, part); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return i, err
		}
	}
	n := float64(c.signatures)
	return inserted{n / time.Since(begun).Seconds(), (worked() - work).Seconds() / n}, nil
}

// onSQLite makes insert take the database in the folder.
func onSQLite() (string, error) { return "", nil }
