// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"context"
	"errors"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/mail"
)

// A Role is what somebody may do for an organisation.
type Role string

// The roles. Editors write and sign for it; owners also say who does.
const (
	Owner  Role = "owner"
	Editor Role = "editor"
	asked  Role = "asked" // waits for an owner or a steward to decide
)

func (r Role) valid() bool { return r == Owner || r == Editor }

// RoleOf is what a person may do for an organisation; "" for nothing.
func RoleOf(ctx context.Context, tx *db.Tx, person, id chorus.ID) (Role, error) {
	r, err := standing(ctx, tx, person, id)
	if r == asked {
		r = ""
	}
	return r, err
}

// RequireMember fails with chorus.ErrForbidden for whoever may do nothing for
// an organisation.
func RequireMember(ctx context.Context, tx *db.Tx, person, id chorus.ID) error {
	role, err := RoleOf(ctx, tx, person, id)
	if err == nil && role == "" {
		err = chorus.ErrForbidden
	}
	return err
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

// actsFor fails with chorus.ErrForbidden unless a person is a steward or a
// member of the organisation; it reports which.
func actsFor(ctx context.Context, tx *db.Tx, person, id chorus.ID) (steward bool, err error) {
	return permits(ctx, tx, person, id, Owner, Editor)
}

// decidesFor is actsFor that does not take editors.
func decidesFor(ctx context.Context, tx *db.Tx, person, id chorus.ID) error {
	_, err := permits(ctx, tx, person, id, Owner)
	return err
}

func permits(ctx context.Context, tx *db.Tx, person, id chorus.ID, roles ...Role) (steward bool, err error) {
	if err := account.RequireSteward(ctx, tx, person); !errors.Is(err, chorus.ErrForbidden) {
		return err == nil, err
	}
	mine, err := RoleOf(ctx, tx, person, id)
	for _, r := range roles {
		if err == nil && r == mine {
			return false, nil
		}
	}
	return false, orElse(err, chorus.ErrForbidden)
}

func setRole(ctx context.Context, tx *db.Tx, id, person chorus.ID, r Role) error {
	_, err := db.Exec(ctx, tx, putRole, id, person, string(r), day(tx))
	return err
}

func day(tx *db.Tx) time.Time { return tx.Now.Truncate(24 * time.Hour) }

// joinByDomain lets in who proved to read mail at the organisation's domain.
// Members stay what they are. At an organisation that is not verified yet the
// proof makes an owner, and those who only said that they act for it must ask
// that owner. At one that is verified it is the owners who decide: a domain may
// have thousands of mailboxes.
func (s *Service) joinByDomain(ctx context.Context, tx *db.Tx, o Organisation, person chorus.ID) error {
	if r, err := RoleOf(ctx, tx, person, o.ID); err != nil || r != "" {
		return err
	}
	owners, err := owners(ctx, tx, o.ID)
	if err != nil {
		return err
	}
	if o.Verified && len(owners) > 0 {
		added, err := db.Exec(ctx, tx, addRole, o.ID, person, string(asked), day(tx))
		if err != nil || added == 0 {
			return err
		}
		return s.tellDeciders(ctx, tx, o)
	}
	if _, err := db.Exec(ctx, tx, lowerOthers, o.ID, person); err != nil {
		return err
	}
	return setRole(ctx, tx, o.ID, person, Owner)
}

// admit gives a role to somebody who has none.
func admit(ctx context.Context, tx *db.Tx, id, person chorus.ID, r Role) error {
	if _, err := db.Exec(ctx, tx, raiseAsked, id, person, string(r)); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, addRole, id, person, string(r), day(tx))
	return err
}

// owners locks the owners of an organisation until the deed is done, so that
// two of them do not both leave as the last but one.
func owners(ctx context.Context, tx *db.Tx, id chorus.ID) ([]chorus.ID, error) {
	return db.All(ctx, tx, ownersOf, func(r db.Row) (p chorus.ID, err error) { return p, r.Scan(&p) }, id)
}

