// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"context"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
)

// Public tables: written by Apply alone.
var (
	insertDeclaration = db.SQL(`INSERT INTO declaration (id, slug, hash, entry, core, closed) VALUES ($1, $2, $3, $4, $5, '')`)
	closeDeclaration  = db.SQL(`UPDATE declaration SET closed = $2 WHERE id = $1 AND closed = ''`)
	tallyOf           = db.SQL(`SELECT people, organisations, waiting, numbered FROM declaration WHERE id = $1`)
	saveTally         = db.SQL(`UPDATE declaration SET people = $2, organisations = $3, waiting = $4, numbered = $5 WHERE id = $1`)
	addDay            = db.SQL(`INSERT INTO declaration_day (declaration, day, people, organisations) VALUES ($1, $2, $3, $4)
		ON CONFLICT (declaration, day) DO UPDATE SET people = declaration_day.people + excluded.people, organisations = declaration_day.organisations + excluded.organisations`)
	addCountry = db.SQL(`INSERT INTO declaration_country (declaration, country, people) VALUES ($1, $2, $3)
		ON CONFLICT (declaration, country) DO UPDATE SET people = declaration_country.people + excluded.people`)
	dropEmptyDay      = db.SQL(`DELETE FROM declaration_day WHERE declaration = $1 AND day = $2 AND people = 0 AND organisations = 0`)
	dropEmptyCountry  = db.SQL(`DELETE FROM declaration_country WHERE declaration = $1 AND country = $2 AND people = 0`)
	putSignatory      = db.SQL(`INSERT INTO declaration_signatory (entered, verified) VALUES ($1, $2) ON CONFLICT (entered) DO UPDATE SET verified = excluded.verified`)
	signatoryVerified = db.SQL(`SELECT verified FROM declaration_signatory WHERE entered = $1`)

	insertSignature = db.SQL(`INSERT INTO declaration_signature (` + signatureColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`)
	updateSignature = db.SQL(`UPDATE declaration_signature SET declaration = $2, number = $3, class = $4, entered = $5, organisation = $6, role = $7, mandate = $8,
		country = $9, name = $10, town = $11, named = $12, comment = $13, lang = $14, commented = $15, day = $16, withdrawn = $17, invalid = $18, counts = $19, verified = $20
		WHERE entry = $1`)
	signatureByEntry      = db.SQL(`SELECT ` + signatureColumns + ` FROM declaration_signature WHERE entry = $1`)
	signatureByNaming     = db.SQL(`SELECT ` + signatureColumns + ` FROM declaration_signature WHERE named = $1 AND named <> entry AND named >= 0`)
	signatureByCommenting = db.SQL(`SELECT ` + signatureColumns + ` FROM declaration_signature WHERE commented = $1 AND commented >= 0`)
	signaturesOfEntered   = db.SQL(`SELECT ` + signatureColumns + ` FROM declaration_signature WHERE entered = $1 AND entered >= 0 ORDER BY entry LIMIT 10000`)
)

const (
	signatureColumns = `entry, declaration, number, class, entered, organisation, role, mandate, country, name, town,
		named, comment, lang, commented, day, withdrawn, invalid, counts, verified`
	declarationColumns = `d.id, d.hash, d.entry, d.core, d.closed, d.people, d.organisations, d.waiting`
)

// What pages read.
var (
	declarationBySlug = db.SQL(`SELECT ` + declarationColumns + ` FROM declaration d WHERE d.slug = $1`)
	claimsOfAll       = db.SQL(`SELECT id, people, organisations, waiting FROM declaration ORDER BY entry LIMIT 100000`)
	declarationByID   = db.SQL(`SELECT ` + declarationColumns + ` FROM declaration d WHERE d.id = $1`)
	daysOf            = db.SQL(`SELECT day, people, organisations FROM declaration_day WHERE declaration = $1 ORDER BY day LIMIT 4000`)
	countriesOf       = db.SQL(`SELECT country, people FROM declaration_country WHERE declaration = $1 AND people > 0
		ORDER BY CASE WHEN country = '' THEN 1 ELSE 0 END, people DESC, country LIMIT 300`)
	organisationsOf = db.SQL(`SELECT ` + signatureColumns + ` FROM declaration_signature
		WHERE declaration = $1 AND class = 'organisations' AND withdrawn = 0 AND invalid = '' AND organisation <> '' ORDER BY verified DESC, entry LIMIT 1000`)
	namesBefore = db.SQL(`SELECT ` + signatureColumns + ` FROM declaration_signature
		WHERE declaration = $1 AND class = 'people' AND entry < $2 AND counts = 1 AND name <> '' ORDER BY entry DESC LIMIT $3`)
	signaturesBefore = db.SQL(`SELECT ` + signatureColumns + ` FROM declaration_signature WHERE declaration = $1 AND entry < $2 ORDER BY entry DESC LIMIT $3`)
	signaturesOfDay  = db.SQL(`SELECT ` + signatureColumns + ` FROM declaration_signature
		WHERE declaration = $1 AND day = $2 AND entry < $3 ORDER BY entry DESC LIMIT $4`)
	declarationsByID = db.SQL(`SELECT ` + declarationColumns + ` FROM declaration d WHERE d.id IN ` + db.InList + ` ORDER BY d.entry DESC LIMIT 500`)
)

// ByID is a published declaration.
func ByID(ctx context.Context, tx *db.Tx, id chorus.ID) (*Declaration, error) {
	return db.One(ctx, tx, declarationByID, scanDeclaration, id)
}

// ByIDs are those of some declarations that are published.
func ByIDs(ctx context.Context, tx *db.Tx, ids ...chorus.ID) (map[chorus.ID]*Declaration, error) {
	all, err := db.All(ctx, tx, declarationsByID, scanDeclaration, db.JSONList(ids))
	published := map[chorus.ID]*Declaration{}
	for _, d := range all {
		published[d.ID] = d
	}
	return published, err
}

// A Stretch is a part of the list of a declaration's signatures.
type Stretch struct {
	Day    string // "" for all days
	Before int64  // the entry after the newest; 0 for the newest of all
	Most   int
}

// Signatures are those of a declaration in a stretch, newest first.
func Signatures(ctx context.Context, tx *db.Tx, of chorus.ID, s Stretch) ([]Signature, error) {
	if s.Before <= 0 {
		s.Before = 1 << 62
	}
	if s.Day != "" {
		return db.All(ctx, tx, signaturesOfDay, scanSignature, of, s.Day, s.Before, s.Most)
	}
	return db.All(ctx, tx, signaturesBefore, scanSignature, of, s.Before, s.Most)
}

// Signatories are the signatures of organisations that have not taken them
// back, those that count first.
func Signatories(ctx context.Context, tx *db.Tx, of chorus.ID) ([]Signature, error) {
	return db.All(ctx, tx, organisationsOf, scanSignature, of)
}

// SignatureAt is the signature that an entry added.
func SignatureAt(ctx context.Context, tx *db.Tx, entry int64) (Signature, error) {
	return db.One(ctx, tx, signatureByEntry, scanSignature, entry)
}

// BySlug is the published declaration at an address.
func BySlug(ctx context.Context, tx *db.Tx, slug string) (*Declaration, error) {
	return db.One(ctx, tx, declarationBySlug, scanDeclaration, slug)
}
