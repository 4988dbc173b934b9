// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/witness"
	"example.org/chorus/record"
)

// witnesses shows this instance as a witness, or says whose records it watches.
func witnesses(_ context.Context, args []string, out io.Writer) error {
	deed := "show"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		deed, args = args[0], args[1:]
	}
	var words []string // they may stand before or behind the settings
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		words, args = append(words, args[0]), args[1:]
	}
	flags := flag.NewFlagSet("chorus witness "+deed, flag.ContinueOnError)
	config := instance(flags)
	if err := parse(flags, args, out); err != nil {
		return err
	}
	if _, err := os.Stat(config.Data); err != nil {
		return fmt.Errorf("there is no instance in %s yet; the first start of chorus serve makes it", config.Data)
	}
	switch words = append(words, flags.Args()...); {
	case deed == "show" && len(words) == 0:
		return showWitness(*config, out)
	case deed == "add" && (len(words) == 1 || len(words) == 2):
		return witness.List(config.Data, record.Log{Key: words[0], URL: strings.Join(words[1:], "")})
	case deed == "remove" && len(words) == 1:
		return witness.Unlist(config.Data, words[0])
	}
	return errors.New("say what to do: chorus witness show, chorus witness add VERIFIER-KEY [ADDRESS], or chorus witness remove VERIFIER-KEY")
}

// showWitness prints the line that others put into their policy.txt, and the
// records that are watched here.
func showWitness(c app.Config, out io.Writer) error {
	key, err := witness.ReadKey(c.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no key of a witness in %s yet; the first start of chorus serve makes it", c.Data)
	}
	if err != nil {
		return err
	}
	host, _, _ := strings.Cut(key.Name(), "/")
	address := cmp.Or(strings.TrimSuffix(c.BaseURL, "/"), "https://"+host) + "/witness"
	fmt.Fprintf(out, "witness %s %s %s\n", host, key.Verifier(), address)
	logs, err := witness.Listed(c.Data)
	for _, l := range logs {
		fmt.Fprintln(out, strings.TrimSpace("log "+l.Key+" "+l.URL))
	}
	return err
}
