// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
)

// Save keeps a draft on the desk of the organisation that runs it; an empty id
// makes a new one. A published declaration can no longer be changed.
func (s *Service) Save(ctx context.Context, by, id chorus.ID, d document.Draft) (chorus.ID, error) {
	if id == "" && len(d.Organisers) == 0 {
		return "", chorus.Invalid{"organisers": "declaration.fault.no_organiser"}
	}
	fresh := chorus.NewID()
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		text, err := json.Marshal(d)
		if err != nil {
			return err
		}
		if id == "" {
			if err := mayEdit(ctx, tx, by, d.Organisers[0].ID); err != nil {
				return err
			}
			_, err := db.Exec(ctx, tx, insertWork, fresh, d.Organisers[0].ID, string(text), tx.Now)
			return err
		}
		w, err := WorkFor(ctx, tx, by, id)
		if err != nil {
			return err
		}
		if w.Published {
			return chorus.ErrClosed
		}
		_, err = db.Exec(ctx, tx, updateWork, id, string(text), tx.Now)
		return err
	})
	if id == "" {
		id = fresh
	}
	return id, err
}

// Discard throws a draft away.
func (s *Service) Discard(ctx context.Context, by, id chorus.ID) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		w, err := WorkFor(ctx, tx, by, id)
		if err != nil {
			return err
		}
		if w.Published {
			return chorus.ErrClosed
		}
		_, err = db.Exec(ctx, tx, deleteWork, id)
		return err
	})
}

// Import reads a declaration from a Markdown file and keeps it as a draft.
// Names are matched with organisations that have an entry; organisers must
// have one, duty-bearers get one when the draft is published.
func (s *Service) Import(ctx context.Context, by chorus.ID, file io.Reader) (chorus.ID, error) {
	var now time.Time
	err := s.DB.Read(ctx, func(tx *db.Tx) error { now = tx.Now; return nil })
	if err != nil {
		return "", err
	}
	d, err := document.Parse(file, now)
	if err != nil {
		return "", err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { return Resolve(ctx, tx, d.Organisers, d.DutyBearers) })
	if err != nil {
		return "", err
	}
	for _, p := range d.Organisers {
		if p.ID == "" {
			return "", chorus.Invalid{"organisers": "declaration.fault.unknown_organiser|name=" + p.Name}
		}
	}
	return s.Save(ctx, by, "", d)
}

// Resolve finds the entries of parties that are known by name.
func Resolve(ctx context.Context, tx *db.Tx, lists ...[]document.Party) error {
	for _, parties := range lists {
		for i, p := range parties {
			if p.ID != "" {
				continue
			}
			found, err := organisation.ByName(ctx, tx, p.Name)
			if err != nil {
				return err
			}
			if o, ok := match(found, p.Country); ok {
				parties[i] = document.PartyOf(o)
			}
		}
	}
	return nil
}

// match picks the organisation of a country among those of one name.
func match(found []organisation.Organisation, country string) (organisation.Organisation, bool) {
	for _, o := range found {
		if country == "" || o.Country == country {
			return o, true
		}
	}
	return organisation.Organisation{}, false
}

// Publish makes a draft public for ever and gives its address. Duty-bearers
// that have no entry yet get one.
func (s *Service) Publish(ctx context.Context, by, id chorus.ID) (slug string, err error) {
	err = s.Record.Write(ctx, func(d *recorder.Deed) error {
		w, err := WorkFor(ctx, d.Tx, by, id)
		if err != nil {
			return err
		}
		slug = w.Slug
		if w.Published {
			return nil // pressed twice
		}
		if w.Draft.Opens.Before(d.Tx.Now) {
			w.Draft.Opens = d.Tx.Now.Truncate(time.Second)
		}
		if err := w.Draft.Check(d.Tx.Now).Err(); err != nil {
			return err
		}
		if slug, err = freeSlug(ctx, d.Tx, slugOf(w.Draft.Title)); err != nil {
			return err
		}
		if err := s.enterDutyBearers(ctx, d, w.Draft.DutyBearers); err != nil {
			return err
		}
		if _, err := d.Publish(ctx, &fact.DeclarationPublished{Declaration: id, Core: fact.Show(w.Draft.Core(slug))}); err != nil {
			return err
		}
		return markPublished(ctx, d.Tx, id, slug, w.Draft)
	})
	return slug, err
}

func (s *Service) enterDutyBearers(ctx context.Context, d *recorder.Deed, parties []document.Party) (err error) {
	if err := Resolve(ctx, d.Tx, parties); err != nil {
		return err
	}
	for i, p := range parties {
		if p.ID != "" {
			continue
		}
		if parties[i].ID, err = s.Organisations.EnterIn(ctx, d, p.Input); err != nil {
			return err
		}
	}
	return nil
}

func markPublished(ctx context.Context, tx *db.Tx, id chorus.ID, slug string, d document.Draft) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	_, err = db.Exec(ctx, tx, publishWork, id, slug, string(text), secret, tx.Now)
	if errors.Is(err, db.ErrUnique) {
		return fmt.Errorf("%w: the address %s was just taken", chorus.ErrBusy, slug)
	}
	return err
}

// freeSlug is the wanted address, or the first with a number behind that is free.
func freeSlug(ctx context.Context, tx *db.Tx, want string) (string, error) {
	slug := want
	for n := 2; ; n++ {
		taken, err := db.Value[int64](ctx, tx, countSlug, slug)
		if err != nil || taken == 0 {
			return slug, err
		}
		slug = fmt.Sprintf("%s-%d", want, n)
	}
}

// Close ends a declaration before its time, or at it, with a public word why.
func (s *Service) Close(ctx context.Context, by, id chorus.ID, why string) error {
	if err := CheckWhy(why).Err(); err != nil {
		return err
	}
	return s.Record.Write(ctx, func(d *recorder.Deed) error {
		w, err := WorkFor(ctx, d.Tx, by, id)
		if err != nil {
			return err
		}
		decl, err := ByID(ctx, d.Tx, w.ID)
		if err != nil {
			return err
		}
		if decl.Closed != "" {
			return nil // pressed twice
		}
		_, err = d.Publish(ctx, &fact.DeclarationClosed{Declaration: id, Published: decl.Hash, Core: fact.Show(fact.Explanation{Text: why})})
		return err
	})
}

// MaxWhy is how long a public word for a deed can be, in characters.
const MaxWhy = 500

// CheckWhy wants a public word for what is done in public.
func CheckWhy(why string) chorus.Invalid {
	if fault := (web.Line{Max: MaxWhy}).Check(why); fault != "" {
		return chorus.Invalid{"why": fault}
	}
	return chorus.Invalid{}
}

var (
	insertWork  = db.SQL(`INSERT INTO private_declaration (id, organisation, draft, state, made, changed) VALUES ($1, $2, $3, 'draft', $4, $4)`)
	updateWork  = db.SQL(`UPDATE private_declaration SET draft = $2, changed = $3 WHERE id = $1 AND state = 'draft'`)
	deleteWork  = db.SQL(`DELETE FROM private_declaration WHERE id = $1 AND state = 'draft'`)
	publishWork = db.SQL(`UPDATE private_declaration SET slug = $2, draft = $3, secret = $4, state = 'published', changed = $5 WHERE id = $1 AND state = 'draft'`)
	countSlug   = db.SQL(`SELECT count(1) FROM private_declaration WHERE slug = $1`)
)
