// SPDX-License-Identifier: Apache-2.0

package record_test

import (
	"fmt"
	"log"
	"os"

	"example.org/chorus/record"
)

// Somebody who holds an older checkpoint makes sure that nothing was removed.
func ExampleExtends() {
	key, err := record.NewKey("chorus.example/record")
	if err != nil {
		log.Fatal(err)
	}
	tree, tiles := new(record.Tree), map[string][]byte{}
	grow := func(entries ...string) []byte {
		for _, e := range entries {
			for _, t := range tree.Append(record.LeafHash([]byte(e))) {
				tiles[record.TileRef{Level: t.Level, N: t.N, Width: t.Width()}.Path()] = t.Data
			}
		}
		signed, err := key.Sign(tree.Size(), tree.Root())
		if err != nil {
			log.Fatal(err)
		}
		return signed
	}
	before, now := grow("one", "two"), grow("three")

	older, err := record.OpenCheckpoint(before, key.Verifier())
	if err != nil {
		log.Fatal(err)
	}
	newer, err := record.OpenCheckpoint(now, key.Verifier())
	if err != nil {
		log.Fatal(err)
	}
	err = record.Extends(newer, older, func(t record.TileRef) ([]byte, error) { return tiles[t.Path()], nil })
	fmt.Println(older.Size, newer.Size, err)
	// Output: 2 3 <nil>
}

// Somebody who was given a receipt checks it, without a network: with the
// verifier key of the record, and with a policy that says whom to trust.
func ExampleCheckReceipt() {
	receipt, err := os.ReadFile("testdata/receipt.tlog-proof")
	if err != nil {
		log.Fatal(err)
	}
	text, err := os.ReadFile("testdata/receipt.policy")
	if err != nil {
		log.Fatal(err)
	}
	policy, err := record.ParsePolicy(text)
	if err != nil {
		log.Fatal(err)
	}
	const vkey = "chorus.example/record+56489881+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
	checked, err := record.CheckReceipt(receipt, policy, vkey)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("a %s of %s is entry %d of %s\n", checked.Leaf.Kind, checked.Leaf.Day, checked.Index, checked.Checkpoint.Origin)
	fmt.Printf("it says %s\n", checked.Parts[0].Bytes)
	fmt.Printf("cosigned by %d\n", checked.Quorum.Independent)
	// Output:
	// a signature of 2026-11-21 is entry 1 of chorus.example/record
	// it says {"name":"Ada"}
	// cosigned by 2
}

// A policy asks that two of three witnesses have seen a checkpoint.
func ExamplePolicy() {
	key, err := record.NewKey("chorus.example/record")
	if err != nil {
		log.Fatal(err)
	}
	signed, err := key.Sign(0, new(record.Tree).Root())
	if err != nil {
		log.Fatal(err)
	}
	text, witnesses := "log "+key.Verifier()+"\n", []*record.WitnessKey{}
	for _, name := range []string{"library", "union", "paper"} {
		w, err := record.NewWitnessKey(name + ".example")
		if err != nil {
			log.Fatal(err)
		}
		text, witnesses = text+"witness "+name+" "+w.Verifier()+"\n", append(witnesses, w)
	}
	policy, err := record.ParsePolicy([]byte(text + "group eyes 2 library union paper\nquorum eyes\n"))
	if err != nil {
		log.Fatal(err)
	}
	for i, w := range witnesses[:2] {
		line, err := w.Cosign(signed, 1700000000+int64(i))
		if err != nil {
			log.Fatal(err)
		}
		if signed, err = record.AddSignatures(signed, line); err != nil {
			log.Fatal(err)
		}
		_, quorum, err := policy.Open(signed)
		fmt.Println(len(quorum.Witnesses), quorum.Holds, err)
	}
	// Output:
	// 1 false record: fewer witnesses cosigned than the policy asks for: 1 of 3
	// 2 true <nil>
}
