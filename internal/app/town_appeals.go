// SPDX-License-Identifier: AGPL-3.0-or-later

package app

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/seed"
)

// An appeal is a declaration of the town with all who will sign it.
type appeal struct {
	seed.Declaration
	id     chorus.ID
	slug   string
	by     chorus.ID // who runs it
	bodies []seed.Organisation
	crowd  []neighbour // in the order in which they sign
	growth []int       // of crowd, on each day
	done   int         // of crowd
}

// A neighbour signs, and may think again.
type neighbour struct {
	seed.Signer
	known bool // one of the people one can meet by name: gets the mail
	then  deed
	key   string // of the own page, once signed
	asked signing.Cookie
}

// A deed is what becomes of a signature the day after.
type deed int

const (
	nothing deed = iota
	withdraw
	erase
	hide
	invalidate
)

// published is how many days ago the texts were written that nobody can sign yet.
const published = 3

// begins is the day an appeal comes to the town.
func (c *appeal) begins(today time.Time) time.Time {
	if c.State == seed.Draft || c.State == seed.NotYetOpen {
		return today.Add(-published * day)
	}
	return c.Opens(today)
}

// newAppeal draws who signs: as many as the seed says, and some more who take
// their signature back.
func newAppeal(town *seed.Town, d seed.Declaration) appeal {
	c := appeal{Declaration: d, bodies: town.Cosigners(d), growth: d.Growth()}
	more := d
	more.Signatures += d.Signatures / 180
	for s := range town.SignersOf(more) {
		c.crowd = append(c.crowd, neighbour{Signer: s})
	}
	for i := d.Signatures; i < len(c.crowd); i++ {
		c.crowd[i].then = withdraw
	}
	c.spreadWithdrawals(len(c.crowd) - d.Signatures)
	c.changeSome()
	c.meet(town)
	return c
}

// spreadWithdrawals moves those who will think again in among the others.
func (c *appeal) spreadWithdrawals(n int) {
	for i := range n {
		at := 7 + i*len(c.crowd)/(n+1)
		last := len(c.crowd) - 1
		who := c.crowd[last]
		c.crowd = slices.Insert(c.crowd[:last:last], at, who)
		for on, left := 0, at; on < len(c.growth); on++ {
			if left -= c.growth[on]; left < 0 {
				c.growth[on]++
				break
			}
		}
	}
}

// changeSome has one in five hundred erase their words or hide their name, and
// a run of signatures in the middle struck out as made by a program.
func (c *appeal) changeSome() {
	for i := range c.crowd {
		switch {
		case c.crowd[i].then != nothing:
		case i%500 == 150:
			c.crowd[i].then = erase
		case i%500 == 320:
			c.crowd[i].then = hide
		}
	}
	for i, left := len(c.crowd)/2, c.Invalidated; left > 0 && i < len(c.crowd); i++ {
		if c.crowd[i].then == nothing {
			c.crowd[i].then = invalidate
			left--
		}
	}
}

// meet puts the signers among the people of the seed into the crowd, to sign
// a text in their language three days ago.
func (c *appeal) meet(town *seed.Town) {
	if len(c.growth) <= published || c.State == seed.Closed {
		return
	}
	at := 0
	for _, n := range c.growth[:len(c.growth)-published] {
		at += n
	}
	for _, p := range town.People {
		if p.Role != "signer" || p.Language != c.Language || !c.favourite(p.Language, town) || at >= len(c.crowd) {
			continue
		}
		for at < len(c.crowd) && c.crowd[at].then != nothing {
			at++
		}
		if at == len(c.crowd) {
			return
		}
		n := &c.crowd[at]
		n.Name, n.Email, n.Language, n.Hidden, n.Comment, n.known = p.Name, p.Email, p.Language, false, "", true
		at++
	}
}

// favourite reports whether a text is the most signed one in its language.
func (c *appeal) favourite(language string, town *seed.Town) bool {
	return !slices.ContainsFunc(town.Declarations, func(d seed.Declaration) bool {
		return d.Language == language && d.Signatures > c.Signatures
	})
}

// bring puts an appeal on its organiser's desk, from a file as people import it,
// and publishes it unless it is to stay a draft.
func (s *settling) bring(ctx context.Context, c *appeal, now time.Time) error {
	d, err := document.Parse(bytes.NewReader(c.Markdown(s.today)), now)
	if err != nil {
		return err
	}
	d.Initiative = s.frames[c.Initiative]
	for _, parties := range [][]document.Party{d.Organisers, d.DutyBearers} {
		for i, p := range parties {
			b, err := s.ownerOf(p.Name)
			if err != nil {
				return err
			}
			parties[i].ID = b.id
		}
	}
	runner, err := s.ownerOf(d.Organisers[0].Name)
	if err != nil {
		return err
	}
	c.by = runner.owner
	if c.by == "" {
		c.by = account.Operator
	}
	if c.id, err = s.Declarations.Save(ctx, c.by, "", d); err != nil || c.State == seed.Draft {
		return err
	}
	c.slug, err = s.Declarations.Publish(ctx, c.by, c.id)
	return err
}

// open are the appeals that take signatures on a day, with the place of the day.
func (s *settling) open(now time.Time, each func(c *appeal, on int)) {
	for i := range s.appeals {
		c := &s.appeals[i]
		if on := dayOf(c.begins(s.today), now); c.slug != "" && on >= 0 && on < c.Days {
			each(c, on)
		}
	}
}

