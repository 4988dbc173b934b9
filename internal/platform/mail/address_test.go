// SPDX-License-Identifier: AGPL-3.0-or-later

package mail_test

import (
	"errors"
	netmail "net/mail"
	"strings"
	"testing"

	"example.org/chorus/internal/platform/mail"
)

func TestParseAddress(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, c := range []struct{ typed, want string }{
		{"ada@example.org", "ada@example.org"},
		{"  Ada.Byron+trams@Example.ORG\n", "Ada.Byron+trams@example.org"},
		{"o'neil@example.org", "o'neil@example.org"},
		{"ada@bücher.example", "ada@xn--bcher-kva.example"},
		{"ada@مثال.إختبار", "ada@xn--mgbh0fb.xn--kgbechtv"},
		{"ada@example。org", "ada@example.org"},
		{long + "@example.org", long + "@example.org"},
		{long + "a@example.org", ""},
		{"ada@" + strings.Repeat("a.", 120) + "example.org", ""},
		{"", ""}, {"@", ""}, {"ada", ""}, {"ada@", ""}, {"@example.org", ""}, {"ada@example", ""},
		{"ada@@example.org", ""}, {"ada@b@example.org", ""}, {"ada byron@example.org", ""}, {"ada@exam ple.org", ""},
		{"ada@example.org\r\nBcc: bob@example.org", ""}, {"ada\x00@example.org", ""}, {`"ada"@example.org`, ""},
		{"Ada <ada@example.org>", ""}, {"ada@example.org,bob@example.org", ""}, {"ada;bob@example.org", ""},
		{".ada@example.org", ""}, {"ada.@example.org", ""}, {"a..da@example.org", ""},
		{"ada@127.0.0.1", ""}, {"ada@[127.0.0.1]", ""}, {"ada@.org", ""}, {"ada@example..org", ""}, {"ada@example.org.", ""},
		{"ada@-example.org", ""}, {"ada@exa_mple.org", ""}, {"ada@example.o", ""}, {"адa@example.org", ""}, {"ada@xn--a.example", ""}, {"ada@\xfd.example", ""},
	} {
		got, err := mail.ParseAddress(c.typed)
		if got != c.want || (c.want == "") != errors.Is(err, mail.ErrAddress) {
			t.Errorf("ParseAddress(%q) = %q, %v; want %q", c.typed, got, err, c.want)
		}
	}
}

func TestNormalise(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"Ada@Example.org", "ada@example.org"},
		{"ada+trams@example.org", "ada+trams@example.org"}, // there it may be somebody else
		{"a.d.a@example.org", "a.d.a@example.org"},
		{"A.da+trams@GoogleMail.com", "ada@gmail.com"},
		{"ada+x+y@gmail.com", "ada@gmail.com"},
		{"+ada@gmail.com", "+ada@gmail.com"},
		{"a.da+trams@outlook.com", "a.da@outlook.com"},
		{"ada@hotmail.com", "ada@hotmail.com"}, // not the mailbox of ada@outlook.com
		{"ada+1@pm.me", "ada@proton.me"},
		{"ada@me.com", "ada@icloud.com"},
		{"no address", "no address"}, {"", ""}, {"@gmail.com", "@gmail.com"},
	} {
		if got := mail.Normalise(c.address); got != c.want {
			t.Errorf("Normalise(%q) = %q, want %q", c.address, got, c.want)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"ada@example.org", "ada@bücher.example", "a@b@c.de", "a@xn--.de", "\"a\"@b.de", "a@b.de\r\n", "a@１.１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := mail.ParseAddress(s)
		if err != nil {
			return
		}
		if again, err := mail.ParseAddress(a); err != nil || again != a {
			t.Errorf("%q became %q and then %q, %v", s, a, again, err)
		}
		if strings.Count(a, "@") != 1 || len(a) > 254 || strings.ContainsFunc(a, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q became %q", s, a)
		}
		if std, err := netmail.ParseAddress(a); err != nil || std.Address != a {
			t.Errorf("the standard library reads %q as %v, %v", a, std, err)
		}
	})
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"Ada+1@gmail.com", "..+@gmail.com", "+@pm.me", "@", "a@b@gmail.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := mail.Normalise(s)
		if again := mail.Normalise(n); again != n {
			t.Errorf("%q became %q and then %q", s, n, again)
		}
		if a, err := mail.ParseAddress(s); err == nil {
			n := mail.Normalise(a)
			if local, host, _ := strings.Cut(n, "@"); local == "" || host == "" || strings.Contains(host, "@") {
				t.Errorf("%q became %q", a, n)
			}
		}
	})
}