var errLastOwner = chorus.Invalid{"member": "organisation.fault.last_owner"}

// keepsOwner fails if person is the only owner.
func keepsOwner(ctx context.Context, tx *db.Tx, id, person chorus.ID) error {
	all, err := owners(ctx, tx, id)
	if err == nil && len(all) == 1 && all[0] == person {
		err = errLastOwner
	}
	return err
}

// ChangeRole makes a member owner or editor; somebody who asked to join
// becomes a member by it. Owners do it, and stewards.
func (s *Service) ChangeRole(ctx context.Context, by, id, person chorus.ID, r Role) error {
	if !r.valid() {
		return chorus.Invalid{"role": "form.choose"}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := decidesFor(ctx, tx, by, id); err != nil {
			return err
		}
		before, err := standing(ctx, tx, person, id)
		switch {
		case err != nil:
			return err
		case before == "":
			return chorus.ErrNotFound
		case before == Owner && r != Owner:
			if err := keepsOwner(ctx, tx, id, person); err != nil {
				return err
			}
		}
		return setRole(ctx, tx, id, person, r)
	})
}

// Remove ends a membership, or declines somebody who asked. Owners do it,
// stewards, and everybody for themselves; but the last owner stays.
func (s *Service) Remove(ctx context.Context, by, id, person chorus.ID) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if by != person {
			if err := decidesFor(ctx, tx, by, id); err != nil {
				return err
			}
		}
		if err := keepsOwner(ctx, tx, id, person); err != nil {
			return err
		}
		n, err := db.Exec(ctx, tx, dropRole, id, person)
		if err == nil && n == 0 {
			err = chorus.ErrNotFound
		}
		return err
	})
}

// AskToJoin puts a person before the owners of an organisation, or before the
// stewards if it has none. Who is a member already stays one.
func (s *Service) AskToJoin(ctx context.Context, by, id chorus.ID) error {
	if by == "" {
		return chorus.ErrForbidden
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		o, err := ByID(ctx, tx, id)
		if err != nil {
			return err
		}
		added, err := db.Exec(ctx, tx, addRole, id, by, string(asked), day(tx))
		if err != nil || added == 0 {
			return err
		}
		return s.tellDeciders(ctx, tx, o)
	})
}

// tellDeciders mails those who decide about who asks to join.
func (s *Service) tellDeciders(ctx context.Context, tx *db.Tx, o Organisation) error {
	deciders, err := owners(ctx, tx, o.ID)
	if err == nil && len(deciders) == 0 {
		deciders, err = account.Stewards(ctx, tx)
	}
	if err != nil {
		return err
	}
	people, err := account.ByIDs(ctx, tx, deciders...)
	if err != nil {
		return err
	}
	addresses, err := s.Accounts.EmailsOf(ctx, tx, deciders...)
	if err != nil {
		return err
	}
	topic := "organisation asks " + string(o.ID)
	for _, id := range deciders {
		allowed, err := s.Mail.Allow(ctx, tx, addresses[id], topic)
		if err != nil {
			return err
		}
		if !allowed {
			continue
		}
		say := s.Catalogue.Speak(people[id].Lang)
		if err := s.Mail.Queue(ctx, tx, mail.Message{To: addresses[id], Topic: topic, Lang: string(say.Tag()), Auto: true,
			Subject: say.T("organisation.mail.ask_subject", "name", o.Name),
			Text:    say.T("organisation.mail.ask_text", "name", o.Name, "link", s.address(say, Path(o.ID)+"/members")),
		}); err != nil {
			return err
		}
	}
	return nil
}

