// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/organisation"
)

// TestRandomDeeds does random deeds of random people at one declaration and
// keeps a simple account of who has signed. The count must agree after every
// deed, and at the end a mirror and a rebuild must have byte-equal tables.
func TestRandomDeeds(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := chorustest.Run(t, source)
		path, _ := in.Trams(document.Draft{})
		c := &crowd{T: t, in: in, slug: strings.TrimPrefix(path, "/declarations/"), signed: map[int]bool{}, invalid: map[int]bool{}, keys: map[int]string{}, orgs: map[int]*choir{}}
		random := rapid.Custom(func(t *rapid.T) [2]int {
			return [2]int{rapid.IntRange(0, len(deeds)-1).Draw(t, "deed"), rapid.IntRange(0, 5).Draw(t, "person")}
		})
		for i := range 120 {
			d := random.Example(i)
			deeds[d[0]](c, d[1])
			c.check()
		}
		c.checkLeaves()
		in.CheckMirror()
	})
}

type crowd struct {
	*testing.T
	in      *chorustest.Instance
	slug    string
	signed  map[int]bool
	invalid map[int]bool // signed, and taken out of the count
	keys    map[int]string
	orgs    map[int]*choir
}

type choir struct {
	id               chorus.ID
	owner            chorus.ID
	signed, verified bool
}

// deeds are what can happen; each takes a person or an organisation by number.
var deeds = []func(c *crowd, n int){
	(*crowd).sign, (*crowd).sign, (*crowd).sign, (*crowd).withdraw, (*crowd).hide, (*crowd).show, (*crowd).erase,
	(*crowd).comment, (*crowd).invalidate, (*crowd).signFor, (*crowd).revoke, (*crowd).verify, (*crowd).unverify,
}

func (c *crowd) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c *crowd) sign(n int) {
	address := fmt.Sprintf("p%d@example.org", n)
	d := signing.Details{Name: fmt.Sprint("Person ", n), Email: address, Country: []string{"DK", "SE", "DE"}[n%3], Town: "Lind", Comment: "Yes.", Lang: "en", Hidden: n%2 == 0}
	kept, err := c.in.Signing.Sign(c.Context(), c.slug, d)
	c.must(err)
	letter, _ := c.in.MailTo(address)
	key, err := c.in.Signing.ConfirmHere(c.Context(), kept, chorustest.Code(letter))
	c.must(err)
	if !c.signed[n] {
		c.invalid[n] = false
	}
	c.signed[n], c.keys[n] = true, key
}

func (c *crowd) withdraw(n int) {
	if c.keys[n] != "" {
		c.must(c.in.Signing.Withdraw(c.Context(), c.keys[n]))
		c.signed[n] = false
	}
}

func (c *crowd) hide(n int)  { c.own(n, c.in.Signing.Hide) }
func (c *crowd) show(n int)  { c.own(n, c.in.Signing.ShowName) }
func (c *crowd) erase(n int) { c.own(n, c.in.Signing.Erase) }

func (c *crowd) own(n int, deed func(context.Context, string) error) {
	if c.keys[n] != "" {
		c.must(deed(c.Context(), c.keys[n]))
	}
}

func (c *crowd) comment(int) {
	d, err := c.in.Declarations.BySlug(c.Context(), c.slug)
	c.must(err)
	waiting, err := c.in.Signing.WaitingComments(c.Context(), account.Operator, d.ID)
	c.must(err)
	if len(waiting) > 0 {
		c.must(c.in.Signing.ShowComment(c.Context(), account.Operator, d.ID, waiting[0].Signer))
	}
}

func (c *crowd) invalidate(n int) {
	if c.keys[n] == "" {
		return
	}
	m, err := c.in.Signing.ByKey(c.Context(), c.keys[n])
	c.must(err)
	if m.Signature == nil || m.State != "signed" {
		return
	}
	c.must(c.in.Signing.Invalidate(c.Context(), account.Operator, m.Signature.Entry, fact.Fraud, "A test."))
	if n%2 == 0 {
		c.must(c.in.Signing.Reinstate(c.Context(), account.Operator, m.Signature.Entry, "A test."))
		c.invalid[n] = false
		return
	}
	c.invalid[n] = true
}

func (c *crowd) choir(n int) *choir {
	if c.orgs[n] == nil {
		owner := c.in.Person(fmt.Sprintf("o%d@example.org", n))
		id, err := c.in.Organisations.Enter(c.Context(), owner, organisation.Input{Name: fmt.Sprint("Choir ", n), Kind: "community group", Country: "DK"})
		c.must(err)
		c.orgs[n] = &choir{id: id, owner: owner}
	}
	return c.orgs[n]
}

func (c *crowd) signFor(n int) {
	o := c.choir(n)
	c.must(c.in.Signing.SignFor(c.Context(), o.owner, c.slug, signing.Mandate{Organisation: o.id, Role: "Chair", Statement: "The board."}))
	o.signed = true
}

func (c *crowd) revoke(n int) {
	if o := c.choir(n); o.signed {
		c.must(c.in.Signing.Revoke(c.Context(), o.owner, c.slug, o.id))
		o.signed = false
	}
}

func (c *crowd) verify(n int) {
	o := c.choir(n)
	if !o.verified {
		c.must(c.in.Organisations.VerifyBySteward(c.Context(), account.Operator, o.id))
		o.verified = true
	}
}

func (c *crowd) unverify(n int) {
	if o := c.choir(n); o.verified {
		c.must(c.in.Organisations.Unverify(c.Context(), account.Operator, o.id, "A test."))
		o.verified = false
	}
}

// checkLeaves compares the count with one from the leaves alone.
func (c *crowd) checkLeaves() {
	d, err := c.in.Declarations.BySlug(c.Context(), c.slug)
	c.must(err)
	tally, size := recount(c.T, c.in)
	claims, err := c.in.Declarations.Claims(c.Context())
	c.must(err)
	c.must(tally.Check(claims))
	if len(claims) != 1 || claims[0] != (fact.Claim{AsOf: size, Declaration: d.ID, People: d.People, Organisations: d.Organisations, Waiting: d.Waiting}) {
		c.Errorf("claimed is %+v of %d entries, on the page stand %d people, %d organisations, %d waiting", claims, size, d.People, d.Organisations, d.Waiting)
	}
}

func (c *crowd) check() {
	c.Helper()
	d, err := c.in.Declarations.BySlug(c.Context(), c.slug)
	c.must(err)
	var people, organisations, waiting int64
	for n, has := range c.signed {
		if has && !c.invalid[n] {
			people++
		}
	}
	for _, o := range c.orgs {
		switch {
		case o.signed && o.verified:
			organisations++
		case o.signed:
			waiting++
		}
	}
	if d.People != people || d.Organisations != organisations || d.Waiting != waiting {
		c.Fatalf("%d people, %d organisations, %d waiting; want %d, %d, %d", d.People, d.Organisations, d.Waiting, people, organisations, waiting)
	}
}
