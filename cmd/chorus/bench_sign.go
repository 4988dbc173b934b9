// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/seed"
)

// A walk is one person's way through two forms.
type walk struct {
	form    string
	cookies string // from the first form, for the second
	code    string // from the mail
	mine    string // the page of one's own
}

func walks(people []seed.Signer) []walk {
	all := make([]walk, len(people))
	for i, p := range people {
		form := url.Values{"name": {p.Name}, "email": {p.Email}, "country": {p.Country}, "town": {p.Town}, "comment": {p.Comment}, "nickname": {""}}
		if p.Hidden {
			form.Set("hidden", "yes")
		}
		all[i].form = form.Encode()
	}
	return all
}

// A signed is how the two steps went.
type signed struct{ ask, confirm outing }

// rate is signatures per second, both steps together.
func (s signed) rate() float64 {
	return float64(len(s.confirm.each)) / (s.ask.took + s.confirm.took).Seconds()
}

// signAll has everybody fill in the form, read the mail and type the code.
// between runs when all have filled in the form and nobody has typed a code.
func signAll(ctx context.Context, nodes []*stage, all []walk, between func() error) (s signed, err error) {
	first := nodes[0]
	s.ask, err = crowd(hostsOf(nodes), len(all), func(w *wire, i int) error {
		r, err := w.post(first.path+"/sign", all[i].form, "")
		all[i].cookies = r.cookies
		if err != nil {
			return err
		}
		return r.want(http.StatusSeeOther)
	})
	if err != nil {
		return s, err
	}
	if err := first.readMails(ctx, all); err != nil {
		return s, err
	}
	if err := between(); err != nil {
		return s, err
	}
	s.confirm, err = crowd(hostsOf(nodes), len(all), func(w *wire, i int) error {
		r, err := w.post(first.path+"/signing", "code="+all[i].code, all[i].cookies)
		all[i].mine = r.location
		if err != nil {
			return err
		}
		return r.want(http.StatusSeeOther)
	})
	if err != nil {
		return s, err
	}
	return s, first.expect(len(all))
}

// expect waits for a number of signatures, which the page may show a second late.
func (s *stage) expect(want int) (err error) {
	got := 0
	for range 30 {
		if got, err = s.count(); err != nil || got == want {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%d signatures are counted, not %d", got, want)
}

var signerOfForm = db.SQL(`SELECT id, signer FROM private_signing`)

// readMails finds everybody's code. It makes them as the mails hold them: a
// mailbox in memory is too small for all the mails of a run.
func (s *stage) readMails(ctx context.Context, all []walk) error {
	signers := map[string]chorus.ID{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		return db.Each(ctx, tx, signerOfForm, func(r db.Row) error {
			var form string
			var signer chorus.ID
			err := r.Scan(&form, &signer)
			signers[form] = signer
			return err
		})
	})
	for i := range all {
		_, value, _ := strings.Cut(all[i].cookies, "=")
		form, _, _ := strings.Cut(value, ".")
		all[i].code = s.Vault.Digits("signer code", 6, string(signers[form]))
	}
	return err
}

// sign measures signatures on SQLite, with and without the mails they cause.
func (b *workbench) sign(ctx context.Context) ([]figure, error) {
	people, err := crowdOf(b.size(12_800))
	if err != nil {
		return nil, err
	}
	quiet, _, err := b.signLite(ctx, "resting", resting, people)
	if err != nil {
		return nil, err
	}
	busy, rows, err := b.signLite(ctx, "working", working, people)
	if err != nil {
		return nil, err
	}
	whole, confirm, err := b.raw(ctx, onSQLite, rows)
	if err != nil {
		return nil, err
	}
	return append(signFigures("SQLite", busy, whole, confirm, 3300),
		figure{what: "  processor time if no mail were sent meanwhile", value: quiet.work() * 1e6, unit: "µs", beside: "with mail", base: busy.work() * 1e6},
		figure{what: "  signatures if no mail were sent meanwhile", value: quiet.rate(), unit: "/s", beside: "with mail", base: busy.rate()},
		figure{what: "  mails sent when nobody signs", value: rows.mails, unit: "/s"}), nil
}

// work is the processor time of one signature in seconds.
func (s signed) work() float64 {
	return (s.ask.work + s.confirm.work).Seconds() / float64(len(s.confirm.each))
}

// signFigures compares signatures with bare inserts of what they leave.
func signFigures(engine string, s signed, whole, alone inserted, goal float64) []figure {
	const micro = 1e6
	aim := fmt.Sprintf("%.0f/s, 0.33", goal)
	return []figure{
		{what: "confirmed signatures, both forms, " + engine, value: s.rate(), unit: "/s", beside: "bare inserts", base: whole.rate,
			goal: aim, missed: s.rate() < goal || s.rate() < whole.rate/3},
		{what: "  processor time of one, site and browser", value: s.work() * micro, unit: "µs", beside: "bare inserts", base: whole.work * micro},
		{what: "  first form alone", value: s.ask.rate(), unit: "/s"},
		{what: "  code alone (the signature itself)", value: s.confirm.rate(), unit: "/s", beside: "bare inserts", base: alone.rate,
			goal: aim, missed: s.confirm.rate() < goal || s.confirm.rate() < alone.rate/3},
		{what: "  processor time of a code", value: s.confirm.work.Seconds() * micro / float64(len(s.confirm.each)), unit: "µs",
			beside: "bare inserts", base: alone.work * micro},
		{what: "  first form, median", value: s.ask.percentile(50), unit: "ms"},
		{what: "  first form, 99 of 100 within", value: s.ask.percentile(99), unit: "ms"},
		{what: "  code, median", value: s.confirm.percentile(50), unit: "ms"},
		{what: "  code, 99 of 100 within", value: s.confirm.percentile(99), unit: "ms"},
	}
}

func (b *workbench) signLite(ctx context.Context, name string, does chores, people []seed.Signer) (s signed, rows *captured, err error) {
	st, err := b.open(ctx, name, "", does)
	if err != nil {
		return s, nil, err
	}
	defer st.stop()
	if err := st.publish(ctx); err != nil {
		return s, nil, err
	}
	rows = new(captured)
	s, err = signAll(ctx, []*stage{st}, walks(people), func() error { return rows.take(ctx, st, passing) })
	if err == nil {
		err = rows.take(ctx, st, lasting)
	}
	b.say("  %s: %d signatures, %.0f/s", name, len(people), s.rate())
	if err == nil && does == working {
		rows.mails, err = mailRate(ctx, st)
	}
	return s, rows, err
}

// mailRate watches the outbox for three seconds, or until it is empty.
func mailRate(ctx context.Context, st *stage) (float64, error) {
	before, err := mailsWaiting(ctx, st)
	if err != nil {
		return 0, err
	}
	after, begun := before, time.Now()
	for after > 0 && time.Since(begun) < 3*time.Second && err == nil {
		time.Sleep(100 * time.Millisecond)
		after, err = mailsWaiting(ctx, st)
	}
	return float64(before-after) / time.Since(begun).Seconds(), err
}

func mailsWaiting(ctx context.Context, st *stage) (n int, err error) {
	err = st.DB.Read(ctx, func(tx *db.Tx) error {
		t, err := mail.Count(ctx, tx)
		n = t.Waiting
		return err
	})
	return n, err
}
