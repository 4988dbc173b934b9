// SPDX-License-Identifier: Apache-2.0

package record

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// pack makes a zip of files, in which a name may come twice.
func pack(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packRecord makes a zip of a record as it is carried about.
func packRecord(t testing.TB, name string, folder fstest.MapFS) []byte {
	var files []string
	for path, file := range folder {
		files = append(files, name+"/"+path, string(file.Data))
	}
	return pack(t, files...)
}

func open(zipped []byte, limits ArchiveLimits) (fs.FS, error) {
	return OpenArchive(bytes.NewReader(zipped), int64(len(zipped)), limits)
}

func TestArchive(t *testing.T) {
	f, folder := attacked(t)
	fsys, err := open(packRecord(t, FolderOf("lindholm.example/record"), folder), ArchiveLimits{})
	if err != nil {
		t.Fatal(err)
	}
	within, err := FindRecord(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(t.Context(), Files(within), VerifyOptions{Keys: []string{f.key.Verifier()}}); err != nil {
		t.Error(err)
	}
	if same, err := FindRecord(folder); err != nil || same.(fstest.MapFS)["checkpoint"] == nil {
		t.Errorf("a folder that is a record: %v", err)
	}
}

func TestHostileArchives(t *testing.T) {
	_, folder := attacked(t)
	ours, other := FolderOf("lindholm.example/record"), FolderOf("other.example/record")
	for name, c := range map[string]struct {
		zipped []byte
		limits ArchiveLimits
		want   string
	}{
		"no zip":                  {[]byte("PK"), ArchiveLimits{}, "zip"},
		"empty":                   {pack(t), ArchiveLimits{}, "0 records"},
		"too many files":          {pack(t, "a", "", "b", "", "c", ""), ArchiveLimits{Files: 2}, "3 files"},
		"explodes":                {pack(t, "a", strings.Repeat("0", 100_000)), ArchiveLimits{Bytes: 99_999}, "longer"},
		"explodes in many":        {pack(t, "a", strings.Repeat("0", 50_000), "b", strings.Repeat("0", 50_000)), ArchiveLimits{Bytes: 99_999}, "longer"},
		"explodes, by default":    {pack(t, "a", strings.Repeat("0", 80<<20)), ArchiveLimits{}, "longer"},
		"escapes upwards":         {pack(t, "../chorus.db", ""), ArchiveLimits{}, "leads out"},
		"escapes in the middle":   {pack(t, ours+"/../../x", ""), ArchiveLimits{}, "leads out"},
		"escapes to the root":     {pack(t, "/etc/passwd", ""), ArchiveLimits{}, "leads out"},
		"escapes by a drive":      {pack(t, "C:x", ""), ArchiveLimits{}, "leads out"},
		"escapes by a backslash":  {pack(t, `..\x`, ""), ArchiveLimits{}, "leads out"},
		"one name twice":          {pack(t, "a", "1", "a", "2"), ArchiveLimits{}, "twice"},
		"a file and a folder":     {pack(t, "a", "1", "a/", ""), ArchiveLimits{}, "twice"},
		"two origins":             {pack(t, ours+"/checkpoint", "", other+"/checkpoint", ""), ArchiveLimits{}, "2 records"},
		"one inside another":      {pack(t, "checkpoint", "", ours+"/checkpoint", ""), ArchiveLimits{}, "2 records"},
		"another origin":          {packRecord(t, other, folder), ArchiveLimits{}, "folder of another"},
		"a folder without record": {pack(t, ours+"/vkey", ""), ArchiveLimits{}, "checkpoint"},
	} {
		fsys, err := open(c.zipped, c.limits)
		if err == nil {
			_, err = FindRecord(fsys)
		}
		if !errors.Is(err, ErrArchive) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want a refusal because of %q", name, err, c.want)
		}
	}
}

// TestArchiveLies: a file says that it is short, and is not.
func TestArchiveLies(t *testing.T) {
	text := []byte(strings.Repeat("0", 100_000))
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "checkpoint", Method: zip.Store, CompressedSize64: uint64(len(text)), UncompressedSize64: 10, CRC32: crc32.ChecksumIEEE(text)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	fsys, err := open(b.Bytes(), ArchiveLimits{Bytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := Files(fsys).Fetch(t.Context(), "checkpoint"); err == nil {
		t.Errorf("%d bytes were read", len(data))
	}
}
