// SPDX-License-Identifier: AGPL-3.0-or-later

package portal_test

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/cause"
	"example.org/chorus/internal/commons/initiative"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/commons/wording"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/job"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/internal/platform/web"
	"example.org/chorus/internal/portal"
)

// cards shows declarations as the capability of that name will: for the portal
// only their cards matter.
type cards struct{}

func (cards) Apply(ctx context.Context, tx *db.Tx, entries []*recorder.Entry) error {
	for _, e := range entries {
		f, ok := e.Fact.(*fact.DeclarationPublished)
		if !ok {
			continue
		}
		core, ref := f.Core.Value, chorus.Ref{Kind: chorus.Declaration, ID: f.Declaration}
		if err := catalogue.Put(ctx, tx, catalogue.Card{Ref: ref, Sort: string(core.Kind), Title: core.Title, Path: "/declarations/" + core.Slug,
			State: "open", Opens: core.Opens, Closes: core.Closes, Entry: e.Index}); err != nil {
			return err
		}
		if err := catalogue.SetCounts(ctx, tx, ref, core.Goal, 3); err != nil { // the goal stands in for people
			return err
		}
		for _, o := range core.Organisers {
			if err := catalogue.Link(ctx, tx, ref, catalogue.RunBy, chorus.Ref{Kind: chorus.Organisation, ID: o}); err != nil {
				return err
			}
		}
		if core.Initiative != "" {
			if err := catalogue.Link(ctx, tx, ref, catalogue.PartOf, chorus.Ref{Kind: chorus.Initiative, ID: core.Initiative}); err != nil {
				return err
			}
		}
	}
	return nil
}

// An instance is everything the portal stands on.
type instance struct {
	t           *testing.T
	db          *db.DB
	record      *recorder.Recorder
	portal      *portal.Service
	initiatives *initiative.Service
	accounts    *account.Service
	inbox       *mail.Inbox
	jobs        *job.Runner
	words       *lang.Catalogue
	server      *httptest.Server
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var allMessages = []fs.FS{web.Messages(), account.Messages(), organisation.Messages(), initiative.Messages(), cause.Messages(),
	wording.Messages(), portal.Messages()}

func open(t *testing.T, source string) *instance {
	t.Helper()
	in := &instance{t: t, inbox: mail.NewInbox()}
	signers, err := os.ReadFile("../civic/declaration/schema.sql") // for the page about privacy: it looks at all tables
	in.must(err)
	in.db = chorustest.Database(t, source, recorder.Schema, web.Schema, job.Schema, mail.Schema, account.Schema, organisation.Schema,
		catalogue.Schema, initiative.Schema, portal.Schema, string(signers))
	log := slog.New(slog.DiscardHandler)
	in.jobs = job.New(in.db, log)
	v := vault.New([32]byte{1})
	outbox, err := mail.New(in.db, v, in.jobs, in.inbox, mail.Options{From: "Chorus <chorus@lindholm.example>", Log: log})
	in.must(err)
	in.words, err = lang.New(allMessages...)
	in.must(err)
	in.record = recorder.New(in.db, func(b []byte) []byte { return v.Seal("opening", b) }, log)
	site := &web.Site{DB: in.db, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Catalogue: in.words, Unlimited: true}
	in.accounts = &account.Service{DB: in.db, Vault: v, Mail: outbox, Catalogue: in.words, BaseURL: "https://lindholm.example"}
	organisations := &organisation.Service{DB: in.db, Vault: v, Mail: outbox, Record: in.record, Catalogue: in.words, Accounts: in.accounts}
	in.initiatives = &initiative.Service{DB: in.db, Record: in.record}
	in.portal = &portal.Service{DB: in.db, Record: in.record, Accounts: in.accounts, Organisations: organisations,
		Settings: portal.Settings{MailKind: "memory", BaseURL: "https://lindholm.example", Engine: in.db.Engine}}
	in.record.Feed(organisations, in.initiatives, in.portal, cards{})
	in.must(in.record.Start(t.Context(), false))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { in.record.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	site.Frame = in.portal.Frame
	in.accounts.Routes(site)
	in.initiatives.Routes(site)
	in.portal.Routes(site)
	in.server = httptest.NewServer(site.Handler())
	t.Cleanup(in.server.Close)
	return in
}

func (in *instance) must(err error) {
	in.t.Helper()
	if err != nil {
		in.t.Fatal(err)
	}
}

// mailedPath is the link to sign in, without the name of the site.
var mailedPath = regexp.MustCompile(`/\w\w/sign-in/\S+`)

// A browser is one visitor.
type browser struct {
	*instance
	client *http.Client
}

func (in *instance) visitor() *browser {
	jar, err := cookiejar.New(nil)
	in.must(err)
	return &browser{in, &http.Client{Jar: jar}}
}

// get opens a page and returns its status and text.
func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return b.read(b.client.Get(b.server.URL + path))
}

func (b *browser) post(path string, fields ...string) (int, string) {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.read(b.client.PostForm(b.server.URL+path, form))
}

func (b *browser) read(res *http.Response, err error) (int, string) {
	b.t.Helper()
	b.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	b.must(err)
	return res.StatusCode, string(body)
}

// code does the jobs that are due and finds the six digits in the newest mail.
func (in *instance) code(address string) string {
	in.t.Helper()
	_, err := in.jobs.RunDue(in.t.Context())
	in.must(err)
	letters := in.inbox.For(address)
	if len(letters) == 0 {
		in.t.Fatalf("no mail to %s", address)
	}
	return regexp.MustCompile(`\d{6}`).FindString(letters[0].Subject + letters[0].Text)
}

func (in *instance) wants(body string, words ...string) {
	in.t.Helper()
	for _, w := range words {
		if !strings.Contains(body, w) {
			in.t.Errorf("the page does not say %q:\n%s", w, body)
		}
	}
}

func (in *instance) wantsNot(body string, words ...string) {
	in.t.Helper()
	for _, w := range words {
		if strings.Contains(body, w) {
			in.t.Errorf("the page says %q:\n%s", w, body)
		}
	}
}

func (in *instance) status(got, want int, body string) {
	in.t.Helper()
	if got != want {
		in.t.Fatalf("status %d, want %d:\n%s", got, want, body)
	}
}
