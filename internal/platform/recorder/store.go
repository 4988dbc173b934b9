// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import "example.org/chorus/internal/platform/db"

var (
	insertBody    = db.SQL(`INSERT INTO record_body (eid, part, state, salt, body, redacted_by) VALUES ($1, $2, $3, $4, $5, $6)`)
	redactBody    = db.SQL(`UPDATE record_body SET state = 2, salt = NULL, body = NULL, redacted_by = $3 WHERE eid = $1 AND part = $2 AND state <> 2`)
	bodiesBetween = db.SQL(`SELECT eid, state, salt, body, redacted_by FROM record_body WHERE eid >= $1 AND eid <= $2 ORDER BY eid, part`)
	insertOpening = db.SQL(`INSERT INTO private_opening (hash, part, sealed) VALUES ($1, $2, $3)`)
	deleteOpening = db.SQL(`DELETE FROM private_opening WHERE hash = $1 AND part = $2`)

	insertPending  = db.SQL(`INSERT INTO record_pending (eid, hash, leaf, at) VALUES ($1, $2, $3, $4)`)
	deletePending  = db.SQL(`DELETE FROM record_pending WHERE eid IN (SELECT eid FROM record_pending ORDER BY eid LIMIT $1) RETURNING eid, hash, leaf`)
	dropPlacedBody = db.SQL(`DELETE FROM record_body WHERE eid IN (SELECT p.eid FROM record_pending p JOIN record_entry e ON e.hash = p.hash)`)
	dropPlaced     = db.SQL(`DELETE FROM record_pending WHERE hash IN (SELECT hash FROM record_entry)`)
	oldestPending  = db.SQL(`SELECT coalesce(min(at), 0) FROM record_pending`)

	insertEntry  = db.SQL(`INSERT INTO record_entry (idx, eid, hash, ref, leaf) VALUES ($1, $2, $3, $4, $5)`)
	placeByHash  = db.SQL(`SELECT idx FROM record_entry WHERE hash = $1`)
	entryByHash  = db.SQL(`SELECT idx, eid FROM record_entry WHERE hash = $1`)
	hashByPlace  = db.SQL(`SELECT hash FROM record_entry WHERE idx = $1`)
	hashesSince  = db.SQL(`SELECT hash FROM record_entry WHERE idx >= $1 ORDER BY idx`)
	entriesSince = db.SQL(`SELECT idx, eid, hash, leaf FROM record_entry WHERE idx >= $1 ORDER BY idx LIMIT $2`)
	bodiesSince  = db.SQL(`SELECT b.eid, b.state, b.salt, b.body, b.redacted_by FROM record_entry e JOIN record_body b ON b.eid = e.eid
		WHERE e.idx >= $1 AND e.idx < $2 ORDER BY e.idx, b.part`)

	saveTile = db.SQL(`INSERT INTO record_tile (level, n, data) VALUES ($1, $2, $3) ON CONFLICT (level, n) DO UPDATE SET data = excluded.data`)
	tileData = db.SQL(`SELECT data FROM record_tile WHERE level = $1 AND n = $2`)

	insertHead = db.SQL(`INSERT INTO record_head (id, size, root) VALUES (1, 0, $1) ON CONFLICT (id) DO NOTHING`)
	headSize   = db.SQL(`SELECT size FROM record_head WHERE id = 1`)
	headRoot   = db.SQL(`SELECT root FROM record_head WHERE id = 1`)
	lockHead   = db.SQL(`SELECT size FROM record_head WHERE id = 1 {{pg FOR UPDATE SKIP LOCKED}}`)
	waitHead   = db.SQL(`SELECT size FROM record_head WHERE id = 1 {{pg FOR UPDATE}}`)
	moveHead   = db.SQL(`UPDATE record_head SET size = $2, root = $3 WHERE id = 1 AND size = $1`)

	headIs           = db.SQL(`SELECT size, root FROM record_head WHERE id = 1`)
	newestCheckpoint = db.SQL(`SELECT size, note FROM record_checkpoint ORDER BY size DESC LIMIT 1`)
	newestPublished  = db.SQL(`SELECT size, at FROM record_checkpoint ORDER BY size DESC LIMIT 1`)
	checkpointNote   = db.SQL(`SELECT note FROM record_checkpoint WHERE size = $1`)
	insertCheckpoint = db.SQL(`INSERT INTO record_checkpoint (size, root, note, at) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO NOTHING`)

	saveCosignature = db.SQL(`INSERT INTO record_cosignature (size, witness, line, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (size, witness) DO UPDATE SET line = excluded.line, at = excluded.at`)
	cosignatureLines = db.SQL(`SELECT line FROM record_cosignature WHERE size = $1 ORDER BY witness`)
	newestErasure    = db.SQL(`SELECT coalesce(max(redacted_by), -1) FROM record_body WHERE redacted_by IS NOT NULL`)

	leavesBetween = db.SQL(`SELECT leaf FROM record_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx`)
	partsBetween  = db.SQL(`SELECT e.idx, b.state, b.salt, b.body, b.redacted_by FROM record_entry e JOIN record_body b ON b.eid = e.eid
		WHERE e.idx >= $1 AND e.idx < $2 ORDER BY e.idx, b.part`)
)
