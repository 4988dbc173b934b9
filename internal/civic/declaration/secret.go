// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"context"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
)

// Each declaration has a secret that keys the hashes of its signers' addresses.
// While it is there, one address signs once; once it is destroyed, nobody can
// tell any more whether an address had signed.

// A Keyed is a declaration with its secret.
type Keyed struct {
	*Declaration
	Secret []byte // nil once destroyed, and on a mirror
}

const keyedColumns = declarationColumns + `, p.secret FROM declaration d LEFT JOIN private_declaration p ON p.id = d.id`

var (
	keyedBySlug   = db.SQL(`SELECT ` + keyedColumns + ` WHERE d.slug = $1`)
	keyedByID     = db.SQL(`SELECT ` + keyedColumns + ` WHERE d.id = $1`)
	withSecret    = db.SQL(`SELECT ` + keyedColumns + ` WHERE p.secret IS NOT NULL ORDER BY d.entry LIMIT 10000`)
	destroySecret = db.SQL(`UPDATE private_declaration SET secret = NULL WHERE id = $1`)
)

func scanKeyed(r db.Row) (k Keyed, err error) {
	k.Declaration, err = scanDeclarationAnd(r, &k.Secret)
	return k, err
}

// KeyedBySlug is the published declaration at an address.
func KeyedBySlug(ctx context.Context, tx *db.Tx, slug string) (Keyed, error) {
	return db.One(ctx, tx, keyedBySlug, scanKeyed, slug)
}

// KeyedByID is a published declaration.
func KeyedByID(ctx context.Context, tx *db.Tx, id chorus.ID) (Keyed, error) {
	return db.One(ctx, tx, keyedByID, scanKeyed, id)
}

// WithSecret are the published declarations that still have one.
func WithSecret(ctx context.Context, tx *db.Tx) ([]Keyed, error) {
	return db.All(ctx, tx, withSecret, scanKeyed)
}

// DestroySecret takes the secret of a declaration away for ever.
func DestroySecret(ctx context.Context, tx *db.Tx, id chorus.ID) error {
	_, err := db.Exec(ctx, tx, destroySecret, id)
	return err
}
