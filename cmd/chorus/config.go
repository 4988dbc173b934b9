// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"example.org/chorus"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/record"
)

// A setting is given as a flag, else as CHORUS_NAME in the environment, else
// in the TOML file that --config names, else by its default.
func parse(flags *flag.FlagSet, args []string, out io.Writer) error {
	file := flags.String("config", "", "a TOML `file` with settings, named as the flags are")
	flags.SetOutput(out)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exit(0)
		}
		return exit(2)
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if env, ok := os.LookupEnv("CHORUS_CONFIG"); ok && !given["config"] {
		*file = env
	}
	values, err := readFile(flags, *file)
	if err != nil {
		return err
	}
	flags.VisitAll(func(f *flag.Flag) {
		value, ok := os.LookupEnv("CHORUS_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")))
		if !ok {
			value, ok = values[f.Name]
		}
		if !ok || given[f.Name] || f.Name == "config" || err != nil {
			return
		}
		if fault := f.Value.Set(value); fault != nil {
			err = fmt.Errorf("setting %s: %w", f.Name, fault)
		}
	})
	return err
}

// readFile reads a settings file and refuses names that are not flags.
func readFile(flags *flag.FlagSet, name string) (map[string]string, error) {
	if name == "" {
		return nil, nil
	}
	var raw map[string]any
	if _, err := toml.DecodeFile(name, &raw); err != nil {
		return nil, fmt.Errorf("settings in %s: %w", name, err)
	}
	values := map[string]string{}
	var unknown []string
	for key, value := range raw {
		if flags.Lookup(key) == nil && key != "addr" || key == "config" { // one file serves all commands
			unknown = append(unknown, key)
		}
		values[key] = fmt.Sprint(value)
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, fmt.Errorf("settings in %s: unknown: %s", name, strings.Join(unknown, ", "))
	}
	return values, nil
}

// instance are the settings that say where an instance is and how it is run.
func instance(flags *flag.FlagSet) *app.Config {
	c := new(app.Config)
	flags.StringVar(&c.Data, "data", "chorus-data", "the `folder` of the instance: its secret and, without --database, its database")
	flags.StringVar(&c.Database, "database", "", "a postgres:// `URL`; SQLite in the data folder if empty")
	flags.StringVar(&c.Mail, "mail", "", "smtp://user:password@host:587, smtps://…:465, or dir:PATH for a folder of .eml files (default dir:DATA/mail)")
	flags.StringVar(&c.From, "mail-from", "", "the `sender` of mails (default chorus@ the host of --base-url)")
	flags.StringVar(&c.BaseURL, "base-url", "", "the `address` at which people reach the instance (default http://localhost:PORT)")
	flags.BoolVar(&c.BehindProxy, "behind-proxy", false, "visitors come through one proxy that sets X-Forwarded-For")
	flags.Func("mirrors", "`addresses` of sites that mirror this one, with commas between: asked how far they have come", func(s string) error {
		c.Mirrors = strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
		return nil
	})
	return c
}

// readPolicy reads whose cosignatures are wanted; nil if no file is named.
func readPolicy(file string) (*record.Policy, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	policy, err := record.ParsePolicy(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return policy, nil
}

// explain says an error in words for people, where it has some.
func explain(err error) string {
	catalogue, fault := app.Catalogue()
	if fault != nil {
		return err.Error()
	}
	say := catalogue.Speak("en")
	if file, ok := errors.AsType[organisation.BadFile](err); ok {
		return say.T(string(file))
	}
	var lines []string
	if rows, ok := errors.AsType[organisation.BadRows](err); ok {
		for _, r := range rows {
			lines = append(lines, r.Tell(say))
		}
		lines = append(lines, "Nothing was imported. Mend the file, or leave these rows out with --skip-bad.")
	}
	wrong, _ := errors.AsType[chorus.Invalid](err)
	for field, key := range wrong {
		key, arg, _ := strings.Cut(key, "|")
		name, value, _ := strings.Cut(arg, "=")
		lines = append(lines, field+": "+say.T(key, name, value))
	}
	if lines == nil {
		return err.Error()
	}
	return strings.Join(lines, "\n")
}
