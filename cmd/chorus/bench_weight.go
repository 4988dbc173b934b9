// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
)

const mostWeight = 30 // kB of a first view

// weight measures what a browser that comes for the first time is sent: the
// page and all that it loads, with the heads of the answers.
func (b *workbench) weight(ctx context.Context) (figures []figure, err error) {
	s, err := b.open(ctx, "site", "", resting)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	people, err := crowdOf(3000)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.publish(ctx), s.fill(ctx, people[1:])); err != nil {
		return nil, err
	}
	one := walks(people[:1])
	if err := s.signOne(ctx, one); err != nil {
		return nil, err
	}
	for _, p := range []struct{ what, path, cookies string }{
		{"home", "/", ""}, {"declaration, 3,000 signed", s.path, ""}, {"form to sign", s.path + "/sign", ""}, {"own page", one[0].mine, one[0].cookies},
		{"declaration in Arabic", "/ar" + s.path, ""},
	} {
		packed, err := s.firstView(p.path, browser, p.cookies)
		if err != nil {
			return nil, fmt.Errorf("the first view of %s: %w", p.path, err)
		}
		gzip, err := s.firstView(p.path, "gzip", p.cookies)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{what: "first view: " + p.what, value: packed, unit: "kB", beside: "with gzip alone", base: gzip,
			goal: fmt.Sprintf("%d kB", mostWeight), missed: packed > mostWeight})
	}
	return figures, nil
}

// signOne signs through both forms and keeps the cookies for the own page.
func (s *stage) signOne(ctx context.Context, one []walk) error {
	w, err := dial(s.host)
	if err != nil {
		return err
	}
	defer w.conn.Close()
	r, err := w.post(s.path+"/sign", one[0].form, "")
	if err = errors.Join(err, r.want(http.StatusSeeOther)); err != nil {
		return err
	}
	one[0].cookies = r.cookies
	if err := s.readMails(ctx, one); err != nil {
		return err
	}
	r, err = w.post(s.path+"/signing", "code="+one[0].code, one[0].cookies)
	one[0].mine, one[0].cookies = r.location, r.cookies
	return errors.Join(err, r.want(http.StatusSeeOther))
}

var loaded = regexp.MustCompile(`<(?:link rel="(?:stylesheet|icon|preload|modulepreload)"[^>]* href|script[^>]* src|img[^>]* src)="([^"]+)"`)

// firstView is in kB of 1,000 bytes.
func (s *stage) firstView(path, accept, cookies string) (float64, error) {
	w, err := dial(s.host)
	if err != nil {
		return 0, err
	}
	defer w.conn.Close()
	plain, err := w.get(path, "", cookies)
	if err = errors.Join(err, plain.want(http.StatusOK)); err != nil {
		return 0, err
	}
	sum := 0
	wanted := []string{path}
	for _, m := range loaded.FindAllSubmatch(plain.body, -1) {
		wanted = append(wanted, html.UnescapeString(string(m[1])))
	}
	for _, address := range wanted {
		r, err := w.get(address, accept, cookies)
		if err = errors.Join(err, r.want(http.StatusOK)); err != nil {
			return 0, err
		}
		sum += r.bytes
	}
	return float64(sum) / 1000, nil
}
