// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	"example.org/chorus/internal/app"
)

// mirrors serves a checked copy of another instance, and keeps it up to date.
func mirrors(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("chorus mirror URL|FILE.zip", flag.ContinueOnError)
	config := new(app.Config)
	flags.StringVar(&config.Data, "data", "chorus-mirror", "the `folder` of the copy")
	flags.StringVar(&config.Database, "database", "", "a postgres:// `URL`; SQLite in the data folder if empty")
	flags.StringVar(&config.BaseURL, "base-url", "", "the `address` at which people reach the copy (default http://localhost:PORT)")
	flags.BoolVar(&config.BehindProxy, "behind-proxy", false, "visitors come through one proxy that sets X-Forwarded-For")
	addr := flags.String("addr", "localhost:8090", "the `host:port` to listen on")
	key := flags.String("key", "", "the verifier `key` of the record to copy, as chorus key prints it there; if empty, the first one seen is believed")
	policy := flags.String("policy", "", "a `file` (C2SP tlog-policy) that says which witnesses must have cosigned what is copied")
	source, args := leading(args)
	if err := parse(flags, args, out); err != nil {
		return err
	}
	if err := whom(config, *key, *policy); err != nil {
		return err
	}
	if isFile(source) {
		return mirrorBundle(ctx, config, source, *addr, out)
	}
	if err := fromWhere(config, source); err != nil {
		return err
	}
	return startMirror(ctx, config, *addr, out)
}

// leading cuts off the first argument if it is not a flag.
func leading(args []string) (first string, rest []string) {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		return args[0], args[1:]
	}
	return "", args
}

// fromWhere fills in what is copied.
func fromWhere(config *app.Config, source string) error {
	u, err := url.Parse(source)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("what is to be copied? Say: chorus mirror https://chorus.example --data DIR, or chorus mirror FILE.chorus.zip --data DIR")
	}
	config.Mirror = strings.TrimSuffix(source, "/")
	return nil
}

// whom fills in whom to believe.
func whom(config *app.Config, key, policy string) (err error) {
	config.Trusted = strings.Fields(key)
	if config.Policy, err = readPolicy(policy); err != nil || config.Policy == nil {
		return err
	}
	for _, l := range config.Policy.Logs {
		if key == "" {
			config.Trusted = append(config.Trusted, l.Key)
		}
	}
	return nil
}

func startMirror(ctx context.Context, config *app.Config, addr string, out io.Writer) error {
	a, listener, err := openMirror(ctx, config, addr)
	if err != nil {
		return err
	}
	if err := firstPull(ctx, a, out); err != nil {
		return errors.Join(err, listener.Close(), a.Close())
	}
	fmt.Fprintf(out, "The copy is served at %s and looks for news every 10 seconds.\n", a.Config.BaseURL)
	return errors.Join(run(ctx, a, listener, a.Handler()), a.Close())
}

func openMirror(ctx context.Context, config *app.Config, addr string) (*app.App, net.Listener, error) {
	if err := os.MkdirAll(config.Data, 0o700); err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	if config.BaseURL == "" {
		config.BaseURL = "http://" + localName(listener.Addr())
	}
	a, err := app.Open(ctx, *config)
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	return a, listener, nil
}

// firstPull fetches what is new before anything is served. A copy that holds
// something already is served even if nobody answers.
func firstPull(ctx context.Context, a *app.App, out io.Writer) error {
	known := len(a.Record.Follows()) > 0
	err := a.Mirror.Look(ctx, tellProgress(out))
	if !known {
		firstSight(a, out)
	}
	state := a.Mirror.State()
	switch {
	case err == nil:
		fmt.Fprintf(out, "All %d entries of %s are here and checked.\n", state.Size, state.Origin)
	case state.Size > 0 && ctx.Err() == nil:
		fmt.Fprintf(out, "The copy stays at entry %d for now: %v\n", state.Size, err)
	default:
		return fmt.Errorf("copying %s: %w", a.Config.Mirror, err)
	}
	return nil
}

// firstSight tells which key is believed because none was given.
func firstSight(a *app.App, out io.Writer) {
	if keys := a.Record.Follows(); len(keys) > 0 {
		fmt.Fprintf(out, "Believed at first sight, because no --key was given:\n\n  %s\n\nCompare it with what %s publishes elsewhere, on paper or in letters.\n", keys[0], a.Config.Mirror)
	}
}

// tellProgress writes a line for each tenth that is done.
func tellProgress(out io.Writer) func(done, total int64) {
	told := int64(0)
	return func(done, total int64) {
		if tenth := done * 10 / total; tenth > told {
			told = tenth
			fmt.Fprintf(out, "%d of %d entries\n", done, total)
		}
	}
}