var (
	roleOf  = db.SQL(`SELECT role FROM private_membership WHERE organisation = $1 AND person = $2`)
	putRole = db.SQL(`INSERT INTO private_membership (organisation, person, role, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organisation, person) DO UPDATE SET role = excluded.role`)
	addRole         = db.SQL(`INSERT INTO private_membership (organisation, person, role, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`)
	lowerOthers     = db.SQL(`UPDATE private_membership SET role = 'asked' WHERE organisation = $1 AND person <> $2 AND role <> 'asked'`)
	raiseAsked      = db.SQL(`UPDATE private_membership SET role = $3 WHERE organisation = $1 AND person = $2 AND role = 'asked'`)
	dropRole        = db.SQL(`DELETE FROM private_membership WHERE organisation = $1 AND person = $2`)
	ownersOf        = db.SQL(`SELECT person FROM private_membership WHERE organisation = $1 AND role = 'owner' ORDER BY person LIMIT 100 {{pg FOR UPDATE}}`)
	organisationsOf = db.SQL(`SELECT ` + columns + ` FROM private_membership m JOIN organisation o ON o.id = m.organisation
		WHERE m.person = $1 AND m.role <> 'asked' ORDER BY o.folded, o.entry LIMIT 500`)
	membersOf = db.SQL(`SELECT person, role, since FROM private_membership WHERE organisation = $1
		ORDER BY CASE role WHEN 'asked' THEN 0 WHEN 'owner' THEN 1 ELSE 2 END, since, person LIMIT 500`)
	waitingFor = db.SQL(`SELECT ` + columns + ` FROM organisation o WHERE o.id IN (
			SELECT a.organisation FROM private_membership a WHERE a.role = 'asked' AND NOT EXISTS (
				SELECT 1 FROM private_membership b WHERE b.organisation = a.organisation AND b.role = 'owner'))
		ORDER BY o.entry LIMIT $1`)
	rolesHeld = db.SQL(`SELECT m.role, o.name FROM private_membership m JOIN organisation o ON o.id = m.organisation
		WHERE m.person = $1 ORDER BY o.folded, o.entry LIMIT 500`)
	dropRoles = db.SQL(`DELETE FROM private_membership WHERE person = $1`)
	dropCodes = db.SQL(`DELETE FROM private_domain_code WHERE person = $1`)
)

// A member is somebody who acts for an organisation or asks to.
type member struct {
	Person chorus.ID
	Role   Role
	Since  time.Time

	Name  string
	Email string // for those who decide
}

func scanMember(r db.Row) (m member, err error) { return m, r.Scan(&m.Person, &m.Role, &m.Since) }

// members lists who acts for an organisation: those who ask, owners, editors.
func (s *Service) members(ctx context.Context, tx *db.Tx, id chorus.ID) ([]member, error) {
	all, err := db.All(ctx, tx, membersOf, scanMember, id)
	if err != nil {
		return nil, err
	}
	var ids []chorus.ID
	for _, m := range all {
		ids = append(ids, m.Person)
	}
	people, err := account.ByIDs(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	emails, err := s.Accounts.EmailsOf(ctx, tx, ids...)
	for i, m := range all {
		all[i].Name, all[i].Email = people[m.Person].Name, emails[m.Person]
	}
	return all, err
}

// Waiting are the organisations without an owner that somebody asks to join:
// for stewards to decide.
func Waiting(ctx context.Context, tx *db.Tx, limit int) ([]Organisation, error) {
	return db.All(ctx, tx, waitingFor, scanOrganisation, limit)
}

// Held tells for which organisations a person acts; see account.Holder.
func (s *Service) Held(ctx context.Context, tx *db.Tx, person chorus.ID) ([]account.Holding, error) {
	return db.All(ctx, tx, rolesHeld, func(r db.Row) (account.Holding, error) {
		var role, name string
		err := r.Scan(&role, &name)
		return account.Holding{What: "organisation.role." + role, Value: name}, err
	}, person)
}

// Forget ends all memberships of a person; an organisation may be left without
// any member. See account.Holder.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, person chorus.ID) error {
	if _, err := db.Exec(ctx, tx, dropCodes, person); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, dropRoles, person)
	return err
}
