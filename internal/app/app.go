// SPDX-License-Identifier: AGPL-3.0-or-later

// Package app puts an instance together. It is the only package that knows
// every capability.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/civic/declaration/desk"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/cause"
	"example.org/chorus/internal/commons/initiative"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/commons/receipt"
	"example.org/chorus/internal/commons/wording"
	"example.org/chorus/internal/platform/bundle"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/eye"
	"example.org/chorus/internal/platform/job"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/mirror"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/internal/platform/web"
	"example.org/chorus/internal/platform/witness"
	"example.org/chorus/internal/portal"
	"example.org/chorus/record"
)

// A Config says how an instance is run. Every field but Data works when empty.
type Config struct {
	Data        string           // folder of the database file, the instance's secret and the key of its record
	Database    string           // postgres:// URL; empty: SQLite in Data
	BaseURL     string           // as people reach it; empty: http://localhost:8080
	Mail        string           // smtp://, smtps://, dir:PATH or memory:; empty: a folder in Data
	From        string           // the sender of mails; empty: chorus at the base URL's host
	BehindProxy bool             // visitors come through one proxy that sets X-Forwarded-For
	Unlimited   bool             // no limits on tries and mails: for tests and benchmarks
	Mirror      string           // the address of the instance that this is a copy of; empty: it is no copy
	Source      record.Source    // where a copy takes the record from; nil: from the address
	Trusted     []string         // verifier keys of the record to copy; empty: those kept in Data, or the first that is seen
	Policy      *record.Policy   // witnesses that must have cosigned what is copied; nil: none
	Mirrors     []string         // addresses of sites that mirror this one, asked how far they have come
	Now         func() time.Time // the clock; nil: the machine's
	Log         *slog.Logger     // nil: the default one
}

