// SPDX-License-Identifier: Apache-2.0

package record_test

import (
	"fmt"
	"log"

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
