// SPDX-License-Identifier: AGPL-3.0-or-later

package relay

import "example.org/chorus/internal/platform/db"

var (
	insertHead  = db.SQL(`INSERT INTO record_intake_head (id, size, root) VALUES (1, 0, $1) ON CONFLICT (id) DO NOTHING`)
	headIs      = db.SQL(`SELECT size, root FROM record_intake_head WHERE id = 1`)
	lockHead    = db.SQL(`SELECT size, root FROM record_intake_head WHERE id = 1 {{pg FOR UPDATE}}`)
	moveHead    = db.SQL(`UPDATE record_intake_head SET size = $1, root = $2 WHERE id = 1`)
	insertEntry = db.SQL(`INSERT INTO record_intake_entry (place, hash) VALUES ($1, $2)`)
	hashesFrom  = db.SQL(`SELECT hash FROM record_intake_entry WHERE place >= $1 AND place < $2 ORDER BY place`)
	saveTile    = db.SQL(`INSERT INTO record_intake_tile (level, n, data) VALUES ($1, $2, $3) ON CONFLICT (level, n) DO UPDATE SET data = excluded.data`)
	tileData    = db.SQL(`SELECT data FROM record_intake_tile WHERE level = $1 AND n = $2`)

	insertEnvelope = db.SQL(`INSERT INTO private_envelope (place, request, sealed, day, due) VALUES ($1, $2, $3, $4, $5)`)
	envelopeOf     = db.SQL(`SELECT e.place, e.day, l.hash FROM private_envelope e JOIN record_intake_entry l ON l.place = e.place WHERE e.request = $1`)
	envelopesDue   = db.SQL(`SELECT place, request, sealed FROM private_envelope WHERE due <= $1 ORDER BY place LIMIT 50`)
	envelopesAfter = db.SQL(`SELECT place, request, sealed FROM private_envelope WHERE place > $1 ORDER BY place LIMIT 50`)
	requestsAfter  = db.SQL(`SELECT place, request FROM private_envelope WHERE place > $1 ORDER BY place LIMIT 500`)
	postponed      = db.SQL(`UPDATE private_envelope SET due = $2 WHERE place = $1`)
	forgetEnvelope = db.SQL(`DELETE FROM private_envelope WHERE place = $1`)
	countEnvelopes = db.SQL(`SELECT count(*) FROM private_envelope`)
)

// An envelope is one that waits for its answer.
type envelope struct {
	place   int64
	request []byte
	sealed  []byte
}

func scanEnvelope(r db.Row) (e envelope, err error) {
	return e, r.Scan(&e.place, &e.request, &e.sealed)
}

func scanRequest(r db.Row) (e envelope, err error) {
	return e, r.Scan(&e.place, &e.request)
}
