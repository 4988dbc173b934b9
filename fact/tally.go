// SPDX-License-Identifier: Apache-2.0

package fact

import "example.org/chorus"

// A Tally counts signatures from heads alone, as anybody can who has the
// record: no word and no name is needed. It keeps some 100 bytes for each
// signature. The zero value has counted nothing.
//
//   - the signature of a person counts until it is withdrawn or taken out;
//   - that of an organisation counts, besides, only while the organisation is
//     verified, and waits otherwise;
//   - what was taken out can be reinstated, what was withdrawn cannot;
//   - an act that is repeated changes nothing.
type Tally struct {
	order      []chorus.ID
	counts     map[chorus.ID]*Count
	signatures map[Hash]*signature
	signers    map[Hash]*signer // organisations, by the entry that entered them
}

// A Count is the numbers of one declaration.
type Count struct {
	People        int64 // whose signatures count
	Organisations int64 // whose signatures count
	Waiting       int64 // organisations that would count if they were verified
	Added         int64 // signatures that were ever added
	Withdrawn     int64 // by their signers
	TakenOut      int64 // by the stewards, and neither reinstated nor withdrawn
}

type signature struct {
	count                *Count
	signer               *signer // nil for people
	withdrawn, isInvalid bool
}

type signer struct {
	verified   bool
	signatures []*signature
}

// Add counts the entry that has a hash and a head. Entries are added in the
// order of the record.
func (t *Tally) Add(entry Hash, h Head) {
	switch h.Kind {
	case (*DeclarationPublished)(nil).Kind():
		t.count(h.Subject)
	case (*SignatureAdded)(nil).Kind():
		t.sign(entry, h.Subject, nil)
	case (*OrganisationSigned)(nil).Kind():
		t.sign(entry, h.Subject, t.signer(h.Ref))
	case (*SignatureWithdrawn)(nil).Kind():
		t.change(h.Ref, func(s *signature) { s.withdrawn = true })
	case (*SignatureInvalidated)(nil).Kind():
		t.change(h.Ref, func(s *signature) { s.isInvalid = true })
	case (*SignatureReinstated)(nil).Kind():
		t.change(h.Ref, func(s *signature) { s.isInvalid = false })
	case (*OrganisationVerified)(nil).Kind():
		t.signer(h.Ref).verify(func(s *signer) { s.verified = true })
	case (*OrganisationUnverified)(nil).Kind():
		t.signer(h.Ref).verify(func(s *signer) { s.verified = false })
	}
}

// Count is the numbers of a declaration up to here.
func (t *Tally) Count(declaration chorus.ID) Count {
	if c := t.counts[declaration]; c != nil {
		return *c
	}
	return Count{}
}

// Declarations are those that were published or signed, in the order of the record.
func (t *Tally) Declarations() []chorus.ID { return t.order }

func (t *Tally) count(declaration chorus.ID) *Count {
	c := t.counts[declaration]
	if c == nil {
		if t.counts == nil {
			t.counts = map[chorus.ID]*Count{}
		}
		c = new(Count)
		t.counts[declaration] = c
		t.order = append(t.order, declaration)
	}
	return c
}

func (t *Tally) signer(entered Hash) *signer {
	o := t.signers[entered]
	if o == nil {
		if t.signers == nil {
			t.signers = map[Hash]*signer{}
		}
		o = new(signer)
		t.signers[entered] = o
	}
	return o
}

func (t *Tally) sign(entry Hash, declaration chorus.ID, by *signer) {
	if t.signatures[entry] != nil {
		return
	}
	if t.signatures == nil {
		t.signatures = map[Hash]*signature{}
	}
	s := &signature{count: t.count(declaration), signer: by}
	t.signatures[entry] = s
	if by != nil {
		by.signatures = append(by.signatures, s)
	}
	s.count.Added++
	s.add(+1)
}

func (t *Tally) change(entry Hash, set func(*signature)) {
	if s := t.signatures[entry]; s != nil { // else the entry acts on something else
		s.add(-1)
		set(s)
		s.add(+1)
	}
}

func (o *signer) verify(set func(*signer)) {
	for _, s := range o.signatures {
		s.add(-1)
	}
	set(o)
	for _, s := range o.signatures {
		s.add(+1)
	}
}

// add puts the signature where it belongs now, or with -1 takes it from there.
func (s *signature) add(by int64) {
	switch {
	case s.withdrawn:
		s.count.Withdrawn += by
	case s.isInvalid:
		s.count.TakenOut += by
	case s.signer == nil:
		s.count.People += by
	case s.signer.verified:
		s.count.Organisations += by
	default:
		s.count.Waiting += by
	}
}
