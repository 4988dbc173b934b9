// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"context"
	"errors"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
)

// A Role is what somebody may do for an organisation.
type Role string

// The roles. Editors write and sign for it; owners also say who does.
const (
	Owner  Role = "owner"
	Editor Role = "editor"
	asked  Role = "asked" // waits for an owner or a steward to decide
)

var (
	roleOf  = db.SQL(`SELECT role FROM private_membership WHERE organisation = $1 AND person = $2`)
	putRole = db.SQL(`INSERT INTO private_membership (organisation, person, role, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organisation, person) DO UPDATE SET role = excluded.role`)
	organisationsOf = db.SQL(`SELECT ` + columns + ` FROM private_membership m JOIN organisation o ON o.id = m.organisation
		WHERE m.person = $1 AND m.role <> 'asked' ORDER BY o.folded, o.entry LIMIT 500`)
)

// RoleOf is what a person may do for an organisation; "" for nothing.
func RoleOf(ctx context.Context, tx *db.Tx, person, id chorus.ID) (Role, error) {
	r, err := standing(ctx, tx, person, id)
	if r == asked {
		r = ""
	}
	return r, err
}

// standing is RoleOf that tells of those who asked, too.
func standing(ctx context.Context, tx *db.Tx, person, id chorus.ID) (Role, error) {
	r, err := db.Value[Role](ctx, tx, roleOf, id, person)
	if errors.Is(err, chorus.ErrNotFound) {
		return "", nil
	}
	return r, err
}

// Editing are the organisations a person acts for, by name.
func Editing(ctx context.Context, tx *db.Tx, person chorus.ID) ([]Organisation, error) {
	return db.All(ctx, tx, organisationsOf, scanOrganisation, person)
}

func setRole(ctx context.Context, tx *db.Tx, id, person chorus.ID, r Role) error {
	_, err := db.Exec(ctx, tx, putRole, id, person, string(r), tx.Now.Truncate(24*time.Hour))
	return err
}

// actsFor fails with chorus.ErrForbidden unless a person is a steward or a
// member of the organisation; it reports which.
func actsFor(ctx context.Context, tx *db.Tx, person, id chorus.ID) (steward bool, err error) {
	if err := account.RequireSteward(ctx, tx, person); !errors.Is(err, chorus.ErrForbidden) {
		return err == nil, err
	}
	r, err := RoleOf(ctx, tx, person, id)
	if err == nil && r == "" {
		err = chorus.ErrForbidden
	}
	return false, err
}

var (
	addRole     = db.SQL(`INSERT INTO private_membership (organisation, person, role, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`)
	raiseAsked  = db.SQL(`UPDATE private_membership SET role = $3 WHERE organisation = $1 AND person = $2 AND role = 'asked'`)
	countOwners = db.SQL(`SELECT count(1) FROM private_membership WHERE organisation = $1 AND role = 'owner'`)
)

// join makes a person a member: owner if there is none yet, else editor. A
// member stays what they are.
func join(ctx context.Context, tx *db.Tx, id, person chorus.ID) error {
	owners, err := db.Value[int64](ctx, tx, countOwners, id)
	if err != nil {
		return err
	}
	r := Editor
	if owners == 0 {
		return setRole(ctx, tx, id, person, Owner)
	}
	return admit(ctx, tx, id, person, r)
}

// admit gives a role to somebody who has none.
func admit(ctx context.Context, tx *db.Tx, id, person chorus.ID, r Role) error {
	if _, err := db.Exec(ctx, tx, raiseAsked, id, person, string(r)); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, addRole, id, person, string(r), tx.Now.Truncate(24*time.Hour))
	return err
}
