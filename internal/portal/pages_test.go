// SPDX-License-Identifier: AGPL-3.0-or-later

package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/initiative"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

func english(s string) chorus.Text { return chorus.Text{Lang: "en", Text: s} }

// publish puts facts into the record.
func (in *instance) publish(facts ...fact.Fact) {
	in.t.Helper()
	in.must(in.record.Write(in.t.Context(), func(d *recorder.Deed) error {
		for _, f := range facts {
			if _, err := d.Publish(in.t.Context(), f); err != nil {
				return err
			}
		}
		return nil
	}))
}

func letter(title string, people int64, opens, closes time.Time) *fact.DeclarationPublished {
	return &fact.DeclarationPublished{Declaration: chorus.NewID(), Core: fact.Show(fact.DeclarationCore{Kind: fact.OpenLetter,
		Slug: strings.ToLower(title), Title: english(title), Goal: people, Opens: opens, Closes: closes})}
}

func TestHome(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		in.firstStart()
		friends := chorus.NewID()
		in.publish(&fact.OrganisationEntered{Organisation: friends, Core: fact.Show(fact.OrganisationCore{Name: "Friends of the Lind", Kind: fact.CivilSociety, Country: "DK"})})
		now := in.db.Now()
		before, after := now.AddDate(0, -2, 0), now.AddDate(0, 2, 0)
		large := letter("River", 12408, before, after)
		large.Core.Value.Organisers = []chorus.ID{friends}
		in.publish(large, letter("Trams", 843, before, time.Time{}), letter("Bridge", 96, before, now.AddDate(0, 0, -1)),
			letter("Shade", 7, before, after), letter("Soon", 0, after, time.Time{}))
		status, body := in.visitor().get("/")
		in.status(status, 200, body)
		in.wants(body, "The town&#39;s own place to ask.", "12,408", "people and 3 organisations have signed", "From Friends of the Lind",
			"Opens on ", "Closed on ", "Closed, and waiting for an answer")
		in.wantsNot(body, "More here.")
		var order []int
		for _, title := range []string{">River<", ">Soon<", ">Trams<", ">Shade<", ">Bridge<"} { // most signed, newest, most signed, newest; closed
			order = append(order, strings.Index(body, title))
		}
		if !slices.IsSorted(order) || order[0] < 0 {
			t.Errorf("causes stand at %v, want them in order", order)
		}
		status, body = in.visitor().get("/ar/")
		in.status(status, 200, body)
		in.wants(body, `dir="rtl"`, "جوقة ليندهولم", "ما يُطلب الآن", "رسالة مفتوحة")
		status, body = in.visitor().get("/causes")
		in.status(status, 200, body)
		in.wants(body, "5 texts, newest first.", "River", "Bridge")
	})
}

func TestInitiatives(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		b := in.firstStart()
		friends := chorus.NewID()
		in.publish(&fact.OrganisationEntered{Organisation: friends, Core: fact.Show(fact.OrganisationCore{Name: "Friends of the Lind", Kind: fact.CivilSociety, Country: "DK"})})
		status, body := b.get("/initiatives/new")
		in.status(status, 200, body)
		in.wants(body, "Friends of the Lind")
		status, body = b.post("/initiatives", "title", "A river for everyone", "organiser", string(friends))
		in.status(status, 422, body)
		in.wants(body, "A river for everyone", `id="summary-fault"`)
		status, body = b.post("/initiatives", "title", "A river for everyone", "title_ar", "نهر للجميع", "summary", "Open banks.", "organiser", string(friends))
		in.status(status, 200, body)
		in.wants(body, "A river for everyone", "Friends of the Lind", "Nothing is asked here yet")

		bob := in.person("bob@lindholm.example")
		_, err := in.initiatives.Open(t.Context(), bob, initiative.Input{Title: english("X"), Summary: english("Y"), Organisers: []chorus.ID{friends}})
		if err != chorus.ErrForbidden {
			t.Errorf("Open by somebody else's editor: %v, want ErrForbidden", err)
		}
		var first initiative.Initiative
		in.must(in.db.Read(t.Context(), func(tx *db.Tx) error {
			all, err := initiative.Newest(t.Context(), tx, 1)
			if err == nil {
				first = all[0]
			}
			return err
		}))
		part := letter("River", 12, in.db.Now().Add(-time.Hour), time.Time{})
		part.Core.Value.Initiative = first.ID
		in.publish(part)
		status, body = in.visitor().get("/ar/initiatives/" + string(first.ID))
		in.status(status, 200, body)
		in.wants(body, "نهر للجميع", ">River<")

		in.erase("initiative")
		status, body = in.visitor().get("/en/initiatives/" + string(first.ID))
		in.status(status, 200, body)
		in.wants(body, "Erased initiative", ">River<")
		in.wantsNot(body, "A river for everyone", "Friends of the Lind")
	})
}

