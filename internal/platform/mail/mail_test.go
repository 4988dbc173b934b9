// SPDX-License-Identifier: AGPL-3.0-or-later

package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/job"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/vault"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A post is an outbox with a clock that the test moves, an inbox behind it, and
// a way out that the test can close.
type post struct {
	*testing.T
	source string
	db     *db.DB
	vault  *vault.Vault
	jobs   *job.Runner
	out    *mail.Outbox
	inbox  *mail.Inbox
	log    bytes.Buffer

	mu    sync.Mutex
	now   time.Time
	fault error // of every Send
	tried int
}

func (p *post) Send(ctx context.Context, l mail.Letter) error {
	p.tried++
	if p.fault != nil {
		return p.fault
	}
	return p.inbox.Send(ctx, l)
}

func (p *post) pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func both(t *testing.T, limits mail.Limits, test func(p *post)) {
	t.Run("SQLite", func(t *testing.T) { test(open(t, limits, filepath.Join(t.TempDir(), "test.db"))) })
	t.Run("PostgreSQL", func(t *testing.T) { test(open(t, limits, chorustest.Postgres(t))) })
}

func open(t *testing.T, limits mail.Limits, source string) *post {
	t.Helper()
	p := &post{T: t, source: source, now: start, vault: vault.New([32]byte{1}), inbox: mail.NewInbox()}
	var err error
	if p.db, err = db.Open(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.db.Close() })
	p.db.Now = func() time.Time {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.now
	}
	if _, err := p.db.Setup(t.Context(), job.Schema, mail.Schema); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&p.log, nil))
	p.jobs = job.New(p.db, log)
	p.out, err = mail.New(p.db, p.vault, p.jobs, p, mail.Options{From: "Chorus <chorus@example.org>", Limits: limits, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *post) write(deed func(tx *db.Tx) error) {
	p.Helper()
	if err := p.db.Write(p.Context(), deed); err != nil {
		p.Fatal(err)
	}
}

func (p *post) queue(to, topic string) {
	p.Helper()
	p.write(func(tx *db.Tx) error {
		return p.out.Queue(p.Context(), tx, mail.Message{To: to, Topic: topic, Subject: "Confirm", Text: "Your code is 123456."})
	})
}

func (p *post) allow(to, topic string) (ok bool) {
	p.Helper()
	p.write(func(tx *db.Tx) (err error) {
		ok, err = p.out.Allow(p.Context(), tx, to, topic)
		return err
	})
	return ok
}

func (p *post) tally() (t mail.Tally) {
	p.Helper()
	p.write(func(tx *db.Tx) (err error) {
		t, err = mail.Count(p.Context(), tx)
		return err
	})
	return t
}

func (p *post) arrived() int { return len(p.inbox.List()) }

func TestQueries(t *testing.T) {
	both(t, mail.Limits{}, func(p *post) {
		if err := p.db.CheckQueries(p.Context(), "mail"); err != nil {
			p.Error(err)
		}
	})
}

// A mail leaves if and only if the deed that asked for it was committed.
func TestQueue(t *testing.T) {
	both(t, mail.Limits{}, func(p *post) {
		undone := errors.New("undone")
		err := p.db.Write(p.Context(), func(tx *db.Tx) error {
			return errors.Join(p.out.Queue(p.Context(), tx, mail.Message{To: "bob@example.net", Subject: "No", Text: "No"}), undone)
		})
		if !errors.Is(err, undone) {
			p.Fatal(err)
		}
		p.queue("ada@example.net", "confirm/1")
		if p.arrived() != 0 {
			p.Error("a mail left inside the deed")
		}
		if n, err := p.jobs.RunDue(p.Context()); n != 1 || err != nil {
			p.Errorf("ran %d, %v", n, err)
		}
		got := p.inbox.List()
		if len(got) != 1 || got[0].To != "ada@example.net" || got[0].Text != "Your code is 123456.\n" || !got[0].At.Equal(start) {
			p.Errorf("arrived: %+v", got)
		}
		if got := p.tally(); got != (mail.Tally{Sent: 1}) {
			p.Errorf("%+v", got)
		}
	})
}

func TestQueueRefuses(t *testing.T) {
	p := open(t, mail.Limits{}, filepath.Join(t.TempDir(), "test.db"))
	for name, m := range map[string]mail.Message{
		"address":     {To: "ada@example.net\r\nBcc: x@example.net", Subject: "S", Text: "T"},
		"no subject":  {To: "ada@example.net", Subject: " \r\n ", Text: "T"},
		"no text":     {To: "ada@example.net", Subject: "S", Text: "\n"},
		"language":    {To: "ada@example.net", Subject: "S", Text: "T", Lang: "en\r\nX: y"},
		"unsubscribe": {To: "ada@example.net", Subject: "S", Text: "T", ListUnsubscribe: "javascript:alert(1)"},
	} {
		err := p.db.Write(t.Context(), func(tx *db.Tx) error { return p.out.Queue(t.Context(), tx, m) })
		if err == nil || strings.Contains(err.Error(), "ada") {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.write(func(tx *db.Tx) error {
		return p.out.Queue(t.Context(), tx, mail.Message{To: "ada@example.net", Subject: "A\r\nBcc: b\x00 \xff", Text: "a\r\nb\x00\xff"})
	})
	p.jobs.RunDue(t.Context())
	if got := p.inbox.List(); len(got) != 1 || got[0].Subject != "A Bcc: b \uFFFD" || got[0].Text != "a\nb\uFFFD\n" {
		t.Errorf("%q", got)
	}
}

// Whoever has the database file alone learns no address and no text.
func TestSealed(t *testing.T) {
	p := open(t, mail.Limits{}, filepath.Join(t.TempDir(), "test.db"))
	p.queue("ada@example.net", "confirm/1")
	p.allow("ada@example.net", "confirm/1")
	p.write(func(tx *db.Tx) error { return p.out.Block(t.Context(), tx, "bob@example.net") })
	for _, word := range []string{"ada", "bob", "123456", "Confirm", "confirm/1"} {
		if inFile(t, p.source, word) {
			t.Errorf("%q can be read in the file", word)
		}
	}
}

func TestRefused(t *testing.T) {
	both(t, mail.Limits{}, func(p *post) {
		p.fault = fmt.Errorf("%w: reply 550", mail.ErrRefused)
		p.queue("ada@example.net", "x")
		if _, err := p.jobs.RunDue(p.Context()); !errors.Is(err, job.ErrGiveUp) {
			p.Errorf("RunDue: %v", err)
		}
		p.pass(6 * 24 * time.Hour)
		p.jobs.RunDue(p.Context())
		if got := p.tally(); p.tried != 1 || got.Waiting != 1 {
			p.Errorf("tried %d times; %+v", p.tried, got)
		}
		p.pass(25 * time.Hour)
		p.jobs.RunDue(p.Context())
		if got := p.tally(); got.Waiting != 0 || got.Dropped != 1 {
			p.Errorf("after a week: %+v", got)
		}
	})
}

func TestRetry(t *testing.T) {
	both(t, mail.Limits{}, func(p *post) {
		p.fault = errors.New("reply 451")
		p.queue("ada@example.net", "x")
		p.jobs.RunDue(p.Context())
		p.fault = nil
		p.pass(5 * time.Second)
		p.jobs.RunDue(p.Context())
		if p.tried != 2 || p.arrived() != 1 {
			p.Errorf("tried %d, arrived %d", p.tried, p.arrived())
		}
	})
}

// While the way out is closed mails wait, few tries are made and none is counted.
func TestDown(t *testing.T) {
	both(t, mail.Limits{}, func(p *post) {
		p.fault = fmt.Errorf("%w: nobody listens", mail.ErrDown)
		for range 5 {
			p.queue("ada@example.net", "x")
		}
		for range 60 { // five hours
			if _, err := p.jobs.RunDue(p.Context()); err != nil {
				p.Fatal(err)
			}
			p.pass(5 * time.Minute)
		}
		if p.tried > 40 {
			p.Errorf("ran %d times against a closed door", p.tried)
		}
		if n := strings.Count(p.log.String(), "mails cannot leave"); n == 0 || n > 40 {
			p.Errorf("the operator was told %d times", n)
		}
		p.fault = nil
		p.pass(10 * time.Minute)
		p.jobs.RunDue(p.Context())
		if p.arrived() != 5 || p.tally().Waiting != 0 || !strings.Contains(p.log.String(), "mails leave again") {
			p.Errorf("arrived %d, %+v", p.arrived(), p.tally())
		}
	})
}

func TestBudget(t *testing.T) {
	both(t, mail.Limits{PerHour: 10}, func(p *post) {
		for i := range 25 {
			p.queue(fmt.Sprintf("p%d@example.net", i), "news")
		}
		p.queue("ada@example.net", mail.SignIn)
		p.queue("bob@example.net", mail.SignIn)
		for hour, want := range []int{10, 20, 27} {
			if _, err := p.jobs.RunDue(p.Context()); err != nil {
				p.Fatal(err)
			}
			if p.arrived() != want {
				p.Errorf("in hour %d %d mails had left, want %d", hour, p.arrived(), want)
			}
			if hour == 0 && !p.tally().Full {
				p.Error("the steward is not told that the budget is spent")
			}
			p.pass(time.Hour)
		}
		if len(p.inbox.For("ada@example.net")) != 1 {
			p.Error("other mail kept a sign-in mail back")
		}
		if n := strings.Count(p.log.String(), "budget of this hour is spent"); n != 2 {
			p.Errorf("the operator was told %d times in two full hours", n)
		}
	})
}

func TestAllow(t *testing.T) {
	both(t, mail.Limits{}, func(p *post) {
		for i, c := range []struct {
			pass      time.Duration
			to, topic string
			want      bool
		}{
			{0, "ada@gmail.com", "letter/1", true},
			{0, "ada@gmail.com", "letter/1", false},
			{0, "A.d.a+1@googlemail.com", "letter/1", false}, // the same mailbox
			{0, "bob@gmail.com", "letter/1", true},
			{time.Hour, "ada@gmail.com", "letter/2", true},
			{time.Hour, "ada@gmail.com", "letter/3", true},
			{time.Hour, "ada@gmail.com", "letter/4", false}, // three a day
			{0, "ada@gmail.com", mail.SignIn, true},         // counts apart
			{0, "ada@gmail.com", mail.SignIn, true},
			{0, "ada@gmail.com", mail.SignIn, true},
			{0, "ada@gmail.com", mail.SignIn, true},
			{0, "ada@gmail.com", mail.SignIn, true},
			{59 * time.Minute, "ada@gmail.com", mail.SignIn, false},
			{time.Minute, "ada@gmail.com", mail.SignIn, true},
			{20 * time.Hour, "ada@gmail.com", "letter/1", true}, // a day after the first
			{0, "ada@gmail.com", "letter/2", false},
		} {
			p.pass(c.pass)
			if got := p.allow(c.to, c.topic); got != c.want {
				p.Errorf("step %d: Allow(%s, %s) = %v", i, c.to, c.topic, got)
			}
		}
	})
}

// Two requests at the same moment must not both be the first.
func TestAllowTogether(t *testing.T) {
	both(t, mail.Limits{}, func(p *post) {
		var mu sync.Mutex
		var all sync.WaitGroup
		yes := 0
		for range 8 {
			all.Go(func() {
				err := p.db.Write(p.Context(), func(tx *db.Tx) error {
					ok, err := p.out.Allow(p.Context(), tx, "ada@example.net", "letter/1")
					if ok {
						mu.Lock()
						yes++
						mu.Unlock()
					}
					return err
				})
				if err != nil {
					p.Error(err)
				}
			})
		}
		all.Wait()
		if yes != 1 {
			p.Errorf("%d of 8 were allowed", yes)
		}
	})
}

func TestBlock(t *testing.T) {
	both(t, mail.Limits{}, func(p *post) {
		p.queue("ada@gmail.com", "x") // waits already
		code := p.out.BlockCode("ada@gmail.com")
		address, err := p.out.AddressByCode(code)
		if err != nil || address != "ada@gmail.com" || strings.Contains(code, "ada") {
			p.Errorf("AddressByCode(%s) = %s, %v", code, address, err)
		}
		for _, bad := range []string{"", "x", code[1:], "=" + code} {
			if _, err := p.out.AddressByCode(bad); !errors.Is(err, chorus.ErrNotFound) {
				p.Errorf("AddressByCode(%q): %v", bad, err)
			}
		}
		p.write(func(tx *db.Tx) error { return p.out.Block(p.Context(), tx, address) })
		if p.allow("A.da@gmail.com", "letter/1") || p.allow("ada@gmail.com", mail.SignIn) {
			p.Error("a blocked address is allowed mail")
		}
		p.queue("ada+2@gmail.com", mail.SignIn)
		p.pass(100 * 24 * time.Hour)
		p.jobs.RunDue(p.Context()) // purges too
		if p.arrived() != 0 {
			p.Error("a blocked address got mail")
		}
		if p.allow("ada@gmail.com", "letter/1") {
			p.Error("the block was forgotten")
		}
		p.write(func(tx *db.Tx) error { return p.out.Unblock(p.Context(), tx, address) })
		if !p.allow("ada@gmail.com", "letter/1") {
			p.Error("the block cannot be taken back")
		}
	})
}

// After 48 hours nothing tells who was written to.
func TestForget(t *testing.T) {
	both(t, mail.Limits{}, func(p *post) {
		p.allow("ada@example.net", "letter/1")
		p.pass(49 * time.Hour)
		if _, err := p.jobs.RunDue(p.Context()); err != nil {
			p.Fatal(err)
		}
		p.write(func(tx *db.Tx) error {
			n, err := db.Value[int](p.Context(), tx, kept)
			if n != 0 {
				p.Errorf("%d rows are kept", n)
			}
			return err
		})
	})
}

var kept = db.SQL(`SELECT (SELECT count(*) FROM private_mail_allowed) + (SELECT count(*) FROM private_mail_address)`)

// inFile reports whether the bytes of the database or of its log hold a word.
func inFile(t *testing.T, file, word string) bool {
	t.Helper()
	for _, name := range []string{file, file + "-wal"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(word)) {
			return true
		}
	}
	return false
}
