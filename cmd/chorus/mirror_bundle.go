// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/bundle"
	"example.org/chorus/internal/platform/mirror"
	"example.org/chorus/internal/portal"
	"example.org/chorus/record"
)

// isFile reports whether a mirror is to be made from a bundle.
func isFile(source string) bool {
	info, err := os.Stat(source)
	return err == nil && info.Mode().IsRegular()
}

// mirrorBundle takes what a bundle brings into the folder of a copy, and
// serves the copy.
func mirrorBundle(ctx context.Context, config *app.Config, file, addr string, out io.Writer) error {
	b, done, err := openBundle(ctx, file)
	if err != nil {
		return err
	}
	defer done()
	config.Mirror, config.Source = "https://"+strings.TrimSuffix(b.Origin, portal.RecordPath), b.Record
	a, listener, err := openMirror(ctx, config, addr)
	if err != nil {
		return err
	}
	if err := takeBundle(ctx, a, b, out); err != nil {
		return errors.Join(err, listener.Close(), a.Close())
	}
	a.Mirror.Every = 365 * 24 * time.Hour // a file does not grow
	fmt.Fprintf(out, "The copy is served at %s. Bring it the next bundle when there is one.\n", a.Config.BaseURL)
	return errors.Join(run(ctx, a, listener, a.Handler()), a.Close())
}

// takeBundle tells what became of a bundle.
func takeBundle(ctx context.Context, a *app.App, b *bundle.Bundle, out io.Writer) error {
	before, known := a.Mirror.State().Size, len(a.Record.Follows()) > 0
	err := a.Import(ctx, b, tellProgress(out))
	after := a.Mirror.State()
	switch {
	case errors.Is(err, mirror.ErrBehind) || err == nil && after.Size == before && before > 0:
		fmt.Fprintf(out, "There is nothing new in this bundle: it ends at entry #%d, and the copy holds %d.\n", b.To, before)
		return nil
	case errors.Is(err, record.ErrFork):
		return fmt.Errorf("this bundle and the copy here are two histories of %s, signed with the same key; both checkpoints are kept as evidence, and the page /mirror of the copy shows them: %w", b.Origin, err)
	case err != nil:
		return err
	}
	if !known {
		firstSight(a, out)
	}
	fmt.Fprintf(out, "All %d entries of %s are here and checked.\n", after.Size, after.Origin)
	return nil
}
