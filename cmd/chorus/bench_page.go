// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"sync"
	"time"

	"example.org/chorus/seed"
)

// browser is what a browser of today says that it unpacks.
const browser = "gzip, deflate, br"

// page measures the declaration page under load, beside a handler that does
// nothing but send the same bytes.
func (b *workbench) page(ctx context.Context) ([]figure, error) {
	s, err := b.open(ctx, "site", "", working)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	people, err := crowdOf(4000)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.publish(ctx), s.fill(ctx, people)); err != nil {
		return nil, err
	}
	bare, stop, err := bareCopy(s)
	if err != nil {
		return nil, err
	}
	defer stop()
	var here, beside outing
	for range 3 { // in turns, for the machine does not stay the same
		if err := errors.Join(b.look(bare, s.path, &beside), b.look(s.host, s.path, &here)); err != nil {
			return nil, err
		}
	}
	age, err := b.oldest(ctx, s, people)
	if err != nil {
		return nil, err
	}
	made, err := b.making(s)
	if err != nil {
		return nil, err
	}
	return []figure{
		{what: "declaration page, everybody looks", value: here.rate(), unit: "/s", beside: "bare handler", base: beside.rate(), goal: "0.50", missed: here.rate() < beside.rate()/2},
		{what: "  99 of 100 within", value: here.percentile(99), unit: "ms", beside: "bare handler", base: beside.percentile(99)},
		{what: "  oldest number seen meanwhile", value: age.Seconds(), unit: "s", goal: "1 s", missed: age > time.Second+50*time.Millisecond},
		{what: "  the page made anew", value: made, unit: "ms"},
	}, nil
}

// bareCopy serves one answer of the site, byte for byte, from net/http alone.
func bareCopy(s *stage) (host string, stop func() error, err error) {
	w, err := dial(s.host)
	if err != nil {
		return "", nil, err
	}
	defer w.conn.Close()
	r, err := w.get(s.path, browser, "")
	if err = errors.Join(err, r.want(http.StatusOK)); err != nil {
		return "", nil, err
	}
	head := http.Header{}
	for _, line := range regexp.MustCompile(`(?m)^([\w-]+): (.*)\r$`).FindAllStringSubmatch(string(r.header), -1) {
		head.Add(line[1], line[2])
	}
	head.Del("Date")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for name, values := range head {
			h[name] = values
		}
		w.Write(r.body)
	})}
	go server.Serve(listener) // ends with Close
	return listener.Addr().String(), server.Close, nil
}

// look has everybody ask for a page and adds it to an outing.
func (b *workbench) look(host, path string, total *outing) error {
	o, err := crowd([]string{host}, b.size(40_000), func(w *wire, _ int) error {
		r, err := w.get(path, browser, "")
		if err != nil {
			return err
		}
		return r.want(http.StatusOK)
	})
	total.add(o)
	return err
}

var numeral = regexp.MustCompile(`class="number"[^>]*>([^<]*)<`)

// oldest signs now and then while everybody looks, and gives the age of the
// oldest number that a page showed: how long before the question the next
// signature had been counted.
func (b *workbench) oldest(ctx context.Context, s *stage, people []seed.Signer) (time.Duration, error) {
	n, err := s.count()
	if err != nil {
		return 0, err
	}
	counted := map[int]time.Time{} // when the number was reached
	var mu sync.Mutex
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var busy sync.WaitGroup
	var writeErr error
	busy.Go(func() {
		for i := 0; ctx.Err() == nil && writeErr == nil; i++ {
			writeErr = s.fill(context.WithoutCancel(ctx), people[i:i+1])
			mu.Lock()
			counted[n+i+1] = time.Now()
			mu.Unlock()
			time.Sleep(70 * time.Millisecond)
		}
	})
	worst := time.Duration(0)
	_, err = crowd([]string{s.host}, b.size(60_000), func(w *wire, i int) error {
		asked := time.Now()
		r, err := w.get(s.path, "", "")
		m := numeral.FindSubmatch(r.body)
		if err != nil || m == nil {
			return errors.Join(err, fmt.Errorf("there is no number on the page: %w", r.want(http.StatusOK)))
		}
		mu.Lock()
		defer mu.Unlock()
		if next, ok := counted[digits(string(m[1]))+1]; ok {
			worst = max(worst, asked.Sub(next))
		}
		return nil
	})
	stop()
	busy.Wait()
	return worst, errors.Join(err, writeErr)
}

// making is how long the site takes for a page that is in no cache, in
// milliseconds: each question has another query.
func (b *workbench) making(s *stage) (float64, error) {
	w, err := dial(s.host)
	if err != nil {
		return 0, err
	}
	defer w.conn.Close()
	const pages = 200
	begun := time.Now()
	for i := range pages {
		if _, err := w.get(fmt.Sprintf("%s?%d", s.path, i), browser, ""); err != nil {
			return 0, err
		}
	}
	return time.Since(begun).Seconds() * 1000 / pages, nil
}
