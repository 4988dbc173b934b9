// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"context"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
)

// A Filter chooses organisations; empty fields choose all.
type Filter struct {
	Text    string
	Kind    fact.OrganisationKind
	Country string
}

const perPage = 50

const filtered = ` FROM organisation o WHERE o.folded <> '' AND o.folded LIKE $1 ESCAPE '\'
	AND ($2 = '' OR o.kind = $2) AND ($3 = '' OR o.country = $3)`

var (
	organisationsFiltered = db.SQL(`SELECT ` + columns + filtered + ` ORDER BY o.folded, o.entry LIMIT $4 OFFSET $5`)
	countFiltered         = db.SQL(`SELECT count(1)` + filtered)
	countriesUsed         = db.SQL(`SELECT DISTINCT o.country FROM organisation o WHERE o.country <> '' ORDER BY o.country LIMIT 300`)
)

// list is one page of the organisations that a filter chooses, by name, and
// how many there are on all pages. The first page is 1.
func list(ctx context.Context, tx *db.Tx, f Filter, page int) (some []Organisation, all int64, err error) {
	like := "%" + likeWords(lang.Fold(f.Text)) + "%"
	if all, err = db.Value[int64](ctx, tx, countFiltered, like, string(f.Kind), f.Country); err != nil {
		return nil, 0, err
	}
	some, err = db.All(ctx, tx, organisationsFiltered, scanOrganisation, like, string(f.Kind), f.Country, perPage, (page-1)*perPage)
	return some, all, err
}

// countries are the codes of the countries that have organisations here.
func countries(ctx context.Context, tx *db.Tx) ([]string, error) {
	return db.All(ctx, tx, countriesUsed, func(r db.Row) (c string, err error) { return c, r.Scan(&c) })
}
