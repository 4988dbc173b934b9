// SPDX-License-Identifier: AGPL-3.0-or-later

package portal_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// An outsider knows the address of a record and its key, and nothing of ours
// but golang.org/x/mod.
type outsider struct {
	t        *testing.T
	address  string
	verifier note.Verifiers
}

func (o outsider) get(path string, status int, kind string) ([]byte, http.Header) {
	o.t.Helper()
	res, err := http.Get(o.address + path)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status || kind != "" && res.Header.Get("Content-Type") != kind {
		o.t.Fatalf("%s: %d %s, %v, want %d %s", path, res.StatusCode, res.Header.Get("Content-Type"), err, status, kind)
	}
	return body, res.Header
}

func (o outsider) tree() tlog.Tree {
	o.t.Helper()
	text, header := o.get("/checkpoint", 200, "text/plain; charset=utf-8")
	if got := header.Get("Cache-Control"); got != "public, max-age=1" {
		o.t.Errorf("a checkpoint may be kept: %s", got)
	}
	n, err := note.Open(text, o.verifier)
	if err != nil {
		o.t.Fatal(err)
	}
	var origin, root string
	var tree tlog.Tree
	if _, err := fmt.Sscanf(n.Text, "%s\n%d\n%s\n", &origin, &tree.N, &root); err != nil {
		o.t.Fatal(err)
	}
	if want := strings.TrimPrefix(o.address, "http://"); origin != want {
		o.t.Errorf("origin %s, want %s", origin, want)
	}
	if tree.Hash, err = tlog.ParseHash(root); err != nil {
		o.t.Fatal(err)
	}
	return tree
}

func (o outsider) Height() int { return 8 }

func (o outsider) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, t := range tiles {
		path := fmt.Sprintf("/tile/%d/%03d", t.L, t.N) // fewer than 1000 of them
		if t.W < 256 {
			path += fmt.Sprintf(".p/%d", t.W)
		}
		b, header := o.get(path, 200, "application/octet-stream")
		if got := header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			o.t.Errorf("a tile may be kept: %s", got)
		}
		data = append(data, b)
	}
	return data, nil
}

func (o outsider) SaveTiles([]tlog.Tile, [][]byte) {}

// entries reads all entries by their bundles.
func (o outsider) entries(size int64) (all [][]byte) {
	for n := int64(0); n*256 < size; n++ {
		path := fmt.Sprintf("/tile/entries/%03d", n)
		if w := size - n*256; w < 256 {
			path += fmt.Sprintf(".p/%d", w)
		}
		b, _ := o.get(path, 200, "application/octet-stream")
		for len(b) > 0 {
			end := 2 + int(b[0])<<8 + int(b[1])
			all, b = append(all, b[2:end]), b[end:]
		}
	}
	return all
}

func (in *instance) outsider() outsider {
	in.t.Helper()
	o := outsider{t: in.t, address: in.URL + "/record"}
	key, _ := o.get("/vkey", 200, "text/plain; charset=utf-8")
	v, err := note.NewVerifier(strings.TrimSuffix(string(key), "\n"))
	in.must(err)
	o.verifier = note.VerifierList(v)
	return o
}

// asks publishes the declaration that these people sign.
func (in *instance) asks() {
	in.t.Helper()
	in.must(in.Record.Write(in.t.Context(), func(d *recorder.Deed) error {
		_, err := d.Publish(in.t.Context(), &fact.DeclarationPublished{Declaration: asked, Core: fact.Show(fact.DeclarationCore{Kind: fact.OpenLetter, Slug: "harbour",
			Title: chorus.Text{Lang: "en", Text: "A harbour for all"}, Text: chorus.Text{Lang: "en", Text: "Open it."}, Signers: []fact.SignerClass{fact.People},
			Opens: d.Tx.Now.Truncate(time.Second)})})
		return err
	}))
}

const asked = chorus.ID("b7Kq0f3mQ5yW2tJ8uN4rCg")

// records publishes signatures by people of these names, and a checkpoint.
func (in *instance) records(names ...string) (last fact.Hash) {
	in.t.Helper()
	in.must(in.Record.Write(in.t.Context(), func(d *recorder.Deed) (err error) {
		for _, n := range names {
			if last, err = d.Publish(in.t.Context(), &fact.SignatureAdded{Declaration: asked,
				Core: fact.Show(fact.SignatureCore{Country: "DK"}), Identity: fact.Show(fact.Identity{Name: n})}); err != nil {
				return err
			}
		}
		return nil
	}))
	in.must(in.Record.PublishCheckpoint(in.t.Context()))
	in.Wait(2 * time.Second) // the checkpoint is kept for a second
	return last
}

func people(from, to int) (names []string) {
	for i := from; i < to; i++ {
		names = append(names, fmt.Sprint("Person ", i))
	}
	return names
}

