// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/mirror"
	"example.org/chorus/record"
)

// recovers brings back entries that were signed and then lost with the
// database, from a mirror that still has them.
func recovers(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("chorus recover", flag.ContinueOnError)
	config := instance(flags)
	from := flags.String("from", "", "the `address` of a mirror, or a folder with the files of the record")
	if err := parse(flags, args, out); err != nil {
		return err
	}
	source, err := sourceOf(*from)
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, *config)
	if err != nil {
		return err
	}
	done, err := mirror.Recover(ctx, a.Record, source, a.Config.Log, tellProgress(out))
	if errors.Is(err, record.ErrFork) {
		err = fmt.Errorf("two histories with one key, and neither goes on from the other; they are never joined, see Restore in docs/operating.md: %w", err)
	}
	if err == nil {
		tellRecovered(out, done)
	}
	return errors.Join(err, a.Close())
}

// sourceOf is the record at an address or in a folder.
func sourceOf(from string) (record.Source, error) {
	if strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://") {
		return app.RecordAt(from), nil
	}
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("from where? Say: chorus recover --from https://mirror.example --data DIR")
	}
	return record.Files(os.DirFS(from)), nil
}

func tellRecovered(out io.Writer, done mirror.Recovered) {
	if done.From == done.To {
		fmt.Fprintf(out, "Nothing is missing: all %d entries are here.\n", done.To)
		return
	}
	fmt.Fprintf(out, "%d entries came back, #%d to #%d, each checked against what this instance has signed. The record goes on.\n",
		done.To-done.From, done.From, done.To-1)
	fmt.Fprintf(out, "What was never public cannot come back: addresses, accounts, drafts, waiting mails. %d signatures are among the entries:\n"+
		"their signers get no more mail, the links in old mails are dead, and they could sign once more.\n"+
		"Who was erased meanwhile is erased again in public; the address that the backup still held is forgotten as usual.\n", done.Signatures)
}