func (in *instance) person(email string) (id chorus.ID) {
	in.t.Helper()
	in.must(in.db.Write(in.t.Context(), func(tx *db.Tx) error {
		p, err := in.accounts.Ensure(in.t.Context(), tx, email, "en")
		id = p.ID
		return err
	}))
	return id
}

var hashOfKind = db.SQL(`SELECT hash, leaf FROM record_entry ORDER BY idx`)

// erase redacts the first part of the newest entry of a kind.
func (in *instance) erase(kind string) {
	in.t.Helper()
	in.must(in.record.Write(in.t.Context(), func(d *recorder.Deed) error {
		var hash, leaf []byte
		err := db.Each(in.t.Context(), d.Tx, hashOfKind, func(r db.Row) error {
			var h, l []byte
			err := r.Scan(&h, &l)
			if strings.Contains(string(l), `"`+kind+`"`) {
				hash, leaf = h, l
			}
			return err
		})
		if err != nil || leaf == nil {
			return err
		}
		_, err = d.Publish(in.t.Context(), &fact.Redacted{Subject: chorus.NewID(), Entry: fact.Hash(hash), Parts: []int64{0}, Reason: fact.Moderation})
		return err
	}))
}

func TestStewards(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		b := in.firstStart()
		friends := chorus.NewID()
		in.publish(&fact.OrganisationEntered{Organisation: friends, Core: fact.Show(fact.OrganisationCore{Name: "Friends of the Lind", Kind: fact.CivilSociety, Country: "DK"})})
		status, body := b.get("/steward")
		in.status(status, 200, body)
		in.wants(body, "Friends of the Lind", "Entries in the record")
		status, body = b.post("/steward/organisations/" + string(friends))
		in.status(status, 200, body)
		in.wants(body, "No organisation waits to be checked.")
		in.must(in.db.Read(t.Context(), func(tx *db.Tx) error {
			o, err := organisation.ByID(t.Context(), tx, friends)
			if !o.Verified || o.How != fact.BySteward {
				t.Errorf("after Verify the organisation is %+v", o)
			}
			return err
		}))

		me := in.person(ada)
		status, body = b.post("/steward/people/" + string(me) + "/remove")
		in.status(status, 422, body)
		in.wants(body, "The last steward cannot be removed")
		status, body = b.post("/steward/people", "email", "bob at home")
		in.status(status, 422, body)
		status, body = b.post("/steward/people", "email", "bob@lindholm.example")
		in.status(status, 200, body)
		in.wants(body, "bob@lindholm.example")
		if _, err := in.jobs.RunDue(t.Context()); err != nil || len(in.inbox.For("bob@lindholm.example")) != 1 {
			t.Errorf("the new steward got %d mails, %v", len(in.inbox.For("bob@lindholm.example")), err)
		}
		status, body = b.post("/steward/people/" + string(in.person("bob@lindholm.example")) + "/remove")
		in.status(status, 200, body)
		in.wantsNot(body, "bob@lindholm.example")

		status, body = b.post("/steward/site", "name", "Lindholm asks", "about", "Ours.", "contact", "desk@lindholm.example")
		in.status(status, 200, body)
		in.wants(body, "Lindholm asks")
		status, body = b.post("/steward/mail")
		in.status(status, 200, body)

		stranger := in.visitor()
		for _, path := range []string{"/steward/site", "/steward/people", "/steward/mail", "/steward/organisations/" + string(friends)} {
			if status, body := stranger.post(path); status != 403 {
				t.Errorf("a stranger posts to %s: %d\n%s", path, status, body)
			}
		}
		err := in.portal.Describe(t.Context(), in.person("eve@lindholm.example"), fact.SiteCore{Name: english("X"), About: english("Y"), Contact: "Z"})
		if err != chorus.ErrForbidden {
			t.Errorf("Describe by a stranger: %v, want ErrForbidden", err)
		}

		in.erase("site")
		in.must(in.portal.Describe(t.Context(), account.Operator, fact.SiteCore{Name: english("Last"), About: english("Y"), Contact: "Z"}))
		in.erase("site")
		time.Sleep(1100 * time.Millisecond) // a node keeps the description for a second
		status, body = stranger.get("/about")
		in.status(status, 200, body)
		in.wants(body, "Chorus of Lindholm")
		in.wantsNot(body, "Lindholm asks", "Last")
	})
}

