// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
)

// TestShots draws every kind of page of the town, to be looked at, into the
// folder that CHORUS_SHOTS names.
func TestShots(t *testing.T) {
	folder := os.Getenv("CHORUS_SHOTS")
	if folder == "" {
		t.Skip("CHORUS_SHOTS names no folder for the pictures")
	}
	in := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
	settle(t, in, load(t, 1), time.Now())
	in.Wait(2 * time.Second) // pages for readers may be a second old
	town := album{Instance: in, folder: folder}
	town.find(t)
	for _, language := range []lang.Tag{"en", "ar"} {
		for _, width := range []int{360, 1280} {
			for scheme, dark := range map[string]bool{"light": false, "dark": true} {
				name := fmt.Sprintf("%s-%d-%s", language, width, scheme)
				t.Run(name, func(t *testing.T) {
					town.draw(t, filepath.Join(folder, name), language, chorustest.Screen{Width: width, Dark: dark, Language: string(language)})
				})
			}
		}
	}
}

// An album knows what there is to be drawn.
type album struct {
	*chorustest.Instance
	folder string

	reader, organiser, steward map[string]string // name of the picture: path
}

var (
	draftQuery     = db.SQL(`SELECT id FROM private_declaration WHERE state = 'draft' LIMIT 1`)
	invalidQuery   = db.SQL(`SELECT min(entry) FROM declaration_signature WHERE invalid <> ''`)
	initiativeRows = db.SQL(`SELECT id FROM initiative ORDER BY entry LIMIT 1`)
)

func (a *album) find(t *testing.T) {
	byTitle := slugsOf(t, a.Instance)
	path := func(title string) string {
		if byTitle[title] == nil {
			t.Fatalf("no declaration %q", title)
		}
		return byTitle[title].Path()
	}
	titles := map[string]string{}
	for _, d := range load(t, 1).Declarations {
		titles[d.Name] = d.Title
	}
	river := path(titles["river-path"])
	work := "/desk/declarations/" + string(byTitle[titles["river-path"]].ID)
	wardens := "/steward/declarations/" + string(byTitle[titles["crossing-wardens"]].ID) + "/signatures"
	var draft, initiative string
	var friends, waiting []organisation.Organisation
	var invalid int64
	err := a.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		draft, err = db.Value[string](t.Context(), tx, draftQuery)
		if err == nil {
			initiative, err = db.Value[string](t.Context(), tx, initiativeRows)
		}
		if err == nil {
			invalid, err = db.Value[int64](t.Context(), tx, invalidQuery)
		}
		if err == nil {
			friends, err = organisation.ByName(t.Context(), tx, "Friends of the Lind")
		}
		if err == nil {
			waiting, err = organisation.ByName(t.Context(), tx, "Fundacja Otwarta Kładka")
		}
		return err
	})
	if err != nil || len(friends) == 0 || len(waiting) == 0 {
		t.Fatal(err, friends, waiting)
	}
	a.reader = map[string]string{
		"home": "/", "causes": "/causes", "about": "/about", "privacy": "/privacy", "initiative": "/initiatives/" + initiative,
		"organisations": "/organisations", "organisation": organisation.Path(friends[0].ID), "organisation-waiting": organisation.Path(waiting[0].ID),
		"declaration": river, "declaration-arabic": path(titles["interpreter"]), "declaration-closed": path(titles["night-bus"]),
		"declaration-coming": path(titles["clean-water"]), "declaration-organisations": path(titles["digital-inclusion"]),
		"declaration-first-day": path(titles["market-shade"]), "names": river + "/names", "sign": river + "/sign",
		"sign-in": "/sign-in", "not-found": "/nowhere",
		"number": river + "/count", "record": "/record", "record-entries": "/record/entries", "verify": "/verify.html", "witness": "/witness",
		"entry": fmt.Sprintf("/r/%d", invalid), "entry-print": fmt.Sprintf("/r/%d/print", invalid),
	}
	a.organiser = map[string]string{
		"desk": "/desk", "desk-new": "/desk/declarations/new", "desk-import": "/desk/import",
		"desk-comments": work + "/comments", "desk-close": work + "/close", "sign-organisation": river + "/sign-organisation",
		"organisation-edit": organisation.Path(friends[0].ID) + "/edit", "organisation-members": organisation.Path(friends[0].ID) + "/members",
		"organisation-new": "/organisations/new", "initiative-new": "/initiatives/new", "account": "/account", "account-data": "/account/data",
		"account-close": "/account/close",
	}
	a.steward = map[string]string{
		"steward": "/steward", "steward-site": "/steward/site", "steward-people": "/steward/people", "steward-waiting": "/steward/organisations",
		"steward-declarations": "/steward/declarations", "steward-signatures": wardens, "steward-signature": fmt.Sprintf("/steward/signatures/%d", invalid),
		"organisations-import": "/organisations/import", "desk-editor": "/desk/declarations/" + draft,
		"desk-preview": "/desk/declarations/" + draft + "/preview", "desk-publish": "/desk/declarations/" + draft + "/publish",
	}
}

