// SPDX-License-Identifier: AGPL-3.0-or-later

package portal_test

import (
	"cmp"
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
	in.must(in.Record.Write(in.t.Context(), func(d *recorder.Deed) error {
		for _, f := range facts {
			if _, err := d.Publish(in.t.Context(), f); err != nil {
				return err
			}
		}
		return nil
	}))
}

// letter publishes a declaration that so many people sign.
func (in *instance) letter(core fact.DeclarationCore, people int) {
	in.t.Helper()
	id := chorus.NewID()
	core.Kind = cmp.Or(core.Kind, fact.OpenLetter)
	core.Slug = strings.ReplaceAll(strings.ToLower(core.Title.Text), " ", "-")
	core.Signers = []fact.SignerClass{fact.People, fact.Organisations}
	in.publish(&fact.DeclarationPublished{Declaration: id, Core: fact.Show(core)})
	var facts []fact.Fact
	for range people {
		facts = append(facts, &fact.SignatureAdded{Declaration: id, Core: fact.Show(fact.SignatureCore{Country: "DK"}), Identity: fact.Withhold(fact.Identity{Name: "Ada"})})
	}
	in.publish(facts...)
}

// friends enters an organisation.
func (in *instance) friends() (id chorus.ID) {
	in.t.Helper()
	id = chorus.NewID()
	in.publish(&fact.OrganisationEntered{Organisation: id, Core: fact.Show(fact.OrganisationCore{Name: "Friends of the Lind", Kind: fact.CivilSociety, Country: "DK"})})
	return id
}

func TestHome(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		in.firstStart()
		friends := in.friends()
		now := in.DB.Now()
		before, after := now.AddDate(0, -2, 0), now.AddDate(0, 2, 0)
		in.letter(fact.DeclarationCore{Title: english("River"), Opens: before, Closes: after, Organisers: []chorus.ID{friends}}, 12)
		in.letter(fact.DeclarationCore{Title: english("Trams"), Opens: before}, 8)
		in.letter(fact.DeclarationCore{Title: english("Bridge"), Opens: before, Closes: now.AddDate(0, 0, -1)}, 3)
		in.letter(fact.DeclarationCore{Title: english("Shade"), Opens: before, Closes: after}, 1)
		in.letter(fact.DeclarationCore{Title: english("Soon"), Opens: after}, 0)
		status, body := in.visitor().get("/")
		in.status(status, 200, body)
		in.wants(body, "The town&#39;s own place to ask.", ">12<", "people have signed", "person has signed", "From Friends of the Lind",
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
		friends := in.friends()
		status, body := b.get("/initiatives/new")
		in.status(status, 200, body)
		in.wants(body, "Friends of the Lind")
		status, body = b.post("/initiatives", "title", "A river for everyone", "organiser", string(friends))
		in.status(status, 422, body)
		in.wants(body, "A river for everyone", `id="summary-fault"`)
		status, body = b.post("/initiatives", "title", "A river for everyone", "title_ar", "نهر للجميع", "summary", "Open banks.", "organiser", string(friends))
		in.status(status, 200, body)
		in.wants(body, "A river for everyone", "Friends of the Lind", "Nothing is asked here yet")

		bob := in.Person("bob@lindholm.example")
		_, err := in.Initiatives.Open(t.Context(), bob, initiative.Input{Title: english("X"), Summary: english("Y"), Organisers: []chorus.ID{friends}})
		if err != chorus.ErrForbidden {
			t.Errorf("Open by somebody else's editor: %v, want ErrForbidden", err)
		}
		var first initiative.Initiative
		in.must(in.DB.Read(t.Context(), func(tx *db.Tx) error {
			all, err := initiative.Newest(t.Context(), tx, 1)
			if err == nil {
				first = all[0]
			}
			return err
		}))
		in.letter(fact.DeclarationCore{Title: english("River"), Opens: in.DB.Now().Add(-time.Hour), Initiative: first.ID}, 2)
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

var hashOfKind = db.SQL(`SELECT hash, leaf FROM record_entry ORDER BY idx`)

// erase redacts the first part of the newest entry of a kind.
func (in *instance) erase(kind string) {
	in.t.Helper()
	in.must(in.Record.Write(in.t.Context(), func(d *recorder.Deed) error {
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
		friends := in.friends()
		status, body := b.get("/steward")
		in.status(status, 200, body)
		in.wants(body, "Friends of the Lind", "Entries in the record")
		status, body = b.post("/steward/organisations/" + string(friends))
		in.status(status, 200, body)
		in.wants(body, "No organisation waits to be checked.")
		in.must(in.DB.Read(t.Context(), func(tx *db.Tx) error {
			o, err := organisation.ByID(t.Context(), tx, friends)
			if !o.Verified || o.How != fact.BySteward {
				t.Errorf("after Verify the organisation is %+v", o)
			}
			return err
		}))

		me := in.Person(ada)
		status, body = b.post("/steward/people/" + string(me) + "/remove")
		in.status(status, 422, body)
		in.wants(body, "The last steward cannot be removed")
		status, body = b.post("/steward/people", "email", "bob at home")
		in.status(status, 422, body)
		status, body = b.post("/steward/people", "email", "bob@lindholm.example")
		in.status(status, 200, body)
		in.wants(body, "bob@lindholm.example")
		if _, ok := in.MailTo("bob@lindholm.example"); !ok {
			t.Error("the new steward was not told")
		}
		status, body = b.post("/steward/people/" + string(in.Person("bob@lindholm.example")) + "/remove")
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
		err := in.Portal.Describe(t.Context(), in.Person("eve@lindholm.example"), fact.SiteCore{Name: english("X"), About: english("Y"), Contact: "Z"})
		if err != chorus.ErrForbidden {
			t.Errorf("Describe by a stranger: %v, want ErrForbidden", err)
		}

		in.erase("site")
		in.must(in.Portal.Describe(t.Context(), account.Operator, fact.SiteCore{Name: english("Last"), About: english("Y"), Contact: "Z"}))
		in.erase("site")
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

// TestMirror compares the public tables with those of a mirror and of a rebuild.
func TestMirror(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		b := in.firstStart()
		friends := in.friends()
		for _, title := range []string{"One", "Two"} {
			b.post("/initiatives", "title", title, "summary", "Open banks.", "organiser", string(friends))
		}
		in.must(in.Portal.Describe(t.Context(), account.Operator, fact.SiteCore{Name: english("Last"), About: english("Y"), Contact: "Z"}))
		in.CheckMirror()
		in.erase("initiative")
		in.erase("site")
		in.CheckMirror()
	})
}
