// SPDX-License-Identifier: Apache-2.0

package fact

import "example.org/chorus"

// A Tally counts signatures from heads alone, as anybody can who has the
// record: no word and no name is needed. It keeps some 80 bytes for each
// signature. The zero value has counted nothing.
//
//   - the signature of a person counts until it is withdrawn or taken out;
//   - that of an organisation counts, besides, only while the organisation is
//     verified, and waits otherwise;
//   - what was taken out can be reinstated, what was withdrawn cannot;
//   - an act that is repeated changes nothing.
type Tally struct {
	order      []chorus.ID // of declarations
	counts     []Count     // in that order
	place      map[chorus.ID]int32
	signatures []signature
	signed     map[Hash]int32   // where in signatures, by the entry
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

// A signature holds no pointer, so that a million of them cost little.
type signature struct {
	count                int32 // in counts
	isPerson             bool
	isVerified           bool // organisations
	withdrawn, isInvalid bool
}

type signer struct {
	isVerified bool
	signatures []int32
}

const verified, notVerified = true, false

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
		t.verify(h.Ref, verified)
	case (*OrganisationUnverified)(nil).Kind():
		t.verify(h.Ref, notVerified)
	}
}

// Count is the numbers of a declaration up to here.
func (t *Tally) Count(declaration chorus.ID) Count {
	if i, ok := t.place[declaration]; ok {
		return t.counts[i]
	}
	return Count{}
}

// Declarations are those that were published or signed, in the order of the record.
func (t *Tally) Declarations() []chorus.ID { return t.order }

func (t *Tally) count(declaration chorus.ID) int32 {
	i, ok := t.place[declaration]
	if !ok {
		if t.place == nil {
			t.place = map[chorus.ID]int32{}
		}
		i = int32(len(t.order))
		t.place[declaration] = i
		t.order, t.counts = append(t.order, declaration), append(t.counts, Count{})
	}
	return i
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
	if _, again := t.signed[entry]; again {
		return
	}
	s, i := signature{count: t.count(declaration), isPerson: by == nil}, int32(len(t.signatures))
	if by != nil {
		s.isVerified = by.isVerified
		by.signatures = append(by.signatures, i)
	}
	if t.signed == nil {
		t.signed = map[Hash]int32{}
	}
	t.signed[entry] = i
	t.signatures = append(t.signatures, s)
	t.counts[s.count].Added++
	t.add(s, +1)
}

func (t *Tally) change(entry Hash, set func(*signature)) {
	if i, ok := t.signed[entry]; ok { // else the entry acts on something else
		t.changeAt(i, set)
	}
}

func (t *Tally) changeAt(i int32, set func(*signature)) {
	t.add(t.signatures[i], -1)
	set(&t.signatures[i])
	t.add(t.signatures[i], +1)
}

func (t *Tally) verify(entered Hash, is bool) {
	o := t.signer(entered)
	o.isVerified = is
	for _, i := range o.signatures {
		t.changeAt(i, func(s *signature) { s.isVerified = is })
	}
}

// add puts a signature where it belongs, or with -1 takes it from there.
func (t *Tally) add(s signature, by int64) {
	c := &t.counts[s.count]
	switch {
	case s.withdrawn:
		c.Withdrawn += by
	case s.isInvalid:
		c.TakenOut += by
	case s.isPerson:
		c.People += by
	case s.isVerified:
		c.Organisations += by
	default:
		c.Waiting += by
	}
}
