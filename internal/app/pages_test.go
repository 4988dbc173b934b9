// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/signing"
)

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
		{"home", "/", reader, 0}, {"causes", "/causes", reader, 0}, {"about", "/about", reader, 0}, {"privacy", "/privacy", reader, 0}, {"witness", "/witness", reader, 0},
		{"declaration", h.open, reader, 0}, {"closed", h.shut, reader, 0}, {"names", h.open + "/names", reader, 0}, {"sign", h.open + "/sign", reader, 0},
		{"count", h.open + "/count", reader, 0}, {"record", "/record", reader, 0}, {"entries", "/record/entries", reader, 0},
		{"entry", fmt.Sprintf("/r/%d", h.entry), reader, 0}, {"entry-print", fmt.Sprintf("/r/%d/print", h.entry), reader, 0},
		{"entry-missing", "/r/123456789", reader, 404},
		{"request-unheard", "/intake/q/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", reader, 0}, {"request-refused", "/intake/q/" + h.refused, reader, 0},
		{"initiative", "/initiatives/" + string(h.frame), reader, 0}, {"organisations", "/organisations", reader, 0}, {"organisation", org, reader, 0},
		{"organisation-waiting", "/organisations/" + string(h.choir), reader, 0},
		{"signing", h.open + "/signing", reader, 0}, {"sign-in", "/sign-in", reader, 0}, {"code", "/sign-in/code", reader, 0},
		{"own", mine, reader, 0}, {"own-asked", "/mine/" + h.asked, reader, 0}, {"own-withdrawn", "/mine/" + h.withdrew, reader, 0},
		{"own-receipt", mine + "/receipt", reader, 0},
		{"own-withdraw", mine + "/withdraw", reader, 0}, {"own-decline", mine + "/decline", reader, 0}, {"own-erase", mine + "/erase", reader, 0},
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
		{"checkpoint", "/record/checkpoint", reader, 0}, {"verifier-key", "/record/vkey", reader, 0}, {"tile", "/record/tile/0/000.p/1", reader, 0},
		{"bodies", "/record/bodies/000", reader, 0}, {"body", "/record/body/0", reader, 0},
		{"receipt", fmt.Sprintf("/r/%d.tlog-proof", h.entry), reader, 0}, {"own-proof", "/mine/" + h.signed + "/receipt.tlog-proof", reader, 0},
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
		if err := in.Record.PublishCheckpoint(t.Context()); err != nil { // or it comes by itself, in the midst of reading
			t.Fatal(err)
		}
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

// budget is what the first view of a page may cost over the wire, in bytes,
// with all that it loads.
const budget = 30_000

// A look says how closely a page is looked at.
type look struct {
	languages []string
	axe       bool
}

var (
	closely = look{languages: []string{"en", "ar"}, axe: true}
	briefly = look{languages: []string{"en"}}
)

// TestPages looks at every page of the house on a phone, in both languages;
// then at a large and dark screen.
func TestPages(t *testing.T) {
	in := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
	start, err := in.Portal.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	phone := chorustest.Screen{Width: 360, Height: 740}
	(&house{App: in.App, t: t}).enter(t, in, phone).look("setup", start, 200, closely)

	h := furnish(t, in.App)
	h.tour(t, in, phone, closely, func(page) bool { return true })
	h.mistakes(t, in, phone)
	h.slip(t, in, phone)
	public := func(p page) bool { return p.who == reader }
	h.tour(t, in, chorustest.Screen{Dark: true}, look{languages: []string{"en"}, axe: true}, public)
	h.tour(t, in, chorustest.Screen{}, briefly, func(p page) bool { return !public(p) })
}

// TestUnlockedPages looks at what a signer sees with the code from the mail.
func TestUnlockedPages(t *testing.T) {
	in := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
	h := furnish(t, in.App)
	if err := in.Record.PublishCheckpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	letter, _ := in.MailTo(lastToo)
	s := h.enter(t, in, chorustest.Screen{Width: 360, Height: 740})
	s.Open(in.URL + "/en/mine/" + h.signed)
	s.Fill("Code from the mail", chorustest.Code(letter))
	s.Press("Open")
	for _, page := range []string{"", "/receipt", "/decline", "/withdraw", "/erase"} {
		s.look("own"+page, "/mine/"+h.signed+page, http.StatusOK, closely)
	}
}

// slip looks at what a person gets who signs at a mirror.
func (h *house) slip(t *testing.T, in *chorustest.Instance, screen chorustest.Screen) {
	t.Helper()
	h.must(in.Record.PublishCheckpoint(t.Context()))
	m := chorustest.RunWith(t, app.Config{Mirror: in.URL, Database: filepath.Join(t.TempDir(), "mirror.db"), Unlimited: true})
	h.must(m.Mirror.Look(t.Context(), nil))
	hash, err := m.Signing.Pass(t.Context(), strings.TrimPrefix(h.open, "/declarations/"),
		signing.Details{Name: "Ada Winter", Email: signer, Country: "DK", Lang: "en"})
	h.must(err)
	(&house{App: m.App, t: t}).enter(t, m, screen).look("slip", "/intake/q/"+hash.String(), 200, closely)
}

