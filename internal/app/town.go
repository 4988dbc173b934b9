// SPDX-License-Identifier: AGPL-3.0-or-later

package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/job"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/seed"
)

// Settle fills an empty instance with the seed town, by the same commands that
// people use and on the days on which they would have used them: clock moves
// the instance's clock (Config.Now) through the past up to today, where Settle
// leaves it. progress, if not nil, hears what is done.
//
// Mails must stay in memory. Of the thousands who sign only the few whom one
// can meet by name get theirs. On PostgreSQL the recorder must be running.
func (a *App) Settle(ctx context.Context, town *seed.Town, today time.Time, clock func(time.Time), progress func(string)) error {
	if progress == nil {
		progress = func(string) {}
	}
	s, err := a.settling(town, today.UTC().Truncate(day), progress)
	if err != nil {
		return err
	}
	first := s.today
	for i := range s.appeals {
		if opens := s.appeals[i].begins(s.today); opens.Before(first) {
			first = opens
		}
	}
	clock(first.Add(-day)) // the site and its organisations were there before
	if err := s.found(ctx); err != nil {
		return fmt.Errorf("founding the town: %w", err)
	}
	for now := first; !now.After(s.today); now = now.Add(day) {
		clock(now)
		if err := s.live(ctx, now); err != nil {
			return fmt.Errorf("in the town, on %s: %w", now.Format(time.DateOnly), err)
		}
	}
	progress(fmt.Sprintf("%d signatures", s.signed))
	return nil
}

const day = 24 * time.Hour

// A settling is a town on its way into an instance.
type settling struct {
	*App
	town     *seed.Town
	today    time.Time
	progress func(string)

	signing       *signing.Service      // without mail
	organisations *organisation.Service // without mail

	people  map[string]chorus.ID // by the seed's word for them
	bodies  map[string]body      // by name
	frames  map[string]chorus.ID // initiatives, by the seed's word for them
	appeals []appeal
	signed  int
	counted int // of signed, what progress has heard of
}

// A body is an organisation of the town.
type body struct {
	seed.Organisation
	id      chorus.ID
	owner   chorus.ID // who acts for it
	address string    // of the owner
}

func (a *App) settling(town *seed.Town, today time.Time, progress func(string)) (*settling, error) {
	if _, ok := a.Sender.(*mail.Inbox); !ok {
		return nil, errors.New("a town is settled only where mails stay in memory")
	}
	none := mail.Limit{Within: day}
	silent, err := mail.New(a.DB, a.Vault, job.New(a.DB, a.Config.Log), a.Sender, mail.Options{From: a.Config.From, Log: a.Config.Log,
		Limits: mail.Limits{Topic: none, Address: none, SignIn: none, SignInDay: none}})
	if err != nil {
		return nil, err
	}
	signs, enters := *a.Signing, *a.Organisations
	signs.Mail, enters.Mail = silent, silent
	s := &settling{App: a, town: town, today: today, progress: progress, signing: &signs, organisations: &enters,
		people: map[string]chorus.ID{}, bodies: map[string]body{}, frames: map[string]chorus.ID{}}
	for _, d := range town.Declarations {
		s.appeals = append(s.appeals, newAppeal(town, d))
	}
	return s, nil
}

// found does what was there before the first text was published.
func (s *settling) found(ctx context.Context) error {
	s.progress("People and organisations")
	for _, step := range []func(context.Context) error{s.movePeopleIn, s.describeSite, s.enterBodies, s.admitPeople, s.verifyBodies, s.openFrames} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// live is one day in the town.
func (s *settling) live(ctx context.Context, now time.Time) error {
	if now.Equal(s.today.Add(-verifiedLate * day)) {
		if err := s.verifyLate(ctx); err != nil {
			return err
		}
	}
	for i := range s.appeals {
		c := &s.appeals[i]
		if !now.Equal(c.begins(s.today)) {
			continue
		}
		if err := s.bring(ctx, c, now); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	for _, deed := range []func(context.Context, time.Time) error{s.signForBodies, s.signDay, s.changeMinds, s.readComments} {
		if err := deed(ctx, now); err != nil {
			return err
		}
	}
	return nil
}

// hands is how many neighbours act at once; SQLite commits their deeds together.
const hands = 256

// together does n deeds, many at a time, and returns what the first ones that
// failed failed of.
func together(n int, deed func(i int) error) error {
	next := make(chan int)
	faults := make(chan error, hands)
	var busy sync.WaitGroup
	for range min(hands, n) {
		busy.Go(func() {
			var fault error
			for i := range next {
				if fault == nil {
					fault = deed(i)
				}
			}
			faults <- fault
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	busy.Wait()
	close(faults)
	var all []error
	for fault := range faults {
		all = append(all, fault)
	}
	return errors.Join(all[:min(3, len(all))]...)
}

// dayOf is the place of a moment in the days of an appeal: 0 on the first.
func dayOf(begins, now time.Time) int { return int(now.Sub(begins) / day) }

// ownerOf finds who acts for an organisation of the town.
func (s *settling) ownerOf(name string) (body, error) {
	b, ok := s.bodies[name]
	if !ok {
		return b, fmt.Errorf("the town has no organisation %q", name)
	}
	return b, nil
}

// waits lists the organisations that nobody has checked yet: every second of
// those that may sign and organise nothing.
func (s *settling) waits() (names []string) {
	met := 0
	for _, o := range s.town.Organisations {
		if isOffice(o) || s.organises(o.Name) {
			continue
		}
		if met++; met%2 == 0 {
			names = append(names, o.Name)
		}
	}
	return names
}

func (s *settling) organises(name string) bool {
	return slices.ContainsFunc(s.town.Declarations, func(d seed.Declaration) bool { return slices.Contains(d.Organisers, name) }) ||
		slices.ContainsFunc(s.town.Initiatives, func(i seed.Initiative) bool { return i.Organiser == name }) ||
		slices.ContainsFunc(s.town.People, func(p seed.Person) bool { return p.Organisation == name })
}

// isOffice reports a body that is asked rather than asks.
func isOffice(o seed.Organisation) bool { return o.Kind == "public body" || o.Kind == "multilateral" }