// mandates are what people write who sign for an organisation, by language.
var mandates = map[string][][2]string{
	"en": {{"Chair", "Our board decided at its last meeting to sign."}, {"Secretary", "The members voted for it, with two against."},
		{"Managing director", "I may sign for the company alone."}, {"Coordinator", "The assembly of all volunteers asked me to sign."},
		{"Treasurer", "The board agreed by mail; the minutes are on our website."}},
	"ar": {{"رئيسة الجمعية", "قرر مجلس الإدارة في اجتماعه الأخير أن نوقّع."}, {"أمين السر", "صوّت الأعضاء بالموافقة بأغلبية كبيرة."}},
}

// signForBodies has organisations sign in the first two thirds of a appeal's days.
func (s *settling) signForBodies(ctx context.Context, now time.Time) (err error) {
	s.open(now, func(c *appeal, on int) {
		for i, o := range c.bodies {
			if err != nil || i*c.Days*2/3/len(c.bodies) != on {
				continue
			}
			b := s.bodies[o.Name]
			said := mandates[languageOf(o)]
			m := said[(i+len(o.Name))%len(said)]
			if fault := s.signing.SignFor(ctx, b.owner, c.slug, signing.Mandate{Organisation: b.id, Role: m[0], Statement: m[1]}); fault != nil {
				err = fmt.Errorf("%s signs %s: %w", o.Name, c.Name, fault)
			}
		}
	})
	return err
}

// tail is how many of those who sign last do so one after another: their names
// stand on the page, and each picture of the town shall show the same ones.
const tail = 60

// signDay has the day's people sign: first all forms are sent, then all mails
// answered.
func (s *settling) signDay(ctx context.Context, now time.Time) error {
	type one struct {
		c *appeal
		n *neighbour
	}
	var all, loose []one
	inOrder := map[*appeal][]*neighbour{}
	s.open(now, func(c *appeal, on int) {
		for range c.growth[on] {
			n := &c.crowd[c.done]
			if c.done++; len(c.crowd)-c.done < tail {
				inOrder[c] = append(inOrder[c], n)
			} else {
				loose = append(loose, one{c, n})
			}
			all = append(all, one{c, n})
		}
	})
	if err := together(len(all), func(i int) error { return s.ask(ctx, all[i].c, all[i].n) }); err != nil {
		return err
	}
	if err := together(len(loose), func(i int) error { return s.confirm(ctx, loose[i].n) }); err != nil {
		return err
	}
	var busy sync.WaitGroup
	faults := make(chan error, len(inOrder))
	for _, crowd := range inOrder {
		busy.Go(func() {
			for _, n := range crowd {
				if err := s.confirm(ctx, n); err != nil {
					faults <- err
					return
				}
			}
		})
	}
	busy.Wait()
	close(faults)
	s.tell(len(all))
	return <-faults
}

// tell says now and then how many have signed.
func (s *settling) tell(more int) {
	if s.signed += more; s.signed-s.counted >= 1000 {
		s.counted = s.signed
		s.progress(fmt.Sprintf("%d signatures", s.signed))
	}
}

func (s *settling) ask(ctx context.Context, c *appeal, n *neighbour) (err error) {
	post := s.signing
	if n.known {
		post = s.Signing
	}
	if n.asked, err = post.Sign(ctx, c.slug, n.details()); err != nil {
		return fmt.Errorf("%s signs %s: %w", n.Name, c.Name, err)
	}
	n.key, err = s.signing.KeyOf(ctx, n.asked)
	return err
}

func (s *settling) confirm(ctx context.Context, n *neighbour) error {
	if err := s.signing.ConfirmByLink(ctx, n.key, n.asked, "", n.details()); err != nil {
		return fmt.Errorf("%s confirms: %w", n.Name, err)
	}
	return nil
}

func (n *neighbour) details() signing.Details {
	return signing.Details{Name: n.Name, Email: n.Email, Country: n.Country, Town: n.Town, Comment: n.Comment, Lang: n.Language, Hidden: n.Hidden}
}

// changeMinds does what yesterday's signers, and the stewards, think of it today.
func (s *settling) changeMinds(ctx context.Context, now time.Time) (err error) {
	s.open(now, func(c *appeal, on int) {
		if on == 0 || err != nil {
			return
		}
		until := c.done - c.growth[on]
		for i := until - c.growth[on-1]; i < until && err == nil; i++ {
			err = s.changeMind(ctx, &c.crowd[i])
		}
	})
	return err
}

func (s *settling) changeMind(ctx context.Context, n *neighbour) error {
	switch n.then {
	case withdraw:
		return s.signing.Withdraw(ctx, n.key)
	case erase:
		return s.signing.Erase(ctx, n.key)
	case hide:
		return s.signing.Hide(ctx, n.key)
	case invalidate:
		mine, err := s.signing.ByKey(ctx, n.key)
		if err != nil || mine.Signature == nil {
			return fmt.Errorf("looking for the signature of %s: %w", n.Name, err)
		}
		return s.signing.Invalidate(ctx, s.people["karen"], mine.Signature.Entry, fact.Fraud,
			"These signatures came within a few minutes, from addresses that a program made up.")
	}
	return nil
}

// unread is how many days an organiser has not looked at the comments.
const unread = 4

// readComments has organisers show the comments that wait.
func (s *settling) readComments(ctx context.Context, now time.Time) (err error) {
	s.open(now, func(c *appeal, on int) {
		if err != nil || c.Signatures == 0 || c.State != seed.Closed && on >= c.Days-unread {
			return
		}
		var waiting []signing.WaitingComment
		if waiting, err = s.signing.WaitingComments(ctx, c.by, c.id); err != nil {
			return
		}
		err = together(len(waiting), func(i int) error { return s.signing.ShowComment(ctx, c.by, c.id, waiting[i].Signer) })
	})
	return err
}
