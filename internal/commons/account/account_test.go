// SPDX-License-Identifier: AGPL-3.0-or-later

package account_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/job"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/internal/platform/web"
)

// A house is a site with nothing but accounts.
type house struct {
	t *testing.T
	*account.Service
	inbox *mail.Inbox
	jobs  *job.Runner
	url   string

	mu  sync.Mutex
	now time.Time
}

// later moves the clock.
func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func open(t *testing.T, source string) *house {
	h := &house{t: t, inbox: mail.NewInbox(), now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	d := chorustest.Database(t, source, job.Schema, mail.Schema, web.Schema, account.Schema)
	d.Now = func() time.Time {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.now
	}
	words, err := lang.New(web.Messages(), account.Messages())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	v := vault.New([32]byte{1})
	h.jobs = job.New(d, log)
	h.jobs.Poll, h.jobs.Lease = 10*time.Millisecond, chorustest.Lease
	outbox, err := mail.New(d, v, h.jobs, h.inbox, mail.Options{From: "chorus@lindholm.example", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	site := &web.Site{DB: d, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Catalogue: words, Unlimited: true,
		Frame: func(*web.Visit) (web.Frame, error) { return web.Frame{Name: "Lindholm"}, nil }}
	site.HandlePublic("GET /{$}", func(v *web.Visit) error {
		return v.Show(http.StatusOK, web.Page{Title: "Home"}, web.Message(v, "Home", string(v.Who), web.Link{}))
	})
	h.Service = &account.Service{DB: d, Vault: v, Mail: outbox, Catalogue: words}
	h.Routes(site)
	server := httptest.NewServer(site.Handler())
	t.Cleanup(server.Close)
	site.BaseURL, h.BaseURL, h.url = server.URL, server.URL, server.URL

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.jobs.Run(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	return h
}

// A browser keeps cookies and follows redirects.
type browser struct {
	*house
	http.Client
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{h, http.Client{Jar: jar}}
}

// read is the status and body of an answer.
func (b *browser) read(resp *http.Response, err error) (int, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return b.read(b.Get(b.url + strings.TrimPrefix(path, b.url)))
}

func (b *browser) post(path string, fields ...string) (int, string) {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.read(b.PostForm(b.url+strings.TrimPrefix(path, b.url), form))
}

// who is the ID of who is signed in.
func (b *browser) who() string {
	_, body := b.get("/")
	return regexp.MustCompile(`<p class="lead">(.*?)</p>`).FindStringSubmatch(body)[1]
}

var (
	codeIn = regexp.MustCompile(`\b\d{6}\b`)
	linkIn = regexp.MustCompile(`http\S+`)
)

// mail waits for the n-th mail to an address and gives its code and link.
func (h *house) mail(to string, n int) (code, link string) {
	h.t.Helper()
	chorustest.Until(h.t, fmt.Sprintf("mail %d to %s", n, to), func() bool { return len(h.inbox.For(to)) >= n })
	text := h.inbox.For(to)[0].Text // the newest
	return codeIn.FindString(text), linkIn.FindString(text)
}

// wrong is a code that is not this one.
func wrong(code string) string {
	if code == "123456" {
		return "123457"
	}
	return "123456"
}

func (b *browser) signIn(email string, n int) {
	b.t.Helper()
	b.post("/sign-in", "email", email)
	code, _ := b.mail(email, n)
	if status, body := b.post("/sign-in/code", "code", code); status != http.StatusOK || b.who() == "" {
		b.t.Fatalf("signing in gave %d: %s", status, body)
	}
}

const ada = "ada@friendsofthelind.example"

func TestSignIn(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		h := open(t, source)
		stories := map[string]func(*testing.T, *house){
			"by code":                   byCode,
			"by link in the browser":    byLinkHere,
			"by link elsewhere":         byLinkElsewhere,
			"five wrong codes":          fiveWrongCodes,
			"too late":                  tooLate,
			"the same for everybody":    sameForAll,
			"back to where one was":     backAgain,
			"what is not an address":    notAnAddress,
			"one account an address":    oneAccount,
			"many mails to one address": manyMails,
		}
		for name, story := range stories {
			t.Run(name, func(t *testing.T) { story(t, h) })
			h.later(49 * time.Hour) // mail limits are forgotten
		}
	})
}

func byCode(t *testing.T, h *house) {
	b := h.browser()
	_, page := b.post("/sign-in", "email", "code@post.example")
	if !strings.Contains(page, "Look into your mail") {
		t.Fatalf("after asking: %s", page)
	}
	code, _ := h.mail("code@post.example", 1)
	if status, _ := h.browser().post("/sign-in/code", "code", code); status != http.StatusUnprocessableEntity {
		t.Errorf("the code in another browser gave %d", status)
	}
	if status, body := b.post("/sign-in/code", "code", wrong(code)); status != http.StatusUnprocessableEntity || !strings.Contains(body, `id="code-fault"`) {
		t.Errorf("a wrong code gave %d: %s", status, body)
	}
	b.post("/sign-in/code", "code", code[:3]+" "+code[3:])
	if b.who() == "" {
		t.Error("nobody is signed in")
	}
	b.post("/sign-out")
	if b.who() != "" {
		t.Error("still signed in")
	}
	if status, _ := b.post("/sign-in/code", "code", code); status != http.StatusUnprocessableEntity || b.who() != "" {
		t.Errorf("the code worked twice: %d", status)
	}
}

func byLinkHere(t *testing.T, h *house) {
	b := h.browser()
	b.post("/sign-in", "email", "here@post.example")
	_, link := h.mail("here@post.example", 1)
	for range 3 { // looking changes nothing
		if _, page := b.get(link); strings.Contains(page, `name="code"`) {
			t.Error("the browser where it began is asked for the code")
		}
	}
	if b.who() != "" {
		t.Error("a GET signs in")
	}
	if b.post(link); b.who() == "" {
		t.Error("the button did not sign in")
	}
	if status, body := h.browser().get(link); status != http.StatusNotFound || !strings.Contains(body, "does not work any more") {
		t.Errorf("a used link gave %d", status)
	}
}

func byLinkElsewhere(t *testing.T, h *house) {
	h.browser().post("/sign-in", "email", "there@post.example")
	code, link := h.mail("there@post.example", 1)
	b := h.browser()
	if _, page := b.get(link); !strings.Contains(page, `name="code"`) {
		t.Error("another browser is not asked for the code")
	}
	for range 10 { // a scanner that presses the button
		if status, _ := b.post(link); status != http.StatusUnprocessableEntity || b.who() != "" {
			t.Fatalf("the button without a code gave %d", status)
		}
	}
	if b.post(link, "code", code); b.who() == "" {
		t.Error("link and code did not sign in")
	}
}

func fiveWrongCodes(t *testing.T, h *house) {
	b := h.browser()
	b.post("/sign-in", "email", "five@post.example")
	code, _ := h.mail("five@post.example", 1)
	for range 5 {
		b.post("/sign-in/code", "code", wrong(code))
	}
	if b.post("/sign-in/code", "code", code); b.who() != "" {
		t.Error("a sixth code was looked at")
	}
}

func tooLate(t *testing.T, h *house) {
	b := h.browser()
	b.post("/sign-in", "email", "late@post.example")
	code, link := h.mail("late@post.example", 1)
	h.later(15*time.Minute + time.Second)
	if status, _ := b.get(link); status != http.StatusNotFound {
		t.Errorf("an old link gave %d", status)
	}
	if b.post("/sign-in/code", "code", code); b.who() != "" {
		t.Error("an old code worked")
	}
	if err := h.DropStaleTickets(t.Context()); err != nil {
		t.Error(err)
	}
}

func sameForAll(t *testing.T, h *house) {
	h.browser().signIn(ada, len(h.inbox.For(ada))+1)
	_, known := h.browser().post("/sign-in", "email", ada)
	_, unknown := h.browser().post("/sign-in", "email", "nobody@post.example")
	if known != unknown {
		t.Error("the page tells who has an account")
	}
}

func backAgain(t *testing.T, h *house) {
	b := h.browser()
	_, page := b.get("/account")
	if !strings.Contains(page, `name="to" value="/account"`) {
		t.Fatalf("a page for people does not lead to signing in: %s", page)
	}
	for to, want := range map[string]string{"/account": "/account", "https://evil.example/": "/", "//evil.example": "/"} {
		h.later(48 * time.Hour)
		b := h.browser()
		n := len(h.inbox.For("back@post.example")) + 1
		b.post("/sign-in", "email", "back@post.example", "to", to)
		code, _ := h.mail("back@post.example", n)
		resp, err := b.PostForm(h.url+"/sign-in/code", url.Values{"code": {code}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Request.URL.Path; got != want || !strings.HasPrefix(resp.Request.URL.String(), h.url) {
			t.Errorf("to %s led to %s", to, resp.Request.URL)
		}
	}
}

func notAnAddress(t *testing.T, h *house) {
	status, body := h.browser().post("/ar/sign-in", "email", "ada at lindholm", "to", "/account")
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, `value="ada at lindholm"`) || !strings.Contains(body, `value="/account"`) {
		t.Errorf("gave %d: %s", status, body)
	}
}

func oneAccount(t *testing.T, h *house) {
	var first, second account.Person
	err := h.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
		if first, err = h.Ensure(t.Context(), tx, "One@Post.example", "ar"); err != nil {
			return err
		}
		second, err = h.Ensure(t.Context(), tx, "one@post.EXAMPLE", "en")
		return err
	})
	if err != nil || first.ID != second.ID || second.Lang != "ar" {
		t.Errorf("Ensure gave %v and %v, %v", first, second, err)
	}
}

func manyMails(t *testing.T, h *house) {
	for range 8 {
		if status, _ := h.browser().post("/sign-in", "email", "many@post.example"); status != http.StatusOK {
			t.Fatalf("asking gave %d", status)
		}
	}
	h.mail("many@post.example", 5)
	time.Sleep(100 * time.Millisecond)
	if n := len(h.inbox.For("many@post.example")); n != 5 {
		t.Errorf("%d mails to one address within an hour", n)
	}
}

func TestAccount(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		h := open(t, source)
		h.Holders = []account.Holder{holder{}}
		phone, laptop := h.browser(), h.browser()
		phone.signIn(ada, 1)
		laptop.signIn(ada, 2)

		if status, _ := laptop.post("/account", "name", "=1+1", "lang", "xx"); status != http.StatusUnprocessableEntity {
			t.Errorf("a faulty profile gave %d", status)
		}
		if _, body := laptop.post("/account", "name", "Ada Holmgaard", "lang", "ar"); !strings.Contains(body, `dir="rtl"`) || !strings.Contains(body, `value="Ada Holmgaard"`) {
			t.Errorf("the account in Arabic: %s", body)
		}
		for _, page := range []string{"/account", "/account/data", "/account/close", "/ar/account", "/ar/account/data", "/ar/account/close"} {
			if status, body := laptop.get(page); status != http.StatusOK {
				t.Errorf("%s gave %d: %s", page, status, body)
			}
		}
		_, held := laptop.get("/account/data.json")
		for _, want := range []string{ada, "Ada Holmgaard", "a thing of another package"} {
			if !strings.Contains(held, want) {
				t.Errorf("the download lacks %q: %s", want, held)
			}
		}
		laptop.post("/account/sessions/others/end")
		if phone.who() != "" || laptop.who() == "" {
			t.Error("signing out elsewhere went wrong")
		}
		id := chorus.ID(laptop.who())
		phone.signIn(ada, 3)
		if status, _ := laptop.post("/account/close"); status != http.StatusUnprocessableEntity {
			t.Errorf("closing without a tick gave %d", status)
		}
		laptop.post("/account/close", "close", "yes")
		if laptop.who() != "" || phone.who() != "" {
			t.Error("signed in to a closed account")
		}
		err := h.DB.Read(t.Context(), func(tx *db.Tx) error {
			_, err := account.ByID(t.Context(), tx, id)
			return err
		})
		if !errors.Is(err, chorus.ErrNotFound) {
			t.Errorf("a closed account gave %v", err)
		}
	})
}