// tour shows everybody their pages.
func (h *house) tour(t *testing.T, in *chorustest.Instance, screen chorustest.Screen, how look, which func(page) bool) {
	t.Helper()
	for who, address := range map[string]string{reader: "", member: organiser, keeper: steward} {
		theirs := slices.DeleteFunc(h.pages(), func(p page) bool { return p.who != who || !which(p) })
		if len(theirs) == 0 {
			continue
		}
		s := h.enter(t, in, screen)
		if address != "" {
			s.signIn(address)
		}
		for _, p := range theirs {
			s.look(p.name, p.path, max(p.status, 200), how)
		}
	}
}

// look opens a page in each language and judges it.
func (s *scene) look(name, path string, status int, how look) {
	s.t.Helper()
	for _, language := range how.languages {
		s.Open(s.in.URL + "/" + language + path)
		s.judge(language+" "+name, status, how)
	}
}

// judge says what nobody should have to bear of the page shown.
func (s *scene) judge(name string, status int, how look) {
	s.t.Helper()
	if s.Status() != status {
		s.t.Errorf("%s: status %d, want %d", name, s.Status(), status)
	}
	if out := s.Overflow(); out != "" {
		s.t.Errorf("%s: sticks out at the side: %s", name, out)
	}
	for _, c := range s.Complaints() {
		if status < 400 || !strings.HasPrefix(c, "Failed to load resource") {
			s.t.Errorf("%s: %s", name, c)
		}
	}
	for _, r := range s.Requests() {
		if u, err := url.Parse(r.URL); err != nil || "http://"+u.Host != s.in.URL || r.Failed != "" {
			s.t.Errorf("%s: asks for %s %s", name, r.URL, r.Failed)
		}
	}
	if n := s.Bytes(); n > budget {
		s.t.Errorf("%s: %d bytes, at most %d", name, n, budget)
	}
	if how.axe {
		for _, v := range s.Axe() {
			s.t.Errorf("%s: %v", name, v)
		}
	}
}

// mistakes are forms that are refused: the page says what is wrong and the
// words typed are still there. Whoever tries too many codes is told to wait.
func (h *house) mistakes(t *testing.T, in *chorustest.Instance, screen chorustest.Screen) {
	t.Helper()
	org := "/organisations/" + string(h.riders)
	all := []page{
		{"sign", h.open + "/sign", reader, 422}, {"signing", h.open + "/signing", reader, 422}, {"sign-in", "/sign-in", reader, 422},
		{"code", "/sign-in/code", reader, 422}, {"own-asked", "/mine/" + h.asked, reader, 422}, {"no-mail", "/no-mail/" + h.Mail.BlockCode(signer), reader, 422},
		{"account-close", "/account/close", member, 422}, {"organisation-new", "/organisations/new", member, 422},
		{"organisation-members", org + "/members", member, 422}, {"organisation-verify", org + "/verify", member, 422},
		{"initiative-new", "/initiatives/new", member, 422}, {"desk-import", "/desk/import", member, 422},
		{"desk-close", "/desk/declarations/" + h.letter + "/close", member, 422}, {"organisation-import", "/organisations/import", keeper, 422},
		{"steward-people", "/steward/people", keeper, 422}, {"steward-signature", fmt.Sprintf("/steward/signatures/%d", h.entry), keeper, 422},
	}
	for who, address := range map[string]string{reader: "", member: organiser, keeper: steward} {
		s := h.enter(t, in, screen)
		if address != "" {
			s.signIn(address)
		}
		for _, p := range all {
			if p.who != who {
				continue
			}
			for _, language := range []string{"en", "ar"} {
				s.Open(in.URL + "/" + language + p.path)
				s.sendEmpty()
				s.judge(language+" empty "+p.name, p.status, closely)
				if s.Read(`document.querySelectorAll(".fault, .faults").length`) == "0" {
					t.Errorf("%s %s: no word of what is wrong", language, p.name)
				}
			}
		}
	}
	for range 5 {
		res, err := http.PostForm(in.URL+"/mine/"+h.signed+"/unlock", url.Values{"code": {"000000"}})
		h.must(err)
		h.must(res.Body.Close())
	}
	s := h.enter(t, in, screen)
	s.Open(in.URL + "/ar/mine/" + h.signed)
	s.sendEmpty()
	s.judge("too many codes", 429, closely)
}

// sendEmpty presses the last form's first button, past the browser's own
// checks, with nothing filled in that the page did not fill in itself.
func (s *scene) sendEmpty() {
	s.t.Helper()
	s.Press(s.Read(`(() => {
		const form = [...document.querySelectorAll("main form[method=post]")].filter((f) => f.querySelector("[required], [type=file], [type=radio], [type=checkbox]"))[0];
		form.noValidate = true;
		for (const e of form.querySelectorAll("[required]")) e.value = "";
		return [...form.querySelectorAll("button")].find((b) => b.offsetWidth > 9).textContent;
	})()`))
}
