// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/commons/initiative"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
)

const (
	organiser = "ola@riders.example"
	steward   = "olga@lindholm.example"
	signer    = "ada@mail.example"
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
	return h
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
	d := declaration.Draft{Kind: fact.OpenLetter, Lang: "en", Title: "More trams at night", Initiative: h.frame, AnswerWithin: 30, Goal: 500,
		Text: strings.Repeat("We want to get home at night, on foot and by tram.\n\n", 20) +
			"## What it costs\n\n- One driver more.\n- **Four** lamps.\n\nRead [what the city said](https://city.example/trams).",
		Signers: []fact.SignerClass{fact.People, fact.Organisations}, Closes: h.DB.Now().AddDate(0, 1, 0),
		Organisers: []declaration.Party{{ID: h.riders, Input: organisation.Input{Name: "Tram Riders"}}},
		DutyBearers: []declaration.Party{{Input: organisation.Input{Name: "City of Lindholm", Kind: string(fact.PublicBody), Country: "DK"}},
			{Input: organisation.Input{Name: "Lindholm Transport", Kind: string(fact.Company), Country: "DK"}}},
		Recommendations: []declaration.DraftRecommendation{{Text: "Run a tram every twenty minutes after midnight."}, {Text: "Light the stops.", To: []int{0}}}}
	h.open, h.letter = h.publish(d)
	shut := d
	shut.Kind, shut.Title, shut.Signers, shut.Closes, shut.DutyBearers, shut.Goal = fact.Pledge, "We take the tram", []fact.SignerClass{fact.People}, time.Time{}, nil, 0
	shut.Recommendations = []declaration.DraftRecommendation{{Text: "Leave the car at home on Mondays."}}
	path, id := h.publish(shut)
	h.shut = path
	h.must(h.Declarations.Close(ctx, h.ola, chorus.ID(id), "We all take the tram now."))
	d.Lang, d.Title, d.Text = "ar", "مزيد من القطارات ليلًا", "نريد أن نعود إلى بيوتنا."
	d.Organisers[0].ID = h.riders
	var err error
	h.draft, err = h.Declarations.Save(ctx, h.ola, "", d)
	h.must(err)
}

func (h *house) publish(d declaration.Draft) (path, id string) {
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
		d := declaration.Details{Name: fmt.Sprintf("%s %d", names[i%4], i), Email: fmt.Sprintf("signer%d@mail.example", i), Country: []string{"DK", "SE", "LB"}[i%3],
			Town: towns[i%4], Lang: "en", Hidden: i%9 == 0}
		if i%20 == 1 {
			d.Comment = "My children walk there."
		}
		h.signed = h.confirmed(h.open, d)
	}
	h.asked, _ = h.askedFor(h.open, declaration.Details{Name: "Carl Sommer", Email: "carl@mail.example", Country: "DK", Lang: "en"})
	h.withdrew = h.confirmed(h.open, declaration.Details{Name: "Dora Holm", Email: "dora@mail.example", Country: "DK", Lang: "en"})
	h.must(h.Declarations.Withdraw(h.t.Context(), h.withdrew))
	mine, err := h.Declarations.ByKey(h.t.Context(), h.signed)
	h.must(err)
	h.entry = mine.Signature.Entry
	waiting, err := h.Declarations.WaitingComments(h.t.Context(), h.ola, chorus.ID(h.letter))
	h.must(err)
	h.must(h.Declarations.ShowComment(h.t.Context(), h.ola, chorus.ID(h.letter), waiting[0].Signer))
	for by, org := range map[chorus.ID]chorus.ID{h.ola: h.riders, h.person("kim@choir.example"): h.choir} {
		h.must(h.Declarations.SignFor(h.t.Context(), by, h.slug(), declaration.Mandate{Organisation: org, Role: "Chair", Statement: "The members decided it."}))
	}
}

func (h *house) slug() string { return strings.TrimPrefix(h.open, "/declarations/") }

func (h *house) askedFor(path string, d declaration.Details) (key string, form declaration.Signing) {
	h.t.Helper()
	form, err := h.Declarations.Sign(h.t.Context(), strings.TrimPrefix(path, "/declarations/"), d)
	h.must(err)
	key, err = h.Declarations.KeyOf(h.t.Context(), form)
	h.must(err)
	return key, form
}

func (h *house) confirmed(path string, d declaration.Details) (key string) {
	h.t.Helper()
	key, form := h.askedFor(path, d)
	h.must(h.Declarations.ConfirmByLink(h.t.Context(), key, form, "", d))
	return key
}

// A page is an address of the house and the status it answers with to whom.
type page struct {
	name, path, who string
	status          int // 0: 200
}

// Who looks at a page.
const (
	reader = "reader"
	member = "member" // the organiser
	keeper = "keeper" // the steward
)

