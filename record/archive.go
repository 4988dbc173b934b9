// SPDX-License-Identifier: Apache-2.0

package record

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// ErrArchive is what every refusal of a zip or a folder wraps.
var ErrArchive = errors.New("record: not the archive of a record")

// ArchiveLimits are what a zip may hold. Zero stands for the default.
type ArchiveLimits struct {
	Files int   // default 2,000,000: a record of 100 million entries has fewer
	Bytes int64 // of all files, unpacked; default 200 times the size of the zip and 64 MiB
}

const (
	archiveFiles = 2_000_000
	archiveRatio = 200
	archiveBytes = 64 << 20
)

// OpenArchive opens a zip that somebody brought. Nothing is unpacked to a
// disk. It refuses more files or bytes than the limits, names that lead out of
// it, and names that come twice. A file that is longer than it says ends with
// an error when it is read.
func OpenArchive(r io.ReaderAt, size int64, limits ArchiveLimits) (fs.FS, error) {
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	if most := cmp.Or(limits.Files, archiveFiles); len(z.File) > most {
		return nil, fmt.Errorf("%w: it has %d files, at most %d are read", ErrArchive, len(z.File), most)
	}
	most := cmp.Or(limits.Bytes, archiveRatio*size+archiveBytes)
	seen, left := map[string]bool{}, most
	for _, f := range z.File {
		name, isFolder := strings.CutSuffix(f.Name, "/")
		switch {
		case !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:\x00"):
			return nil, fmt.Errorf("%w: the name %q leads out of it", ErrArchive, f.Name)
		case seen[name]:
			return nil, fmt.Errorf("%w: %q stands in it twice", ErrArchive, name)
		case !isFolder && !f.Mode().IsRegular():
			return nil, fmt.Errorf("%w: %q is not a file", ErrArchive, name)
		case f.UncompressedSize64 > uint64(left):
			return nil, fmt.Errorf("%w: unpacked it is longer than %d bytes", ErrArchive, most)
		}
		seen[name] = true
		left -= int64(f.UncompressedSize64)
	}
	return z, nil
}

// FolderOf is the name of the folder that holds the record of an origin where
// there may be others: the SHA-256 of the origin in hexadecimal digits.
func FolderOf(origin string) string {
	h := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(h[:])
}

// FindRecord finds the one record in a folder or an archive: at its top, or in
// a folder that is called as FolderOf says. It refuses two records, and one in
// the folder of another origin. Nothing else of it is checked.
func FindRecord(top fs.FS) (fs.FS, error) {
	list, err := fs.ReadDir(top, ".")
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, e := range list {
		if b, err := hex.DecodeString(e.Name()); err == nil && len(b) == sha256.Size && e.IsDir() {
			folders = append(folders, e.Name())
		}
	}
	if _, err := fs.Stat(top, "checkpoint"); err == nil {
		if len(folders) > 0 {
			return nil, fmt.Errorf("%w: there are %d records in it", ErrArchive, 1+len(folders))
		}
		return top, nil
	}
	if len(folders) != 1 {
		return nil, fmt.Errorf("%w: there are %d records in it", ErrArchive, len(folders))
	}
	within, err := fs.Sub(top, folders[0])
	if err != nil {
		return nil, err
	}
	signed, err := Files(within).Fetch(context.Background(), "checkpoint")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	if origin, _, _ := strings.Cut(string(signed), "\n"); FolderOf(origin) != folders[0] {
		return nil, fmt.Errorf("%w: the record of %q stands in the folder of another", ErrArchive, origin)
	}
	return within, nil
}
