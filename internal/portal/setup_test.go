// SPDX-License-Identifier: AGPL-3.0-or-later

package portal_test

import (
	"testing"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/db"
)

const ada = "ada@lindholm.example"

// firstStart opens the site and returns the browser of its first steward.
func (in *instance) firstStart() *browser {
	in.t.Helper()
	link, err := in.Portal.SetupLink(in.t.Context())
	in.must(err)
	b := in.visitor()
	status, body := b.post(link, "name", "Chorus of Lindholm", "name_ar", "جوقة ليندهولم", "about", "The town's own place to ask.\n\nMore here.",
		"contact", "desk@lindholm.example", "email", ada)
	in.status(status, 200, body)
	in.wants(body, "Code from the mail")
	status, body = b.post(link+"/code", "code", in.code(ada))
	in.status(status, 200, body)
	in.wants(body, "Stewards&#39; desk", "Chorus of Lindholm")
	return b
}

func TestFirstStart(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		old, err := in.Portal.SetupLink(t.Context())
		in.must(err)
		link, err := in.Portal.SetupLink(t.Context())
		in.must(err)

		stranger := in.visitor()
		status, body := stranger.get(old)
		in.status(status, 410, body)
		in.wants(body, "This link has been used")

		status, body = stranger.get("/")
		in.status(status, 200, body)
		in.wants(body, "Nothing is being asked here yet", "Write the first one")

		b := in.visitor()
		for range 2 { // programs that follow links change nothing
			status, body = b.get(link)
			in.status(status, 200, body)
			in.wants(body, "Name of the site")
		}
		status, body = b.post(link, "name", "Chorus of Lindholm", "about", "", "contact", "desk@lindholm.example", "email", "nobody")
		in.status(status, 422, body)
		in.wants(body, "Chorus of Lindholm", `id="about-fault"`, `id="email-fault"`)

		status, body = b.post(link, "name", "Chorus of Lindholm", "name_ar", "جوقة ليندهولم", "about", "Ours.", "contact", "desk@lindholm.example", "email", ada)
		in.status(status, 200, body)
		code := in.code(ada)
		status, body = b.post(link+"/code", "code", "000000")
		if code != "000000" {
			in.status(status, 422, body)
		}
		status, body = stranger.post(link+"/code", "code", code) // the right code in another browser
		in.status(status, 422, body)
		status, body = b.post(link+"/code", "code", code)
		in.status(status, 200, body)
		in.wants(body, "Stewards&#39; desk")

		status, body = stranger.get(link)
		in.status(status, 410, body)
		in.wants(body, "This link has been used")
		status, body = stranger.post(link, "name", "Mine", "about", "Mine.", "contact", "x", "email", "eve@lindholm.example")
		in.status(status, 410, body)
		in.wants(body, "This link has been used")

		if again, err := in.Portal.SetupLink(t.Context()); err != nil || again != "" {
			t.Errorf("SetupLink = %q, %v; want none, for there is a steward", again, err)
		}
		status, body = stranger.get("/ar/about")
		in.status(status, 200, body)
		in.wants(body, "جوقة ليندهولم", "desk@lindholm.example")
		status, body = stranger.get("/steward") // leads to signing in
		in.status(status, 200, body)
		in.wantsNot(body, "Organisations to check")
		status, body = stranger.get("/setup") // without the cookie of the browser that began
		in.status(status, 200, body)
		in.wants(body, "Open the link again")
	})
}

// TestFirstStartByLink follows the link in the mail, in the same browser.
func TestFirstStartByLink(t *testing.T) {
	in := open(t, t.TempDir()+"/chorus.db")
	link, err := in.Portal.SetupLink(t.Context())
	in.must(err)
	b := in.visitor()
	b.post(link, "name", "Chorus of Lindholm", "about", "Ours.", "contact", "desk@lindholm.example", "email", ada)
	l, _ := in.MailTo(ada)
	status, body := b.post(mailedPath.FindString(l.Text))
	in.status(status, 200, body)
	in.wants(body, "Is this right?", ada)
	status, body = b.post(link + "/open")
	in.status(status, 200, body)
	in.wants(body, "Stewards&#39; desk")
	in.must(in.DB.Read(t.Context(), func(tx *db.Tx) error {
		there, err := account.AnySteward(t.Context(), tx)
		if !there {
			t.Error("nobody looks after the instance")
		}
		return err
	}))
}
