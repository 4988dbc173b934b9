// SPDX-License-Identifier: AGPL-3.0-or-later

// Package bundle packs a record and its pages into one file that can be
// carried where no network is, and opens one that somebody brought. The file is
// a zip called NAME.chorus.zip:
//
//	bundle.json          whose record it is, and which part of it
//	README.txt           three sentences for whoever finds it
//	policy.txt           the keys to check it with (C2SP tlog-policy)
//	verify.html          checks it in a browser, without a network
//	<hash>/…             the record as it is served, below the SHA-256 of its name
//	site/…               its pages, to be read without any program
//	intake/…             sealed requests to sign that wait in a mirror, if any do
//	SHA256SUMS           of all the files before
//
// But for those requests a bundle is a function of the record and of how long
// it is: two of the same length are the same bytes, whoever packed them, and so
// one can be compared with another. A continuation leaves out what was complete before, and the pages.
package bundle

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"example.org/chorus/record"
)

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// End is how the name of a bundle ends.
const End = ".chorus.zip"

// ErrBundle is what every refusal of a bundle wraps.
var ErrBundle = errors.New("not a bundle that can be used")

// An About says what is in a bundle.
type About struct {
	Version int    `json:"v"`
	Origin  string `json:"origin"`  // name of the record
	From    int64  `json:"from"`    // what was complete at this size is left out; 0: nothing
	To      int64  `json:"to"`      // size of the record
	Created string `json:"created"` // day of the last entry: the same, whenever it is packed
}

// Version is the form of bundles that this package writes.
const Version = 1

const aboutName = "bundle.json"

// Start is the first entry of which the bundle has all: continuations begin
// with the last tile that was not full.
func (a About) Start() int64 { return a.From - a.From%record.TileWidth }

func (a About) marshal() ([]byte, error) {
	line, err := json.Marshal(a)
	return append(line, '\n'), err
}

// A Bundle is one that was opened.
type Bundle struct {
	About
	Record record.Source
}

// Open reads what is in a bundle: an archive that was opened, or a folder. Only
// its form is checked, and that it holds one record.
func Open(ctx context.Context, top fs.FS) (*Bundle, error) {
	text, err := record.Files(top).Fetch(ctx, aboutName)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	b := new(Bundle)
	if err := json.Unmarshal(text, &b.About); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBundle, aboutName, err)
	}
	if b.Version != Version || b.From < 0 || b.To < b.From {
		return nil, fmt.Errorf("%w: %s is not one that this program knows: %s", ErrBundle, aboutName, text)
	}
	within, err := record.FindRecord(top)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	b.Record = record.Files(within)
	return b, b.agrees(ctx)
}

// agrees compares what a bundle says of itself with the checkpoint in it,
// whose signature is for others to check.
func (b *Bundle) agrees(ctx context.Context) error {
	signed, err := b.Record.Fetch(ctx, "checkpoint")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBundle, err)
	}
	text, _, _ := strings.Cut(string(signed), "\n\n")
	c, err := record.ParseCheckpoint(text + "\n")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if c.Origin != b.Origin || c.Size != b.To {
		return fmt.Errorf("%w: it says that it holds %d entries of %s, and holds %d of %s", ErrBundle, b.To, b.Origin, c.Size, c.Origin)
	}
	return nil
}