// filled is the configuration with what was left out.
func (c Config) filled() Config {
	if c.BaseURL == "" {
		c.BaseURL = "http://localhost:8080"
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if c.Database == "" {
		c.Database = filepath.Join(c.Data, "chorus.db")
	}
	if c.Mirror != "" {
		c.Mail = "memory:" // none is ever sent
	}
	if c.Mail == "" {
		c.Mail = "dir:" + filepath.Join(c.Data, "mail")
	}
	if c.From == "" {
		c.From = sender(c.BaseURL)
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// sender is the address that mails come from unless one is given.
func sender(base string) string {
	_, host, _ := strings.Cut(base, "://")
	host, _, _ = strings.Cut(host, "/")
	host, _, _ = strings.Cut(host, ":")
	address, err := mail.ParseAddress("chorus@" + host)
	if err != nil { // a number, or a name without a dot
		return "chorus@chorus.example"
	}
	return address
}

// An App is one instance.
type App struct {
	Config Config
	DB     *db.DB
	Record *recorder.Recorder
	Jobs   *job.Runner
	Sender mail.Sender
	Mail   *mail.Outbox
	Site   *web.Site
	Vault  *vault.Vault

	Eye     *eye.Service     // others look at our record
	Witness *witness.Service // we look at the records of others

	Accounts      *account.Service
	Organisations *organisation.Service
	Initiatives   *initiative.Service
	Receipts      *receipt.Service
	Declarations  *declaration.Service
	Signing       *signing.Service
	Desk          *desk.Service
	Portal        *portal.Service
	Mirror        *mirror.Mirror // nil: this instance is no mirror
	Box           *relay.Box     // what a mirror took for its origin; nil: this instance is no mirror
	front
}

// Open opens an instance, making what is not there yet.
func Open(ctx context.Context, c Config) (*App, error) {
	a := &App{Config: c.filled()}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) (err error) {
	c := a.Config
	if a.Vault, err = vault.Open(filepath.Join(c.Data, "secret")); err != nil {
		return err
	}
	catalogue, err := Catalogue()
	if err != nil {
		return err
	}
	if a.DB, err = db.Open(ctx, c.Database); err != nil {
		return err
	}
	if c.Now != nil {
		a.DB.Now = c.Now
	}
	tablesAreNew, err := a.DB.Setup(ctx, schemas...)
	if err != nil {
		return err
	}
	if err := a.checkSecret(ctx); err != nil {
		return err
	}
	a.Jobs = job.New(a.DB, c.Log)
	if a.Sender, err = mail.Open(c.Mail); err != nil {
		return err
	}
	if a.Mail, err = mail.New(a.DB, a.Vault, a.Jobs, a.Sender, mail.Options{From: c.From, Log: c.Log, Limits: c.limits()}); err != nil {
		return err
	}
	a.Record = recorder.New(a.DB, func(b []byte) []byte { return a.Vault.Seal("opening", b) }, c.Log)
	a.Record.Unseal(func(b []byte) ([]byte, error) { return a.Vault.Open("opening", b) })
	if err := a.notarise(); err != nil {
		return err
	}
	if err := a.eyes(); err != nil {
		return err
	}
	if err := a.openBox(ctx); err != nil {
		return err
	}
	a.services(catalogue)
	a.Record.Feed(a.Portal, a.Organisations, a.Initiatives, a.Declarations, a.Signing)
	a.chores()
	if err := a.Record.Start(ctx, tablesAreNew); err != nil {
		return err
	}
	if a.Mirror != nil {
		return a.Mirror.Start(ctx)
	}
	a.Eye.Guard(ctx)
	return nil
}

// notarise makes the instance sign its own record, or follow another's.
func (a *App) notarise() error {
	c := a.Config
	if c.Mirror == "" {
		return a.Record.Sign(c.Data, c.BaseURL+portal.RecordPath)
	}
	source := c.Source
	if source == nil {
		source = RecordAt(c.Mirror)
	}
	a.Mirror = &mirror.Mirror{DB: a.DB, Record: a.Record, Source: source, Policy: c.Policy, Log: c.Log}
	return a.Record.Follow(c.Data, c.Trusted...)
}

// eyes has others look at the record, and lets this instance look at theirs.
func (a *App) eyes() error {
	c := a.Config
	a.Eye = &eye.Service{DB: a.DB, Record: a.Record, Log: c.Log, Mirrors: c.Mirrors}
	a.Witness = &witness.Service{DB: a.DB, Log: c.Log, BaseURL: c.BaseURL, Behind: a.Record.ReadOnly}
	return errors.Join(a.Eye.Open(c.Data), a.Witness.Open(c.Data))
}

func (c Config) limits() mail.Limits {
	if !c.Unlimited {
		return mail.Limits{}
	}
	many := mail.Limit{Mails: 1 << 30, Within: time.Hour}
	return mail.Limits{Topic: many, Address: many, SignIn: many, SignInDay: many, PerHour: 1 << 30}
}

// schemas are the tables of every package that keeps some.
var schemas = []string{recorder.Schema, mirror.Schema, job.Schema, mail.Schema, web.Schema, catalogue.Schema, account.Schema,
	organisation.Schema, initiative.Schema, declaration.Schema, signing.Schema, portal.Schema, relay.Schema, secretSchema, eye.Schema, witness.Schema}

// Catalogue is the words of every package in every language.
func Catalogue() (*lang.Catalogue, error) {
	c, err := lang.New(web.Messages(), account.Messages(), organisation.Messages(), initiative.Messages(), cause.Messages(), wording.Messages(), receipt.Messages(),
		declaration.Messages(), signing.Messages(), desk.Messages(), document.Messages(), bundle.Messages(), portal.Messages(), eye.Messages(), witness.Messages())
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	return c, nil
}

func (a *App) services(c *lang.Catalogue) {
	base := a.Config.BaseURL
	a.Accounts = &account.Service{DB: a.DB, Vault: a.Vault, Mail: a.Mail, Catalogue: c, BaseURL: base}
	a.Organisations = &organisation.Service{DB: a.DB, Vault: a.Vault, Mail: a.Mail, Record: a.Record, Catalogue: c, BaseURL: base, Accounts: a.Accounts}
	a.Accounts.Holders = []account.Holder{a.Organisations}
	a.Initiatives = &initiative.Service{DB: a.DB, Recorder: a.Record}
	a.Receipts = &receipt.Service{DB: a.DB, Record: a.Record}
	a.Declarations = &declaration.Service{DB: a.DB, Record: a.Record, Organisations: a.Organisations, Receipts: a.Receipts}
	a.Signing = &signing.Service{DB: a.DB, Record: a.Record, Vault: a.Vault, Mail: a.Mail, Declarations: a.Declarations, Receipts: a.Receipts,
		Catalogue: c, BaseURL: base, Relay: a.relay()}
	a.Desk = &desk.Service{DB: a.DB, Declarations: a.Declarations, Signing: a.Signing}
	kind, _, _ := strings.Cut(a.Config.Mail, ":")
	a.Portal = &portal.Service{DB: a.DB, Recorder: a.Record, Eye: a.Eye, IntakeKey: relay.KeyOf(a.Vault).Public(), Accounts: a.Accounts, Organisations: a.Organisations,
		Settings: portal.Settings{MailKind: kind, Proxy: a.Config.BehindProxy, BaseURL: base, Engine: a.DB.Engine, MirrorOf: a.Config.Mirror}, Mirror: a.Mirror}
	a.Site = &web.Site{DB: a.DB, Log: a.Config.Log, Catalogue: c, BaseURL: base, Frame: a.Portal.Frame,
		BehindProxy: a.Config.BehindProxy, Unlimited: a.Config.Unlimited}
	if a.Mirror != nil {
		a.Site.Elsewhere = a.Portal.Elsewhere
		a.Box.Origin, a.Box.Ended, a.Box.Log = a.Portal.OriginURL, signing.Ended, a.Config.Log
		a.Box.Routes(a.Site)
	}
	a.Accounts.Routes(a.Site)
	a.Organisations.Routes(a.Site)
	a.Initiatives.Routes(a.Site)
	a.Receipts.Routes(a.Site)
	a.Declarations.Routes(a.Site)
	a.Signing.Routes(a.Site)
	a.Desk.Routes(a.Site)
	a.Portal.Routes(a.Site)
	a.Witness.Routes(a.Site)
}

// openBox gives a mirror where it keeps what it takes for its origin.
func (a *App) openBox(ctx context.Context) (err error) {
	if a.Mirror != nil {
		a.Box, err = relay.OpenBox(ctx, a.DB, a.Config.Data, a.Config.BaseURL)
	}
	return err
}

// relay is how requests to sign travel when the way is cut.
func (a *App) relay() signing.Relay {
	r := signing.Relay{Box: a.Box, Site: portal.SiteID, Key: portal.IntakeKey}
	if a.Mirror == nil {
		r.Open = relay.KeyOf(a.Vault)
	}
	return r
}

// chores are what an instance does by itself now and then.
func (a *App) chores() {
	if a.Mirror != nil {
		return
	}
	a.Jobs.Every("session.stale", 24*time.Hour, a.Site.DropStaleSessions)
	a.Jobs.Every("account.stale", time.Hour, a.Accounts.DropStaleTickets)
	a.Jobs.Every("organisation.stale", time.Hour, a.Organisations.DropStale)
	a.Jobs.Every("signer.forget", 24*time.Hour, a.Signing.ForgetAddresses)
	a.Jobs.Every("signing.stale", time.Hour, a.Signing.DropStale)
	a.Jobs.Every("intake.mail", time.Hour, a.Signing.MailRequests)
	a.Jobs.Every("intake.lapse", time.Hour, a.Signing.LapseRequests)
	a.Jobs.Every("intake.announce", 24*time.Hour, a.Portal.AnnounceIntake)
}

// Run does the instance's background work until ctx ends.
func (a *App) Run(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { a.Record.Run(ctx) })
	if a.Mirror != nil {
		running.Go(func() { a.Box.Run(ctx) })
		a.Mirror.Run(ctx)
		running.Wait()
		return nil
	}
	running.Go(func() { a.Record.RunPublisher(ctx) })
	running.Go(func() { a.Eye.Run(ctx) })
	err := a.Jobs.Run(ctx)
	running.Wait()
	return err
}

// Close closes the database. Run must have ended.
func (a *App) Close() error {
	if a.DB == nil {
		return nil
	}
	return a.DB.Close()
}
