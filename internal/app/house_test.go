// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/initiative"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/relay"
)

const (
	organiser = "ola@riders.example"
	steward   = "olga@lindholm.example"
	signer    = "ada@mail.example"
	lastToo   = "signer63@mail.example" // whose own page is house.signed
)

// A house is an instance with a little of everything in it.
type house struct {
	*app.App
	t *testing.T

	ola, olga               chorus.ID // the organiser and the steward
	riders, choir           chorus.ID // organisations, checked and not
	frame                   chorus.ID // an initiative
	open, letter            string    // a letter that can be signed: its address and ID
	shut                    string    // the address of a pledge that is closed
	draft                   chorus.ID
	signed, asked, withdrew string // the keys of three signers' own pages
	entry                   int64  // of a signature
	refused                 string // a request that came from afar and was refused
}

// furnish needs a running recorder where the database is PostgreSQL.
func furnish(t *testing.T, a *app.App) *house {
	t.Helper()
	h := &house{App: a, t: t}
	h.ola, h.olga = h.person(organiser), h.person(steward)
	h.must(a.DB.Write(t.Context(), func(tx *db.Tx) error { return a.Accounts.MakeSteward(t.Context(), tx, h.olga) }))
	h.must(a.Portal.Describe(t.Context(), h.olga, fact.SiteCore{Name: both("Chorus of Lindholm", "جوقة ليندهولم"), Contact: "desk@lindholm.example",
		About: both("People of Lindholm run this site **for everybody**.", "يدير سكان ليندهولم هذا الموقع.")}))
	h.riders = h.organisation(h.ola, organisation.Input{Name: "Tram Riders", Kind: string(fact.CivilSociety), Country: "DK", Website: "https://riders.example"})
	h.must(a.Organisations.VerifyBySteward(t.Context(), h.olga, h.riders))
	h.must(a.Organisations.Invite(t.Context(), h.ola, h.riders, "ben@riders.example", organisation.Editor))
	h.choir = h.organisation(h.person("kim@choir.example"), organisation.Input{Name: "جوقة الليل", Kind: string(fact.CommunityGroup), Country: "LB"})
	h.must(a.Organisations.AskToJoin(t.Context(), h.person("eve@mail.example"), h.riders))
	var err error
	h.frame, err = a.Initiatives.Open(t.Context(), h.ola, initiative.Input{Title: both("Getting home", "العودة إلى البيت"),
		Summary: both("Everybody gets home safely at night.", "ليعد الجميع إلى بيوتهم ليلًا بأمان."), Organisers: []chorus.ID{h.riders}})
	h.must(err)
	h.declare()
	h.sign()
	h.refuse()
	return h
}

