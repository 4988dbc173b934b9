// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
)

// A signer is the private side of a person's signature.
type signer struct {
	id          chorus.ID
	declaration chorus.ID
	state       string
	details     []byte // sealed; nil before signing and once erased
	hash        []byte // the signature in the record
	shown       []byte // the entry that shows the name now
	comment     []byte // the comment in the record
	wrong       int    // codes typed in vain
	declined    bool   // wants no receipt
}

// The states of a signer.
const (
	asked     = "asked"
	signed    = "signed"
	withdrawn = "withdrawn"
)

// newSignerID begins with the time in milliseconds, for the same reason as
// newSigningID. It stands in private tables and in the signer's own link only.
func newSignerID(now time.Time) chorus.ID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(now.UnixMilli())<<16)
	rand.Read(b[6:])
	return chorus.ID(base64.RawURLEncoding.EncodeToString(b[:]))
}

const signerColumns = `id, declaration, state, details, hash, shown, comment, wrong, declined`

var (
	askSigner = db.SQL(`INSERT INTO private_signer (id, declaration, dedupe, lang, state, wrong, asked) VALUES ($1, $2, $3, $4, 'asked', 0, $5)
		ON CONFLICT (declaration, dedupe) DO UPDATE SET asked = excluded.asked, lang = excluded.lang, wrong = 0
		RETURNING id, state`)
	signerByID = db.SQL(`SELECT ` + signerColumns + ` FROM private_signer WHERE id = $1`)
	// lockSigner keeps two deeds of one signer apart on PostgreSQL; SQLite has one writer.
	lockSigner  = db.SQL(`SELECT ` + signerColumns + ` FROM private_signer WHERE id = $1 {{pg FOR UPDATE}}`)
	keepSigned  = db.SQL(`UPDATE private_signer SET state = 'signed', wrong = 0, details = $1, hash = $2, shown = $3, comment = NULL, declined = 0 WHERE id = $4 AND state <> 'signed'`)
	keepShown   = db.SQL(`UPDATE private_signer SET shown = $2 WHERE id = $1`)
	keepComment = db.SQL(`UPDATE private_signer SET comment = $2 WHERE id = $1`)
	leaveSigner = db.SQL(`UPDATE private_signer SET state = 'withdrawn', shown = NULL, comment = NULL WHERE id = $1 AND state = 'signed'`)
	eraseSigner = db.SQL(`UPDATE private_signer SET details = NULL, shown = NULL, comment = NULL WHERE id = $1`)
	decline     = db.SQL(`UPDATE private_signer SET declined = 1 WHERE id = $1 AND hash IS NOT NULL`)
	wrongCode   = db.SQL(`UPDATE private_signer SET wrong = wrong + 1 WHERE id = $1`)
	rightCode   = db.SQL(`UPDATE private_signer SET wrong = 0 WHERE id = $1`)

	insertSigning = db.SQL(`INSERT INTO private_signing (id, signer, browser, details, wrong, made, until, request)
		SELECT $1, $2, $3, $4, 0, $5, $6, $7 WHERE (SELECT count(1) FROM private_signing WHERE signer = $8 AND until > $9) < $10`)
	formToConfirm = db.SQL(`SELECT f.signer, w.declaration, w.state, f.details, f.wrong FROM private_signing f JOIN private_signer w ON w.id = f.signer
		WHERE f.id = $1 AND f.browser = $2 AND f.until > $3`)
	signingByID = db.SQL(`SELECT signer, details, wrong, request FROM private_signing WHERE id = $1 AND browser = $2 AND until > $3`)
	// What was typed here goes before what others say was typed there.
	newestSigning = db.SQL(`SELECT signer, details, wrong, request FROM private_signing WHERE signer = $1 AND until > $2
		ORDER BY CASE WHEN request IS NULL THEN 0 ELSE 1 END, made DESC, id LIMIT 1`)
	wrongSigning   = db.SQL(`UPDATE private_signing SET wrong = wrong + 1 WHERE id = $1`)
	deleteSignings = db.SQL(`DELETE FROM private_signing WHERE signer = $1`)
	staleSignings  = db.SQL(`DELETE FROM private_signing WHERE until <= $1`)
	staleSigners   = db.SQL(`DELETE FROM private_signer WHERE state = 'asked' AND asked < $1
		AND NOT EXISTS (SELECT 1 FROM private_signing f WHERE f.signer = private_signer.id)`)
)

func scanSigner(r db.Row) (w signer, err error) {
	return w, r.Scan(&w.id, &w.declaration, &w.state, &w.details, &w.hash, &w.shown, &w.comment, &w.wrong, &w.declined)
}

func (w signer) signature() fact.Hash { return fact.Hash(w.hash) }

// named is the entry and the part in it that show the signer's name.
func (w signer) named() (fact.Hash, int64) {
	if string(w.shown) == string(w.hash) {
		return fact.Hash(w.shown), fact.SignatureIdentityPart
	}
	return fact.Hash(w.shown), 0 // of a SignatureShown
}

func signerFor(ctx context.Context, tx *db.Tx, id chorus.ID) (signer, error) {
	return db.One(ctx, tx, signerByID, scanSigner, id)
}

// A keptForm is a form that waits for confirmation.
type keptForm struct {
	signer  chorus.ID
	details []byte
	wrong   int
	request []byte // SHA-256 of the id of the request, if another instance took it
}

// A form is one with what confirming asks of its signer.
type form struct {
	keptForm
	who signer
}

func scanForm(r db.Row) (f form, err error) {
	err = r.Scan(&f.signer, &f.who.declaration, &f.who.state, &f.details, &f.wrong)
	f.who.id = f.signer
	return f, err
}

func scanKept(r db.Row) (k keptForm, err error) {
	return k, r.Scan(&k.signer, &k.details, &k.wrong, &k.request)
}

// DropStale forgets forms that nobody confirmed in time.
func (s *Service) DropStale(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, staleSignings, tx.Now); err != nil {
			return err
		}
		_, err := db.Exec(ctx, tx, staleSigners, tx.Now.Add(-confirmWithin))
		return err
	})
}
