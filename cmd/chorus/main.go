// SPDX-License-Identifier: AGPL-3.0-or-later

// Chorus is the workbench of digital civil society in one program: people and
// organisations ask, sign, answer and follow what was promised, and every
// public fact stands in a record that anybody can check.
//
// Run it without arguments to see what it can do.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// A command is one word after chorus.
type command struct {
	name, does string
	run        func(ctx context.Context, args []string, out io.Writer) error
}

var commands = []command{
	{"demo", "show a small invented town in the browser; nothing is kept", demo},
	{"serve", "run an instance", serve},
	{"mirror", "serve a checked copy of another instance", mirrors},
	{"recover", "bring lost entries of the record back from a mirror", recovers},
	{"bundle", "pack a record and its pages into one file that can be carried", bundles},
	{"intake", "carry sealed requests to sign from a mirror to its origin by hand", intake},
	{"import", "bring organisations (CSV) or a declaration (Markdown)", imports},
	{"rebuild", "make all public tables anew from the record", rebuild},
	{"key", "show, make or roll the key that signs the record", key},
	{"witness", "show this instance as a witness, and say whose records it watches", witnesses},
	{"verify", "check the record of an instance, a folder or a zip, and count again", verify},
	{"opinion", "find groups and common ground in votes", opinion},
	{"bench", "measure this machine", bench},
	{"version", "say which version this is", version},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 2 {
		usage(os.Stdout)
		return
	}
	for _, c := range commands {
		if c.name == os.Args[1] {
			if err := c.run(ctx, os.Args[2:], os.Stdout); err != nil {
				fail(err)
			}
			return
		}
	}
	if os.Args[1] == "help" || os.Args[1] == "--help" || os.Args[1] == "-h" {
		usage(os.Stdout)
		return
	}
	usage(os.Stderr)
	os.Exit(2)
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "chorus COMMAND [--help]")
	fmt.Fprintln(w)
	for _, c := range commands {
		fmt.Fprintf(w, "  %-8s  %s\n", c.name, c.does)
	}
}

// exit is an error that has told its story already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

func fail(err error) {
	if code, ok := err.(exit); ok {
		os.Exit(int(code))
	}
	fmt.Fprintln(os.Stderr, "chorus:", explain(err))
	os.Exit(1)
}

func version(_ context.Context, _ []string, out io.Writer) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("this program was built without its version")
	}
	revision := "unknown revision"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	_, err := fmt.Fprintf(out, "chorus %s (%s, %s)\n", info.Main.Version, revision, info.GoVersion)
	return err
}

func opinion(_ context.Context, args []string, out io.Writer) error {
	if code := opinionCommand(args, os.Stdin, out, os.Stderr); code != 0 {
		return exit(code)
	}
	return nil
}
