// SPDX-License-Identifier: AGPL-3.0-or-later

package desk_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/document"
)

const goodFile = `---
kind: petition
title: Night buses
language: en
organisers:
  - Tram Riders
signers: [people]
duty-bearers:
  - name: Bus Company
    kind: company
    country: DK
closes: 2099-05-01
---

We wait.

## Recommendations

1. Run them.
2. Heat them.
`

// A file is brought by upload or by paste; a faulty one is told by its line,
// and what was pasted stays.
func TestImport(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := chorustest.Run(t, source)
		in.Trams(document.Draft{})
		ola := signIn(t, in, "ola@riders.example")
		eve := signIn(t, in, "eve@example.org")
		badKind := strings.Replace(goodFile, "petition", "poem", 1)
		tests := []struct {
			name         string
			client       *http.Client
			upload, text string
			status       int
			has          string
		}{
			{"upload", ola, goodFile, "", 200, "Heat them."},
			{"paste", ola, "", goodFile, 200, "Heat them."},
			{"faulty kind", ola, "", badKind, 422, "kind: poem"},
			{"no file", ola, "", "", 422, "We could not take this file"},
			{"a table", ola, "name,country,website\nA,DK,\n", "", 422, "We could not take this file"},
			{"unknown organiser", ola, strings.Replace(goodFile, "Tram Riders", "Nobody", 1), "", 422, "Nobody"},
			{"of others", eve, goodFile, "", 403, ""},
			{"nobody", http.DefaultClient, goodFile, "", 403, ""},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				status, page := bring(t, in, test.client, test.upload, test.text)
				if status != test.status || !strings.Contains(page, test.has) {
					t.Errorf("%d, want %d and %q in:\n%s", status, test.status, test.has, page)
				}
			})
		}
	})
}

// signIn gives a browser in which somebody is signed in.
func signIn(t *testing.T, in *chorustest.Instance, address string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	send := func(path string, form url.Values) {
		r, err := client.PostForm(in.URL+path, form)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatal(r, err)
		}
		r.Body.Close()
	}
	send("/sign-in", url.Values{"email": {address}})
	letter, _ := in.MailTo(address)
	send("/sign-in/code", url.Values{"code": {codeIn(t, letter.Text)}})
	return client
}

// codeIn finds the six digits in a mail.
func codeIn(t *testing.T, text string) string {
	t.Helper()
	for line := range strings.Lines(text) {
		if code := strings.TrimSpace(line); len(code) == 6 && strings.Trim(code, "0123456789") == "" {
			return code
		}
	}
	t.Fatalf("no code in %q", text)
	return ""
}

func bring(t *testing.T, in *chorustest.Instance, client *http.Client, upload, text string) (status int, page string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", "letter.md")
	if err == nil {
		_, err = fmt.Fprint(part, upload)
	}
	if err == nil {
		err = w.WriteField("text", text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := client.Post(in.URL+"/desk/import", w.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	all, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(all)
}
