// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"errors"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
)

const columns = `o.id, o.name, o.kind, o.country, o.website, o.verified, o.how, o.domain, o.why, o.day, o.entered`

var (
	organisationByID    = db.SQL(`SELECT ` + columns + ` FROM organisation o WHERE o.id = $1`)
	organisationsByID   = db.SQL(`SELECT ` + columns + ` FROM organisation o WHERE o.id IN ` + db.InList + ` ORDER BY o.entry`)
	organisationsByName = db.SQL(`SELECT ` + columns + ` FROM organisation o WHERE o.folded = $1 AND o.folded <> '' ORDER BY o.verified DESC, o.entry LIMIT 50`)
	organisationsLike   = db.SQL(`SELECT ` + columns + ` FROM organisation o WHERE o.folded LIKE $1 ESCAPE '\' AND o.folded <> ''
		ORDER BY CASE WHEN o.folded LIKE $2 ESCAPE '\' THEN 0 ELSE 1 END, o.folded, o.entry LIMIT $3`)
	namesKnown = db.SQL(`SELECT o.folded, o.country FROM organisation o WHERE o.folded IN ` + db.InList + ` ORDER BY o.entry`)
)

func scanOrganisation(r db.Row) (o Organisation, err error) {
	var entered []byte
	if err := r.Scan(&o.ID, &o.Name, &o.Kind, &o.Country, &o.Website, &o.Verified, &o.How, &o.Domain, &o.Why, &o.Day, &entered); err != nil {
		return o, err
	}
	if len(entered) != len(fact.Hash{}) {
		return o, errors.New("organisation: the hash of its entry has a wrong length")
	}
	o.Entered = fact.Hash(entered)
	return o, nil
}
