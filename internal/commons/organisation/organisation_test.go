// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

func TestCheck(t *testing.T) {
	good := friends
	for name, c := range map[string]struct {
		change func(*organisation.Input)
		want   chorus.Invalid
	}{
		"good":           {func(*organisation.Input) {}, chorus.Invalid{}},
		"untidy":         {func(in *organisation.Input) { in.Kind, in.Country = " Civil  Society ", "dk" }, chorus.Invalid{}},
		"formula":        {func(in *organisation.Input) { in.Name = `=HYPERLINK("x")` }, chorus.Invalid{"name": "form.formula"}},
		"link":           {func(in *organisation.Input) { in.Name = "see www.example.org" }, chorus.Invalid{"name": "form.link"}},
		"nothing to see": {func(in *organisation.Input) { in.Name = "\u200d" }, chorus.Invalid{"name": "form.characters"}},
		"bell":           {func(in *organisation.Input) { in.Name = "a\x07b" }, chorus.Invalid{"name": "form.characters"}},
		"no kind":        {func(in *organisation.Input) { in.Kind = "club" }, chorus.Invalid{"kind": "form.choose"}},
		"no country":     {func(in *organisation.Input) { in.Country = "XX" }, chorus.Invalid{"country": "form.country"}},
		"no website":     {func(in *organisation.Input) { in.Website = "" }, chorus.Invalid{}},
		"script":         {func(in *organisation.Input) { in.Website = "javascript:alert(1)" }, chorus.Invalid{"website": "form.web"}},
	} {
		in := good
		c.change(&in)
		if diff := cmp.Diff(c.want, in.Check()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestEnterAndChange(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		h, ctx := open(t, source), t.Context()
		ada, bette, karen := h.person("ada@post.example"), h.person("bette@post.example"), h.steward("karen@post.example")
		id := h.enter(ada, friends)
		if o := h.organisation(id); o.Name != friends.Name || o.Verified || o.Entered == (fact.Hash{}) {
			t.Errorf("entered as %+v", o)
		}
		if r := h.role(ada, id); r != organisation.Owner {
			t.Errorf("who enters it is %q", r)
		}
		if err := h.Change(ctx, bette, id, friends); !errors.Is(err, chorus.ErrForbidden) {
			t.Errorf("a stranger's change gave %v", err)
		}
		h.must(h.VerifyBySteward(ctx, karen, id))
		if o := h.organisation(id); !o.Verified || o.How != fact.BySteward || o.Day != "2026-05-04" {
			t.Errorf("verified as %+v", o)
		}
		moved := friends
		moved.Website = "https://friendsofthelind.example"
		h.must(h.Change(ctx, ada, id, moved))
		if o := h.organisation(id); !o.Verified || o.Website != moved.Website {
			t.Errorf("another page of the same website: %+v", o)
		}
		moved.Name = "City of Lindholm"
		h.must(h.Change(ctx, ada, id, moved))
		if o := h.organisation(id); o.Verified || o.Name != moved.Name || o.Why == "" {
			t.Errorf("another name keeps the verification: %+v", o)
		}
		h.must(h.VerifyBySteward(ctx, karen, id))
		if err := h.Unverify(ctx, ada, id, "I do not like it"); !errors.Is(err, chorus.ErrForbidden) {
			t.Errorf("a member's Unverify gave %v", err)
		}
		h.must(h.Unverify(ctx, karen, id, "Nobody answers there."))
		if o := h.organisation(id); o.Verified || o.How != "" || o.Why != "Nobody answers there." {
			t.Errorf("unverified as %+v", o)
		}
		h.read(func(tx *db.Tx) error {
			card, err := catalogue.ByRef(ctx, tx, organisation.Ref(id))
			want := catalogue.Card{Ref: organisation.Ref(id), Sort: "civil society", Title: chorus.Text{Text: moved.Name}, Path: organisation.Path(id),
				State: organisation.Unverified, Entry: card.Entry}
			if diff := cmp.Diff(want, card); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
}

func TestFind(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		h, ctx := open(t, source), t.Context()
		ada := h.person("ada@post.example")
		one := h.enter(ada, organisation.Input{Name: "Møllevang 100% Club_House", Kind: "community group", Country: "DK"})
		two := h.enter(ada, organisation.Input{Name: "جمعيّة النهر", Kind: "civil society", Country: "JO"})
		names := func(all []organisation.Organisation) (names []string) {
			for _, o := range all {
				names = append(names, o.Name)
			}
			return names
		}
		h.read(func(tx *db.Tx) error {
			for text, want := range map[string]int{"جمعيه النهر": 1, "MØLLEVANG 100% club_house": 1, "": 0, "Møllevang": 0} {
				got, err := organisation.ByName(ctx, tx, text)
				if err != nil || len(got) != want {
					t.Errorf("ByName(%q) = %v, %v", text, names(got), err)
				}
			}
			for text, want := range map[string]int{"100%": 1, "%": 1, "_": 1, "النهر": 1, "": 2, "club house": 0} {
				got, err := organisation.Search(ctx, tx, text, 10)
				if err != nil || len(got) != want {
					t.Errorf("Search(%q) = %v, %v", text, names(got), err)
				}
			}
			got, err := organisation.ByIDs(ctx, tx, one, two, chorus.NewID())
			if err != nil || len(got) != 2 {
				t.Errorf("ByIDs = %v, %v", got, err)
			}
			editing, err := organisation.Editing(ctx, tx, ada)
			if err != nil || len(editing) != 2 {
				t.Errorf("Editing = %v, %v", names(editing), err)
			}
			none, err := organisation.ByIDs(ctx, tx)
			if err != nil || len(none) != 0 {
				t.Errorf("ByIDs of nothing = %v, %v", none, err)
			}
			return nil
		})
	})
}

func TestDomain(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		h, ctx := open(t, source), t.Context()
		karen, ada, jonas := h.steward("karen@post.example"), h.person("ada@post.example"), h.person("jonas@post.example")
		id, err := h.Enter(ctx, account.Operator, friends)
		h.must(err)
		for address, want := range map[string]string{
			"ada at home":                         "form.email",
			"ada@gmail.com":                       "organisation.fault.public_domain",
			"ada@friendsofthelind.example.org":    "organisation.fault.other_domain|domain=friendsofthelind.example",
			"ada@notfriendsofthelind.example":     "organisation.fault.other_domain|domain=friendsofthelind.example",
			"ada@www.friendsofthelind.example":    "",
			"Office@FriendsOfTheLind.EXAMPLE":     "",
			"ada@office.friendsofthelind.example": "",
		} {
			if got := fault(h.AskDomain(ctx, ada, id, address), "address"); got != want {
				t.Errorf("AskDomain(%s): %q, want %q", address, got, want)
			}
			h.later(25 * time.Hour)
		}
		h.must(h.AskDomain(ctx, ada, id, "info@friendsofthelind.example"))
		code := codeIn.FindString(h.mail("info@friendsofthelind.example", 1))
		if err := h.ConfirmDomain(ctx, jonas, id, code); fault(err, "code") == "" {
			t.Errorf("somebody else's code gave %v", err)
		}
		h.must(h.ConfirmDomain(ctx, ada, id, code))
		if o := h.organisation(id); !o.Verified || o.How != fact.ByDomain || o.Domain != "friendsofthelind.example" {
			t.Errorf("verified as %+v", o)
		}
		if r := h.role(ada, id); r != organisation.Owner {
			t.Errorf("the first is %q", r)
		}
		if err := h.ConfirmDomain(ctx, ada, id, code); fault(err, "code") == "" {
			t.Errorf("the code worked twice: %v", err)
		}
		h.later(25 * time.Hour)
		h.must(h.AskDomain(ctx, jonas, id, "info@friendsofthelind.example"))
		code = codeIn.FindString(h.mail("info@friendsofthelind.example", 2))
		for range 5 {
			if err := h.ConfirmDomain(ctx, jonas, id, "000000"); fault(err, "code") == "" && code != "000000" {
				t.Errorf("a wrong code gave %v", err)
			}
		}
		if err := h.ConfirmDomain(ctx, jonas, id, code); fault(err, "code") == "" {
			t.Errorf("a sixth code was looked at: %v", err)
		}
		h.later(25 * time.Hour)
		h.must(h.AskDomain(ctx, jonas, id, "info@friendsofthelind.example"))
		h.must(h.ConfirmDomain(ctx, jonas, id, codeIn.FindString(h.mail("info@friendsofthelind.example", 3))))
		if r := h.role(jonas, id); r != "" { // the owner decides
			t.Errorf("the second is %q", r)
		}
		without := h.enter(karen, organisation.Input{Name: "Walkers", Kind: "community group", Country: "DK"})
		if got := fault(h.AskDomain(ctx, ada, without, "ada@post.example"), "address"); got != "organisation.fault.no_website" {
			t.Errorf("without a website: %q", got)
		}
		page := h.enter(karen, organisation.Input{Name: "Walkers", Kind: "community group", Country: "DK", Website: "https://walkers.github.io"})
		if got := fault(h.AskDomain(ctx, ada, page, "ada@walkers.github.io"), "address"); got != "organisation.fault.public_domain" {
			t.Errorf("on somebody else's domain: %q", got)
		}
		h.must(h.DropStale(ctx))
	})
}

func TestMembers(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		h, ctx := open(t, source), t.Context()
		karen, ada, jonas, zofia := h.steward("karen@post.example"), h.person("ada@post.example"), h.person("jonas@post.example"), h.person("zofia@post.example")
		id := h.enter(ada, friends)
		if err := h.Remove(ctx, ada, id, ada); fault(err, "member") == "" {
			t.Errorf("the last owner left: %v", err)
		}
		if err := h.ChangeRole(ctx, ada, id, ada, organisation.Editor); fault(err, "member") == "" {
			t.Errorf("the last owner became editor: %v", err)
		}
		if err := h.Invite(ctx, jonas, id, "jonas@post.example", organisation.Owner); !errors.Is(err, chorus.ErrForbidden) {
			t.Errorf("a stranger invites: %v", err)
		}
		h.must(h.Invite(ctx, ada, id, "jonas@post.example", organisation.Editor))
		h.must(h.Invite(ctx, ada, id, "jonas@post.example", organisation.Editor)) // no second mail, and the link still works
		text := h.mail("jonas@post.example", 1)
		token := text[strings.Index(text, "/invitations/")+len("/invitations/"):][:26]
		if _, err := h.Accept(ctx, zofia, token); !errors.Is(err, chorus.ErrForbidden) {
			t.Errorf("somebody else accepts: %v", err)
		}
		for who, want := range map[chorus.ID]string{zofia: "another address", jonas: "Accept"} {
			if _, body := h.get(h.as(who), "/invitations/"+token); !strings.Contains(body, want) {
				t.Errorf("the page of the invitation lacks %q: %s", want, body)
			}
		}
		if status, to := h.post(h.as(jonas), "/invitations/"+token, ""); status != http.StatusSeeOther || to != organisation.Path(id) {
			t.Errorf("accepting gave %d %s", status, to)
		}
		if r := h.role(jonas, id); r != organisation.Editor {
			t.Errorf("the invited is %q", r)
		}
		if _, err := h.Accept(ctx, jonas, token); !errors.Is(err, chorus.ErrNotFound) {
			t.Errorf("accepting twice gave %v", err)
		}
		h.must(h.ChangeRole(ctx, ada, id, jonas, organisation.Owner))
		h.must(h.Remove(ctx, ada, id, ada))

		h.must(h.AskToJoin(ctx, zofia, id))
		if r := h.role(zofia, id); r != "" {
			t.Errorf("who asks is %q already", r)
		}
		if text := h.mail("jonas@post.example", 2); !strings.Contains(text, friends.Name) {
			t.Errorf("the owner is told %q", text)
		}
		if err := h.ChangeRole(ctx, zofia, id, zofia, organisation.Owner); !errors.Is(err, chorus.ErrForbidden) {
			t.Errorf("who asks decides: %v", err)
		}
		h.must(h.ChangeRole(ctx, jonas, id, zofia, organisation.Editor))

		h.must(h.Accounts.Close(ctx, jonas)) // the last owner may always close the account
		if r := h.role(zofia, id); r != organisation.Editor {
			t.Errorf("the editor is %q", r)
		}
		h.must(h.AskToJoin(ctx, ada, id))
		h.mail("karen@post.example", 1)
		h.read(func(tx *db.Tx) error {
			waiting, err := organisation.Waiting(ctx, tx, 10)
			if len(waiting) != 1 || waiting[0].ID != id {
				t.Errorf("Waiting = %v", waiting)
			}
			return err
		})
		h.must(h.ChangeRole(ctx, karen, id, ada, organisation.Owner))
	})
}

