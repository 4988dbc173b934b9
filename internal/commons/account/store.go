// SPDX-License-Identifier: AGPL-3.0-or-later

package account

import (
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
)

const personColumns = `id, name, lang, steward, joined`

var (
	insertPerson = db.SQL(`INSERT INTO private_person (id, name, address, sealed, lang, steward, joined)
		VALUES ($1, '', $2, $3, $4, 0, $5) ON CONFLICT (address) DO NOTHING`)
	personByID      = db.SQL(`SELECT ` + personColumns + ` FROM private_person WHERE id = $1`)
	personByAddress = db.SQL(`SELECT ` + personColumns + ` FROM private_person WHERE address = $1`)
	sealedByID      = db.SQL(`SELECT sealed FROM private_person WHERE id = $1`)
	peopleByID      = db.SQL(`SELECT ` + personColumns + ` FROM private_person WHERE id IN ` + db.InList + ` ORDER BY id`)
	sealedByIDs     = db.SQL(`SELECT id, sealed FROM private_person WHERE id IN ` + db.InList + ` ORDER BY id`)
	stewardIDs      = db.SQL(`SELECT id FROM private_person WHERE steward = 1 ORDER BY joined, id LIMIT 50`)
	describePerson  = db.SQL(`UPDATE private_person SET name = $2, lang = $3 WHERE id = $1`)
	makeSteward     = db.SQL(`UPDATE private_person SET steward = 1 WHERE id = $1`)
	endSteward      = db.SQL(`UPDATE private_person SET steward = 0 WHERE id = $1`)
	lockStewards    = db.SQL(`SELECT id FROM private_person WHERE steward = 1 ORDER BY id {{pg FOR UPDATE}}`)
	countStewards   = db.SQL(`SELECT count(1) FROM private_person WHERE steward = 1`)
	deletePerson    = db.SQL(`DELETE FROM private_person WHERE id = $1`)

	insertTicket = db.SQL(`INSERT INTO private_ticket (id, browser, link, code, sealed, lang, target, tries, expires)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)`)
	ticketByBrowser = db.SQL(`SELECT ` + ticketColumns + ` FROM private_ticket WHERE browser = $1 AND expires > $2`)
	ticketByLink    = db.SQL(`SELECT ` + ticketColumns + ` FROM private_ticket WHERE link = $1 AND expires > $2`)
	tryTicket       = db.SQL(`UPDATE private_ticket SET tries = tries + 1 WHERE id = $1 AND tries < $2`)
	deleteTicket    = db.SQL(`DELETE FROM private_ticket WHERE id = $1`)
	expireTickets   = db.SQL(`DELETE FROM private_ticket WHERE expires <= $1`)
)

func scanPerson(r db.Row) (p Person, err error) {
	return p, r.Scan(&p.ID, &p.Name, &p.Lang, &p.Steward, &p.Joined)
}

const ticketColumns = `id, browser, code, sealed, lang, target`

// A ticket is a sign-in under way.
type ticket struct {
	id            chorus.ID
	browser, code []byte
	sealed        []byte
	lang          lang.Tag
	target        string
}

func scanTicket(r db.Row) (t ticket, err error) {
	return t, r.Scan(&t.id, &t.browser, &t.code, &t.sealed, &t.lang, &t.target)
}

// ticketLife is how long a mail may take and a person may look for it.
const ticketLife = 15 * time.Minute
