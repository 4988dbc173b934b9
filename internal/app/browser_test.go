// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/lang"
)

// A scene is a visitor to a furnished instance, who reads one language.
type scene struct {
	*chorustest.Visitor
	*house
	in  *chorustest.Instance
	t   *testing.T
	say *lang.Speaker
}

func raise(t *testing.T, screen chorustest.Screen) *scene {
	t.Helper()
	in := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
	h := furnish(t, in.App)
	return h.enter(t, in, screen)
}

// enter lets one more visitor in.
func (h *house) enter(t *testing.T, in *chorustest.Instance, screen chorustest.Screen) *scene {
	t.Helper()
	say := in.Site.Catalogue.Speak(in.Site.Catalogue.Match(screen.Language, ""))
	return &scene{Visitor: chorustest.Browser(t, screen), house: h, in: in, t: t, say: say}
}

// visit opens a page anew: pages for readers may be a second old.
func (s *scene) visit(path string) {
	s.t.Helper()
	s.in.Wait(2 * time.Second)
	s.Open(s.in.URL + path)
	s.fits()
}

// fits makes sure that nothing sticks out and the browser holds nothing
// against the page.
func (s *scene) fits() {
	s.t.Helper()
	if out := s.Overflow(); out != "" {
		s.t.Errorf("%s sticks out at the side: %s", s.URL(), out)
	}
	for _, c := range s.Complaints() {
		if !strings.HasPrefix(c, "Failed to load resource: the server responded with a status of 4") { // error pages are meant
			s.t.Errorf("%s: %s", s.URL(), c)
		}
	}
}

// number is the large number of the page.
func (s *scene) number() int {
	s.t.Helper()
	n, err := strconv.Atoi(plainDigits(s.Read(`[...document.querySelectorAll(".number")].at(-1).textContent`)))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// plainDigits turns the digits of Arabic into those of English, and leaves out
// what groups them.
func plainDigits(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r >= '٠' && r <= '٩':
			return r - '٠' + '0'
		}
		return -1
	}, text)
}

// signIn goes by the mailed code.
func (s *scene) signIn(address string) {
	s.t.Helper()
	s.Open(s.in.URL + "/sign-in")
	s.Fill(s.say.T("account.ask.email"), address)
	s.Press(s.say.T("account.ask.send"))
	s.Fill(s.say.T("account.code.code"), codeFor(s.t, s.in, address))
	s.Press(s.say.T("account.code.enter"))
}

// signLetter signs the open letter and stops where the code is asked for.
func (s *scene) signLetter(name, address string) {
	s.t.Helper()
	s.visit(s.open)
	s.fillSheet(name, address)
	s.See(s.say.T("declaration.signing.title"))
	s.fits()
}

func (s *scene) fillSheet(name, address string) {
	s.t.Helper()
	s.Fill(s.say.T("declaration.sign.name"), name)
	s.Fill(s.say.T("declaration.sign.email"), address)
	s.Choose(s.say.T("declaration.sign.country"), s.say.Country("DK"))
	s.Near(s.say.T("declaration.sign.privacy")).Press(s.say.T("declaration.sign.button"))
}

func (s *scene) confirm(code string) {
	s.t.Helper()
	s.Fill(s.say.T("declaration.signing.code"), code)
	s.Press(s.say.T("declaration.signing.button"))
	s.fits()
}

// TestSigning is a person who signs on a phone: by the code in the mail, after
// one slip, and sees the number rise.
func TestSigning(t *testing.T) {
	screens := map[string]chorustest.Screen{
		"phone":             {Width: 360, Height: 740},
		"without scripts":   {Width: 360, Height: 740, NoScript: true},
		"in Arabic":         {Width: 360, Height: 740, Language: "ar"},
		"in Arabic at home": {Language: "ar", Dark: true, NoScript: true},
	}
	for name, screen := range screens {
		t.Run(name, func(t *testing.T) {
			s := raise(t, screen)
			s.visit(s.open)
			before := s.number()
			s.fillSheet("Greta Falk", "nowhere")
			if s.Status() == 200 { // the browser itself held the form back
				s.Fill(s.say.T("declaration.sign.email"), signer)
				s.Near(s.say.T("declaration.sign.privacy")).Press(s.say.T("declaration.sign.button"))
			}
			s.See(s.say.T("declaration.signing.title"))
			s.confirm("000000")
			s.See(s.say.T("form.code"))
			s.confirm(codeFor(t, s.in, signer))
			s.See(s.say.T("declaration.mine.thanks"))
			if mine := s.number(); mine <= before { // those who left have had a number too
				t.Errorf("the signer's number is %d, after %d signatures", mine, before)
			}
			s.visit(s.open)
			if after := s.number(); after != before+1 {
				t.Errorf("the page says %d after %d", after, before)
			}
			s.See("Greta Falk")
			if want := map[bool]string{true: "rtl", false: "ltr"}[screen.Language == "ar"]; s.direction() != want {
				t.Errorf("the page runs %s, want %s", s.direction(), want)
			}
		})
	}
}

func (s *scene) direction() string {
	s.t.Helper()
	return s.Read(`getComputedStyle(document.documentElement).direction`)
}

