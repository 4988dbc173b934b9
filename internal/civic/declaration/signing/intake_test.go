// SPDX-License-Identifier: AGPL-3.0-or-later

package signing_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/record"
)

// An origin is an instance that has said what it is, with the letter about the
// trams, and so takes requests from afar.
type origin struct {
	*testing.T
	*chorustest.Instance
	decl *declaration.Declaration
}

func openOrigin(t *testing.T, in *chorustest.Instance, d document.Draft) *origin {
	t.Helper()
	core := fact.SiteCore{Name: chorus.Text{Lang: "en", Text: "Lindholm"}, About: chorus.Text{Lang: "en", Text: "Of the town."}, Contact: "desk@lindholm.example"}
	if err := in.Portal.Describe(t.Context(), in.Steward("olga@lindholm.example"), core); err != nil {
		t.Fatal(err)
	}
	path, _ := in.Trams(d)
	decl, err := in.Declarations.BySlug(t.Context(), strings.TrimPrefix(path, "/declarations/"))
	if err != nil {
		t.Fatal(err)
	}
	return &origin{t, in, decl}
}

// A wish is a request as a mirror writes it.
type wish map[string]any

func (o *origin) wish(name string) wish {
	return wish{"v": 1, "id": string(chorus.NewID()), "declaration": string(o.decl.ID), "shown": o.decl.Hash.String(), "made": "2026-11-22",
		"name": name, "email": strings.ToLower(name) + "@example.org", "country": "DK", "lang": "en"}
}

func (w wish) with(key string, value any) wish {
	w[key] = value
	return w
}

func (w wish) hash() fact.Hash { return sha256.Sum256([]byte(w["id"].(string))) }

func (o *origin) seal(w wish) []byte {
	o.Helper()
	plain, err := json.Marshal(w)
	o.must(err)
	envelope, err := relay.Seal(relay.KeyOf(o.Vault).Public(), plain)
	o.must(err)
	return envelope
}

func (o *origin) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// post hands an envelope in as a mirror does.
func (o *origin) post(envelope []byte) (status int, body string) {
	o.Helper()
	reply, err := http.Post(o.URL+"/intake", "application/octet-stream", bytes.NewReader(envelope))
	o.must(err)
	defer reply.Body.Close()
	b, err := io.ReadAll(reply.Body)
	o.must(err)
	return reply.StatusCode, string(b)
}

func (o *origin) takes(w wish) {
	o.Helper()
	if status, body := o.post(o.seal(w)); status != http.StatusAccepted || body != "" {
		o.Errorf("a request of %v: %d %q, want 202 and no word", w["name"], status, body)
	}
}

// ends counts how the record answers each request: how often as what.
func (o *origin) ends() map[fact.Hash][]string {
	o.Helper()
	all, err := o.Record.Entries(context.Background(), 0, 1<<20)
	o.must(err)
	ends := map[fact.Hash][]string{}
	for _, raw := range all {
		l, err := record.ParseLeaf(raw.Leaf)
		o.must(err)
		if l.Request == (record.Hash{}) {
			continue
		}
		word := "counted"
		if l.Kind == "intake" {
			word = l.Reason
		}
		ends[fact.Hash(l.Request)] = append(ends[fact.Hash(l.Request)], word)
	}
	return ends
}

func (o *origin) wantEnd(name string, w wish, want ...string) {
	o.Helper()
	if got := o.ends()[w.hash()]; fmt.Sprint(got) != fmt.Sprint(want) {
		o.Errorf("%s: the record says %v, want %v", name, got, want)
	}
}

// confirm follows the mail's link in a new browser and types its code.
func (o *origin) confirm(address string) error {
	o.Helper()
	letter, ok := o.MailTo(address)
	if !ok {
		o.Fatalf("no mail to %s", address)
	}
	_, key, _ := strings.Cut(letter.Text, "/mine/")
	key, _, _ = strings.Cut(key, "\n")
	m, err := o.Signing.ByKey(o.Context(), key)
	if err != nil {
		return err
	}
	return o.Signing.ConfirmByLink(o.Context(), key, signing.Cookie{}, chorustest.Code(letter), m.Details)
}

func (o *origin) chores() {
	o.Helper()
	o.Chores() // or a worker who began by itself is not done yet
	o.must(o.Signing.MailRequests(o.Context()))
	o.must(o.Signing.LapseRequests(o.Context()))
	o.must(o.Signing.DropStale(o.Context()))
}

