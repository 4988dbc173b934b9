// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/record"
)

// TestErasedWordsAreNowhere looks for a name in every byte of the database's
// files, the write-ahead log included, and in all that the site gives out: its
// pages, the bodies of the record, the receipts that are made from then on.
func TestErasedWordsAreNowhere(t *testing.T) {
	folder := t.TempDir()
	in := chorustest.Run(t, filepath.Join(folder, "chorus.db"))
	path, _ := in.Trams(document.Draft{})
	c := &crowd{T: t, in: in, slug: path[len("/declarations/"):], signed: map[int]bool{}, invalid: map[int]bool{}, keys: map[int]string{}, orgs: map[int]*choir{}}
	const name, town = "Zebulonia Quickwater", "Farbroughton"
	kept, err := in.Signing.Sign(t.Context(), c.slug, signing.Details{Name: name, Town: town, Email: "zq@example.org", Country: "DK", Comment: "Zymurgy!", Lang: "en"})
	c.must(err)
	letter, _ := in.MailTo("zq@example.org")
	key, err := in.Signing.ConfirmHere(t.Context(), kept, chorustest.Code(letter))
	c.must(err)
	c.sign(1)
	c.comment(1)
	if !inFiles(t, folder, name) {
		t.Fatal("a shown name stands in no file: the test sees nothing")
	}
	c.must(in.Record.PublishCheckpoint(t.Context()))
	if given := givenOut(t, in, path, name); len(given) < 6 { // page, list, table, bodies, body and receipt
		t.Fatalf("a shown name is given out by %v alone: the test sees nothing", given)
	}
	c.must(in.Signing.Erase(t.Context(), key))
	for _, word := range []string{name, town, "Zymurgy", "zq@example.org"} {
		if inFiles(t, folder, word) {
			t.Errorf("%q still stands in the files", word)
		}
	}
	c.must(in.Record.PublishCheckpoint(t.Context()))
	in.Wait(2 * time.Second) // pages for readers are a second old at most
	for _, word := range []string{name, town, "Zymurgy", "zq@example.org"} {
		if given := givenOut(t, in, path, word); len(given) > 0 {
			t.Errorf("%q is still given out by %v", word, given)
		}
	}
	own, err := in.Signing.ReceiptOf(t.Context(), key)
	c.must(err)
	if words := unpacked(t, own.Proof); bytes.Contains(words, []byte(name)) {
		t.Errorf("the own receipt still holds %s", words)
	}
	in.CheckMirror()
}

// givenOut is the addresses whose answers hold a word, also where it is encoded.
func givenOut(t *testing.T, in *chorustest.Instance, path, word string) (found []string) {
	t.Helper()
	addresses := []string{"/", "/causes", "/organisations", "/record", "/record/entries", "/record/counts", "/record/bodies/000", path, path + "/names",
		path + "/count", path + "/number", path + "/sign", path + "/signatures.csv", path + "/declaration.md"}
	_, size := recount(t, in)
	for i := range size {
		entry := fmt.Sprintf("/r/%d", i)
		addresses = append(addresses, entry, entry+"/print", entry+".tlog-proof", fmt.Sprintf("/record/body/%d", i))
	}
	for _, address := range addresses {
		res, err := http.Get(in.URL + address)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK && res.StatusCode != http.StatusGone {
			t.Fatal(address, res.StatusCode, err)
		}
		if bytes.Contains(append(text, unpacked(t, text)...), []byte(word)) {
			found = append(found, address)
		}
	}
	return found
}

// unpacked is the words in a receipt or in bodies of the record; nil of other texts.
func unpacked(t *testing.T, text []byte) (words []byte) {
	t.Helper()
	var parts []record.Part
	if p, err := record.ParseProof(text); err == nil {
		r, err := record.ParseReceipt(p.Extra)
		if err != nil {
			t.Fatal(err)
		}
		parts = r.Parts
	}
	for line := range bytes.Lines(text) {
		if b, err := record.ParseBody(bytes.TrimSuffix(line, []byte("\n"))); err == nil {
			parts = append(parts, b.Parts...)
		}
	}
	for _, p := range parts {
		words = append(words, p.Bytes...)
	}
	return words
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
