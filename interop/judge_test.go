// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/record"
)

func TestMain(m *testing.M) {
	klog.LogToStderr(false) // the judges say what they find by what they return
	klog.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// A judge is foreign code that knows a record by its key and by where it lies.
type judge struct {
	key   note.Verifier // its name is the name of the record
	files fsck.Fetcher
}

// judgeOf judges a record that is served.
func judgeOf(t *testing.T, address string) judge {
	t.Helper()
	u, err := url.Parse(address + "/")
	if err != nil {
		t.Fatal(err)
	}
	files, err := client.NewHTTPFetcher(u, nil)
	if err != nil {
		t.Fatal(err)
	}
	return judge{verifier(t, string(get(t, address+"/vkey"))), files}
}

// judgeIn judges a record that lies in a folder.
func judgeIn(t *testing.T, folder string) judge {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(folder, "vkey"))
	if err != nil {
		t.Fatal(err)
	}
	return judge{verifier(t, string(key)), client.FileFetcher{Root: folder}}
}

// verifier takes the first of the keys that are served; behind it may be the
// one before it.
func verifier(t *testing.T, keys string) note.Verifier {
	t.Helper()
	key, _, _ := strings.Cut(keys, "\n")
	v, err := note.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// patience is how long fsck may take. When all its workers have met a fault it
// waits for them for ever.
const patience = 10 * time.Minute

// check has tessera's fsck make the whole tree anew from the entries and
// compare every tile and the root. The command of that name is of no use here:
// it ends with 0 also when the check has failed.
func (j judge) check() error {
	return j.checkWithin(patience)
}

func (j judge) checkWithin(most time.Duration) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil { // it counts on bundles that hold what they should
				done <- fmt.Errorf("fsck broke off: %v", p)
			}
		}()
		done <- fsck.New(j.key.Name(), j.key, j.files, leafHashes, fsck.Opts{N: 4}).Check(context.Background())
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(most):
		return errors.New("fsck does not come to an end")
	}
}

// leafHashes cuts and hashes a bundle, by their code.
func leafHashes(bundle []byte) (hashes [][]byte, err error) {
	var b api.EntryBundle
	if err := b.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	for _, e := range b.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(e))
	}
	return hashes, nil
}

// get fetches a page or file that must be there.
func get(t *testing.T, address string) []byte {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", address, res.StatusCode, err)
	}
	return data
}

// copyRecord copies a served record into a folder, file by file, by the paths
// of C2SP tlog-tiles.
func copyRecord(t *testing.T, address, folder string) {
	t.Helper()
	key, signed := get(t, address+"/vkey"), get(t, address+"/checkpoint")
	write(t, filepath.Join(folder, "vkey"), key)
	write(t, filepath.Join(folder, "checkpoint"), signed)
	c, err := record.OpenCheckpoint(signed, strings.Fields(string(key))...)
	if err != nil {
		t.Fatal(err)
	}
	for level := record.EntriesLevel; ; level++ {
		n := int64(0)
		for ; record.TileWidthAt(c.Size, level, n) > 0; n++ {
			path := record.TileRef{Level: level, N: n, Width: record.TileWidthAt(c.Size, level, n)}.Path()
			write(t, filepath.Join(folder, path), get(t, address+"/"+path))
			if level == record.EntriesLevel {
				bodies := "bodies/" + record.FormatN(n)
				write(t, filepath.Join(folder, bodies), get(t, address+"/"+bodies))
			}
		}
		if n == 0 {
			return
		}
	}
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// entry is the entry at a place, cut from its bundle by their code.
func (j judge) entry(t *testing.T, place, size uint64) []byte {
	t.Helper()
	b, err := client.GetEntryBundle(t.Context(), j.files.ReadEntryBundle, place/layout.EntryBundleWidth, size)
	if err != nil {
		t.Fatal(err)
	}
	return b.Entries[place%layout.EntryBundleWidth]
}

// ours is what our own verifier says of a record, and the count of its letter.
func ours(t *testing.T, files record.Source, key string) (*record.Report, fact.Count, error) {
	t.Helper()
	var tally fact.Tally
	report, err := record.Verify(t.Context(), files, record.VerifyOptions{Keys: []string{key}, Each: func(e *record.Entry) error {
		tally.Add(fact.Hash(e.Hash), fact.Head{Kind: e.Leaf.Kind, Subject: chorus.ID(e.Leaf.Subject), Ref: fact.Hash(e.Leaf.Ref)})
		return nil
	}})
	return report, tally.Count(letter), err
}

// read is all files of a folder by their paths.
func read(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = os.ReadFile(filepath.Join(folder, path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
