// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

// The file is the example of C2SP tlog-policy, with keys put in.
func TestExamplePolicy(t *testing.T) {
	text, err := os.ReadFile("testdata/example.policy")
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Group{{"X-witnesses", 2, []string{"X1", "X2", "X3"}}, {"Y-witnesses", 1, []string{"Y1", "Y2", "Y3"}}, {"X-and-Y", 2, []string{"X-witnesses", "Y-witnesses"}}}
	if len(p.Logs) != 1 || len(p.Witnesses) != 6 || !reflect.DeepEqual(p.Groups, want) || p.Quorum != "X-and-Y" || p.Witnesses[0].URL != "https://x1.example/witness" {
		t.Errorf("%+v", p)
	}
	golden(t, "example.marshalled.policy", p.Marshal())
	again, err := ParsePolicy(p.Marshal())
	if err != nil || !reflect.DeepEqual(again, p) {
		t.Errorf("%+v came back as %+v, %v", p, again, err)
	}
}

// exampleQuorum says whether the example's quorum holds when these have cosigned.
func exampleQuorum(t *testing.T, p *Policy, who string) *Quorum {
	t.Helper()
	signed, err := sampleKey(t, "log.example", 1).Sign(3, Hash{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(who) {
		line, err := (&WitnessKey{strings.ToLower(name) + ".example", privateOf(name[0]*8 + name[1])}).Cosign(signed, 1)
		if err != nil {
			t.Fatal(err)
		}
		if signed, err = AddSignatures(signed, line); err != nil {
			t.Fatal(err)
		}
	}
	c, q, err := p.Open(signed)
	if c.Size != 3 || q == nil || q.Holds != (err == nil) || err != nil && !errors.Is(err, ErrQuorum) {
		t.Fatalf("%s: %+v, %+v, %v", who, c, q, err)
	}
	return q
}

func TestQuorum(t *testing.T) {
	text, err := os.ReadFile("testdata/example.policy")
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]bool{"": false, "X1 X2": false, "X1 Y1": false, "Y1 Y2 Y3": false, "X1 X2 Y3": true, "Y1 X3 X1": true, "X1 X2 X3 Y1 Y2 Y3": true, "X1 X2 Z1": false} {
		if q := exampleQuorum(t, p, who); q.Holds != want {
			t.Errorf("%q: %+v, want %v", who, q, want)
		}
	}
	p.Quorum = "X2"
	if q := exampleQuorum(t, p, "Y1 X2"); !q.Holds || len(q.Witnesses) != 2 || q.Witnesses[0].Name != "X2" || q.Independent != 2 {
		t.Errorf("one witness: %+v", q)
	}
	p.Quorum = none
	if q := exampleQuorum(t, p, ""); !q.Holds || q.Independent != 0 {
		t.Errorf("no quorum: %+v", q)
	}
}

// Two witnesses of one host are one pair of eyes, and the record's own host is none.
func TestIndependent(t *testing.T) {
	key := sampleKey(t, "log.example/record", 1)
	signed, err := key.Sign(3, Hash{})
	if err != nil {
		t.Fatal(err)
	}
	text := "log " + key.Verifier() + "\n"
	for i, name := range []string{"log.example/witness", "w.example/one", "W.example/two", "v.example"} {
		w := &WitnessKey{name, privateOf(byte(21 + i))}
		text += "witness " + name + " " + w.Verifier() + "\n"
		line, err := w.Cosign(signed, 5)
		if err != nil {
			t.Fatal(err)
		}
		if signed, err = AddSignatures(signed, line); err != nil {
			t.Fatal(err)
		}
	}
	p, err := ParsePolicy([]byte(text + "quorum none\n"))
	if err != nil {
		t.Fatal(err)
	}
	if q, err := p.Check(signed); err != nil || len(q.Witnesses) != 4 || q.Independent != 2 {
		t.Errorf("Check = %+v, %v, want 4 cosignatures of 2 hosts", q, err)
	}
	if _, err := p.Check([]byte("words")); err == nil {
		t.Error("words were checked")
	}
}

// TestHostilePolicies holds texts with the words that their errors must have.
func TestHostilePolicies(t *testing.T) {
	key, w := sampleKey(t, "log.example", 1).Verifier(), &WitnessKey{"w.example", privateOf(11)}
	renamed, other := &WitnessKey{"v.example", privateOf(11)}, &WitnessKey{"v.example", privateOf(12)}
	one, two := "witness one "+w.Verifier()+"\n", "witness two "+other.Verifier()+"\n"
	const end = "quorum none\n"
	for name, c := range map[string]struct{ text, want string }{
		"empty":                 {"", "quorum none"},
		"no quorum":             {one, "quorum none"},
		"two quorums":           {end + end, "line 2: a second quorum"},
		"quorum of two":         {one + two + "quorum one two\n", "line 3: a quorum with 2 words"},
		"quorum of nobody":      {"quorum one\n", `line 1: no line above names "one"`},
		"quorum before witness": {"quorum one\n" + one, "line 1"},
		"unknown word":          {"# words\n\nmirror x\n" + end, `line 3: "mirror"`},
		"word in capitals":      {"LOG " + key + "\n" + end, "line 1"},
		"log without key":       {"log\n" + end, "line 1: a log with 0 words"},
		"log with words":        {"log " + key + " a b\n" + end, "line 1"},
		"log with witness key":  {"log " + w.Verifier() + "\n" + end, "kind 1, and this one of kind 4"},
		"witness with log key":  {"witness one " + key + "\n" + end, "kind 4, and this one of kind 1"},
		"log twice":             {"log " + key + "\nlog " + key + "\n" + end, "line 2: the key of this log stands above"},
		"witness twice":         {one + "witness two " + w.Verifier() + "\n" + end, "line 2: the key"},
		"one key, two names":    {one + "witness two " + renamed.Verifier() + "\n" + end, "line 2: the key"},
		"one name, two keys":    {one + "witness one " + other.Verifier() + "\n" + end, `line 2: the name "one" is taken`},
		"witness called none":   {"witness none " + w.Verifier() + "\n" + end, `"none" is taken`},
		"broken key":            {"witness one w.example+00000000+AAAA\n" + end, "not a verifier key"},
		"group called none":     {one + "group none any one\n" + end, `"none" is taken`},
		"group named twice":     {one + two + "group g any one\ngroup g any two\n" + end, "line 4"},
		"group as witness":      {one + "group one any one\n" + end, "line 2"},
		"group without members": {"group g any\n" + end, "line 1: a group with 2 words"},
		"group of itself":       {"group g any g\n" + end, `names "g"`},
		"group with none":       {"group g any none\n" + end, `names "none"`},
		"member twice":          {one + "group g any one one\n" + end, "line 2"},
		"member of two":         {one + "group g any one\ngroup h any one\n" + end, "line 3"},
		"threshold zero":        {one + "group g 0 one\n" + end, "from 1 to 1"},
		"threshold too high":    {one + "group g 2 one\n" + end, "from 1 to 1"},
		"threshold with zero":   {one + "group g 01 one\n" + end, "from 1 to 1"},
		"threshold negative":    {one + "group g -1 one\n" + end, "from 1 to 1"},
		"threshold in capitals": {one + "group g ANY one\n" + end, "from 1 to 1"},
		"Windows lines":         {one + "quorum one\r\n", "line 2: a control character"},
		"null byte":             {"quorum none\x00\n", "control"},
		"comment with control":  {"# \x1b[1m\n" + end, "control"},
		"comment behind":        {"quorum none # for now\n", "line 1: a quorum with 4 words"},
		"too long":              {strings.Repeat("#", MaxPolicy) + "\n" + end, "at most"},
	} {
		p, err := ParsePolicy([]byte(c.text))
		if !errors.Is(err, ErrPolicy) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v, want %q", name, p, err, c.want)
		}
	}
}

func TestPolicySpellings(t *testing.T) {
	w := &WitnessKey{"w.example", privateOf(11)}
	for name, text := range map[string]string{"no last line end": "quorum none", "tabs": "\tquorum\t none \n", "comments": "# a\n  # b\n\nquorum none\n",
		"octets": "witness \xe2\x84\xaa\xff " + w.Verifier() + " https://ü.example/\nquorum \xe2\x84\xaa\xff\n"} {
		p, err := ParsePolicy([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if again, err := ParsePolicy(p.Marshal()); err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%s: %+v came back as %+v, %v", name, p, again, err)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	text, err := os.ReadFile("testdata/example.policy")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("quorum none"))
	signed := newSample(f).proof.Checkpoint
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePolicy(text)
		if err != nil {
			return
		}
		again, err := ParsePolicy(p.Marshal())
		if err != nil || !bytes.Equal(again.Marshal(), p.Marshal()) {
			t.Errorf("%q came back as %q, %v", text, p.Marshal(), err)
		}
		if _, err := p.Check(signed); err != nil {
			t.Errorf("%q fails on a good checkpoint: %v", text, err)
		}
	})
}