const table = "\uFEFFname,kind,country,website\r\n" +
	"Friends of the Lind,civil society,DK,https://friendsofthelind.example\r\n" +
	"\"Comma, \"\"Quote\"\"\nand Line\",community group,DK,\r\n" +
	"City of Lindholm,Public Body,dk\r\n" +
	"=HYPERLINK(\"x\"),community group,DE,\r\n" +
	"Friends of the LIND,civil society,DK,\r\n" +
	"Friends of the Lind,civil society,DE,\r\n"

func TestImport(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		h, ctx := open(t, source), t.Context()
		karen, ada := h.steward("karen@post.example"), h.person("ada@post.example")
		good := strings.Replace(strings.Replace(table, "\nand Line", " and Line", 1), "=HYPER", "HYPER", 1)
		if _, err := h.Import(ctx, ada, strings.NewReader(good)); !errors.Is(err, chorus.ErrForbidden) {
			t.Errorf("a stranger imports: %v", err)
		}
		_, err := h.Import(ctx, karen, strings.NewReader(table))
		bad, _ := errors.AsType[organisation.BadRows](err)
		say := h.Catalogue.Speak("en")
		var told []string
		for _, r := range bad {
			told = append(told, r.Tell(say))
		}
		want := []string{"Rows 3 to 4: The quotation marks do not fit together.", "Row 6, Name: This may not begin with = + - or @."}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
		size := func() (n int64) {
			h.read(func(tx *db.Tx) (err error) { n, err = recorder.Size(ctx, tx); return err })
			return n
		}
		if size() != 0 {
			t.Error("half imported")
		}
		done, err := h.ImportGood(ctx, karen, strings.NewReader(table))
		if err != nil || len(done.Entered) != 3 || len(done.Already) != 1 || len(done.Bad) != 2 {
			t.Errorf("ImportGood = %+v, %v", done, err)
		}
		done, err = h.Import(ctx, account.Operator, strings.NewReader(strings.ReplaceAll(good, "HYPERLINK(\"x\")", "Hyper")))
		if err != nil || len(done.Entered) != 2 || len(done.Already) != 4 || size() != 5 {
			t.Errorf("the second time = %+v, %v", done, err)
		}
		if o := h.organisation(done.Entered[0].ID); o.Name != `Comma, "Quote" and Line` {
			t.Errorf("entered %+v", o)
		}
	})
}

