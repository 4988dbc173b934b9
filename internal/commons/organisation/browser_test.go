// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/organisation"
)

// A steward signs in on a phone without scripts and looks at every page of
// accounts and organisations, in both languages.
func TestPhone(t *testing.T) {
	in := chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
	karen := in.Steward("karen@post.example")
	id, err := in.Organisations.Enter(t.Context(), karen, friends)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Organisations.ImportGood(context.Background(), account.Operator, strings.NewReader(table)); err != nil {
		t.Fatal(err)
	}
	for _, o := range []error{
		in.Organisations.VerifyBySteward(t.Context(), karen, id),
		in.Organisations.Invite(t.Context(), karen, id, "jonas@post.example", organisation.Editor),
		in.Organisations.AskToJoin(t.Context(), in.Person("zofia@post.example"), id),
	} {
		if o != nil {
			t.Fatal(o)
		}
	}
	phone := chorustest.Browser(t, chorustest.Screen{Width: 360, Height: 740, NoScript: true})
	look(t, phone, in.URL+"/sign-in", "")
	phone.Fill("Your e-mail address", "karen@post.example")
	phone.Press("Send me a code")
	letter, _ := in.MailTo("karen@post.example")
	code := codeIn.FindString(letter.Text)
	look(t, phone, phone.URL(), "")
	phone.Fill("The code from the mail", code)
	phone.Press("Sign in")
	page := organisation.Path(id)
	for _, path := range []string{"/account", "/account/data", "/account/close", "/organisations", "/organisations/new", "/organisations/import",
		page, page + "/edit", page + "/members", page + "/verify?sent"} {
		look(t, phone, in.URL, "/en"+path)
		look(t, phone, in.URL, "/ar"+path)
	}
}

func look(t *testing.T, v *chorustest.Visitor, site, path string) {
	t.Helper()
	v.Open(site + path)
	for _, fault := range v.Axe() {
		t.Errorf("%s: %v", path, fault)
	}
	if wide := v.Overflow(); wide != "" {
		t.Errorf("%s is wider than the screen: %s", path, wide)
	}
}
