// SPDX-License-Identifier: AGPL-3.0-or-later

package desk_test

import (
	"path/filepath"
	"strings"
	"testing"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/document"
)

// An organiser writes and publishes on a phone, with and without scripts. No
// page on the way has a fault that axe finds.
func TestBrowserOrganiserPublishes(t *testing.T) {
	for name, screen := range map[string]chorustest.Screen{
		"scripts":    {Width: 360, Height: 740},
		"no scripts": {Width: 360, Height: 740, NoScript: true, Dark: true},
	} {
		t.Run(name, func(t *testing.T) {
			in := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
			in.Trams(document.Draft{})
			v := chorustest.Browser(t, screen)
			enter(t, in, v, "ola@riders.example")
			look := func(words string) {
				t.Helper()
				v.See(words)
				for _, fault := range v.Axe() {
					t.Error(v.URL(), fault)
				}
				if wide := v.Overflow(); wide != "" {
					t.Error(v.URL(), "is wider than the screen:", wide)
				}
			}
			v.Open(in.URL + "/desk")
			look("More trams at night")
			v.Follow("Write a declaration")
			look("It will be from Tram Riders")
			v.Check("Petition")
			v.Press("Begin")
			v.Fill("Title", "Night buses")
			v.Fill("Text", "We wait.")
			v.Near("Duty-bearer 1").Fill("Name", "City of Lindholm")
			v.Near("Recommendation 1").Fill("What you ask", "Run them.")
			v.Press("Add a recommendation")
			look("Recommendation 2")
			v.Near("Recommendation 2").Fill("What you ask", "Heat them.")
			v.Press("Publish")
			look("Publish this?")
			v.Press("Publish")
			v.See("Night buses")
			v.See("Heat them.")
			if !strings.HasSuffix(v.URL(), "/declarations/night-buses") {
				t.Errorf("published at %s", v.URL())
			}
		})
	}
}

// enter signs a visitor in by the code from the mail.
func enter(t *testing.T, in *chorustest.Instance, v *chorustest.Visitor, address string) {
	t.Helper()
	v.Open(in.URL + "/sign-in")
	v.Fill("Your e-mail address", address)
	v.Press("Send me a code")
	letter, _ := in.MailTo(address)
	v.Fill("The code from the mail", codeIn(t, letter.Text))
	v.Press("Sign in")
}
