// SPDX-License-Identifier: AGPL-3.0-or-later

package app

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/initiative"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/seed"
)

// movePeopleIn makes accounts for the people one can sign in as.
func (s *settling) movePeopleIn(ctx context.Context) error {
	for _, p := range s.town.People {
		id, err := s.person(ctx, p.Name, p.Email, p.Language)
		if err != nil {
			return fmt.Errorf("%s: %w", p.ID, err)
		}
		s.people[p.ID] = id
		if p.Role != string(account.Steward) {
			continue
		}
		if err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.Accounts.MakeSteward(ctx, tx, id) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *settling) person(ctx context.Context, name, email, language string) (id chorus.ID, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := s.Accounts.Ensure(ctx, tx, email, lang.Tag(language))
		id = p.ID
		return err
	})
	if err != nil {
		return id, err
	}
	return id, s.Accounts.Describe(ctx, id, account.Profile{Name: name, Lang: language})
}

// describeSite says at the top of every page that this is a demonstration.
func (s *settling) describeSite(ctx context.Context) error {
	return s.Portal.Describe(ctx, account.Operator, fact.SiteCore{
		Name: chorus.Text{Lang: "en", Text: "Lindholm (demo)", Translations: map[string]string{"ar": "ليندهولم (عرض تجريبي)"}},
		About: chorus.Text{Lang: "en", Text: "**This is a demonstration.** Lindholm is an invented town; nobody here is real, and no mail leaves this machine.\n\n" +
			"In the story, *Friends of the Lind* run this site for everybody who lives along the river. Anyone may ask here, and whoever is asked is expected to answer.",
			Translations: map[string]string{"ar": "**هذا عرض تجريبي.** ليندهولم مدينة متخيَّلة، ولا أحد هنا حقيقي، ولا يغادر أي بريد هذا الجهاز.\n\n" +
				"في الحكاية، يدير *أصدقاء ليند* هذا الموقع لكل من يسكن على ضفاف النهر. لكل إنسان أن يطلب هنا، ويُنتظر ممن يُطلب منه أن يجيب."}},
		Contact: "desk@lindholm.example",
	})
}

// enterBodies enters the organisations as an operator would, from a file.
func (s *settling) enterBodies(ctx context.Context) error {
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	rows := [][]string{{"name", "kind", "country", "website"}}
	for _, o := range s.town.Organisations {
		rows = append(rows, []string{o.Name, o.Kind, o.Country, o.Website})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	done, err := s.organisations.Import(ctx, account.Operator, &file)
	if err != nil {
		return err
	}
	for _, row := range done.Entered {
		s.bodies[row.Name] = body{id: row.ID}
	}
	return nil
}

// admitPeople gives every organisation somebody who acts for it: the people of
// the seed, and where there is none of them an invented secretary.
func (s *settling) admitPeople(ctx context.Context) error {
	secretaries := slices.Collect(s.town.Signers(len(s.town.Organisations), 1911))
	for i, o := range s.town.Organisations {
		b := s.bodies[o.Name]
		b.Organisation = o
		who := slices.IndexFunc(s.town.People, func(p seed.Person) bool { return p.Organisation == o.Name && p.Role != "steward" && p.Role != "editor" })
		switch {
		case who >= 0:
			b.owner, b.address = s.people[s.town.People[who].ID], s.town.People[who].Email
		case isOffice(o):
			s.bodies[o.Name] = b
			continue
		default:
			b.address = secretaries[i].Email
			if host := hostOf(o); host != "" {
				b.address = "post@" + host
			}
			var err error
			if b.owner, err = s.person(ctx, secretaries[i].Name, b.address, languageOf(o)); err != nil {
				return fmt.Errorf("the secretary of %s: %w", o.Name, err)
			}
		}
		if err := s.admit(ctx, b.id, b.owner, organisation.Owner); err != nil {
			return err
		}
		s.bodies[o.Name] = b
	}
	for _, p := range s.town.People {
		if p.Organisation == "" || p.Role != "steward" && p.Role != "editor" {
			continue
		}
		if err := s.admit(ctx, s.bodies[p.Organisation].id, s.people[p.ID], organisation.Editor); err != nil {
			return err
		}
	}
	return nil
}

// admit lets somebody act for an organisation: they ask, and a steward agrees.
func (s *settling) admit(ctx context.Context, id, person chorus.ID, r organisation.Role) error {
	if err := s.organisations.AskToJoin(ctx, person, id); err != nil {
		return err
	}
	return s.organisations.ChangeRole(ctx, account.Operator, id, person, r)
}

func hostOf(o seed.Organisation) string {
	u, err := url.Parse(o.Website)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func languageOf(o seed.Organisation) string {
	if len(o.Name) > 0 && o.Name[0] >= 0xD8 && o.Name[0] <= 0xDB { // the first byte of an Arabic letter
		return "ar"
	}
	return "en"
}

// verifyBodies has organisations checked: by a code mailed to their domain
// where they have one and somebody to read it, else by a steward. A few wait.
func (s *settling) verifyBodies(ctx context.Context) error {
	waiting := s.waits()
	var byMail []body
	for _, o := range s.town.Organisations {
		b := s.bodies[o.Name]
		switch {
		case slices.Contains(waiting, o.Name):
		case b.owner != "" && o.Website != "":
			if err := s.Organisations.AskDomain(ctx, b.owner, b.id, b.address); err != nil {
				return fmt.Errorf("%s: %w", o.Name, err)
			}
			byMail = append(byMail, b)
		default:
			if err := s.organisations.VerifyBySteward(ctx, account.Operator, b.id); err != nil {
				return fmt.Errorf("%s: %w", o.Name, err)
			}
		}
	}
	for _, b := range byMail {
		code, err := s.codeFor(ctx, b.address)
		if err == nil {
			err = s.organisations.ConfirmDomain(ctx, b.owner, b.id, code)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
	}
	return nil
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// codeFor reads the newest mail to an address.
func (s *settling) codeFor(ctx context.Context, address string) (string, error) {
	for range 30_000 { // some minutes: another worker may have the mail in hand
		if _, err := s.Jobs.RunDue(ctx); err != nil {
			return "", err
		}
		for _, letter := range s.Sender.(*mail.Inbox).For(address) {
			if code := sixDigits.FindString(letter.Subject); code != "" {
				return code, nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return "", fmt.Errorf("no mail with a code came to %s", address)
}

// verifiedLate is how many days ago a steward last checked an organisation.
const verifiedLate = 9

func (s *settling) verifyLate(ctx context.Context) error {
	waiting := s.waits()
	if len(waiting) == 0 {
		return nil
	}
	return s.organisations.VerifyBySteward(ctx, s.people["karen"], s.bodies[waiting[0]].id)
}

func (s *settling) openFrames(ctx context.Context) error {
	for _, i := range s.town.Initiatives {
		by, err := s.ownerOf(i.Organiser)
		if err != nil {
			return err
		}
		text := func(en, ar string) chorus.Text {
			return chorus.Text{Lang: "en", Text: en, Translations: map[string]string{"ar": ar}}
		}
		if s.frames[i.ID], err = s.Initiatives.Open(ctx, by.owner, initiative.Input{Title: text(i.Title, i.TitleAr),
			Summary: text(i.Summary, i.SummaryAr), Organisers: []chorus.ID{by.id}}); err != nil {
			return fmt.Errorf("initiative %s: %w", i.ID, err)
		}
	}
	return nil
}
