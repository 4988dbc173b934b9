// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/seed"
)

// A stage is an instance that answers on this machine alone and has one
// declaration to sign, from the seed town.
type stage struct {
	*app.App
	host string
	path string // of the declaration
	id   chorus.ID
	stop func() error
}

// Chores says whether an instance does its background work, such as sending mail.
type chores int

const (
	working chores = iota
	resting
)

// open starts an instance in a folder of its own, or, with a database URL, one
// node of several that share folder and database.
func (b *workbench) open(ctx context.Context, name, database string, does chores) (*stage, error) {
	folder := filepath.Join(b.folder, name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &stage{host: listener.Addr().String()}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	s.App, err = app.Open(ctx, app.Config{Data: folder, Database: database, Mail: "memory:", Unlimited: true, BaseURL: "http://" + s.host, Log: log})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s.run(listener, does)
	return s, nil
}

func (s *stage) run(listener net.Listener, does chores) {
	server := &http.Server{Handler: s.Handler()}
	background, rest := context.WithCancel(context.Background())
	var busy sync.WaitGroup
	var workErr error
	busy.Go(func() { server.Serve(listener) }) // ends with Close
	if does == working {
		busy.Go(func() { workErr = s.Run(background) })
	} else {
		busy.Go(func() { s.Record.Run(background) })
	}
	s.stop = func() error {
		err := server.Close()
		rest()
		busy.Wait()
		return errors.Join(err, workErr, s.Close())
	}
}

const letter = "river-path" // of the seed town

// publish brings the town's organisations and one declaration, and opens it.
func (s *stage) publish(ctx context.Context) error {
	town, err := seed.Load()
	if err != nil {
		return err
	}
	organisations, err := seed.OrganisationsCSV()
	if err != nil {
		return err
	}
	if _, err := s.Organisations.Import(ctx, account.Operator, bytes.NewReader(organisations)); err != nil {
		return err
	}
	i := slices.IndexFunc(town.Declarations, func(d seed.Declaration) bool { return d.Name == letter })
	if s.id, err = s.Declarations.Import(ctx, account.Operator, bytes.NewReader(town.Declarations[i].Markdown(time.Now()))); err != nil {
		return err
	}
	slug, err := s.Declarations.Publish(ctx, account.Operator, s.id)
	s.path = "/declarations/" + slug
	return err
}

// crowdOf is people of the seed town, no two with one address.
func crowdOf(n int) ([]seed.Signer, error) {
	town, err := seed.Load()
	if err != nil {
		return nil, err
	}
	return slices.Collect(town.Signers(n, 1)), nil
}

const factsInDeed = 1000

// fill records signatures without their private side, many in one deed.
func (s *stage) fill(ctx context.Context, people []seed.Signer) error {
	for deed := range slices.Chunk(people, factsInDeed) {
		err := s.Record.Write(ctx, func(d *recorder.Deed) error {
			for _, p := range deed {
				if _, err := d.Publish(ctx, s.signature(p)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) signature(p seed.Signer) *fact.SignatureAdded {
	identity := fact.Identity{Name: p.Name, Town: p.Town}
	f := &fact.SignatureAdded{Declaration: s.id, Core: fact.Show(fact.SignatureCore{Country: p.Country}), Identity: fact.Show(identity)}
	if p.Hidden {
		f.Identity = fact.Withhold(identity)
	}
	return f
}

// count is the number of signatures as the site shows it.
func (s *stage) count() (n int, err error) {
	w, err := dial(s.host)
	if err != nil {
		return 0, err
	}
	defer w.conn.Close()
	r, err := w.get(s.path+"/number", "", "")
	if err != nil {
		return 0, err
	}
	number, _, _ := strings.Cut(string(r.body), "\n")
	return digits(number), r.want(http.StatusOK)
}

// digits reads a number however its thousands are parted.
func digits(s string) (n int) {
	for _, c := range s {
		if c >= '0' && c <= '9' {
			n = n*10 + int(c-'0')
		}
	}
	return n
}

func hostsOf(nodes []*stage) (hosts []string) {
	for _, s := range nodes {
		hosts = append(hosts, s.host)
	}
	return hosts
}

func closeAll(nodes []*stage) (err error) {
	for _, s := range nodes {
		err = errors.Join(err, s.stop())
	}
	return err
}
