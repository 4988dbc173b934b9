// SPDX-License-Identifier: AGPL-3.0-or-later

package app

import (
	"bytes"
	"context"
	"errors"

	"example.org/chorus/internal/platform/db"
)

// secretSchema keeps a mark of the secret that the database was made with.
const secretSchema = `CREATE TABLE private_secret (id INTEGER PRIMARY KEY, mark BLOB NOT NULL) STRICT;`

var (
	keepMark = db.SQL(`INSERT INTO private_secret (id, mark) VALUES (1, $1) ON CONFLICT (id) DO NOTHING`)
	markIs   = db.SQL(`SELECT mark FROM private_secret WHERE id = 1`)
)

// errSecret keeps an instance from going on with a secret that is not its own:
// addresses could be counted twice, and no link in a mail would work.
var errSecret = errors.New("the file named secret in the data folder does not belong to this database: bring back the right one, docs/operating.md says how")

// checkSecret makes sure that secret and database belong together.
func (a *App) checkSecret(ctx context.Context) error {
	mark := a.Vault.Hash("database mark")
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, keepMark, mark); err != nil {
			return err
		}
		kept, err := db.Value[[]byte](ctx, tx, markIs)
		if err == nil && !bytes.Equal(kept, mark) {
			err = errSecret
		}
		return err
	})
}
