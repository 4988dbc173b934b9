// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"context"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// insertRequest keeps the first answer to a request: that one holds.
var insertRequest = db.SQL(`INSERT INTO signing_request (request, entry, declaration, reason) VALUES ($1, $2, $3, $4) ON CONFLICT (request) DO NOTHING`)

// Apply notes what became of requests that mirrors took. Nothing else writes that.
func (*Service) Apply(ctx context.Context, tx *db.Tx, entries []*recorder.Entry) error {
	for _, e := range entries {
		var err error
		switch f := e.Fact.(type) {
		case *fact.SignatureAdded:
			err = answer(ctx, tx, e, f.Request, f.Declaration, "")
		case *fact.RequestRefused:
			err = answer(ctx, tx, e, f.Request, f.Declaration, f.Reason)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func answer(ctx context.Context, tx *db.Tx, e *recorder.Entry, request fact.Hash, decl chorus.ID, why fact.Reason) error {
	if request == (fact.Hash{}) {
		return nil
	}
	_, err := db.Exec(ctx, tx, insertRequest, request[:], e.Index, decl, string(why))
	return err
}
