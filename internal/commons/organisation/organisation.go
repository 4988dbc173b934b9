// SPDX-License-Identifier: AGPL-3.0-or-later

// Package organisation knows the bodies that sign, ask, are asked and answer.
//
//   - Anybody who signs in can enter one; its page says whether somebody made
//     sure who acts for it, and how: by a code mailed to an address at its
//     website's domain, or by a steward.
//   - People act for it as owner or editor. Owners say who does. One owner
//     always stays, as long as anybody does.
//   - A verified organisation that changes its name, country or website is no longer
//     verified: what was checked is not what is shown.
//   - Two organisations may have one name; nobody owns a word.
package organisation

import (
	"context"
	"embed"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/internal/platform/web"
)

// Schema is the public table of organisations and the private ones of their
// members.
//
//go:embed schema.sql
var Schema string

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// A Service does what people do with organisations.
type Service struct {
	DB        *db.DB
	Vault     *vault.Vault
	Mail      *mail.Outbox
	Record    *recorder.Recorder
	Catalogue *lang.Catalogue
	BaseURL   string // as people reach the site, without a slash at the end
	Accounts  *account.Service
}

// An Organisation is what everybody can see of one.
type Organisation struct {
	ID       chorus.ID
	Name     string // "" once erased
	Kind     fact.OrganisationKind
	Country  string // ISO 3166-1 alpha-2
	Website  string // "" if there is none
	Verified bool
	How      fact.Verification // if verified
	Domain   string            // if verified by it
	Why      string            // why the last verification was taken back; "" if none was
	Day      string            // of the verification or of its end, as 2006-01-02; "" if never verified
	Entered  fact.Hash         // its OrganisationEntered
}

// Ref points at the organisation.
func (o Organisation) Ref() chorus.Ref { return Ref(o.ID) }

// Ref points at the organisation with this ID.
func Ref(id chorus.ID) chorus.Ref { return chorus.Ref{Kind: chorus.Organisation, ID: id} }

// Path is the address of an organisation's page.
func Path(id chorus.ID) string { return "/organisations/" + string(id) }

// An Input is what somebody types to enter or change an organisation.
type Input struct{ Name, Kind, Country, Website string }

const (
	maxName    = 200 // characters
	maxWebsite = 300
)

// Check tells what is wrong with an input, by field.
func (in Input) Check() chorus.Invalid {
	in = in.tidy()
	wrong := chorus.Invalid{}
	set := func(field, fault string) {
		if fault != "" {
			wrong[field] = fault
		}
	}
	set("name", checkName(in.Name))
	if !slices.Contains(fact.OrganisationKinds, fact.OrganisationKind(in.Kind)) {
		set("kind", "form.choose")
	}
	set("country", web.CheckCountry(in.Country))
	set("website", web.CheckWeb(in.Website, web.Line{Max: maxWebsite, Optional: true}))
	return wrong
}

func checkName(name string) string {
	if fault := web.CheckName(name, web.Line{Max: maxName}); fault != "" {
		return fault
	}
	if strings.ContainsFunc(name, unicode.IsControl) || lang.Fold(name) == "" {
		return "form.characters"
	}
	return ""
}

// tidy brings an input into the one form in which it is published.
func (in Input) tidy() Input {
	return Input{
		Name:    strings.TrimSpace(strings.ToValidUTF8(in.Name, "\uFFFD")),
		Kind:    strings.ToLower(strings.Join(strings.Fields(in.Kind), " ")),
		Country: strings.ToUpper(strings.TrimSpace(in.Country)),
		Website: strings.TrimSpace(in.Website),
	}
}

func (in Input) core() fact.OrganisationCore {
	return fact.OrganisationCore{Name: in.Name, Kind: fact.OrganisationKind(in.Kind), Country: in.Country, Website: in.Website}
}

// Host is the name of the machine of an organisation's website without www, in
// lower case; "" if it has none.
func (o Organisation) Host() string {
	u, err := url.Parse(o.Website)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), "www.")
}

// ByID is an organisation, or chorus.ErrNotFound.
func ByID(ctx context.Context, tx *db.Tx, id chorus.ID) (Organisation, error) {
	return db.One(ctx, tx, organisationByID, scanOrganisation, id)
}

// ByIDs are the organisations with these IDs, as far as there are any.
func ByIDs(ctx context.Context, tx *db.Tx, ids ...chorus.ID) (map[chorus.ID]Organisation, error) {
	list, err := db.All(ctx, tx, organisationsByID, scanOrganisation, db.JSONList(ids))
	found := make(map[chorus.ID]Organisation, len(list))
	for _, o := range list {
		found[o.ID] = o
	}
	return found, err
}

// ByName are the organisations of a name, however it is spelled: verified ones
// first, then the oldest; at most 50.
func ByName(ctx context.Context, tx *db.Tx, name string) ([]Organisation, error) {
	return db.All(ctx, tx, organisationsByName, scanOrganisation, lang.Fold(name))
}

// Search are the organisations whose names hold the text: those that begin
// with it first.
func Search(ctx context.Context, tx *db.Tx, text string, limit int) ([]Organisation, error) {
	folded := likeWords(lang.Fold(text))
	return db.All(ctx, tx, organisationsLike, scanOrganisation, "%"+folded+"%", folded+"%", limit)
}

// likeWords takes the meaning from the characters that LIKE gives one.
func likeWords(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
