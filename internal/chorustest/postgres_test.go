// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"example.org/chorus/internal/chorustest"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func setting(t *testing.T, conn *pgx.Conn, name string) string {
	t.Helper()
	var value string
	if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestPostgresDatabasesAreFreshAndApart(t *testing.T) {
	a := connect(t, chorustest.Postgres(t))
	b := connect(t, chorustest.Postgres(t))
	for _, conn := range []*pgx.Conn{a, b} {
		if _, err := conn.Exec(t.Context(), "CREATE TABLE same (n int)"); err != nil {
			t.Error(err)
		}
	}
	if got := setting(t, a, "fsync"); got != "off" {
		t.Errorf("fsync = %s, want off", got)
	}
	if got := setting(t, a, "server_encoding"); got != "UTF8" {
		t.Errorf("encoding = %s, want UTF8", got)
	}
}

func TestPostgresDatabaseGoesWithItsTest(t *testing.T) {
	var url string
	t.Run("leaves a connection open", func(t *testing.T) {
		url = chorustest.Postgres(t)
		if _, err := pgx.Connect(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("the database is still there")
	}
}

func TestPostgresDurableFlushes(t *testing.T) {
	conn := connect(t, chorustest.PostgresDurable(t))
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		if got := setting(t, conn, name); got != "on" {
			t.Errorf("%s = %s, want on", name, got)
		}
	}
}
