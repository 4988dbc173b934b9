// SPDX-License-Identifier: AGPL-3.0-or-later

package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"example.org/chorus/internal/platform/asset"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/record"
)

// Contents is what a bundle is packed from.
type Contents struct {
	About
	Record    record.Source   // its files at the size of About
	Policy    *record.Policy  // the record's keys, and its witnesses
	Pages     Pages           // as a reader's browser would be answered; nil in a continuation
	Address   string          // of the origin, for what cannot be done in a copy
	Catalogue *lang.Catalogue // of the words for both
	Requests  Requests        // sealed ones that wait for the origin; nil: none
}

// Requests hands sealed requests to put, each with its name.
type Requests func(ctx context.Context, put func(name string, sealed []byte) error) error

// Write packs a bundle.
func Write(ctx context.Context, out io.Writer, c Contents) error {
	day, err := time.Parse(time.DateOnly, c.Created)
	if err != nil {
		return fmt.Errorf("the day of the last entry: %w", err)
	}
	w := &writer{zip: zip.NewWriter(out), at: day}
	about, err := c.marshal()
	if err != nil {
		return err
	}
	w.add(aboutName, about)
	w.add("README.txt", c.readme())
	w.add("policy.txt", c.Policy.Marshal())
	w.add("verify.html", asset.Verifier())
	if err := c.record(ctx, w); err != nil {
		return err
	}
	if c.Pages != nil {
		if err := c.site(ctx, w); err != nil {
			return err
		}
	}
	if c.Requests != nil {
		if err := c.Requests(ctx, func(name string, sealed []byte) error { w.add("intake/"+name, sealed); return w.err }); err != nil {
			return err
		}
	}
	w.add("SHA256SUMS", w.sums.Bytes())
	return errors.Join(w.err, w.zip.Close())
}

// A writer adds files one after the other. The first fault stays in err.
type writer struct {
	zip  *zip.Writer
	at   time.Time
	sums bytes.Buffer
	err  error
}

func (w *writer) add(name string, data []byte) {
	if w.err != nil {
		return
	}
	file, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.at})
	if err == nil {
		_, err = file.Write(data)
	}
	w.err = err
	fmt.Fprintf(&w.sums, "%x  %s\n", sha256.Sum256(data), name)
}

// record copies the files of the record.
func (c *Contents) record(ctx context.Context, w *writer) error {
	folder := record.FolderOf(c.Origin) + "/"
	for _, path := range c.paths() {
		data, err := c.Record.Fetch(ctx, path)
		if err != nil {
			return err
		}
		w.add(folder+path, data)
		if w.err != nil {
			return w.err
		}
	}
	return nil
}

// paths are the files of the record that belong into the bundle.
func (a About) paths() []string {
	paths := []string{"checkpoint", "vkey", "counts"}
	for level := record.EntriesLevel; a.To>>(8*max(level, 0)) > 0; level++ {
		for n := a.From >> (8 * max(level, 0)) / record.TileWidth; ; n++ {
			width := record.TileWidthAt(a.To, level, n)
			if width == 0 {
				break
			}
			paths = append(paths, record.TileRef{Level: level, N: n, Width: width}.Path())
			if level == record.EntriesLevel {
				paths = append(paths, "bodies/"+record.FormatN(n))
			}
		}
	}
	return paths
}

// readme is the three sentences, in every language.
func (c *Contents) readme() []byte {
	var b bytes.Buffer
	for _, t := range c.Catalogue.Languages() {
		say := c.Catalogue.Speak(t)
		fmt.Fprintf(&b, "%s\n%s\n%s\n\n", say.T("bundle.readme.what", "origin", c.Origin, "size", c.To),
			say.T("bundle.readme.read"), say.T("bundle.readme.check"))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