func (a *album) draw(t *testing.T, folder string, language lang.Tag, screen chorustest.Screen) {
	say := a.Site.Catalogue.Speak(language)
	v := chorustest.Browser(t, screen)
	a.all(t, v, folder, a.reader)
	a.drawSigning(t, v, folder, say)
	a.drawMine(v, folder, say)
	for email, pages := range map[string]map[string]string{"ada@friendsofthelind.example": a.organiser, "karen@friendsofthelind.example": a.steward} {
		v := chorustest.Browser(t, screen)
		a.signIn(t, v, say, email)
		a.all(t, v, folder, pages)
	}
}

func (a *album) all(t *testing.T, v *chorustest.Visitor, folder string, pages map[string]string) {
	for name, path := range pages {
		v.Open(a.URL + path)
		if status := v.Status(); status != 200 && name != "not-found" {
			t.Errorf("%s (%s): status %d", name, path, status)
		}
		if out := v.Overflow(); out != "" {
			t.Errorf("%s: sticks out at the side: %s", name, out)
		}
		v.Shot(filepath.Join(folder, name+".png"))
	}
}

var mailedCode = regexp.MustCompile(`\b\d{6}\b`)

func (a *album) signIn(t *testing.T, v *chorustest.Visitor, say *lang.Speaker, email string) {
	v.Open(a.URL + "/sign-in")
	v.Fill(say.T("account.ask.email"), email)
	v.Press(say.T("account.ask.send"))
	letter, ok := a.MailTo(email)
	if !ok {
		t.Fatalf("no mail to %s", email)
	}
	v.Fill(say.T("account.code.code"), mailedCode.FindString(letter.Subject))
	v.Press(say.T("account.code.enter"))
}

// drawSigning sends the form, wrong at first.
func (a *album) drawSigning(t *testing.T, v *chorustest.Visitor, folder string, say *lang.Speaker) {
	v.Open(a.URL + a.reader["sign"])
	v.Fill(say.T("declaration.sign.name"), "https://shop.example")
	v.Fill(say.T("declaration.sign.email"), "vera.winter@post.example")
	v.Choose(say.T("declaration.sign.country"), say.Country("DK"))
	v.Press(say.T("declaration.sign.button"))
	v.Shot(filepath.Join(folder, "sign-wrong.png"))
	v.Open(a.URL + a.reader["sign"])
	v.Fill(say.T("declaration.sign.name"), "Vera Winter")
	v.Fill(say.T("declaration.sign.email"), "vera.winter@post.example")
	v.Choose(say.T("declaration.sign.country"), say.Country("DK"))
	v.Press(say.T("declaration.sign.button"))
	v.Shot(filepath.Join(folder, "signing.png"))
	letter, ok := a.MailTo("vera.winter@post.example")
	if !ok {
		t.Fatal("no mail to somebody who signs")
	}
	v.Open(ownPage.FindString(letter.Text))
	v.Shot(filepath.Join(folder, "confirm.png"))
}

var ownPage = regexp.MustCompile(`https?://\S+/mine/\S+`)

// drawMine opens the own page of somebody who signed three days ago.
func (a *album) drawMine(v *chorustest.Visitor, folder string, say *lang.Speaker) {
	email := map[lang.Tag]string{"en": "zofia@post.example", "ar": "layla@barid.example"}[say.Tag()]
	letter, _ := a.MailTo(email)
	link := ownPage.FindString(letter.Text)
	v.Open(link)
	v.Shot(filepath.Join(folder, "mine-locked.png"))
	v.Fill(say.T("declaration.signing.code"), mailedCode.FindString(letter.Subject+" "+letter.Text))
	v.Press(say.T("declaration.mine.unlock"))
	v.Shot(filepath.Join(folder, "mine.png"))
	v.Open(link + "/withdraw")
	v.Shot(filepath.Join(folder, "mine-withdraw.png"))
	v.Open(link + "/erase")
	v.Shot(filepath.Join(folder, "mine-erase.png"))
	v.Open(link + "/decline")
	v.Shot(filepath.Join(folder, "mine-decline.png"))
	v.Open(link + "/receipt")
	v.Shot(filepath.Join(folder, "mine-receipt.png"))
}
