// SPDX-License-Identifier: Apache-2.0

package record

import "testing"

func BenchmarkParseLeaf(b *testing.B) {
	leaf, err := (&Leaf{Version: 1, Kind: "signature", Subject: subject, Day: "2026-11-21", Commitments: []Hash{{1}, {2}}}).Marshal()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(leaf)))
	for b.Loop() {
		if _, err := ParseLeaf(leaf); err != nil {
			b.Fatal(err)
		}
	}
}
