// SPDX-License-Identifier: Apache-2.0

package record

import (
	"os"
	"path/filepath"
	"testing"
)

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

// BenchmarkVerify reads a record of 65,536 entries from disk; make
// bench-record times a million beside a foreign verifier.
func BenchmarkVerify(b *testing.B) {
	const entries = 1 << 16
	f, folder := newForger(b, entries), b.TempDir()
	for path, file := range f.files() {
		name := filepath.Join(folder, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, file.Data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for name, o := range map[string]VerifyOptions{"leaves": {SkipBodies: true}, "bodies": {}} {
		o.Keys = []string{f.key.Verifier()}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Verify(b.Context(), Files(os.DirFS(folder)), o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/entries, "ns/entry")
		})
	}
}
