// SPDX-License-Identifier: AGPL-3.0-or-later

package portal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/lang"
)

// budget is what the first view of a page may cost over the wire, in bytes.
const budget = 30 << 10

// look opens a page and complains of what nobody should have to bear. With
// CHORUS_SHOTS set to a folder, pictures go there.
func (in *instance) look(b *chorustest.Visitor, path, name string) {
	in.t.Helper()
	in.Wait(2 * time.Second) // pages for readers may be a second old
	b.Open(in.URL + path)
	judge(in.t, b, name)
}

func judge(t *testing.T, b *chorustest.Visitor, name string) {
	t.Helper()
	if n := b.Bytes(); n > budget {
		t.Errorf("%s: %d bytes, at most %d", name, n, budget)
	}
	if out := b.Overflow(); out != "" {
		t.Errorf("%s: sticks out at the side: %s", name, out)
	}
	if c := b.Complaints(); len(c) > 0 {
		t.Errorf("%s: %v", name, c)
	}
	for _, v := range b.Axe() {
		t.Errorf("%s: %v", name, v)
	}
	if folder := os.Getenv("CHORUS_SHOTS"); folder != "" {
		b.Shot(filepath.Join(folder, name+".png"))
	}
}

var screens = map[string]chorustest.Screen{
	"phone":       {Width: 360, Height: 740, NoScript: true},
	"desk":        {},
	"phone-night": {Width: 360, Height: 740, Dark: true, Language: "ar"},
}

// fill puts a small town on the site.
func (in *instance) fill() (initiative string) {
	friends, city, reach := in.friends(), chorus.NewID(), chorus.NewID()
	now := in.DB.Now()
	before, after := now.AddDate(0, -2, 0), now.AddDate(0, 2, 0)
	in.publish(&fact.OrganisationEntered{Organisation: city, Core: fact.Show(fact.OrganisationCore{Name: "City of Lindholm", Kind: fact.PublicBody, Country: "DK"})},
		&fact.OrganisationEntered{Organisation: chorus.NewID(), Core: fact.Show(fact.OrganisationCore{Name: "جمعية النهر", Kind: fact.CommunityGroup, Country: "LB"})},
		&fact.InitiativeOpened{Initiative: reach, Core: fact.Show(fact.InitiativeCore{
			Title:      chorus.Text{Lang: "en", Text: "A river for everyone", Translations: map[string]string{"ar": "نهر للجميع"}},
			Summary:    chorus.Text{Lang: "en", Text: "The Lind runs through the middle of our town. We want its paths, its water and its banks to stay open to all who live here."},
			Organisers: []chorus.ID{friends}})})
	kinds := fact.DeclarationKinds
	for i, title := range []string{"Keep the river path open to everyone", "Night trams until two", "We mend before we buy",
		"A town that reads: twelve steps for our libraries and the people who keep them open", "Shade for the market", "Letters in plain language"} {
		core := fact.DeclarationCore{Kind: kinds[i%len(kinds)], Title: english(title), Opens: before, Closes: after, Organisers: []chorus.ID{friends},
			Recommendations: []fact.Recommendation{{ID: chorus.NewID(), Number: 1, Text: english("Open it."), To: []chorus.ID{city}}}}
		if i > 3 {
			core.Closes = now.AddDate(0, 0, -i)
		}
		if i%2 == 0 {
			core.Initiative = reach
		}
		in.letter(core, 1200/(i*i*i+1))
	}
	return string(reach)
}

func TestLook(t *testing.T) {
	for name, screen := range screens {
		t.Run(name, func(t *testing.T) {
			in := open(t, filepath.Join(t.TempDir(), "chorus.db"))
			b := chorustest.Browser(t, screen)
			in.look(b, "/", name+"-empty")
			in.browserStart(t, b, name)
			reach := in.fill()
			for page, path := range map[string]string{"home": "/", "causes": "/causes", "about": "/about", "privacy": "/privacy",
				"initiative": "/initiatives/" + reach, "new": "/initiatives/new", "steward": "/steward", "waiting": "/steward/organisations",
				"site": "/steward/site", "people": "/steward/people"} {
				in.look(b, path, name+"-"+page)
			}
		})
	}
}

// browserStart opens the site as its first steward does.
func (in *instance) browserStart(t *testing.T, b *chorustest.Visitor, name string) {
	t.Helper()
	link, err := in.Portal.SetupLink(t.Context())
	in.must(err)
	tag := "en"
	if strings.Contains(name, "night") {
		tag = "ar"
	}
	say := in.Site.Catalogue.Speak(lang.Tag(tag))
	in.look(b, link, name+"-setup")
	b.Fill(say.T("portal.site.name"), map[string]string{"en": "Chorus of Lindholm", "ar": "جوقة ليندهولم"}[tag])
	b.Fill(say.T("portal.site.about"), map[string]string{
		"en": "Friends of the Lind run this site for everybody who lives in Lindholm. Anyone may ask here, and whoever is asked is expected to answer.",
		"ar": "يدير أصدقاء الليند هذا الموقع لكل من يعيش في ليندهولم. لكل إنسان أن يطلب هنا."}[tag])
	b.Fill(say.T("portal.site.contact"), "desk@lindholm.example")
	b.Fill(say.T("portal.setup.email"), ada)
	b.Press(say.T("portal.setup.next"))
	b.See(say.T("portal.setup.code_title"))
	judge(t, b, name+"-code")
	b.Fill(say.T("portal.setup.code"), in.code(ada))
	b.Press(say.T("portal.setup.open"))
	b.See(say.T("portal.desk.title"))
}
