// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/web"
	"example.org/chorus/seed"
)

// routes adds the pages that only the demo has: who one can be, and the mails.
func (s *theatre) routes() {
	s.Site.Handle("GET /dev", here(s.showPeople))
	s.Site.Handle("GET /dev/as/{id}", here(s.showPerson))
	s.Site.Handle("POST /dev/as/{id}", here(s.signInAs))
	s.Site.Handle("GET /dev/mail", here(s.showMails))
	s.Site.Handle("GET /dev/mail/{id}", here(s.showMail))
	frame := s.Site.Frame
	s.Site.Frame = func(v *web.Visit) (web.Frame, error) {
		f, err := frame(v)
		f.Foot = append(f.Foot, web.Link{Text: "Demo: be somebody", Path: "/dev"}, web.Link{Text: "Demo: mails", Path: "/dev/mail"})
		return f, err
	}
}

// here answers this machine alone. The name in the request is looked at too: a
// page of a stranger could have given its own name the address of this machine.
func here(h web.Handler) web.Handler {
	return func(v *web.Visit) error {
		remote, err := netip.ParseAddrPort(v.RemoteAddr)
		if err != nil || !remote.Addr().Unmap().IsLoopback() || !isHere(v.Host) {
			return chorus.ErrNotFound
		}
		return h(v)
	}
}

func isHere(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// A demoPage is in English alone and stands in the frame of the site.
type demoPage struct {
	name string // of its template
	data any
}

func (p demoPage) Render(_ context.Context, w io.Writer) error {
	return demoPages.ExecuteTemplate(w, p.name, p.data)
}

func (s *theatre) draw(v *web.Visit, title string, p demoPage) error {
	return v.Show(http.StatusOK, web.Page{Title: title, Class: web.Wide, Private: true}, p)
}

// A guest is somebody one can be.
type guest struct {
	seed.Person
	Doing string
	As    string // where the button leads
}

func guestOf(v *web.Visit, p seed.Person) guest { return guest{p, doing(p), v.To("/dev/as/" + p.ID)} }

func (s *theatre) showPeople(v *web.Visit) error {
	var all []guest
	for _, p := range s.town.People {
		all = append(all, guestOf(v, p))
	}
	return s.draw(v, "Be somebody", demoPage{"people", all})
}

func (s *theatre) guest(v *web.Visit) (seed.Person, error) {
	i := slices.IndexFunc(s.town.People, func(p seed.Person) bool { return p.ID == v.PathValue("id") })
	if i < 0 {
		return seed.Person{}, chorus.ErrNotFound
	}
	return s.town.People[i], nil
}

func (s *theatre) showPerson(v *web.Visit) error {
	p, err := s.guest(v)
	if err != nil {
		return err
	}
	return s.draw(v, "Be "+p.Name, demoPage{"people", []guest{guestOf(v, p)}})
}

// firstPages are where people begin, by role.
var firstPages = map[string]string{"steward": "/steward", "signer": "/"}

func (s *theatre) signInAs(v *web.Visit) error {
	p, err := s.guest(v)
	if err != nil {
		return err
	}
	var id chorus.ID
	err = s.DB.Write(v.Context(), func(tx *db.Tx) error {
		person, err := s.Accounts.Ensure(v.Context(), tx, p.Email, lang.Tag(p.Language))
		id = person.ID
		return err
	})
	if err != nil {
		return err
	}
	if err := v.StartSession(v.Context(), id); err != nil {
		return err
	}
	if first, ok := firstPages[p.Role]; ok {
		return v.Redirect(first)
	}
	return v.Redirect("/desk")
}

// A shownMail is a mail as the demo shows it.
type shownMail struct {
	mail.Letter
	Path string
	Sent string
	Text template.HTML
}

func letterOf(v *web.Visit, l mail.Letter) shownMail {
	return shownMail{l, v.To("/dev/mail/" + l.ID), l.At.Format(time.DateTime), linked(l.Text)}
}

func (s *theatre) showMails(v *web.Visit) error {
	var all []shownMail
	for _, l := range s.inbox.List() {
		all = append(all, letterOf(v, l))
	}
	return s.draw(v, "Mails", demoPage{"mails", all[:min(200, len(all))]})
}

func (s *theatre) showMail(v *web.Visit) error {
	all := s.inbox.List()
	i := slices.IndexFunc(all, func(l mail.Letter) bool { return l.ID == v.PathValue("id") })
	if i < 0 {
		return chorus.ErrNotFound
	}
	return s.draw(v, all[i].Subject, demoPage{"mail", struct {
		shownMail
		All string
	}{letterOf(v, all[i]), v.To("/dev/mail")}})
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"]+`)

// linked escapes a text and makes its addresses links.
func linked(text string) template.HTML {
	var b strings.Builder
	for {
		at := webAddress.FindStringIndex(text)
		if at == nil {
			break
		}
		address := template.HTMLEscapeString(text[at[0]:at[1]])
		b.WriteString(template.HTMLEscapeString(text[:at[0]]) + `<a href="` + address + `" dir="ltr">` + address + "</a>")
		text = text[at[1]:]
	}
	return template.HTML(strings.ReplaceAll(b.String()+template.HTMLEscapeString(text), "\n", "<br>\n"))
}

var demoPages = template.Must(template.New("").Parse(`
{{define "people"}}<div lang="en" dir="ltr">
<h1>Be somebody</h1>
<p class="lead">This is a demo. Nobody in it is real, and nothing is kept when it ends.</p>
<ul class="rows" role="list">{{range .}}
<li><div><bdi class="title" lang="{{.Language}}">{{.Name}}</bdi><p class="small">{{.Email}}</p></div>
<p>{{.Doing}}</p>
<div class="acts"><form method="post" action="{{.As}}"><button class="second">Sign in as {{.ID}}</button></form></div></li>{{end}}
</ul></div>{{end}}

{{define "mails"}}<div lang="en" dir="ltr">
<h1>Mails</h1>
<p class="lead">No mail leaves the demo. Whatever it sends is here, the newest first.</p>
<ul class="rows" role="list">{{range .}}
<li><div><a class="title" href="{{.Path}}"><bdi lang="{{.Lang}}">{{.Subject}}</bdi></a><p class="small">To {{.To}}</p></div>
<p class="small">{{.Sent}}</p><div></div></li>{{else}}<li><div>None yet.</div><p></p><div></div></li>{{end}}
</ul></div>{{end}}

{{define "mail"}}<div lang="en" dir="ltr">
<nav class="crumbs" aria-label="You are here"><ol><li><a href="{{.All}}">Mails</a></li><li>One mail</li></ol></nav>
<p class="kind">To {{.To}}, {{.Sent}}</p>
<div lang="{{.Lang}}" dir="auto"><h1>{{.Subject}}</h1>
<p>{{.Text}}</p></div></div>{{end}}
`))
