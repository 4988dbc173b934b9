// SPDX-License-Identifier: AGPL-3.0-or-later

// Package mail sends mail. A deed queues a mail in its own transaction: the
// mail leaves if, and only if, that transaction is committed.
//
//   - Address, subject and text are sealed while they wait and erased once sent.
//     All that stays is a number per hour.
//   - Nobody can use an instance to flood a mailbox: Allow limits mails per
//     address, and an address can be blocked. Both are kept as keyed hashes.
//   - An instance that goes mad stops by itself: mails beyond the hour's budget
//     wait, and so do all mails while the way out is closed. The operator is told.
//   - A mail is sent at least once; a copy bears the same Message-ID.
package mail

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/job"
	"example.org/chorus/internal/platform/vault"
)

// Schema makes the tables of the outbox.
//
//go:embed schema.sql
var Schema string

// A Message is a mail that a deed asks for. It has plain text only, and never
// words that somebody typed who is not the receiver.
type Message struct {
	To      string // as ParseAddress gives it
	Topic   string // as in Allow; mails of the topic SignIn may use the last tenth of the budget
	Subject string
	Text    string
	Lang    string // BCP 47
	// ListUnsubscribe is the http(s) address of a page where the receiver ends
	// such mails; a POST to it must do so at once (RFC 8058). "" if there is none.
	ListUnsubscribe string
	// Auto asks other programs not to answer (RFC 3834).
	Auto bool
}

// Kind is the kind of job that sends a mail.
const Kind = "mail.send"

// keep is how long a mail may wait, whatever for: broken ways, full budgets,
// dead letters. A link older than this helps nobody.
const keep = 7 * 24 * time.Hour

// Options say how an instance sends. The zero Limits are the usual ones.
type Options struct {
	From   string // "Name <address>" or an address
	Limits Limits
	Log    *slog.Logger
}

// An Outbox holds mails until they are sent.
type Outbox struct {
	db      *db.DB
	vault   *vault.Vault
	sender  Sender
	from    *netmail.Address
	limits  Limits
	log     *slog.Logger
	breaker breaker
}

// New makes an Outbox whose mails are sent by the jobs of r.
func New(d *db.DB, v *vault.Vault, r *job.Runner, s Sender, o Options) (*Outbox, error) {
	from, err := netmail.ParseAddress(o.From)
	if err == nil {
		from.Address, err = ParseAddress(from.Address)
	}
	if err != nil {
		return nil, fmt.Errorf("the sender's address %q: %w", o.From, err)
	}
	out := &Outbox{db: d, vault: v, sender: s, from: from, limits: o.Limits.filled(), log: o.Log}
	r.Handle(Kind, out.send)
	r.Every("mail.purge", time.Hour, out.purge)
	return out, nil
}

const sealFor = "mail"

// Queue leaves a mail behind in the deed's transaction. A mail to a blocked
// address is dropped without an error, so that the reply to the deed gives
// nothing away.
func (o *Outbox) Queue(ctx context.Context, tx *db.Tx, m Message) error {
	blocked, err := o.Blocked(ctx, tx, m.To)
	if err != nil || blocked {
		return err
	}
	return o.QueueAllowed(ctx, tx, m)
}

// QueueAllowed is Queue for a mail that Allow has just allowed in this
// transaction, and so to an address that is not blocked.
func (o *Outbox) QueueAllowed(ctx context.Context, tx *db.Tx, m Message) error {
	if err := m.check(); err != nil {
		return fmt.Errorf("queueing a mail: %w", err)
	}
	plain, err := json.Marshal(m)
	if err != nil {
		return err
	}
	id := newID()
	if err := insertMail(ctx, tx, id, o.vault.Seal(sealFor, plain)); err != nil {
		return err
	}
	return job.Add(ctx, tx, job.Job{Kind: Kind, Payload: []byte(id)})
}

// newID begins with the time, so that what is written together lies together in
// the table: a commit has fewer pages to write.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// check cleans what can be cleaned and refuses the rest. The errors repeat
// nothing of the mail, for they are logged.
func (m *Message) check() (err error) {
	if m.To, err = ParseAddress(m.To); err != nil {
		return err
	}
	m.Subject = oneLine(m.Subject)
	if m.Text = lines(m.Text); m.Subject == "" || m.Text == "" {
		return errors.New("it has no subject or no text")
	}
	if m.Lang != oneLine(m.Lang) {
		return errors.New("its language is not a tag")
	}
	if m.ListUnsubscribe == "" {
		return nil
	}
	u, err := url.Parse(m.ListUnsubscribe)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(m.ListUnsubscribe, "<> \r\n") {
		return errors.New("its List-Unsubscribe is not a web address")
	}
	return nil
}

// oneLine keeps a title from adding lines to the head of a mail.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// lines ends every line, and the last, with a newline, and drops other control characters.
func lines(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	if s = strings.TrimRight(s, "\n"); s == "" {
		return ""
	}
	return s + "\n"
}
