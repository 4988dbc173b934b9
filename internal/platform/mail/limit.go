// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
)

// SignIn is the topic of mails that let somebody in. It has limits of its own,
// so that nobody is locked out by other mail.
const SignIn = "sign-in"

// remember is how long allowed mails are remembered, and so the longest time a
// Limit can look back.
const remember = 48 * time.Hour

// A Limit allows so many mails within a time, at most 48 hours.
type Limit struct {
	Mails  int
	Within time.Duration
}

// Limits say how much mail an instance sends. A zero field means the usual one.
type Limits struct {
	Topic     Limit // mails of one topic to one address; usually 1 in 24 hours
	Address   Limit // mails of all topics but SignIn to one address; usually 3 in 24 hours
	SignIn    Limit // sign-in mails to one address; usually 5 in an hour
	SignInDay Limit // the same over a longer time; usually 15 in 24 hours
	PerHour   int   // mails of the whole instance in an hour; usually 5000
}

func (l Limits) filled() Limits {
	day := 24 * time.Hour
	return Limits{
		Topic:     cmp.Or(l.Topic, Limit{1, day}),
		Address:   cmp.Or(l.Address, Limit{3, day}),
		SignIn:    cmp.Or(l.SignIn, Limit{5, time.Hour}),
		SignInDay: cmp.Or(l.SignInDay, Limit{15, day}),
		PerHour:   cmp.Or(l.PerHour, 5000),
	}
}

// allows is the rule of Allow: now is the time of the mail, past what the
// address was sent before.
func (l Limits) allows(topic, signIn string, past []grant, now time.Time) bool {
	ofTopic, others := l.Topic, l.Address
	if topic == signIn {
		ofTopic, others = l.SignIn, l.SignInDay
	}
	for _, g := range past {
		age := now.Sub(g.at)
		if g.topic == topic && age < ofTopic.Within {
			ofTopic.Mails--
		}
		if (g.topic == signIn) == (topic == signIn) && age < others.Within {
			others.Mails--
		}
	}
	return ofTopic.Mails > 0 && others.Mails > 0
}

// Allow reports whether one more mail on a topic may go to an address, and
// counts it if so. What people see must be the same either way.
func (o *Outbox) Allow(ctx context.Context, tx *db.Tx, to, topic string) (bool, error) {
	address := o.hash(to)
	blocked, err := db.Value[bool](ctx, tx, addressTouch, address, tx.Now)
	if err != nil || blocked {
		return false, err
	}
	past, err := db.All(ctx, tx, allowedBefore, scanGrant, address)
	if err != nil {
		return false, err
	}
	this := o.topic(to, topic)
	if !o.limits.allows(string(this), string(o.topic(to, SignIn)), past, tx.Now) {
		return false, nil
	}
	_, err = db.Exec(ctx, tx, allowedInsert, newID(), address, this, tx.Now)
	return err == nil, err
}

// hash is the same for all spellings of an address that reach one mailbox.
func (o *Outbox) hash(address string) []byte { return o.vault.Hash("mail address", Normalise(address)) }

func (o *Outbox) topic(address, topic string) []byte {
	return o.vault.Hash("mail topic", Normalise(address), topic)
}

// Block sees to it that no more mail of any topic goes to the address, not even
// what waits already. Only a keyed hash of the address is kept.
func (o *Outbox) Block(ctx context.Context, tx *db.Tx, address string) error {
	_, err := db.Exec(ctx, tx, addressBlock, o.hash(address), true, tx.Now)
	return err
}

// Unblock takes Block back.
func (o *Outbox) Unblock(ctx context.Context, tx *db.Tx, address string) error {
	_, err := db.Exec(ctx, tx, addressBlock, o.hash(address), false, tx.Now)
	return err
}

// Blocked reports whether the address is blocked.
func (o *Outbox) Blocked(ctx context.Context, tx *db.Tx, address string) (bool, error) {
	blocked, err := db.Value[bool](ctx, tx, addressBlocked, o.hash(address))
	if errors.Is(err, chorus.ErrNotFound) {
		return false, nil
	}
	return blocked, err
}

const sealForBlock = "mail block"

// BlockCode stands for an address in the link "block this address here". It
// can be read by this instance only, so the link may pass through logs.
func (o *Outbox) BlockCode(address string) string {
	return base64.RawURLEncoding.EncodeToString(o.vault.Seal(sealForBlock, []byte(address)))
}

// AddressByCode is the address that BlockCode was given; chorus.ErrNotFound for
// a code that this instance did not make.
func (o *Outbox) AddressByCode(code string) (string, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(code)
	if err != nil {
		return "", chorus.ErrNotFound
	}
	address, err := o.vault.Open(sealForBlock, sealed)
	if err != nil {
		return "", chorus.ErrNotFound
	}
	return string(address), nil
}
