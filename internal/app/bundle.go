// SPDX-License-Identifier: AGPL-3.0-or-later

package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"example.org/chorus/internal/platform/bundle"
	"example.org/chorus/internal/portal"
	"example.org/chorus/record"
)

// A Packing says what a bundle is packed from.
type Packing struct {
	Source   record.Source   // where the record is
	Address  string          // of the site that serves it; only to be asked for what its name does not tell
	Data     string          // an empty folder to work in
	Trusted  []string        // verifier keys of the record; empty: the first that is seen
	Policy   *record.Policy  // witnesses that must have cosigned; nil: none
	Asked    *record.Policy  // without Policy: witnesses that the instance asks, for those who get the bundle; nil: none
	Since    int64           // leave out what was complete at this size; 0: nothing
	Held     []byte          // a signed checkpoint from which the record must go on; nil: none
	Requests bundle.Requests // sealed ones that go along; nil: none
	Log      *slog.Logger
	Progress func(done, total int64)
}

// errSince says why nothing was packed.
var errSince = errors.New("the bundle before has as many entries, or more: there is nothing new")

// Bundle copies a record into a folder of its own, checks all of it, and packs
// it with its pages. The pages are those of the end of the day of the last
// entry, so that it does not matter when they are packed.
func Bundle(ctx context.Context, out io.Writer, p Packing) (about bundle.About, err error) {
	address, err := p.address(ctx)
	if err != nil {
		return about, err
	}
	a, err := Open(ctx, Config{Data: p.Data, Mirror: address, BaseURL: address, Source: p.Source, Trusted: p.Trusted, Policy: p.Policy, Log: p.Log, Unlimited: true})
	if err != nil {
		return about, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.Mirror.Pull(ctx, p.Progress); err != nil {
		return about, err
	}
	if about, err = a.about(ctx, &p); err != nil {
		return about, err
	}
	day, err := time.Parse(time.DateOnly, about.Created)
	if err != nil {
		return about, err
	}
	a.DB.Now = func() time.Time { return day.AddDate(0, 0, 1) }
	policy, err := a.trust(ctx, &p)
	if err != nil {
		return about, err
	}
	c := bundle.Contents{About: about, Record: a.Files(ctx), Policy: policy, Address: address, Catalogue: a.Site.Catalogue, Requests: p.Requests}
	if p.Since == 0 {
		c.Pages = bundle.PagesOf(ctx, a.Handler(), address)
	}
	return about, bundle.Write(ctx, out, c)
}

// address is where the origin is, as its record says.
func (p *Packing) address(ctx context.Context) (string, error) {
	signed, err := p.Source.Fetch(ctx, "checkpoint")
	if err != nil {
		return "", err
	}
	origin, _, _ := strings.Cut(string(signed), "\n")
	name := strings.TrimSuffix(origin, portal.RecordPath)
	if _, given, ok := strings.Cut(p.Address, "://"); ok && given == name {
		return p.Address, nil
	}
	return "https://" + name, nil
}

// Files is the record of the instance as it is served.
func (a *App) Files(ctx context.Context) record.Source {
	return bundle.Served(bundle.PagesOf(ctx, a.Handler(), a.Config.BaseURL), portal.RecordPath)
}

// about checks what was copied, and says what a bundle of it holds.
func (a *App) about(ctx context.Context, p *Packing) (bundle.About, error) {
	var last string
	report, err := record.Verify(ctx, a.Files(ctx), record.VerifyOptions{Keys: a.Record.Follows(), Since: p.Held, Each: func(e *record.Entry) error {
		last = e.Leaf.Day
		return nil
	}})
	if err != nil {
		return bundle.About{}, err
	}
	c := report.Checkpoint
	switch {
	case p.Since > 0 && p.Since >= c.Size:
		return bundle.About{}, errSince
	case c.Size == 0:
		return bundle.About{}, errors.New("the record is empty: there is nothing to pack")
	}
	return bundle.About{Version: bundle.Version, Origin: c.Origin, From: p.Since, To: c.Size, Created: last}, nil
}

// trust is a policy for those who have the bundle alone. It asks for no more
// witnesses than have cosigned: while a network is cut, they may be behind it.
func (a *App) trust(ctx context.Context, p *Packing) (*record.Policy, error) {
	policy := &record.Policy{Quorum: "none"}
	if witnesses := cmp.Or(p.Policy, p.Asked); witnesses != nil {
		*policy = *witnesses
	}
	policy.Logs = nil
	for _, key := range a.Record.Follows() {
		policy.Logs = append(policy.Logs, record.Log{Key: key})
	}
	text, err := a.Record.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := policy.Check([]byte(text))
	if err != nil {
		return nil, err
	}
	if !seen.Holds {
		policy.Quorum = "none"
	}
	return policy, nil
}

// Import takes what a bundle brings, all of it or nothing. The instance is a
// mirror that was opened with the record of the bundle as its source.
func (a *App) Import(ctx context.Context, b *bundle.Bundle, progress func(done, total int64)) error {
	head, err := a.Record.Head(ctx)
	if err != nil {
		return err
	}
	if origin := a.Mirror.State().Origin; origin != "" && origin != b.Origin {
		return fmt.Errorf("this bundle is of the record %s, and the copy here is of %s", b.Origin, origin)
	}
	if head.Size < b.Start() {
		return fmt.Errorf("this bundle goes on from entry #%d, and the copy here ends at #%d: bring a bundle that lies between, or a whole one", b.From, head.Size)
	}
	a.Mirror.Carried = true
	return a.Mirror.Pull(ctx, progress)
}
