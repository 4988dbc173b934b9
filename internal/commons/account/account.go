// SPDX-License-Identifier: AGPL-3.0-or-later

// Package account knows the people who sign in: organisers, members of
// organisations and the stewards who look after the instance. Signing a
// declaration needs no account.
//
//   - There are no passwords. A mail brings a link and a code of six digits.
//   - The reply to an address is the same whether or not it has an account; the
//     account is made when somebody signs in with it for the first time.
//   - The address is sealed at rest and found by a keyed hash. Codes and links
//     are kept as hashes only.
//   - Nothing of an account is public, so closing it leaves nothing behind.
package account

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/vault"
)

// Schema is the tables of people and of sign-ins under way.
//
//go:embed schema.sql
var Schema string

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// Operator acts from the command line, on the machine itself. It may do what a
// steward may; nobody can sign in as it, for no ID looks like this.
const Operator chorus.ID = "operator"

// A Role is what somebody is on this instance, beside being a person.
type Role string

// Steward is the role of those who look after an instance.
const Steward Role = "steward"

// A Person is somebody who has signed in at least once.
type Person struct {
	ID      chorus.ID
	Name    string   // "" until given
	Lang    lang.Tag // of mails to the person
	Steward bool
	Joined  time.Time // to the day
}

// Role is the person's role.
func (p Person) Role() Role {
	if p.Steward {
		return Steward
	}
	return ""
}

// A Service does what people do with their accounts.
type Service struct {
	DB        *db.DB
	Vault     *vault.Vault
	Mail      *mail.Outbox
	Catalogue *lang.Catalogue
	BaseURL   string   // as people reach the site, without a slash at the end
	Holders   []Holder // others who keep something about people
}

// A Holder is another package that keeps something about people in private
// tables, so that people can read it here and take it with them.
type Holder interface {
	// Held tells what is kept about a person.
	Held(ctx context.Context, tx *db.Tx, person chorus.ID) ([]Holding, error)
	// Forget erases it when the account is closed.
	Forget(ctx context.Context, tx *db.Tx, person chorus.ID) error
}

// A Holding is one thing that is kept about a person.
type Holding struct {
	What  string // message key
	Value string
}

const sealFor = "account address"

// AddressHash is how the account of an e-mail address is found.
func (s *Service) AddressHash(email string) []byte {
	return s.Vault.Hash(sealFor, mail.Normalise(email))
}

// ByID is a person, or chorus.ErrNotFound.
func ByID(ctx context.Context, tx *db.Tx, id chorus.ID) (Person, error) {
	return db.One(ctx, tx, personByID, scanPerson, id)
}

// ByIDs are the people with these IDs, as far as there are any.
func ByIDs(ctx context.Context, tx *db.Tx, ids ...chorus.ID) (map[chorus.ID]Person, error) {
	list, err := db.All(ctx, tx, peopleByID, scanPerson, db.JSONList(ids))
	found := make(map[chorus.ID]Person, len(list))
	for _, p := range list {
		found[p.ID] = p
	}
	return found, err
}

// Stewards are those who look after the instance, the first ones first.
func Stewards(ctx context.Context, tx *db.Tx) ([]chorus.ID, error) {
	return db.All(ctx, tx, stewardIDs, func(r db.Row) (id chorus.ID, err error) { return id, r.Scan(&id) })
}

// EmailsOf opens the addresses of people.
func (s *Service) EmailsOf(ctx context.Context, tx *db.Tx, ids ...chorus.ID) (map[chorus.ID]string, error) {
	found := make(map[chorus.ID]string, len(ids))
	return found, db.Each(ctx, tx, sealedByIDs, func(r db.Row) error {
		var id chorus.ID
		var sealed []byte
		if err := r.Scan(&id, &sealed); err != nil {
			return err
		}
		plain, err := s.Vault.Open(sealFor, sealed)
		found[id] = string(plain)
		return err
	}, db.JSONList(ids))
}

// EmailOf opens the address of a person, to write to it.
func (s *Service) EmailOf(ctx context.Context, tx *db.Tx, id chorus.ID) (string, error) {
	sealed, err := db.Value[[]byte](ctx, tx, sealedByID, id)
	if err != nil {
		return "", err
	}
	plain, err := s.Vault.Open(sealFor, sealed)
	return string(plain), err
}

// HasAddress reports whether a person signs in with the address that has this
// AddressHash.
func HasAddress(ctx context.Context, tx *db.Tx, id chorus.ID, hash []byte) (bool, error) {
	p, err := db.One(ctx, tx, personByAddress, scanPerson, hash)
	if errors.Is(err, chorus.ErrNotFound) {
		return false, nil
	}
	return p.ID == id, err
}

// Ensure finds the person with an address, or makes one who reads l. It fails
// with mail.ErrAddress for what is not an address. Only who has shown that the
// address is theirs may be told the result.
func (s *Service) Ensure(ctx context.Context, tx *db.Tx, email string, l lang.Tag) (Person, error) {
	email, err := mail.ParseAddress(email)
	if err != nil {
		return Person{}, err
	}
	hash := s.AddressHash(email)
	day := tx.Now.Truncate(24 * time.Hour)
	if _, err := db.Exec(ctx, tx, insertPerson, chorus.NewID(), hash, s.Vault.Seal(sealFor, []byte(email)), string(l), day); err != nil {
		return Person{}, err
	}
	return db.One(ctx, tx, personByAddress, scanPerson, hash)
}

// RequireSteward fails with chorus.ErrForbidden unless the person is a steward
// or the Operator.
func RequireSteward(ctx context.Context, tx *db.Tx, id chorus.ID) error {
	if id == Operator {
		return nil
	}
	p, err := ByID(ctx, tx, id)
	if errors.Is(err, chorus.ErrNotFound) || err == nil && !p.Steward {
		return chorus.ErrForbidden
	}
	return err
}

// MakeSteward lets a person look after the instance.
func (s *Service) MakeSteward(ctx context.Context, tx *db.Tx, id chorus.ID) error {
	n, err := db.Exec(ctx, tx, makeSteward, id)
	if err == nil && n == 0 {
		err = chorus.ErrNotFound
	}
	return err
}

// ErrLastSteward keeps an instance from being left with nobody to look after it.
var ErrLastSteward = errors.New("the only steward")

// EndSteward ends what MakeSteward began; ErrLastSteward for the last one.
func EndSteward(ctx context.Context, tx *db.Tx, id chorus.ID) error {
	p, err := ByID(ctx, tx, id)
	if err != nil {
		return err
	}
	if !p.Steward {
		return chorus.ErrNotFound
	}
	if err := mayLeave(ctx, tx, p); err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, endSteward, id)
	return err
}

// mayLeave fails with ErrLastSteward for the last steward. Of two who leave at
// once one must stay, so on PostgreSQL the stewards are locked.
func mayLeave(ctx context.Context, tx *db.Tx, p Person) error {
	if !p.Steward {
		return nil
	}
	all, err := db.All(ctx, tx, lockStewards, func(r db.Row) (id chorus.ID, err error) { return id, r.Scan(&id) })
	if err == nil && len(all) == 1 {
		err = ErrLastSteward
	}
	return err
}

// AnySteward reports whether anybody looks after the instance yet.
func AnySteward(ctx context.Context, tx *db.Tx) (bool, error) {
	n, err := db.Value[int64](ctx, tx, countStewards)
	return n > 0, err
}
