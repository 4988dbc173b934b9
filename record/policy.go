// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A Policy says whose signatures one trusts: which records, and how many of
// which witnesses must have cosigned a checkpoint (C2SP tlog-policy). Make one
// with ParsePolicy. A nil Policy knows no witness and asks for none.
type Policy struct {
	Logs      []Log
	Witnesses []Witness
	Groups    []Group
	Quorum    string // the witness or the group that must have cosigned, or "none"
}

// A Log is a record that a policy trusts.
type Log struct {
	Key string // verifier key; its name is the origin
	URL string // may be empty
}

// A Witness is one whose cosignatures a policy knows.
type Witness struct {
	Name string // in this policy; the key has one of its own
	Key  string // verifier key
	URL  string // where it takes checkpoints; may be empty
}

// A Group has cosigned when K of its members have.
type Group struct {
	Name    string
	K       int
	Members []string // witnesses and groups before it
}

// A Quorum is what a policy finds in the signatures of a checkpoint.
type Quorum struct {
	Witnesses   []Cosigner // those that cosigned, in the order of the policy
	Holds       bool       // what the policy asks for is there
	Independent int        // hosts that cosigned, but for the record's own
}

// A Cosigner is a witness that cosigned a checkpoint.
type Cosigner struct {
	Witness
	Unix int64 // when it did, by its own clock, in seconds since 1970
}

// ErrQuorum says that too few witnesses cosigned.
var ErrQuorum = errors.New("record: fewer witnesses cosigned than the policy asks for")

// ErrCosignature says that a line under a checkpoint names a witness of the
// policy and is not its signature.
var ErrCosignature = errors.New("record: a false cosignature")

const none = "none"

// Marshal writes the policy as lines that ParsePolicy reads: first the logs,
// then the witnesses, the groups and the quorum.
func (p *Policy) Marshal() []byte {
	var b strings.Builder
	line := func(words ...string) { b.WriteString(strings.TrimRight(strings.Join(words, " "), " ") + "\n") }
	for _, l := range p.Logs {
		line("log", l.Key, l.URL)
	}
	for _, w := range p.Witnesses {
		line("witness", w.Name, w.Key, w.URL)
	}
	for _, g := range p.Groups {
		line("group", g.Name, g.threshold(), strings.Join(g.Members, " "))
	}
	line("quorum", p.Quorum)
	return []byte(b.String())
}

func (g Group) threshold() string {
	switch g.K {
	case len(g.Members):
		return "all"
	case 1:
		return "any"
	}
	return strconv.Itoa(g.K)
}

// Check finds out which witnesses of the policy cosigned a checkpoint and
// whether they suffice. It fails when one of their signatures is wrong, and
// does not look at that of the record.
func (p *Policy) Check(signed []byte) (*Quorum, error) {
	_, c, err := splitCheckpoint(signed)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if p == nil {
		return &Quorum{Holds: true}, nil
	}
	sigs, err := p.cosignatures(signed)
	if err != nil {
		return nil, fmt.Errorf("%w of %q: %w", ErrCosignature, c.Origin, err)
	}
	return p.count(c.Origin, sigs)
}

// cosignatures are the verified ones, by verifier key.
func (p *Policy) cosignatures(signed []byte) (map[string]note.Signature, error) {
	var known []note.Verifier
	for _, w := range p.Witnesses {
		v, err := CosignatureVerifier(w.Key)
		if err != nil {
			return nil, err
		}
		known = append(known, v)
	}
	n, err := note.Open(signed, note.VerifierList(known...))
	if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return nil, nil // well formed, by nobody we know
	}
	if err != nil {
		return nil, err
	}
	sigs := map[string]note.Signature{}
	for _, s := range n.Sigs {
		i := slices.IndexFunc(known, func(v note.Verifier) bool { return v.Name() == s.Name && v.KeyHash() == s.Hash })
		sigs[p.Witnesses[i].Key] = s
	}
	return sigs, nil
}

func (p *Policy) count(origin string, sigs map[string]note.Signature) (*Quorum, error) {
	q := new(Quorum)
	did, hosts := map[string]bool{none: true}, map[string]bool{}
	for _, w := range p.Witnesses {
		s, ok := sigs[w.Key]
		if !ok {
			continue
		}
		unix, err := CosignatureTime(s)
		if err != nil {
			return nil, err
		}
		q.Witnesses = append(q.Witnesses, Cosigner{w, unix})
		did[w.Name] = true
		if host(s.Name) != host(origin) {
			hosts[host(s.Name)] = true
		}
	}
	for _, g := range p.Groups {
		n := 0
		for _, m := range g.Members {
			if did[m] {
				n++
			}
		}
		did[g.Name] = n >= g.K
	}
	q.Holds, q.Independent = did[p.Quorum], len(hosts)
	return q, nil
}

// host is who a key belongs to, as far as its name tells.
func host(name string) string {
	host, _, _ := strings.Cut(name, "/")
	return strings.ToLower(host)
}

// Open reads a checkpoint that is signed with one of these verifier keys, or
// by one of the policy's logs if no key is given, and that enough witnesses
// cosigned. If they are too few, the error is ErrQuorum, and the rest is given
// nevertheless.
func (p *Policy) Open(signed []byte, verifierKeys ...string) (Checkpoint, *Quorum, error) {
	if len(verifierKeys) == 0 && p != nil {
		for _, l := range p.Logs {
			verifierKeys = append(verifierKeys, l.Key)
		}
	}
	c, err := OpenCheckpoint(signed, verifierKeys...)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	q, err := p.Check(signed)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	if !q.Holds {
		err = fmt.Errorf("%w: %d of %d", ErrQuorum, len(q.Witnesses), len(p.Witnesses))
	}
	return c, q, err
}
