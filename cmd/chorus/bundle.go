// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/bundle"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/internal/portal"
	"example.org/chorus/record"
)

// bundleOptions is what the command line asks for.
type bundleOptions struct {
	where  string     // the address of an instance or a mirror; empty: in the folder of config
	config app.Config // of the instance in a folder
	since  string     // a number of entries, or the bundle before; empty: all
	out    string     // the file to write; empty: named after the record
	keys   []string
	policy string // file; empty: none
}

// bundles packs the record of an instance, and its pages, into one file.
func bundles(ctx context.Context, args []string, out io.Writer) error {
	var o bundleOptions
	flags := flag.NewFlagSet("chorus bundle [URL]", flag.ContinueOnError)
	flags.StringVar(&o.config.Data, "data", "", "the `folder` of the instance or mirror to pack, in place of an address")
	flags.StringVar(&o.config.Database, "database", "", "with --data: a postgres:// `URL`; SQLite in the data folder if empty")
	flags.StringVar(&o.config.BaseURL, "base-url", "", "with --data: the `address` at which people reach the instance")
	flags.StringVar(&o.since, "since", "", "pack only what came since `N|FILE`: a number of entries, or the bundle that was packed before")
	flags.StringVar(&o.out, "out", "", "the `file` to write (default RECORD-SIZE.chorus.zip)")
	flags.StringVar(&o.policy, "policy", "", "a `file` (C2SP tlog-policy) with the witnesses that must have cosigned; it goes into the bundle. With --data, policy.txt in the folder does without a must")
	flags.Func("key", "the verifier `key` of the record; if none is given, the one that is served is believed", func(key string) error {
		o.keys = append(o.keys, key)
		return nil
	})
	var rest []string
	o.where, rest = leading(args)
	if err := parse(flags, rest, out); err != nil {
		return err
	}
	if (o.where == "") == (o.config.Data == "") {
		return errors.New("say what is to be packed: chorus bundle https://chorus.example, or chorus bundle --data DIR")
	}
	return o.run(ctx, out)
}

func (o *bundleOptions) run(ctx context.Context, out io.Writer) (err error) {
	p := app.Packing{Source: app.RecordAt(o.where), Address: strings.TrimSuffix(o.where, "/"), Trusted: o.keys, Progress: tellProgress(out)}
	if o.where == "" {
		a, err := openHolder(ctx, o.config)
		if err != nil {
			return err
		}
		defer a.Close()
		p.Source, p.Address, p.Asked = a.Files(ctx), o.config.BaseURL, a.Eye.Policy()
		p.Requests = func(ctx context.Context, put func(name string, sealed []byte) error) error {
			return relay.Export(ctx, a.DB, put)
		}
	}
	if p.Policy, err = readPolicy(o.policy); err != nil {
		return err
	}
	if err := o.readSince(ctx, &p); err != nil {
		return err
	}
	if p.Data, err = os.MkdirTemp("", "chorus-bundle-"); err != nil {
		return err
	}
	defer os.RemoveAll(p.Data)
	return o.write(ctx, p, out)
}

// openHolder opens the instance, or the mirror, in a folder.
func openHolder(ctx context.Context, c app.Config) (*app.App, error) {
	if _, err := os.Stat(c.Data); err != nil {
		return nil, fmt.Errorf("there is no instance in %s: %w", c.Data, err)
	}
	if recorder.IsMirror(c.Data) {
		c.Mirror = "http://" + c.Data // it is not asked for anything
	}
	return app.Open(ctx, c)
}

// readSince reads what the bundle goes on from.
func (o *bundleOptions) readSince(ctx context.Context, p *app.Packing) (err error) {
	if o.since == "" {
		return nil
	}
	if p.Since, err = strconv.ParseInt(o.since, 10, 64); err == nil && p.Since > 0 {
		return nil
	}
	before, done, err := openBundle(ctx, o.since)
	if err != nil {
		return err
	}
	defer done()
	p.Since = before.To
	p.Held, err = before.Record.Fetch(ctx, "checkpoint")
	return err
}

// openBundle opens a bundle in a file.
func openBundle(ctx context.Context, name string) (b *bundle.Bundle, done func() error, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	top, err := record.OpenArchive(file, info.Size(), record.ArchiveLimits{})
	if err == nil {
		b, err = bundle.Open(ctx, top)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	return b, file.Close, nil
}

// write packs into a file beside the one that is wanted, which so is whole or
// not there.
func (o *bundleOptions) write(ctx context.Context, p app.Packing, out io.Writer) error {
	file, err := os.CreateTemp(filepath.Dir(cmp.Or(o.out, ".")), ".chorus-bundle-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone already when all went well
	about, err := app.Bundle(ctx, file, p)
	if err == nil {
		err = file.Sync()
	}
	info, err2 := file.Stat()
	if err := errors.Join(err, err2, file.Close()); err != nil {
		return err
	}
	name := cmp.Or(o.out, nameOf(about))
	if err := errors.Join(os.Chmod(file.Name(), 0o644), os.Rename(file.Name(), name)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s holds the record %s up to entry #%d, checked, in %d kB.\n", name, about.Origin, about.To, (info.Size()+999)/1000)
	return err
}

// nameOf names a bundle after what it holds.
func nameOf(a bundle.About) string {
	name := strings.NewReplacer("/", "-", ":", "-").Replace(strings.TrimSuffix(a.Origin, portal.RecordPath))
	if a.From > 0 {
		name += "-" + strconv.FormatInt(a.From, 10)
	}
	return name + "-" + strconv.FormatInt(a.To, 10) + bundle.End
}
