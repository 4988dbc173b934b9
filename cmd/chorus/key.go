// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/portal"
)

// key shows, makes or changes the key that signs the record.
func key(ctx context.Context, args []string, out io.Writer) error {
	deed := "show"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		deed, args = args[0], args[1:]
	}
	do := map[string]func(context.Context, app.Config, io.Writer) error{"show": showKey, "make": makeKey, "roll": rollKey}[deed]
	if do == nil {
		return errors.New("say what to do with the key: chorus key show, chorus key make, or chorus key roll")
	}
	flags := flag.NewFlagSet("chorus key "+deed, flag.ContinueOnError)
	config := instance(flags)
	if err := parse(flags, args, out); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is too much: chorus key %s takes settings only", flags.Arg(0), deed)
	}
	return do(ctx, *config, out)
}

// showKey prints what others need to check the record: the verifier key, and
// under it the one before, while that still signs. It changes nothing.
func showKey(_ context.Context, c app.Config, out io.Writer) error {
	keys, err := recorder.Keys(c.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no key in %s yet; the first start of chorus serve makes it, or chorus key make", c.Data)
	}
	for _, k := range keys {
		fmt.Fprintln(out, k.Verifier())
	}
	return err
}

// makeKey makes the key before the first start, so that it can be published first.
func makeKey(_ context.Context, c app.Config, out io.Writer) error {
	if c.BaseURL == "" {
		return errors.New("say with --base-url where people will reach the instance: the record is named after it, for ever")
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	k, err := recorder.MakeKey(c.Data, strings.TrimSuffix(c.BaseURL, "/")+portal.RecordPath)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, k.Verifier())
	return err
}

// rollKey changes the key of an instance that is not running.
func rollKey(ctx context.Context, c app.Config, out io.Writer) error {
	if _, err := recorder.Keys(c.Data); err != nil { // makes none
		return err
	}
	return withInstance(ctx, c, func(a *app.App) error {
		next, err := a.Record.RollKey(ctx, a.Portal.AnnounceKey)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n\nThis is the verifier key from the next start on. The old key signs beside it until you remove\n%s\n",
			next, filepath.Join(c.Data, "record.key.old"))
		return err
	})
}