// refuse has a request come from afar that asks for nothing that is here.
func (h *house) refuse() {
	h.t.Helper()
	id := chorus.NewID()
	sealed, err := relay.Seal(relay.KeyOf(h.Vault).Public(), []byte(`{"v":1,"id":"`+string(id)+`"}`))
	h.must(err)
	h.must(h.Signing.Receive(h.t.Context(), sealed))
	h.refused = fact.Hash(sha256.Sum256([]byte(id))).String()
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func both(english, arabic string) chorus.Text {
	return chorus.Text{Lang: "en", Text: english, Translations: map[string]string{"ar": arabic}}
}

func (h *house) person(address string) (id chorus.ID) {
	h.t.Helper()
	h.must(h.DB.Write(h.t.Context(), func(tx *db.Tx) error {
		p, err := h.Accounts.Ensure(h.t.Context(), tx, address, "en")
		id = p.ID
		return err
	}))
	return id
}

func (h *house) organisation(by chorus.ID, in organisation.Input) chorus.ID {
	h.t.Helper()
	id, err := h.Organisations.Enter(h.t.Context(), by, in)
	h.must(err)
	return id
}

// declare puts three declarations on the organiser's desk: one is open, one
// closed, one a draft in Arabic.
func (h *house) declare() {
	h.t.Helper()
	ctx := h.t.Context()
	d := document.Draft{Kind: fact.OpenLetter, Lang: "en", Title: "More trams at night", Initiative: h.frame, AnswerWithin: 30, Goal: 500,
		Text: strings.Repeat("We want to get home at night, on foot and by tram.\n\n", 20) +
			"## What it costs\n\n- One driver more.\n- **Four** lamps.\n\nRead [what the city said](https://city.example/trams).",
		Signers: []fact.SignerClass{fact.People, fact.Organisations}, Closes: h.DB.Now().AddDate(0, 1, 0),
		Organisers: []document.Party{{ID: h.riders, Input: organisation.Input{Name: "Tram Riders"}}},
		DutyBearers: []document.Party{{Input: organisation.Input{Name: "City of Lindholm", Kind: string(fact.PublicBody), Country: "DK"}},
			{Input: organisation.Input{Name: "Lindholm Transport", Kind: string(fact.Company), Country: "DK"}}},
		Recommendations: []document.Recommendation{{Text: "Run a tram every twenty minutes after midnight."}, {Text: "Light the stops.", To: []int{0}}}}
	h.open, h.letter = h.publish(d)
	shut := d
	shut.Kind, shut.Title, shut.Signers, shut.Closes, shut.DutyBearers, shut.Goal = fact.Pledge, "We take the tram", []fact.SignerClass{fact.People}, time.Time{}, nil, 0
	shut.Recommendations = []document.Recommendation{{Text: "Leave the car at home on Mondays."}}
	path, id := h.publish(shut)
	h.shut = path
	h.must(h.Declarations.Close(ctx, h.ola, chorus.ID(id), "We all take the tram now."))
	d.Lang, d.Title, d.Text = "ar", "مزيد من القطارات ليلًا", "نريد أن نعود إلى بيوتنا."
	d.Organisers[0].ID = h.riders
	var err error
	h.draft, err = h.Declarations.Save(ctx, h.ola, "", d)
	h.must(err)
}

func (h *house) publish(d document.Draft) (path, id string) {
	h.t.Helper()
	work, err := h.Declarations.Save(h.t.Context(), h.ola, "", d)
	h.must(err)
	slug, err := h.Declarations.Publish(h.t.Context(), h.ola, work)
	h.must(err)
	return "/declarations/" + slug, string(work)
}

// sign has enough people sign the letter to fill a page of names, and both
// organisations.
func (h *house) sign() {
	h.t.Helper()
	towns := []string{"", "Lindholm", "Nørreby", "صيدا"}
	names := []string{"Ada Winter", "Bo Lind", "ليلى حداد", "Ole-Kristian van der Heide-Østergaard"}
	for i := range 64 {
		d := signing.Details{Name: fmt.Sprintf("%s %d", names[i%4], i), Email: fmt.Sprintf("signer%d@mail.example", i), Country: []string{"DK", "SE", "LB"}[i%3],
			Town: towns[i%4], Lang: "en", Hidden: i%9 == 0}
		if i%20 == 1 {
			d.Comment = "My children walk there."
		}
		h.signed = h.confirmed(h.open, d)
	}
	h.asked, _ = h.askedFor(h.open, signing.Details{Name: "Carl Sommer", Email: "carl@mail.example", Country: "DK", Lang: "en"})
	h.withdrew = h.confirmed(h.open, signing.Details{Name: "Dora Holm", Email: "dora@mail.example", Country: "DK", Lang: "en"})
	h.must(h.Signing.Withdraw(h.t.Context(), h.withdrew))
	mine, err := h.Signing.ByKey(h.t.Context(), h.signed)
	h.must(err)
	h.entry = mine.Signature.Entry
	waiting, err := h.Signing.WaitingComments(h.t.Context(), h.ola, chorus.ID(h.letter))
	h.must(err)
	h.must(h.Signing.ShowComment(h.t.Context(), h.ola, chorus.ID(h.letter), waiting[0].Signer))
	for by, org := range map[chorus.ID]chorus.ID{h.ola: h.riders, h.person("kim@choir.example"): h.choir} {
		h.must(h.Signing.SignFor(h.t.Context(), by, h.slug(), signing.Mandate{Organisation: org, Role: "Chair", Statement: "The members decided it."}))
	}
}

func (h *house) slug() string { return strings.TrimPrefix(h.open, "/declarations/") }

func (h *house) askedFor(path string, d signing.Details) (key string, form signing.Cookie) {
	h.t.Helper()
	form, err := h.Signing.Sign(h.t.Context(), strings.TrimPrefix(path, "/declarations/"), d)
	h.must(err)
	key, err = h.Signing.KeyOf(h.t.Context(), form)
	h.must(err)
	return key, form
}

func (h *house) confirmed(path string, d signing.Details) (key string) {
	h.t.Helper()
	key, form := h.askedFor(path, d)
	h.must(h.Signing.ConfirmByLink(h.t.Context(), key, form, "", d))
	return key
}

func client(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// signedIn is the browser of somebody who is signed in.
func signedIn(t *testing.T, in *chorustest.Instance, address string) *http.Client {
	t.Helper()
	c := client(t)
	send(t, c, in.URL+"/sign-in", url.Values{"email": {address}})
	send(t, c, in.URL+"/sign-in/code", url.Values{"code": {codeFor(t, in, address)}})
	return c
}

func send(t *testing.T, c *http.Client, address string, form url.Values) {
	t.Helper()
	r, err := c.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", address, r.Status)
	}
}

func visit(t *testing.T, c *http.Client, address string) *http.Response {
	t.Helper()
	r, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Fatal(err)
	}
	return r
}

func codeFor(t *testing.T, in *chorustest.Instance, address string) string {
	t.Helper()
	letter, ok := in.MailTo(address)
	code := chorustest.Code(letter)
	if !ok || code == "" {
		t.Fatalf("no code for %s in %q", address, letter.Text)
	}
	return code
}

// settleMail waits until no mail is on its way.
func settleMail(t *testing.T, in *chorustest.Instance) {
	t.Helper()
	in.Chores()
	if n := rows(t, in.DB, "private_mail"); n != 0 {
		t.Fatalf("%d mails are still on their way", n)
	}
}
