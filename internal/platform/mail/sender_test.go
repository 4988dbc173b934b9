// SPDX-License-Identifier: AGPL-3.0-or-later

package mail_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/chorus/internal/platform/mail"
)

func letter() mail.Letter {
	return mail.Letter{
		ID: "abcdefghijklmnopqrstuv", From: netmail.Address{Name: "Chorus of Tramsville", Address: "chorus@example.org"}, At: start,
		Message: mail.Message{
			To: "ada@example.net", Subject: "Confirm: keep the night trams",
			Text: "Your code is 123456.\n\n.\nhttps://example.org/confirm/" + strings.Repeat("x", 100) + "\n",
			Lang: "en", Auto: true, ListUnsubscribe: "https://example.org/mail/stop/" + strings.Repeat("y", 120),
		},
	}
}

// read is what a mail program makes of a raw mail.
func read(t *testing.T, raw string) (head netmail.Header, subject, text string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	var body io.Reader = m.Body
	switch m.Header.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(m.Body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, m.Body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, subject, strings.TrimRight(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n") + "\n"
}

func checkMail(t *testing.T, raw string, l mail.Letter) {
	t.Helper()
	head, subject, text := read(t, raw)
	if subject != l.Subject || text != l.Text {
		t.Errorf("subject %q and text %q, want %q and %q", subject, text, l.Subject, l.Text)
	}
	for name, want := range map[string]string{
		"From":                     `"Chorus of Tramsville" <chorus@example.org>`,
		"To":                       "<ada@example.net>",
		"Date":                     "Sun, 01 Mar 2026 12:00:00 +0000",
		"Message-Id":               "<abcdefghijklmnopqrstuv@example.org>",
		"Auto-Submitted":           "auto-generated",
		"Content-Language":         l.Lang,
		"Content-Type":             "text/plain; charset=UTF-8",
		"List-Unsubscribe":         "<" + l.ListUnsubscribe + ">",
		"List-Unsubscribe-Post":    "List-Unsubscribe=One-Click",
		"User-Agent":               "",
		"X-Mailer":                 "",
		"X-Auto-Response-Suppress": "All",
	} {
		if got := head.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if host, _ := os.Hostname(); len(host) > 3 && strings.Contains(raw, host) {
		t.Error("the mail tells the name of the machine")
	}
}

func TestSMTP(t *testing.T) {
	s := startServer(t)
	sender, err := mail.Open("smtp://" + s.address)
	if err != nil {
		t.Fatal(err)
	}
	arabic := letter()
	arabic.Lang, arabic.Subject, arabic.Text = "ar", "أكّد: أبقوا الترام الليلي", strings.Repeat("رمزك هو ١٢٣٤٥٦. ", 60)+"\n"
	german := letter()
	german.Lang, german.Subject, german.Text = "de", "Bestätige: "+strings.Repeat("Straßenbahn ", 12)+"!", strings.Repeat("Dein Code für alle Fälle. ", 60)+"\n"
	for i, l := range []mail.Letter{letter(), arabic, german} {
		if err := sender.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		_, mails := s.heard()
		checkMail(t, mails[i], l)
		for line := range strings.Lines(mails[i]) {
			if len(line) > 998 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	}
	said, _ := s.heard()
	if !strings.Contains(said, "EHLO example.org\n") || !strings.Contains(said, "MAIL FROM:<chorus@example.org>") || !strings.Contains(said, "RCPT TO:<ada@example.net>") {
		t.Errorf("said:\n%s", said)
	}
}

func TestSMTPFaults(t *testing.T) {
	const words = "ada@example.net is unknown to me"
	for _, c := range []struct {
		name, command, reply string
		want                 error // nil: try again
		leaves               bool
	}{
		{"no such mailbox", "RCPT", "550 5.1.1 " + words, mail.ErrRefused, false},
		{"come back later", "RCPT", "451 4.7.1 " + words, nil, false},
		{"relay denied", "RCPT", "554 5.7.1 " + words, nil, false},
		{"sender not wanted", "MAIL", "550 5.1.8 " + words, mail.ErrDown, false},
		{"closing", "RCPT", "421 4.3.2 " + words, mail.ErrDown, false},
		{"text not wanted", "BODY", "554 5.6.0 " + words, mail.ErrRefused, false},
		{"disk full", "BODY", "452 4.3.1 " + words, nil, false},
		{"line cut", "RCPT", "", mail.ErrDown, false},
		{"no goodbye", "QUIT", "", nil, true},
		{"reset fails", "RSET", "500 5.5.1 " + words, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startServer(t)
			s.reply(c.command, c.reply)
			sender, err := mail.Open("smtp://" + s.address)
			if err != nil {
				t.Fatal(err)
			}
			err = sender.Send(t.Context(), letter())
			if (err == nil) != c.leaves {
				t.Fatalf("Send: %v", err)
			}
			for _, kind := range []error{mail.ErrRefused, mail.ErrDown} {
				if errors.Is(err, kind) != (kind == c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
			}
			if strings.Contains(fmt.Sprint(err), "ada") {
				t.Errorf("the error tells the address: %v", err)
			}
		})
	}
	sender, err := mail.Open("smtp://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(t.Context(), letter()); !errors.Is(err, mail.ErrDown) {
		t.Errorf("nobody listens: %v", err)
	}
	s := startServer(t)
	sender, err = mail.Open("smtp://" + s.address + "?tls=required")
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(t.Context(), letter()); !errors.Is(err, mail.ErrDown) {
		t.Errorf("a server without STARTTLS: %v", err)
	}
	if said, _ := s.heard(); strings.Contains(said, "RCPT") {
		t.Errorf("the address was told in the clear:\n%s", said)
	}
}

func TestOpen(t *testing.T) {
	for _, c := range []struct {
		url string
		ok  bool
	}{
		{"smtp://localhost", true}, {"smtps://ada:secret@mail.example.org", true}, {"smtp://ada:s%2Fcret@mail.example.org:2525?tls=optional", true},
		{"memory:", true}, {"dir:" + filepath.Join(t.TempDir(), "a", "b"), true},
		{"", false}, {"dir:", false}, {"smtp:", false}, {"smtp://:25", false}, {"smtp://ada:secret@host:x", false}, {"smtp://ada:secret@host/path", false},
		{"smtp://ada:secret@host?tls=off", false}, {"http://host", false}, {"smtp://ada:secret@host:99999", false}, {"smtp://a:secret%@host", false},
	} {
		_, err := mail.Open(c.url)
		if (err == nil) != c.ok {
			t.Errorf("Open(%q): %v", c.url, err)
		}
		if strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mails")
	sender, err := mail.Open("dir:" + dir)
	if err != nil {
		t.Fatal(err)
	}
	first, second := letter(), letter()
	second.At, second.To = start.Add(time.Second), "b/ob@example.net"
	if err := errors.Join(sender.Send(t.Context(), second), sender.Send(t.Context(), first), sender.Send(t.Context(), first)); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	want := []string{"20260301T120000.000000-ada@example.net-abcdefgh.eml", "20260301T120001.000000-b_ob@example.net-abcdefgh.eml"}
	for i, f := range files {
		info, err := f.Info()
		if err != nil || info.Mode().Perm() != 0o600 || f.Name() != want[i] {
			t.Errorf("%s: %v, %v; want %s", f.Name(), info.Mode(), err, want[i])
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, want[0]))
	if err != nil {
		t.Fatal(err)
	}
	checkMail(t, string(raw), first)
	if !strings.Contains(string(raw), "/confirm/"+strings.Repeat("x", 100)+"\r\n") {
		t.Errorf("the link cannot be copied from the file:\n%s", raw)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(t.Context(), first); !errors.Is(err, mail.ErrDown) || strings.Contains(err.Error(), "ada") {
		t.Errorf("the folder is gone: %v", err)
	}
}

func TestInbox(t *testing.T) {
	b := mail.NewInbox()
	for i := range 1003 {
		l := letter()
		l.ID, l.To = fmt.Sprint(i), fmt.Sprintf("p%d@example.net", i%10)
		for range 2 { // a copy replaces its original
			if err := b.Send(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := b.List()
	if len(all) != 1000 || all[0].ID != "1002" || all[999].ID != "3" {
		t.Errorf("%d letters from %s to %s", len(all), all[0].ID, all[len(all)-1].ID)
	}
	if mine := b.For("P3@example.net"); len(mine) != 100 || mine[0].ID != "993" {
		t.Errorf("%d letters for one address", len(mine))
	}
}