// TestOrganisationSigns is somebody who signs for their choir: they make an
// account by mail, give the choir a page, sign and wait; a steward looks at it
// and it counts.
func TestOrganisationSigns(t *testing.T) {
	s := raise(t, chorustest.Screen{Width: 360, Height: 740})
	s.visit(s.open)
	s.Follow("Sign for an organisation")
	s.Fill("Your e-mail address", "mia@lanterns.example")
	s.Press("Send me a code")
	s.Fill("The code from the mail", codeFor(t, s.in, "mia@lanterns.example"))
	s.Press("Sign in")
	s.See("Sign for an organisation") // where they wanted to go
	s.fits()
	s.Follow("Give it a page")
	s.Fill("Name", "Lantern Walk")
	s.Choose("Kind", "Community group")
	s.Choose("Country", "Denmark")
	s.Press("Enter")
	s.See("Lantern Walk")
	s.fits()
	s.visit(s.open + "/sign-organisation")
	s.Choose("Organisation", "Lantern Walk")
	s.Fill("Your role in it", "Chair")
	s.Fill("By what right you sign", "We all decided it at our meeting.")
	s.Near("By what right you sign").Press("Sign")
	s.See("Lantern Walk has signed.")
	s.See("not counted")
	s.fits()
	s.visit(s.open)
	s.Near("Lantern Walk").See("not checked yet")
	s.See("and 1 organisation")

	office := s.enter(t, s.in, chorustest.Screen{})
	office.signIn(steward)
	office.visit("/steward/organisations")
	office.Near("Lantern Walk").Press("Verify")
	office.fits()
	s.visit(s.open)
	s.See("and 2 organisations")
}

// TestOwnPage is a signer without scripts, on another device than the one they
// signed on: they open their page with the code, hide their name, take the
// signature back, sign again, and have it all erased.
func TestOwnPage(t *testing.T) {
	s := raise(t, chorustest.Screen{Width: 360, Height: 740})
	s.signLetter("Greta Falk", signer)
	code := codeFor(t, s.in, signer)
	s.confirm(code)
	link := linkIn(t, s.in, signer)
	s.visit(s.open)
	before := s.number()

	other := s.enter(t, s.in, chorustest.Screen{Width: 360, Height: 740, NoScript: true})
	other.visit(link)
	other.Fill("Code from the mail", code)
	other.Press("Open")
	other.See("What we hold about you")
	other.Press("Hide my name")
	other.See("Your name is not shown")
	other.fits()
	other.visit(s.open)
	if other.number() != before || other.Has("Greta Falk") {
		t.Errorf("after hiding, the page says %d (%d before); name shown: %t", other.number(), before, other.Has("Greta Falk"))
	}
	other.visit(link)
	other.Press("Show my name")
	other.See("Your name is shown")
	other.Follow("Take it back")
	other.Press("Take it back")
	other.See("It no longer counts")
	other.visit(s.open)
	if other.number() != before-1 || other.Has("Greta Falk") {
		t.Errorf("after withdrawing, the page says %d, want %d", other.number(), before-1)
	}

	s.signLetter("Greta Falk", signer)
	s.confirm(codeFor(t, s.in, signer))
	s.See("Thank you")
	other.visit(link)
	other.Follow("Erase for ever")
	other.Press("Erase for ever")
	other.See("Your words are erased")
	other.fits()
	other.visit(s.open)
	if other.number() != before || other.Has("Greta Falk") {
		t.Errorf("after erasing, the page says %d, want %d", other.number(), before)
	}
}

// linkIn is the path of a signer's own page in the newest mail to an address.
func linkIn(t *testing.T, in *chorustest.Instance, address string) string {
	t.Helper()
	letter, _ := in.MailTo(address)
	for line := range strings.Lines(letter.Text) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), in.URL); ok && strings.Contains(path, "/mine/") {
			return path
		}
	}
	t.Fatalf("no link to an own page in %q", letter.Text)
	return ""
}

// TestPublishing is an organiser at the desk, without scripts: they write a
// petition, save it half done, look at it and publish it.
func TestPublishing(t *testing.T) {
	s := raise(t, chorustest.Screen{Width: 360, Height: 740, NoScript: true})
	s.signIn(organiser)
	s.visit("/desk")
	s.Follow("Write a declaration")
	s.Choose("What it is", "Petition")
	s.Press("Begin")
	s.Fill("Title", "Lamps on the river path")
	s.Near("Preview").Press("Save")
	s.See("Before you can publish")
	s.fits()
	s.Fill("Text", "It is **dark** there.\n\nWe fall.")
	s.Choose("Who may sign", "People and organisations")
	s.Near("Duty-bearer 1").Fill("Name", "Lind Lights")
	s.Near("Duty-bearer 1").Choose("Kind", "Company")
	s.Near("Duty-bearer 1").Choose("Country", "Denmark")
	s.Near("Recommendation 1").Fill("What you ask", "Put up twenty lamps.")
	s.Press("Add a recommendation")
	s.Near("Recommendation 2").Fill("What you ask", "Mend them within a week.")
	s.fits()
	s.Press("Preview")
	s.See("This is how it will look")
	s.See("these get a page here: Lind Lights")
	s.fits()
	s.Follow("Publish")
	s.See("Publish this?")
	s.Press("Publish")
	s.See("Lamps on the river path")
	s.fits()
	reader := s.enter(t, s.in, chorustest.Screen{})
	reader.visit("/causes")
	reader.Follow("Lamps on the river path")
	reader.See("Mend them within a week.")
	reader.See("Lind Lights")
	reader.fits()
}
