// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrPolicy is what every refusal of a policy wraps.
var ErrPolicy = errors.New("record: not a policy")

// MaxPolicy is the most bytes a policy may have.
const MaxPolicy = 1 << 18

// ParsePolicy reads a policy: a line for each log, witness and group, and one
// for the quorum; what is named comes before what names it. Empty lines and
// lines that begin with # are left out. Errors say which line is wrong.
//
//	log <verifier key> [<address>]
//	witness <name> <verifier key> [<address>]
//	group <name> all|any|<number> <name>…
//	quorum <name>|none
func ParsePolicy(text []byte) (*Policy, error) {
	if len(text) > MaxPolicy {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrPolicy, len(text), MaxPolicy)
	}
	r := policyReader{p: new(Policy), names: map[string]bool{}, members: map[string]bool{}, keys: map[string]bool{}}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if err := r.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrPolicy, number, err)
		}
	}
	if r.p.Quorum == "" {
		return nil, fmt.Errorf("%w: no line says the quorum; for none, write: quorum none", ErrPolicy)
	}
	return r.p, nil
}

type policyReader struct {
	p       *Policy
	names   map[string]bool // of witnesses and groups
	members map[string]bool // of any group
	keys    map[string]bool // public keys, after the word for what they do
}

func (r *policyReader) line(line string) error {
	if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return errors.New("a control character; lines end with a newline alone")
	}
	words := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' || c == '\t' })
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	switch word, rest := words[0], words[1:]; {
	case word == "log" && (len(rest) == 1 || len(rest) == 2):
		return r.log(rest[0], optional(rest, 1))
	case word == "witness" && (len(rest) == 2 || len(rest) == 3):
		return r.witness(rest[0], rest[1], optional(rest, 2))
	case word == "group" && len(rest) > 2:
		return r.group(rest[0], rest[1], rest[2:])
	case word == "quorum" && len(rest) == 1:
		return r.quorum(rest[0])
	case word == "log" || word == "witness" || word == "group" || word == "quorum":
		return fmt.Errorf("a %s with %d words behind it", word, len(rest))
	default:
		return fmt.Errorf("%q is none of log, witness, group, quorum", word)
	}
}

func optional(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}

func (r *policyReader) log(key, url string) error {
	if err := r.key("log", key, ed25519Kind); err != nil {
		return err
	}
	r.p.Logs = append(r.p.Logs, Log{key, url})
	return nil
}

func (r *policyReader) witness(name, key, url string) error {
	if err := r.key("witness", key, cosignatureKind); err != nil {
		return err
	}
	r.p.Witnesses = append(r.p.Witnesses, Witness{name, key, url})
	return r.define(name)
}

// key refuses one public key under two names: it would count twice.
func (r *policyReader) key(word, key string, want byte) error {
	_, kind, public, err := parseVerifierKey(key)
	if err != nil {
		return err
	}
	if kind != want {
		return fmt.Errorf("the key of a %s is of kind %d, and this one of kind %d", word, want, kind)
	}
	id := word + string(public)
	if r.keys[id] {
		return fmt.Errorf("the key of this %s stands above already", word)
	}
	r.keys[id] = true
	return nil
}

func (r *policyReader) define(name string) error {
	if name == none || r.names[name] {
		return fmt.Errorf("the name %q is taken", name)
	}
	r.names[name] = true
	return nil
}

func (r *policyReader) group(name, threshold string, members []string) error {
	k, err := strconv.Atoi(threshold)
	switch {
	case threshold == "all":
		k = len(members)
	case threshold == "any":
		k = 1
	case err != nil || strconv.Itoa(k) != threshold || k < 1 || k > len(members):
		return fmt.Errorf("%q is not all, any or a number from 1 to %d", threshold, len(members))
	}
	for _, m := range members {
		if !r.names[m] {
			return fmt.Errorf("no line above names %q", m)
		}
		if r.members[m] {
			return fmt.Errorf("%q is a member of a group already", m)
		}
		r.members[m] = true
	}
	r.p.Groups = append(r.p.Groups, Group{name, k, members})
	return r.define(name)
}

func (r *policyReader) quorum(name string) error {
	if r.p.Quorum != "" {
		return errors.New("a second quorum")
	}
	if name != none && !r.names[name] {
		return fmt.Errorf("no line above names %q", name)
	}
	r.p.Quorum = name
	return nil
}
