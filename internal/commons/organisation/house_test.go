// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/job"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/internal/platform/web"
)

// A house is an instance with nothing but people and organisations.
type house struct {
	t *testing.T
	*organisation.Service
	inbox *mail.Inbox
	site  http.Handler

	mu  sync.Mutex
	now time.Time
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func open(t *testing.T, source string) *house {
	h := &house{t: t, inbox: mail.NewInbox(), now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	d := chorustest.Database(t, source, recorder.Schema, job.Schema, mail.Schema, web.Schema, catalogue.Schema, account.Schema, organisation.Schema)
	d.Now = func() time.Time {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.now
	}
	words, err := lang.New(web.Messages(), account.Messages(), organisation.Messages())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	v := vault.New([32]byte{1})
	jobs := job.New(d, log)
	jobs.Poll, jobs.Lease = 10*time.Millisecond, chorustest.Lease
	outbox, err := mail.New(d, v, jobs, h.inbox, mail.Options{From: "chorus@lindholm.example", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	const base = "http://lindholm.example"
	accounts := &account.Service{DB: d, Vault: v, Mail: outbox, Catalogue: words, BaseURL: base}
	record := recorder.New(d, func(b []byte) []byte { return v.Seal("opening", b) }, log)
	h.Service = &organisation.Service{DB: d, Vault: v, Mail: outbox, Record: record, Catalogue: words, BaseURL: base, Accounts: accounts}
	accounts.Holders = []account.Holder{h.Service}
	record.Feed(h.Service)
	record.AwaitFor(chorustest.Patience)
	if err := record.Start(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	h.openSite(words, base)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { record.Run(ctx) })
	running.Go(func() {
		if err := jobs.Run(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	return h
}

func (h *house) openSite(words *lang.Catalogue, base string) {
	site := &web.Site{DB: h.DB, Log: slog.New(slog.NewTextHandler(h.t.Output(), nil)), Catalogue: words, BaseURL: base, Unlimited: true,
		Frame: func(*web.Visit) (web.Frame, error) { return web.Frame{Name: "Lindholm"}, nil }}
	h.Routes(site)
	site.Handle("POST /as/{id}", func(v *web.Visit) error { return v.StartSession(v.Context(), chorus.ID(v.PathValue("id"))) })
	h.site = site.Handler()
}

// as gives the cookie of a person who is signed in.
func (h *house) as(id chorus.ID) string {
	h.t.Helper()
	w := httptest.NewRecorder()
	h.site.ServeHTTP(w, httptest.NewRequest("POST", "/as/"+string(id), nil))
	cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	return cookie
}

// visit makes a request and gives status and body, or where it leads.
func (h *house) visit(cookie, method, path, contentType, body string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.site.ServeHTTP(w, r)
	if w.Code == http.StatusSeeOther {
		return w.Code, w.Header().Get("Location")
	}
	return w.Code, w.Body.String()
}

func (h *house) get(cookie, path string) (int, string) { return h.visit(cookie, "GET", path, "", "") }

func (h *house) post(cookie, path, form string) (int, string) {
	return h.visit(cookie, "POST", path, "application/x-www-form-urlencoded", form)
}

// person is somebody with an account.
func (h *house) person(email string) (id chorus.ID) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		p, err := h.Accounts.Ensure(h.t.Context(), tx, email, "en")
		id = p.ID
		return err
	})
	return id
}

func (h *house) steward(email string) chorus.ID {
	id := h.person(email)
	h.write(func(tx *db.Tx) error { return h.Accounts.MakeSteward(h.t.Context(), tx, id) })
	return id
}

func (h *house) write(fn func(*db.Tx) error) {
	h.t.Helper()
	if err := h.DB.Write(h.t.Context(), fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) read(fn func(*db.Tx) error) {
	h.t.Helper()
	if err := h.DB.Read(h.t.Context(), fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) organisation(id chorus.ID) (o organisation.Organisation) {
	h.t.Helper()
	h.read(func(tx *db.Tx) (err error) { o, err = organisation.ByID(h.t.Context(), tx, id); return err })
	return o
}

func (h *house) role(person, id chorus.ID) (r organisation.Role) {
	h.t.Helper()
	h.read(func(tx *db.Tx) (err error) { r, err = organisation.RoleOf(h.t.Context(), tx, person, id); return err })
	return r
}

func (h *house) enter(by chorus.ID, in organisation.Input) chorus.ID {
	h.t.Helper()
	id, err := h.Enter(h.t.Context(), by, in)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// mail waits for the n-th mail to an address.
func (h *house) mail(to string, n int) string {
	h.t.Helper()
	chorustest.Until(h.t, fmt.Sprintf("mail %d to %s", n, to), func() bool { return len(h.inbox.For(to)) >= n })
	return h.inbox.For(to)[0].Text // the newest
}

var codeIn = regexp.MustCompile(`\b\d{6}\b`)

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// fault is what is wrong with a field, as err tells it.
func fault(err error, field string) string {
	wrong, _ := errors.AsType[chorus.Invalid](err)
	return wrong[field]
}

var friends = organisation.Input{Name: "Friends of the Lind", Kind: "civil society", Country: "DK", Website: "https://www.friendsofthelind.example/about"}