// pages are all pages of the house that one comes to by a link.
func (h *house) pages() []page {
	org, desk, mine := "/organisations/"+string(h.riders), "/desk/declarations/"+string(h.draft), "/mine/"+h.signed
	work := "/desk/declarations/" + h.letter
	return []page{
		{"home", "/", reader, 0}, {"causes", "/causes", reader, 0}, {"about", "/about", reader, 0}, {"privacy", "/privacy", reader, 0},
		{"declaration", h.open, reader, 0}, {"closed", h.shut, reader, 0}, {"names", h.open + "/names", reader, 0}, {"sign", h.open + "/sign", reader, 0},
		{"initiative", "/initiatives/" + string(h.frame), reader, 0}, {"organisations", "/organisations", reader, 0}, {"organisation", org, reader, 0},
		{"organisation-waiting", "/organisations/" + string(h.choir), reader, 0},
		{"signing", h.open + "/signing", reader, 0}, {"sign-in", "/sign-in", reader, 0}, {"code", "/sign-in/code", reader, 0},
		{"own", mine, reader, 0}, {"own-asked", "/mine/" + h.asked, reader, 0}, {"own-withdrawn", "/mine/" + h.withdrew, reader, 0},
		{"own-withdraw", mine + "/withdraw", reader, 0}, {"own-erase", mine + "/erase", reader, 0},
		{"no-mail", "/no-mail/" + h.Mail.BlockCode(signer), reader, 0}, {"stale-link", "/sign-in/AAAAAAAAAAAAAAAA", reader, 404},
		{"setup-dead", "/setup/AAAAAAAAAAAAAAAA", reader, 410}, {"nothing-here", "/nothing-here", reader, 404}, {"closed-sign", h.shut + "/sign", reader, 409},
		{"account", "/account", member, 0}, {"account-data", "/account/data", member, 0}, {"account-close", "/account/close", member, 0},
		{"sign-organisation", h.open + "/sign-organisation", member, 0}, {"organisation-own", org, member, 0}, {"organisation-new", "/organisations/new", member, 0},
		{"organisation-edit", org + "/edit", member, 0}, {"organisation-members", org + "/members", member, 0}, {"organisation-verify", org + "/verify", member, 0},
		{"organisation-import", "/organisations/import", keeper, 0}, {"initiative-new", "/initiatives/new", member, 0},
		{"desk", "/desk", member, 0}, {"desk-new", "/desk/declarations/new", member, 0}, {"desk-import", "/desk/import", member, 0},
		{"desk-draft", desk, member, 0}, {"desk-preview", desk + "/preview", member, 0}, {"desk-publish", desk + "/publish", member, 0},
		{"desk-discard", desk + "/discard", member, 0}, {"desk-close", work + "/close", member, 0}, {"desk-comments", work + "/comments", member, 0},
		{"steward", "/steward", keeper, 0}, {"steward-site", "/steward/site", keeper, 0}, {"steward-organisations", "/steward/organisations", keeper, 0},
		{"steward-people", "/steward/people", keeper, 0}, {"steward-declarations", "/steward/declarations", keeper, 0},
		{"steward-signatures", "/steward/declarations/" + h.letter + "/signatures", keeper, 0},
		{"steward-signature", fmt.Sprintf("/steward/signatures/%d", h.entry), keeper, 0},
		{"steward-verify", "/organisations/" + string(h.choir) + "/verify", keeper, 0}, {"not-yours", "/steward", member, 403},
	}
}

// files are the addresses that are no pages.
func (h *house) files() []page {
	return []page{
		{"number", h.open + "/number", reader, 0}, {"text", h.open + "/declaration.md", reader, 0}, {"table", h.open + "/signatures.csv", reader, 0},
		{"held", "/account/data.json", member, 0}, {"file", "/desk/declarations/" + string(h.draft) + "/declaration.md", member, 0},
		{"mine-held", "/mine/" + h.signed + "/data.json", reader, 0},
	}
}

// TestReading looks at every address twice, as three people: reading changes
// nothing, and readers get no cookie.
func TestReading(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := chorustest.Run(t, source)
		h := furnish(t, in.App)
		clients := map[string]*http.Client{reader: client(t), member: signedIn(t, in, organiser), keeper: signedIn(t, in, steward)}
		settleMail(t, in)
		before := state(t, in.DB)
		for range 2 {
			for _, p := range append(h.pages(), h.files()...) {
				for who, c := range clients {
					answer := visit(t, c, in.URL+p.path)
					if want := max(p.status, http.StatusOK); who == p.who && answer.StatusCode != want {
						t.Errorf("%s: %d, want %d", p.path, answer.StatusCode, want)
					}
					if cookies := answer.Cookies(); len(cookies) > 0 {
						t.Errorf("%s sets a cookie for a %s: %v", p.path, who, cookies)
					}
				}
			}
			in.Wait(2 * time.Second) // or the second look is answered from memory
		}
		if diff := cmp.Diff(before, state(t, in.DB)); diff != "" {
			t.Errorf("reading changed what is kept:\n%s", diff)
		}
		in.CheckMirror()
	})
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
	for range 200 {
		if rows(t, in.DB, "private_mail") == 0 {
			return
		}
		if _, err := in.Jobs.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("mails are still on their way")
}
