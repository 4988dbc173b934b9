// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// A Letter is a mail on its way out.
type Letter struct {
	ID   string // the same when it is sent again
	From netmail.Address
	At   time.Time
	Message
}

// A Sender takes letters out of the house. Its errors never repeat the address
// or the text, for they are logged.
type Sender interface {
	Send(ctx context.Context, l Letter) error
}

// What a Sender's error may wrap. Any other error means: try this mail again.
var (
	ErrRefused = errors.New("mail: refused for good")
	ErrDown    = errors.New("mail: no way out") // whatever the mail
)

// Open makes the Sender that a URL names:
//
//	smtp://user:password@host:587   STARTTLS; ?tls=optional to do without
//	smtps://user:password@host:465  TLS from the start
//	dir:PATH                        a folder of .eml files
//	memory:                         an *Inbox
func Open(address string) (Sender, error) {
	scheme, rest, _ := strings.Cut(address, ":")
	switch scheme {
	case "smtp", "smtps":
		return openSMTP(address)
	case "dir":
		return openFolder(rest)
	case "memory":
		return NewInbox(), nil
	}
	return nil, errors.New("want a mail URL such as smtp://host, smtps://host, memory: or dir:PATH")
}

// compose writes the letter as go-mail's message. Nothing in it comes from the
// machine: neither its name nor its clock.
func compose(l Letter, encoding gomail.Encoding) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(encoding), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&l.From)
	if err := msg.To(l.To); err != nil {
		return nil, ErrRefused // its own error would repeat the address
	}
	msg.SetDateWithValue(l.At)
	msg.SetMessageIDWithValue(l.ID + "@" + domain(l.From.Address))
	msg.Subject(l.Subject)
	if l.Lang != "" {
		msg.SetGenHeader(gomail.HeaderContentLang, l.Lang)
	}
	if l.Auto {
		msg.SetGenHeader("Auto-Submitted", "auto-generated")
		msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	}
	if l.ListUnsubscribe != "" {
		msg.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, "<"+l.ListUnsubscribe+">")
		msg.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	msg.SetBodyString(gomail.TypeTextPlain, strings.ReplaceAll(l.Text, "\n", "\r\n"))
	return msg, nil
}

// An Inbox keeps letters in memory, for tests and the demo.
type Inbox struct {
	mu      sync.Mutex
	letters []Letter // oldest first
}

// inboxSize is how many letters an Inbox keeps.
const inboxSize = 1000

// NewInbox makes an empty Inbox.
func NewInbox() *Inbox { return &Inbox{} }

// Send keeps the letter, and forgets the oldest when there are too many. A copy
// replaces its original.
func (b *Inbox) Send(_ context.Context, l Letter) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.letters = slices.DeleteFunc(b.letters, func(old Letter) bool { return old.ID == l.ID })
	b.letters = append(b.letters, l)
	if extra := len(b.letters) - inboxSize; extra > 0 {
		b.letters = slices.Delete(b.letters, 0, extra)
	}
	return nil
}

// List gives the letters, newest first.
func (b *Inbox) List() []Letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.letters)
	slices.Reverse(all)
	return all
}

// For gives the letters to an address, newest first.
func (b *Inbox) For(address string) []Letter {
	return slices.DeleteFunc(b.List(), func(l Letter) bool { return !strings.EqualFold(l.To, address) })
}

func (l Letter) String() string { return fmt.Sprintf("letter %s", l.ID) }