func TestImportRefuses(t *testing.T) {
	h := open(t, t.TempDir()+"/chorus.db")
	for text, want := range map[string]string{
		"---\nkind: open-letter\n---\n":    "organisation.import.is_declaration",
		"PK\x03\x04rest":                   "organisation.import.is_spreadsheet",
		"%PDF-1.7":                         "organisation.import.is_pdf",
		`[{"name": "x"}]`:                  "organisation.import.is_json",
		"<html>":                           "organisation.import.is_markup",
		"":                                 "organisation.import.empty",
		"name,kind,country,website\n":      "organisation.import.empty",
		"name;email\nAda;ada@post.example": "organisation.import.columns",
		"n\x00a\x00m\x00e\x00":             "organisation.import.encoding",
		"name,kind,country,website\nM\xfc": "organisation.import.encoding",
		"name,kind,country,website\n" + strings.Repeat("x,company,DE,\n", 10_001): "organisation.import.long",
		"name,kind,country,website\n" + strings.Repeat("x", 2<<20):                "organisation.import.long",
	} {
		_, err := h.Import(t.Context(), account.Operator, strings.NewReader(text))
		if file, _ := errors.AsType[organisation.BadFile](err); string(file) != want {
			t.Errorf("%.30q gave %v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"name,kind,country,website\na,company\n":                                               "Row 2: This row does not have four columns.",
		"name,kind,country,website\nClub \"Lind\",company,DE,\n\"x\"y,company,DE,\n":           "Row 3: The quotation marks do not fit together.",
		"name,kind,country,website\n\"x,company,DE,\nGood,company,DE,\n\"Good\",company,DE,\n": "Rows 2 to 4: The quotation marks do not fit together.",
		"name;kind;country;website\nGood;company;DE;\nGood too;company;Denmark;":               "Row 3, Country: Please choose a country from the list.",
	} {
		_, err := h.Import(t.Context(), account.Operator, strings.NewReader(text))
		bad, _ := errors.AsType[organisation.BadRows](err)
		if len(bad) != 1 || bad[0].Tell(h.Catalogue.Speak("en")) != want {
			t.Errorf("%.60q gave %v, want %s", text, err, want)
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add(table)
	f.Add("---\nkind: petition\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, bad, err := organisation.ReadRows(strings.NewReader(text))
		for _, r := range rows {
			if wrong := r.Check(); len(wrong) > 0 || r.Line < 2 || err != nil {
				t.Errorf("took row %d of %q: %v, %v", r.Line, text, wrong, err)
			}
		}
		for _, r := range bad {
			if r.Fault == "" || r.Line < 2 {
				t.Errorf("refused row %d of %q without a reason", r.Line, text)
			}
		}
	})
}

func TestPages(t *testing.T) {
	h := open(t, t.TempDir()+"/chorus.db")
	karen, ada, jonas := h.steward("karen@post.example"), h.person("ada@post.example"), h.person("jonas@post.example")
	id := h.enter(ada, friends)
	h.must(h.AskToJoin(t.Context(), jonas, id))
	h.must(h.Invite(t.Context(), ada, id, "zofia@post.example", organisation.Editor))
	for n := range 60 {
		h.enter(ada, organisation.Input{Name: fmt.Sprintf("Club %d", n), Kind: "community group", Country: "SE"})
	}
	page := organisation.Path(id)
	for who, cookie := range map[string]string{"": "", "steward": h.as(karen), "owner": h.as(ada), "asks": h.as(jonas)} {
		pages := []string{"/organisations", "/organisations?q=club&kind=community+group&country=SE&page=2", page}
		if who != "" {
			pages = append(pages, "/organisations/new", page+"/verify", page+"/verify?sent")
		}
		if who == "steward" {
			pages = append(pages, "/organisations/import")
		}
		if who == "steward" || who == "owner" {
			pages = append(pages, page+"/members", page+"/edit")
		}
		for _, p := range pages {
			for _, prefix := range []string{"/en", "/ar"} {
				if status, body := h.get(cookie, prefix+p); status != http.StatusOK || key.MatchString(body) {
					t.Errorf("%s sees %s%s as %d: %s", who, prefix, p, status, body)
				}
			}
		}
	}
	for p, want := range map[string]int{page + "/members": 403, page + "/edit": 403, "/organisations/import": 403, "/organisations/" + string(chorus.NewID()): 404} {
		if status, _ := h.get(h.as(jonas), p); status != want {
			t.Errorf("%s gave %d, want %d", p, status, want)
		}
	}
	if status, body := h.post(h.as(ada), "/organisations", "name=%3D1&kind=company&country=DE"); status != 422 || !strings.Contains(body, `value="=1"`) || !strings.Contains(body, `value="company" checked`) {
		t.Errorf("a faulty form gave %d: %s", status, body)
	}
	if status, to := h.post(h.as(ada), "/organisations", "name=Lind+Harbour&kind=company&country=DE"); status != 303 || !strings.HasPrefix(to, "/organisations/") {
		t.Errorf("a good form gave %d: %s", status, to)
	}
	if status, body := h.post(h.as(ada), page+"/verify/ask", "address=ada@gmail.com"); status != 422 || !strings.Contains(body, "proves nothing") {
		t.Errorf("a free-mail address gave %d: %s", status, body)
	}
	for text, want := range map[string][]string{
		"file\n" + table:     {"422", "Row 6, Name", "Some rows have faults"},
		"skip\n" + table:     {"200", "2 organisations were entered", "2 rows were left out", "2 were here already"},
		"file\n---\nkind: x": {"422", "such as a declaration"},
	} {
		field, file, _ := strings.Cut(text, "\n")
		status, body := h.upload(h.as(karen), "/organisations/import", field == "skip", file)
		for _, w := range want[1:] {
			if fmt.Sprint(status) != want[0] || !strings.Contains(body, w) {
				t.Errorf("importing %.20q gave %d without %q: %s", file, status, w, body)
			}
		}
	}
}

var key = regexp.MustCompile(`organisation\.[a-z]`)

// upload sends a file as a browser does.
func (h *house) upload(cookie, path string, skip bool, file string) (int, string) {
	body := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.csv\"\r\n\r\n" + file + "\r\n"
	if skip {
		body += "--b\r\nContent-Disposition: form-data; name=\"skip\"\r\n\r\nyes\r\n"
	}
	return h.visit(cookie, "POST", path, "multipart/form-data; boundary=b", body+"--b--\r\n")
}

// What is erased is erased, and the tables made anew are the same.
func TestRebuild(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		h, ctx := open(t, source), t.Context()
		karen := h.steward("karen@post.example")
		first, second := h.enter(karen, friends), h.enter(karen, friends)
		changed := friends
		changed.Name = "Enemies of the Lind"
		h.must(h.Change(ctx, karen, first, changed))
		h.must(h.VerifyBySteward(ctx, karen, first))
		h.must(h.VerifyBySteward(ctx, karen, second))
		h.must(h.Unverify(ctx, karen, second, "This was a mistake."))
		for _, place := range []int64{1, 2, 5} { // the name of the second, the new name of the first, the explanation
			raws, err := h.Record.Entries(ctx, place, 1)
			h.must(err)
			subject := map[int64]chorus.ID{1: second, 2: first, 5: second}[place]
			h.must(h.Record.Write(ctx, func(d *recorder.Deed) error {
				_, err := d.Publish(ctx, &fact.Redacted{Subject: subject, Entry: fact.Hash(record.LeafHash(raws[0].Leaf)), Parts: []int64{0},
					Reason: fact.Moderation, Core: fact.Show(fact.Explanation{Text: "An insult."})})
				return err
			}))
		}
		for id, verified := range map[chorus.ID]bool{first: true, second: false} {
			if o := h.organisation(id); o.Name != "" || o.Website != "" || o.Why != "" || o.Verified != verified {
				t.Errorf("erased as %+v", o)
			}
		}
		if status, body := h.get("", organisation.Path(first)); status != http.StatusOK || !strings.Contains(body, "whose name was erased") {
			t.Errorf("the page of an erased name gave %d: %s", status, body)
		}
		before := h.rows()
		if _, err := h.Record.Rebuild(ctx, func(int64) {}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, h.rows()); diff != "" {
			t.Error(diff)
		}
	})
}

var (
	allRows = db.SQL(`SELECT id, name, folded, kind, country, website, shown, verified, how, domain, why, judged, day, entered, entry FROM organisation ORDER BY entry`)
	cards   = db.SQL(`SELECT ref, sort, title, path, state, entry FROM card ORDER BY entry`)
)

// rows is all that the public tables hold.
func (h *house) rows() (rows []string) {
	h.read(func(tx *db.Tx) error {
		all, err := db.All(h.t.Context(), tx, allRows, func(r db.Row) (string, error) {
			c := make([]any, 15)
			into := make([]any, len(c))
			for i := range c {
				into[i] = &c[i]
			}
			return fmt.Sprintf("%v", c), r.Scan(into...)
		})
		if err != nil {
			return err
		}
		more, err := db.All(h.t.Context(), tx, cards, func(r db.Row) (s string, err error) {
			var c [6]string
			err = r.Scan(&c[0], &c[1], &c[2], &c[3], &c[4], &c[5])
			return fmt.Sprint(c), err
		})
		rows = append(all, more...)
		return err
	})
	return rows
}