// TestPrivacy fails when a table keeps something that the page does not explain.
func TestPrivacy(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		in.firstStart()
		for _, page := range []string{"/en/privacy", "/ar/privacy"} {
			status, body := in.visitor().get(page)
			in.status(status, 200, body)
			in.wants(body, "private_session", "private_person", "record_entry", "private_signer")
			in.wantsNot(body, "Not explained yet", "لم يُشرح بعد")
		}
	})
}

// TestRebuild makes the public tables anew and finds the same pages.
func TestRebuild(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		b := in.firstStart()
		friends := chorus.NewID()
		in.publish(&fact.OrganisationEntered{Organisation: friends, Core: fact.Show(fact.OrganisationCore{Name: "Friends of the Lind", Kind: fact.CivilSociety, Country: "DK"})})
		for _, title := range []string{"One", "Two"} {
			b.post("/initiatives", "title", title, "summary", "Open banks.", "organiser", string(friends))
		}
		in.must(in.portal.Describe(t.Context(), account.Operator, fact.SiteCore{Name: english("Last"), About: english("Y"), Contact: "Z"}))
		in.erase("initiative")
		in.erase("site")
		want := in.state()
		_, err := in.record.Rebuild(t.Context(), func(int64) {})
		in.must(err)
		if got := in.state(); got != want {
			t.Errorf("after a rebuild:\n%s\nwant:\n%s", got, want)
		}
	})
}

var (
	siteRows       = db.SQL(`SELECT core FROM site ORDER BY entry`)
	initiativeRows = db.SQL(`SELECT id || title || summary || organisers FROM initiative ORDER BY entry`)
	cardRows       = db.SQL(`SELECT ref || title || summary || path || state FROM card ORDER BY ref`)
	linkRows       = db.SQL(`SELECT source || relation || target FROM link ORDER BY source, relation, target`)
)

// state is all that stands in the public tables of this floor.
func (in *instance) state() string {
	var b strings.Builder
	in.must(in.db.Read(in.t.Context(), func(tx *db.Tx) error {
		for _, q := range []*db.Query{siteRows, initiativeRows, cardRows, linkRows} {
			rows, err := db.All(in.t.Context(), tx, q, func(r db.Row) (s string, err error) { return s, r.Scan(&s) })
			if err != nil {
				return err
			}
			b.WriteString(strings.Join(rows, "\n") + "\n\n")
		}
		return nil
	}))
	return b.String()
}
