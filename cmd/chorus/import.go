// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/commons/account"
)

// imports brings organisations or a declaration in the name of the operator.
func imports(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "organisations" && args[0] != "declaration" {
		return errors.New("say what to import: chorus import organisations FILE.csv, or chorus import declaration FILE.md")
	}
	flags := flag.NewFlagSet("chorus import "+args[0], flag.ContinueOnError)
	config := instance(flags)
	skip := flags.Bool("skip-bad", false, "organisations: take the good rows and list the bad ones")
	names, err := parseWithFile(flags, args[1:], out)
	if err != nil {
		return err
	}
	file, err := os.Open(names)
	if err != nil {
		return err
	}
	defer file.Close()
	return withInstance(ctx, *config, func(a *app.App) error {
		if args[0] == "declaration" {
			return importDeclaration(ctx, a, file, out)
		}
		return importOrganisations(ctx, a, file, *skip, out)
	})
}

// parseWithFile parses flags that may stand before or behind one file name.
func parseWithFile(flags *flag.FlagSet, args []string, out io.Writer) (string, error) {
	var name string
	if len(args) > 0 && len(args[0]) > 0 && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	if err := parse(flags, args, out); err != nil {
		return "", err
	}
	if name == "" && flags.NArg() == 1 {
		return flags.Arg(0), nil
	}
	if name == "" || flags.NArg() > 0 {
		return "", errors.New("name one file")
	}
	return name, nil
}

func importDeclaration(ctx context.Context, a *app.App, file io.Reader, out io.Writer) error {
	id, err := a.Declarations.Import(ctx, account.Operator, file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The draft lies on the desk, at /desk/declarations/%s\n", id)
	return err
}

func importOrganisations(ctx context.Context, a *app.App, file io.Reader, skip bool, out io.Writer) error {
	bring := a.Organisations.Import
	if skip {
		bring = a.Organisations.ImportGood
	}
	done, err := bring(ctx, account.Operator, file)
	if err != nil {
		return err
	}
	say := a.Site.Catalogue.Speak("en")
	for _, r := range done.Bad {
		fmt.Fprintln(out, r.Tell(say))
	}
	_, err = fmt.Fprintf(out, "%d organisations entered, %d were there already, %d rows left out.\n", len(done.Entered), len(done.Already), len(done.Bad))
	return err
}

// rebuild makes the public tables anew.
func rebuild(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("chorus rebuild", flag.ContinueOnError)
	config := instance(flags)
	if err := parse(flags, args, out); err != nil {
		return err
	}
	return withInstance(ctx, *config, func(a *app.App) error {
		n, err := a.Record.Rebuild(ctx, func(done int64) { fmt.Fprintf(out, "\r%d entries", done) })
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "\rAll public tables are made anew from %d entries.\n", n)
		return err
	})
}

// withInstance opens the instance that a command works on. There must be one.
func withInstance(ctx context.Context, c app.Config, do func(*app.App) error) error {
	if _, err := os.Stat(c.Data); err != nil {
		return fmt.Errorf("there is no instance in %s (name its folder with --data): %w", c.Data, err)
	}
	a, err := app.Open(ctx, c)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() { a.Record.Run(ctx) }) // on PostgreSQL this places what the command writes
	err = do(a)
	stop()
	working.Wait()
	return errors.Join(err, a.Close())
}