// holder is another package that keeps something about people.
type holder struct{}

func (holder) Held(context.Context, *db.Tx, chorus.ID) ([]account.Holding, error) {
	return []account.Holding{{What: "account.held.number", Value: "a thing of another package"}}, nil
}

func (holder) Forget(context.Context, *db.Tx, chorus.ID) error { return nil }

func TestStewards(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		h, ctx := open(t, source), t.Context()
		var p account.Person
		write := func(fn func(*db.Tx) error) error { return h.DB.Write(ctx, fn) }
		if err := write(func(tx *db.Tx) (err error) { p, err = h.Ensure(ctx, tx, ada, "en"); return err }); err != nil {
			t.Fatal(err)
		}
		require := func(id chorus.ID) error {
			return write(func(tx *db.Tx) error { return account.RequireSteward(ctx, tx, id) })
		}
		for _, id := range []chorus.ID{"", p.ID, chorus.NewID()} {
			if err := require(id); !errors.Is(err, chorus.ErrForbidden) {
				t.Errorf("RequireSteward(%q) = %v", id, err)
			}
		}
		any := false
		err := write(func(tx *db.Tx) (err error) {
			if err := h.MakeSteward(ctx, tx, p.ID); err != nil {
				return err
			}
			any, err = account.AnySteward(ctx, tx)
			return err
		})
		if err != nil || !any {
			t.Errorf("AnySteward = %v, %v", any, err)
		}
		for _, id := range []chorus.ID{p.ID, account.Operator} {
			if err := require(id); err != nil {
				t.Errorf("RequireSteward(%q) = %v", id, err)
			}
		}
		if _, faulty := errors.AsType[chorus.Invalid](h.Close(ctx, p.ID)); !faulty {
			t.Error("the last steward could leave")
		}
	})
}

func TestNothingIsKeptInClear(t *testing.T) {
	h := open(t, t.TempDir()+"/chorus.db")
	h.browser().signIn(ada, 1)
	h.browser().post("/sign-in", "email", ada)
	code, _ := h.mail(ada, 2)
	err := h.DB.Read(t.Context(), func(tx *db.Tx) error {
		rows, err := db.All(t.Context(), tx, everything, func(r db.Row) (s string, err error) { return s, r.Scan(&s) })
		for _, row := range rows {
			if strings.Contains(row, "holm") || strings.Contains(row, "lind") || strings.Contains(row, code) {
				t.Errorf("in clear: %q", row)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

var everything = db.SQL(`SELECT CAST(sealed AS TEXT) || lang || target || CAST(code AS TEXT) FROM private_ticket
	{{sqlite UNION ALL SELECT CAST(sealed AS TEXT) || CAST(address AS TEXT) || name FROM private_person}}`)
