// SPDX-License-Identifier: Apache-2.0

package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"testing/fstest"

	"example.org/chorus"
	"example.org/chorus/fact"
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

// Somebody who doubts a number checks a record that lies in a folder and counts
// its signatures again.
func ExampleVerify() {
	key, folder := townRecord()
	var tally fact.Tally
	report, err := record.Verify(context.Background(), record.Files(folder), record.VerifyOptions{
		Keys: []string{key},
		Each: func(e *record.Entry) error {
			tally.Add(fact.Hash(e.Hash), fact.Head{Kind: e.Leaf.Kind, Subject: chorus.ID(e.Leaf.Subject), Ref: fact.Hash(e.Leaf.Ref)})
			return nil
		},
	})
	if found, ok := errors.AsType[*record.Finding](err); ok {
		fmt.Println("This record is not as it was signed.", found)
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Checkpoint.Size, "entries,", tally.Count("AAAAAAAAAAAAAAAAAAAAAA").People, "people")

	folder["bodies/000"].Data = bytes.Replace(folder["bodies/000"].Data, []byte(`"i":1`), []byte(`"i":2`), 1)
	_, err = record.Verify(context.Background(), record.Files(folder), record.VerifyOptions{Keys: []string{key}})
	fmt.Println(err)
	// Output:
	// 2 entries, 2 people
	// The file bodies/000 is broken: in place of entry 1 it has entry 2.
}

// townRecord is a record of two signatures, in memory.
func townRecord() (verifierKey string, folder fstest.MapFS) {
	key, err := record.NewKey("lindholm.example/record")
	if err != nil {
		log.Fatal(err)
	}
	var tree record.Tree
	var entries, bodies []byte
	folder = fstest.MapFS{}
	for i := range int64(2) {
		name := record.Part{Salt: record.NewSalt(), Bytes: []byte(`{"name":"Ada"}`)}
		leaf := record.Leaf{Version: record.Version, Kind: "signature", Subject: "AAAAAAAAAAAAAAAAAAAAAA", Day: "2026-11-21", Commitments: []record.Hash{record.Commit(name.Salt, name.Bytes)}}
		entry, err := leaf.Marshal()
		if err != nil {
			log.Fatal(err)
		}
		line, err := (&record.Body{Index: i, Parts: []record.Part{name}}).MarshalJSON()
		if err != nil {
			log.Fatal(err)
		}
		if entries, err = record.AppendEntry(entries, entry); err != nil {
			log.Fatal(err)
		}
		bodies = append(append(bodies, line...), '\n')
		for _, t := range tree.Append(record.LeafHash(entry)) {
			folder[record.TileRef{Level: t.Level, N: t.N, Width: t.Width()}.Path()] = &fstest.MapFile{Data: t.Data}
		}
	}
	signed, err := key.Sign(tree.Size(), tree.Root())
	if err != nil {
		log.Fatal(err)
	}
	folder["checkpoint"], folder["bodies/000"] = &fstest.MapFile{Data: signed}, &fstest.MapFile{Data: bodies}
	folder["tile/entries/000.p/2"] = &fstest.MapFile{Data: entries}
	return key.Verifier(), folder
}