// TestRecordFromOutside verifies the served record by foreign code: what was
// there stays, and each entry is where it should be.
func TestRecordFromOutside(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		in.asks()
		in.records("Ada")
		o := in.outsider()
		var before tlog.Tree
		for _, to := range []int{2, 255, 256, 257, 700} {
			in.records(people(int(before.N), to)...)
			now := o.tree()
			reader := tlog.TileHashReader(now, o)
			entries := o.entries(now.N)
			if int64(len(entries)) != now.N || now.N <= before.N {
				t.Fatalf("%d entries for a checkpoint of %d after %d", len(entries), now.N, before.N)
			}
			if before.N > 0 {
				proof, err := tlog.ProveTree(now.N, before.N, reader)
				in.must(err)
				in.must(tlog.CheckTree(proof, now.N, now.Hash, before.N, before.Hash))
			}
			for _, i := range []int64{0, before.N, now.N - 1} {
				proof, err := tlog.ProveRecord(now.N, i, reader)
				in.must(err)
				in.must(tlog.CheckRecord(proof, now.N, now.Hash, i, tlog.RecordHash(entries[i])))
			}
			before = now
		}
		o.checkBodies(before.N)
		o.refuses(before.N)
	})
}

// checkBodies opens every commitment.
func (o outsider) checkBodies(size int64) {
	o.t.Helper()
	leaves := o.entries(size)
	for n := int64(0); n*256 < size; n++ {
		text, header := o.get(fmt.Sprintf("/bodies/%03d", n), 200, "application/jsonl")
		if header.Get("ETag") == "" || header.Get("Cache-Control") != "public, max-age=60" {
			o.t.Errorf("bodies %d with %v", n, header)
		}
		for i, line := range bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) {
			b, err := record.ParseBody(line)
			if err != nil || b.Index != n*256+int64(i) {
				o.t.Fatalf("line %d of bodies %d is %s, %v", i, n, line, err)
			}
			l, err := record.ParseLeaf(leaves[b.Index])
			if err == nil {
				err = b.Check(l)
			}
			if err != nil {
				o.t.Error(err)
			}
		}
	}
}

// refuses asks for what is not there.
func (o outsider) refuses(size int64) {
	edge := fmt.Sprintf("%03d.p/%d", size/256, size%256+1)
	for _, path := range []string{
		"/tile/0/" + edge, "/tile/entries/" + edge, "/tile/0/999", "/tile/7/000", "/tile/63/000.p/1", "/tile/0/0", "/tile/00/000", "/tile/0/000.p/256",
		"/tile/entries/x000/001", "/tile/", "/tile/0/x009/x223/x372/x036/x854/x775/807", "/tile/entries/x009/x223/x372/x036/x854/x775/807.p/1",
		"/bodies/999", "/bodies/0", "/bodies/000.p/1", "/bodies/x009/x223/x372/x036/x854/x775/807",
		fmt.Sprintf("/body/%d", size), "/body/-1", "/body/+1", "/body/01", "/body/9223372036854775807", "/body/Ada",
	} {
		o.get(path, 404, "")
	}
}

// TestErasedBodyIsGone: the entry stays and can be proved, the words are nowhere.
func TestErasedBodyIsGone(t *testing.T) {
	in := open(t, filepath.Join(t.TempDir(), "chorus.db"))
	in.asks()
	hash := in.records("Ada Lindholm")
	o := in.outsider()
	before := o.tree()
	if body, _ := o.get(fmt.Sprintf("/body/%d", before.N-1), 200, "application/json"); !strings.Contains(string(body), "salt") {
		t.Errorf("the body is %s", body)
	}
	in.must(in.Record.Write(t.Context(), func(d *recorder.Deed) error {
		_, err := d.Publish(t.Context(), &fact.Redacted{Subject: asked, Entry: hash, Parts: []int64{1}, Reason: fact.GDPR})
		return err
	}))
	in.records("Eve")
	now := o.tree()
	gone, header := o.get(fmt.Sprintf("/body/%d", before.N-1), 410, "application/json")
	b, err := record.ParseBody(bytes.TrimSuffix(gone, []byte("\n")))
	if err != nil || len(b.Parts) != 2 || b.Parts[1].State != record.Redacted || b.Parts[1].By != before.N || header.Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("the body is %s, %v, want one redacted by %d", gone, err, before.N)
	}
	o.checkBodies(now.N)
	all, _ := o.get("/bodies/000", 200, "application/jsonl")
	for line := range bytes.Lines(all) {
		b, err := record.ParseBody(bytes.TrimSuffix(line, []byte("\n")))
		in.must(err)
		for _, p := range b.Parts {
			if bytes.Contains(p.Bytes, []byte("Ada Lindholm")) {
				t.Errorf("the name is still in %s", line)
			}
		}
	}
	reader := tlog.TileHashReader(now, o)
	proof, err := tlog.ProveRecord(now.N, before.N-1, reader)
	in.must(err)
	in.must(tlog.CheckRecord(proof, now.N, now.Hash, before.N-1, tlog.Hash(hash)))
}

func TestRecordKeepsSecurityHeaders(t *testing.T) {
	in := open(t, filepath.Join(t.TempDir(), "chorus.db"))
	in.asks()
	in.records("Ada")
	for _, path := range []string{"/checkpoint", "/vkey", "/tile/0/000.p/1", "/bodies/000", "/body/0"} {
		_, header := in.outsider().get(path, 200, "")
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'", "Set-Cookie": ""} {
			if got := header.Get(name); !strings.HasPrefix(got, want) || want == "" && got != "" {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
}
