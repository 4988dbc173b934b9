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
	"regexp"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/record"
)

const intakeFolder = "intake" // of a bundle, and of what is carried by hand

// intake carries sealed requests from a mirror to its origin by hand.
func intake(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "export" && args[0] != "import" {
		return errors.New("say which way: chorus intake export FOLDER --data MIRROR, or chorus intake import FOLDER|FILE.zip --data ORIGIN")
	}
	flags := flag.NewFlagSet("chorus intake "+args[0], flag.ContinueOnError)
	config := instance(flags)
	name, err := parseWithFile(flags, args[1:], out)
	if err != nil {
		return err
	}
	if args[0] == "export" {
		return exportIntake(ctx, config, name, out)
	}
	return withInstance(ctx, *config, func(a *app.App) error { return importIntake(ctx, a, name, out) })
}

// exportIntake writes every envelope that a mirror holds into a folder. Only
// the mirror's database is read.
func exportIntake(ctx context.Context, config *app.Config, folder string, out io.Writer) (err error) {
	source := config.Database
	if source == "" {
		source = filepath.Join(config.Data, "chorus.db")
		if _, err := os.Stat(source); err != nil {
			return err
		}
	}
	d, err := db.Open(ctx, source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	folder = filepath.Join(folder, intakeFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	n := 0
	err = relay.Export(ctx, d, func(name string, sealed []byte) error {
		n++
		return os.WriteFile(filepath.Join(folder, name), sealed, 0o600)
	})
	if err == nil {
		fmt.Fprintf(out, "%d sealed requests are in %s. They stay here too, until the record says what became of them.\n", n, folder)
	}
	return err
}

// importIntake takes the envelopes in a folder or zip, as if a mirror had
// handed them on.
func importIntake(ctx context.Context, a *app.App, name string, out io.Writer) error {
	files, end, err := openCarried(name)
	if err != nil {
		return err
	}
	defer end()
	names, err := fs.Glob(files, intakeFolder+"/*")
	if err != nil {
		return err
	}
	taken, bad := 0, 0
	var failed []error // one that cannot be taken does not hold up those behind it
	for _, name := range names {
		sealed, err := readEnvelope(files, name)
		if err == nil {
			err = a.Signing.Receive(ctx, sealed)
		}
		switch {
		case errors.Is(err, relay.ErrEnvelope):
			bad++
		case err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		default:
			taken++
		}
	}
	fmt.Fprintf(out, "%d requests are taken, those counted that came before. %d files are no requests for this instance.\n", taken, bad)
	if len(failed) > 0 {
		return fmt.Errorf("%d requests could not be taken now, and may be brought again; the first is %w", len(failed), failed[0])
	}
	return nil
}

func openCarried(name string) (files fs.FS, end func() error, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		return os.DirFS(name), func() error { return nil }, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	files, err = record.OpenArchive(f, info.Size(), record.ArchiveLimits{})
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return files, f.Close, nil
}

var envelopeName = regexp.MustCompile(`^intake/[0-9a-f]{64}$`)

// readEnvelope reads a file that bears the name of what is in it.
func readEnvelope(files fs.FS, name string) ([]byte, error) {
	if !envelopeName.MatchString(name) {
		return nil, relay.ErrEnvelope
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sealed, err := io.ReadAll(io.LimitReader(f, relay.MaxEnvelope+1))
	if err == nil && intakeFolder+"/"+relay.Name(sealed) != name {
		err = relay.ErrEnvelope
	}
	return sealed, err
}
