// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
)

var (
	mailInsert = db.SQL(`INSERT INTO private_mail (id, sealed, queued) VALUES ($1, $2, $3)`)
	mailByID   = db.SQL(`SELECT sealed FROM private_mail WHERE id = $1`)
	mailDelete = db.SQL(`DELETE FROM private_mail WHERE id = $1`)
	mailExpire = db.SQL(`DELETE FROM private_mail WHERE queued < $1`)
	mailCount  = db.SQL(`SELECT count(*) FROM private_mail`)
)

func insertMail(ctx context.Context, tx *db.Tx, id string, sealed []byte) error {
	_, err := db.Exec(ctx, tx, mailInsert, id, sealed, tx.Now)
	return err
}

var (
	// On PostgreSQL this locks the address until the deed is committed: of two
	// deeds for one address the second sees what the first was allowed.
	addressTouch = db.SQL(`INSERT INTO private_mail_address (address, blocked, last) VALUES ($1, 0, $2)
		ON CONFLICT (address) DO UPDATE SET last = excluded.last RETURNING blocked`)
	addressBlock = db.SQL(`INSERT INTO private_mail_address (address, blocked, last) VALUES ($1, $2, $3)
		ON CONFLICT (address) DO UPDATE SET blocked = excluded.blocked, last = excluded.last`)
	addressBlocked = db.SQL(`SELECT blocked FROM private_mail_address WHERE address = $1`)
	addressForget  = db.SQL(`DELETE FROM private_mail_address WHERE blocked = 0 AND last < $1`)

	allowedInsert = db.SQL(`INSERT INTO private_mail_allowed (id, address, topic, at) VALUES ($1, $2, $3, $4)`)
	allowedBefore = db.SQL(`SELECT topic, at FROM private_mail_allowed WHERE address = $1 ORDER BY at DESC LIMIT 200`)
	allowedForget = db.SQL(`DELETE FROM private_mail_allowed WHERE at < $1`)
)

// A grant is a mail that was allowed.
type grant struct {
	topic string // keyed hash
	at    time.Time
}

func scanGrant(row db.Row) (g grant, err error) {
	var topic []byte
	err = row.Scan(&topic, &g.at)
	g.topic = string(topic)
	return g, err
}

var (
	hourTry = db.SQL(`INSERT INTO private_mail_hour (hour, tried, sent, refused, dropped, alarmed) VALUES ($1, 1, 0, 0, 0, 0)
		ON CONFLICT (hour) DO UPDATE SET tried = private_mail_hour.tried + 1 WHERE private_mail_hour.tried < $2 RETURNING tried`)
	hourAlarm = db.SQL(`UPDATE private_mail_hour SET alarmed = 1 WHERE hour = $1 AND alarmed = 0`)
	hourAdd   = db.SQL(`INSERT INTO private_mail_hour (hour, tried, sent, refused, dropped, alarmed) VALUES ($1, 0, $2, $3, $4, 0)
		ON CONFLICT (hour) DO UPDATE SET sent = private_mail_hour.sent + excluded.sent,
			refused = private_mail_hour.refused + excluded.refused, dropped = private_mail_hour.dropped + excluded.dropped`)
	hourSum = db.SQL(`SELECT COALESCE(CAST(sum(sent) AS BIGINT), 0), COALESCE(CAST(sum(refused) AS BIGINT), 0),
			COALESCE(CAST(sum(dropped) AS BIGINT), 0), COALESCE(max(CASE WHEN hour = $2 THEN alarmed ELSE 0 END), 0)
		FROM private_mail_hour WHERE hour > $1`)
	hourForget = db.SQL(`DELETE FROM private_mail_hour WHERE hour < $1`)
)

// A growth is what an hour's numbers grow by.
type growth struct{ sent, refused, dropped int64 }

// countRows is over how many rows an hour's numbers are spread.
const countRows = 8

// count adds to an hour's numbers. They lie in several rows, a microsecond
// apart, none of them the one where places are taken: on PostgreSQL whoever
// writes a row makes the next one wait for a flush of the disk.
func count(ctx context.Context, tx *db.Tx, g growth) error {
	row := time.Duration(1+rand.N(countRows)) * time.Microsecond
	_, err := db.Exec(ctx, tx, hourAdd, tx.Now.Truncate(time.Hour).Add(row), g.sent, g.refused, g.dropped)
	return err
}

// takePlace takes a place in the hour's budget, if one of the first most is free.
func takePlace(ctx context.Context, tx *db.Tx, most int) (bool, error) {
	_, err := db.Value[int](ctx, tx, hourTry, tx.Now.Truncate(time.Hour), most)
	if errors.Is(err, chorus.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// A Tally is what the outbox did in the last 24 hours.
type Tally struct {
	Waiting int  // now
	Sent    int  // taken by the next server
	Refused int  // for good
	Dropped int  // waited a week in vain, or blocked since
	Full    bool // the budget of this hour is spent
}

// Count tells what the outbox is doing.
func Count(ctx context.Context, tx *db.Tx) (t Tally, err error) {
	t, err = db.One(ctx, tx, hourSum, func(row db.Row) (t Tally, err error) {
		return t, row.Scan(&t.Sent, &t.Refused, &t.Dropped, &t.Full)
	}, tx.Now.Add(-24*time.Hour), tx.Now.Truncate(time.Hour))
	if err == nil {
		t.Waiting, err = db.Value[int](ctx, tx, mailCount)
	}
	return t, err
}

// purge forgets what has been kept long enough.
func (o *Outbox) purge(ctx context.Context) error {
	return o.db.Write(ctx, func(tx *db.Tx) error {
		expired, err := db.Exec(ctx, tx, mailExpire, tx.Now.Add(-keep))
		if err == nil && expired > 0 {
			err = count(ctx, tx, growth{dropped: expired})
		}
		for _, old := range []struct {
			forget *db.Query
			after  time.Duration
		}{{addressForget, remember}, {allowedForget, remember}, {hourForget, 90 * 24 * time.Hour}} {
			if err == nil {
				_, err = db.Exec(ctx, tx, old.forget, tx.Now.Add(-old.after))
			}
		}
		return err
	})
}
