// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/record"
)

// TestErasedWordsAreNowhere looks for a name in every byte of the database's
// files, the write-ahead log included.
func TestErasedWordsAreNowhere(t *testing.T) {
	folder := t.TempDir()
	in := chorustest.Run(t, filepath.Join(folder, "chorus.db"))
	path, _ := Trams(t, in, declaration.Draft{})
	c := &crowd{T: t, in: in, slug: path[len("/declarations/"):], signed: map[int]bool{}, invalid: map[int]bool{}, keys: map[int]string{}, orgs: map[int]*choir{}}
	const name, town = "Zebulonia Quickwater", "Farbroughton"
	kept, err := in.Declarations.Sign(t.Context(), c.slug, declaration.Details{Name: name, Town: town, Email: "zq@example.org", Country: "DK", Comment: "Zymurgy!", Lang: "en"})
	c.must(err)
	letter, _ := in.MailTo("zq@example.org")
	key, err := in.Declarations.ConfirmHere(t.Context(), kept, chorustest.Code(letter))
	c.must(err)
	c.sign(1)
	c.comment(1)
	if !inFiles(t, folder, name) {
		t.Fatal("a shown name stands in no file: the test sees nothing")
	}
	c.must(in.Declarations.Erase(t.Context(), key))
	for _, word := range []string{name, town, "Zymurgy", "zq@example.org"} {
		if inFiles(t, folder, word) {
			t.Errorf("%q still stands in the files", word)
		}
	}
	in.CheckMirror()
}

func inFiles(t *testing.T, folder, word string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(word)) {
			return true
		}
	}
	return false
}

// recount counts from the leaves alone, as anybody can who has them: no name
// and no table is needed.
func recount(t *testing.T, in *chorustest.Instance) (tally fact.Tally, entries int64) {
	t.Helper()
	raws, err := in.Record.Entries(t.Context(), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range raws {
		l, err := record.ParseLeaf(raw.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		tally.Add(fact.Hash(record.LeafHash(raw.Leaf)), fact.Head{Kind: l.Kind, Subject: chorus.ID(l.Subject), Ref: fact.Hash(l.Ref)})
	}
	return tally, int64(len(raws))
}
