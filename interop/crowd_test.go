// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
	"example.org/chorus/seed"
)

const (
	letter      = chorus.ID("b7Kq0f3mQ5yW2tJ8uN4rCg")
	letterPath  = "/declarations/harbour"
	factsInDeed = 1000
)

// An instance is a whole Chorus with one declaration, whose record is judged.
type instance struct {
	*chorustest.Instance
	t      *testing.T
	folder string // of its keys
	signed []fact.Hash
}

func open(t *testing.T) *instance { return openIn(t, t.TempDir()) }

// openIn opens an instance whose keys lie in a folder; its database does not.
func openIn(t *testing.T, folder string) *instance {
	t.Helper()
	c := app.Config{Data: folder, Database: filepath.Join(t.TempDir(), "chorus.db"), Unlimited: true}
	in := &instance{Instance: chorustest.RunWith(t, c), t: t, folder: folder}
	in.publish(&fact.DeclarationPublished{Declaration: letter, Core: fact.Show(fact.DeclarationCore{Kind: fact.OpenLetter, Slug: "harbour",
		Title: chorus.Text{Lang: "en", Text: "A harbour for all"}, Text: chorus.Text{Lang: "en", Text: "Open it."},
		Signers: []fact.SignerClass{fact.People}, Opens: time.Now().Add(-time.Hour).UTC().Truncate(time.Second)})})
	return in
}

// address is where the record is served.
func (in *instance) address() string { return in.URL + "/record" }

// key is the key with which the instance signs.
func (in *instance) key() *record.Key {
	in.t.Helper()
	key, err := recorder.ReadKey(in.folder)
	if err != nil {
		in.t.Fatal(err)
	}
	return key
}

// head is the checkpoint that is served.
func (in *instance) head() record.Checkpoint {
	in.t.Helper()
	c, err := record.OpenCheckpoint(get(in.t, in.address()+"/checkpoint"), in.key().Verifier())
	if err != nil {
		in.t.Fatal(err)
	}
	return c
}

// publish records facts, many in one deed.
func (in *instance) publish(all ...fact.Fact) (hashes []fact.Hash) {
	in.t.Helper()
	for deed := range slices.Chunk(all, factsInDeed) {
		var made []fact.Hash
		err := in.Record.Write(in.t.Context(), func(d *recorder.Deed) error {
			made = nil
			for _, f := range deed {
				h, err := d.Publish(in.t.Context(), f)
				if err != nil {
					return err
				}
				made = append(made, h)
			}
			return nil
		})
		if err != nil {
			in.t.Fatal(err)
		}
		hashes = append(hashes, made...)
	}
	return hashes
}

// sign records signatures, and what becomes of them, and publishes a
// checkpoint. It returns how many more people count.
func (in *instance) sign(n int) (more int) {
	in.t.Helper()
	crowd, from := people(in.t, n), len(in.signed)
	for i, p := range crowd {
		crowd[i].Declaration = letter
		if fates[(from+i)%100].hidden {
			crowd[i].Identity = fact.Withhold(p.Identity.Value)
		}
	}
	in.signed = append(in.signed, in.publish(facts(crowd)...)...)
	var later []fact.Fact
	for i, h := range in.signed[from:] {
		fate := fates[(from+i)%100]
		if fate.then != nil {
			later = append(later, fate.then(h)...)
		}
		if !fate.out {
			more++
		}
	}
	in.publish(later...)
	in.checkpoint()
	return more
}

func facts(crowd []fact.SignatureAdded) (all []fact.Fact) {
	for i := range crowd {
		all = append(all, &crowd[i])
	}
	return all
}

// checkpoint publishes one; what readers are given is a second old at most.
func (in *instance) checkpoint() {
	in.t.Helper()
	if err := in.Record.PublishCheckpoint(in.t.Context()); err != nil {
		in.t.Fatal(err)
	}
	in.Wait(2 * time.Second)
}

// number is the number on the page of the declaration.
func (in *instance) number() int {
	in.t.Helper()
	text, _, _ := strings.Cut(string(get(in.t, in.URL+letterPath+"/number")), "\n")
	n, err := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
	if err != nil {
		in.t.Fatal(err)
	}
	return n
}

// people are signatures by the people of the seed town.
func people(t testing.TB, n int) (crowd []fact.SignatureAdded) {
	t.Helper()
	town, err := seed.Load()
	if err != nil {
		t.Fatal(err)
	}
	for p := range town.Signers(n, 1) {
		crowd = append(crowd, fact.SignatureAdded{Declaration: letter, Core: fact.Show(fact.SignatureCore{Country: p.Country}),
			Identity: fact.Show(fact.Identity{Name: p.Name, Town: p.Town})})
	}
	return crowd
}

// A fate is what becomes of a signature.
type fate struct {
	hidden bool // signed without a name
	out    bool // does not count in the end
	then   func(fact.Hash) []fact.Fact
}

// fates are those of the signatures whose number ends with these two digits;
// nothing happens to the others.
var fates = map[int]fate{
	7:  {out: true, then: func(h fact.Hash) []fact.Fact { return []fact.Fact{withdrawn(h)} }},
	23: {out: true, then: func(h fact.Hash) []fact.Fact { return []fact.Fact{invalidated(h)} }},
	31: {then: func(h fact.Hash) []fact.Fact { return []fact.Fact{invalidated(h), reinstated(h)} }},
	42: {then: func(h fact.Hash) []fact.Fact { return []fact.Fact{erased(h)} }},
	57: {out: true, then: func(h fact.Hash) []fact.Fact { return []fact.Fact{withdrawn(h), erased(h)} }},
	64: {hidden: true},
	77: {hidden: true, then: func(h fact.Hash) []fact.Fact { return []fact.Fact{shown(h)} }},
	86: {out: true, then: func(h fact.Hash) []fact.Fact {
		return []fact.Fact{erased(h), invalidated(h), withdrawn(h), reinstated(h)}
	}},
}

func withdrawn(h fact.Hash) fact.Fact {
	return &fact.SignatureWithdrawn{Declaration: letter, Signature: h}
}

func invalidated(h fact.Hash) fact.Fact {
	return &fact.SignatureInvalidated{Declaration: letter, Signature: h, Reason: fact.Duplicate, Core: fact.Show(fact.Explanation{Text: "Signed twice."})}
}

func reinstated(h fact.Hash) fact.Fact {
	return &fact.SignatureReinstated{Declaration: letter, Signature: h, Core: fact.Show(fact.Explanation{Text: "Two people of one name."})}
}

func erased(h fact.Hash) fact.Fact {
	return &fact.Redacted{Subject: letter, Entry: h, Parts: []int64{fact.SignatureIdentityPart}, Reason: fact.GDPR}
}

func shown(h fact.Hash) fact.Fact {
	return &fact.SignatureShown{Declaration: letter, Signature: h, Identity: fact.Show(fact.Identity{Name: "Ada Lindholm"})}
}
