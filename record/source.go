// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
)

// A Source gives the files of a record by their paths below its address, such
// as checkpoint, vkey, tile/0/000, tile/entries/000.p/12 and bodies/000.
// A file that is not there is an fs.ErrNotExist. Nothing that a Source gives
// is to be believed before it has been checked.
type Source interface {
	Fetch(ctx context.Context, path string) ([]byte, error)
}

// maxFile is the most bytes a file of a record may have. A bundle of entries
// has at most 256 × 65,537, and the bodies of as many entries are held to the same.
const maxFile = TileWidth * (2 + 65535)

// Files is a record in a folder, or in a zip that was opened.
func Files(fsys fs.FS) Source { return files{fsys} }

type files struct{ fs.FS }

func (f files) Fetch(_ context.Context, path string) ([]byte, error) {
	if !fs.ValidPath(path) {
		return nil, &fs.PathError{Op: "fetch", Path: path, Err: fs.ErrInvalid}
	}
	file, err := f.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var says int64
	if info, err := file.Stat(); err == nil {
		says = info.Size()
	}
	return readFile(path, file, says)
}

// readFile reads a file that may be longer than it says it is.
func readFile(path string, r io.Reader, says int64) ([]byte, error) {
	data := bytes.NewBuffer(make([]byte, 0, min(max(says, 0), maxFile)+bytes.MinRead)) // room to see the end without growing
	_, err := data.ReadFrom(io.LimitReader(r, maxFile+1))
	if err == nil && data.Len() > maxFile {
		err = fmt.Errorf("record: %s has more than %d bytes", path, maxFile)
	}
	if err != nil {
		return nil, err
	}
	return data.Bytes(), nil
}
