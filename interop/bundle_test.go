// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/transparency-dev/formats/witness"
	"github.com/transparency-dev/tessera/client"

	"example.org/chorus/internal/app"
	"example.org/chorus/record"
)

// unpacked is a folder with the bundle of an instance, opened by the standard library.
func unpacked(t *testing.T, in *instance) string {
	t.Helper()
	var file bytes.Buffer
	_, err := app.Bundle(t.Context(), &file, app.Packing{Source: record.Web(in.address(), http.DefaultClient), Address: in.URL,
		Data: t.TempDir(), Trusted: []string{in.key().Verifier()}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	files, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, files); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestBundle has a bundle that was unzipped judged: the record in it by fsck,
// the policy by their parser, the sums by sha256sum.
func TestBundle(t *testing.T) {
	in := open(t)
	in.sign(300)
	folder := unpacked(t, in)
	name := sha256.Sum256([]byte(in.head().Origin))
	root := filepath.Join(folder, hex.EncodeToString(name[:]))
	j := judge{verifier(t, in.key().Verifier()), client.FileFetcher{Root: root}}
	if err := j.check(); err != nil {
		t.Errorf("fsck: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "policy.txt"))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := witness.ParsePolicy(text)
	if err != nil || !policy.Satisfied(get(t, in.address()+"/checkpoint")) {
		t.Errorf("the policy in it: %v\n%s", err, text)
	}
	sums := func() ([]byte, error) {
		c := exec.Command("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS")
		c.Dir = folder
		return c.CombinedOutput()
	}
	if out, err := sums(); err != nil {
		t.Errorf("sha256sum: %v: %s", err, out)
	}
	served := t.TempDir()
	copyRecord(t, in.address(), served)
	for path, data := range read(t, served) {
		if packed, err := os.ReadFile(filepath.Join(root, path)); err != nil || !bytes.Equal(packed, data) {
			t.Errorf("%s is not what is served: %v", path, err)
		}
	}
	changing("tile/entries/000", func(b []byte) []byte {
		b[100] ^= 1
		return b
	})(t, root)
	if err := j.checkWithin(10 * time.Second); err == nil {
		t.Error("fsck has nothing against a bundle that was changed")
	}
	if out, err := sums(); err == nil {
		t.Errorf("sha256sum has nothing against a bundle that was changed: %s", out)
	}
}