const week = 7 * 24 * time.Hour

// TestIntake has one request of each sort come, twice, and looks how it ends.
func TestIntake(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		o := openOrigin(t, chorustest.Run(t, source), document.Draft{})
		_, err := o.Signing.Sign(t.Context(), o.decl.Slug, signing.Details{Name: "Sol", Email: "sol@example.org", Country: "DK", Lang: "en"})
		o.must(err)
		o.must(o.confirm("sol@example.org"))

		ada, bo, sol := o.wish("Ada"), o.wish("Bo"), o.wish("Sol")
		twin := o.wish("Ada")
		unknown := o.wish("Cy").with("declaration", string(chorus.NewID()))
		unfit := map[string]wish{"no declaration's name": o.wish("Cy").with("declaration", "x\x00y"), "another text": o.wish("Cy").with("shown", fact.Hash{}.String()),
			"no name": o.wish(""), "a link for a name": o.wish("Cy").with("name", "https://spam.example"), "no address": o.wish("Cy").with("email", "cy"),
			"a control character": o.wish("Cy").with("name", "C\x00y"), "no country": o.wish("Cy").with("country", "XX"), "no day": o.wish("Cy").with("made", "today")}
		unfit["another declaration"] = unknown
		for range 2 {
			for _, w := range []wish{ada, bo, sol, twin} {
				o.takes(w)
			}
			for _, w := range unfit {
				o.takes(w)
			}
		}
		for name, w := range unfit {
			o.wantEnd(name, w, "unfit")
		}
		for _, w := range []wish{ada, bo, sol, twin} {
			o.wantEnd("before anybody confirms", w)
		}
		letter, _ := o.MailTo("ada@example.org")
		for _, want := range []string{"could not be reached", "type this code there", "More trams at night"} {
			if !strings.Contains(letter.Text, want) {
				t.Errorf("the mail lacks %q:\n%s", want, letter.Text)
			}
		}
		if letter, _ := o.MailTo("sol@example.org"); !strings.Contains(letter.Text, "You have signed with this address already") {
			t.Errorf("who has signed gets:\n%s", letter.Text)
		}
		o.Wait(week - time.Hour)
		o.chores()
		o.must(o.confirm("ada@example.org"))
		o.Wait(2 * time.Hour)
		o.chores()
		o.chores()
		first, second := o.ends()[ada.hash()], o.ends()[twin.hash()]
		if fmt.Sprint(first, second) != "[lapsed] [counted]" && fmt.Sprint(first, second) != "[counted] [lapsed]" {
			t.Errorf("two requests of one person end as %v and %v", first, second)
		}
		o.wantEnd("nobody confirmed", bo, "lapsed")
		o.wantEnd("has signed already", sol, "lapsed")
		if err := o.confirm("bo@example.org"); err == nil {
			t.Error("confirmed after it had lapsed")
		}
		for _, w := range []wish{ada, bo, sol, twin, unknown} {
			o.takes(w)
		}
		for hash, ends := range o.ends() {
			if len(ends) != 1 {
				t.Errorf("the request %v ended as %v", hash, ends)
			}
		}
		if decl, err := o.Declarations.BySlug(t.Context(), o.decl.Slug); err != nil || decl.People != 2 {
			t.Errorf("%d people, %v; want Sol and Ada", decl.People, err)
		}
		o.CheckMirror()
	})
}

// What cannot be read leaves nothing behind.
func TestIntakeUnreadable(t *testing.T) {
	o := openOrigin(t, chorustest.Run(t, t.TempDir()+"/chorus.db"), document.Draft{})
	before := o.ends()
	size := len(before)
	good := o.seal(o.wish("Ada"))
	other, err := relay.Seal(relay.KeyOf(chorustest.Run(t, t.TempDir()+"/chorus.db").Vault).Public(), []byte("{}"))
	o.must(err)
	spoilt := bytes.Clone(good)
	spoilt[100] ^= 1
	for name, c := range map[string]struct {
		envelope []byte
		status   int
	}{
		"nothing": {nil, 422}, "words": {[]byte("I want to sign"), 422}, "spoilt": {spoilt, 422}, "for another": {other, 422},
		"cut short": {good[:1000], 422}, "too long": {make([]byte, relay.MaxEnvelope+1), 413},
		"no id": {o.seal(o.wish("Ada").with("id", "ada")), 422}, "another version": {o.seal(o.wish("Ada").with("v", 2)), 422},
		"a number for a name": {o.seal(o.wish("Ada").with("name", 7)), 422},
	} {
		if status, _ := o.post(c.envelope); status != c.status {
			t.Errorf("%s: %d, want %d", name, status, c.status)
		}
	}
	o.Wait(week + time.Hour)
	o.chores()
	if got := len(o.ends()); got != size {
		t.Errorf("%d requests have an answer", got-size)
	}
}

// TestIntakeLate has requests come before the text is open, after it is closed,
// and waits for one while it closes.
func TestIntakeLate(t *testing.T) {
	o := openOrigin(t, chorustest.Run(t, t.TempDir()+"/chorus.db"), document.Draft{})
	asked, late := o.wish("Ada"), o.wish("Bo")
	o.takes(asked)
	o.must(o.Declarations.Close(t.Context(), account.Operator, o.decl.ID, "It is done."))
	o.takes(late)
	o.wantEnd("after the end", late, "late")
	if err := o.confirm("ada@example.org"); err == nil {
		t.Error("confirmed after the end")
	}
	o.Wait(week + time.Hour)
	o.chores()
	o.wantEnd("asked before the end", asked, "lapsed")
}

// TestIntakeWaitsForMail has a request come for an address that had enough mail
// today: it waits, and is asked for tomorrow.
func TestIntakeWaitsForMail(t *testing.T) {
	in := chorustest.RunWith(t, appConfig(t))
	o := openOrigin(t, in, document.Draft{})
	_, err := o.Signing.Sign(t.Context(), o.decl.Slug, signing.Details{Name: "Ada", Email: "ada@example.org", Country: "DK", Lang: "en"})
	o.must(err)
	w := o.wish("Ada")
	o.takes(w)
	letter, _ := o.MailTo("ada@example.org")
	if strings.Contains(letter.Text, "could not be reached") {
		t.Error("two mails in one day")
	}
	o.chores()
	o.Wait(49 * time.Hour) // the form that was typed here has lapsed
	o.chores()
	letter, _ = o.MailTo("ada@example.org")
	if !strings.Contains(letter.Text, "could not be reached") {
		t.Fatalf("no mail the day after:\n%s", letter.Text)
	}
	o.must(o.confirm("ada@example.org"))
	o.wantEnd("asked for a day later", w, "counted")
	o.Wait(week)
	o.chores()
	o.wantEnd("once and for all", w, "counted")
}

func appConfig(t *testing.T) app.Config { return app.Config{Database: t.TempDir() + "/chorus.db"} }

// TestNoOracle hands in requests for an address that has signed and for one
// that has not: nothing that comes back, and nothing in the record, differs.
func TestNoOracle(t *testing.T) {
	o := openOrigin(t, chorustest.Run(t, t.TempDir()+"/chorus.db"), document.Draft{})
	o.takes(o.wish("Ada"))
	o.must(o.confirm("ada@example.org"))
	hashes := []fact.Hash{}
	pages := []string{}
	for _, address := range []string{"ada@example.org", "bo@example.org"} {
		w := o.wish("Eve").with("email", address)
		o.takes(w)
		hashes = append(hashes, w.hash())
	}
	look := func(when string) {
		pages = pages[:0]
		for _, hash := range hashes {
			reply, err := http.Get(o.URL + "/intake/q/" + hash.String())
			o.must(err)
			body, err := io.ReadAll(reply.Body)
			o.must(err)
			o.must(reply.Body.Close())
			pages = append(pages, strings.ReplaceAll(string(body), hash.String(), ""))
		}
		if when == "before" && pages[0] != pages[1] {
			t.Error("the pages of the two requests differ")
		}
	}
	look("before")
	o.Wait(week + time.Hour)
	o.chores()
	look("after")
	ends := o.ends()
	if a, b := fmt.Sprint(ends[hashes[0]]), fmt.Sprint(ends[hashes[1]]); a != b || a != "[lapsed]" {
		t.Errorf("signed before: %s; not: %s", a, b)
	}
	if !strings.Contains(pages[0], "Not counted") || !strings.Contains(pages[1], "Not counted") {
		t.Errorf("the page does not say what became of it:\n%s", pages[0])
	}
}
