// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"

	"example.org/chorus/internal/platform/recorder"
)

// key prints what others need to check the record. It changes nothing.
func key(_ context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("chorus key", flag.ContinueOnError)
	config := instance(flags)
	if err := parse(flags, args, out); err != nil {
		return err
	}
	k, err := recorder.ReadKey(config.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no key in %s yet; the first start of chorus serve makes it", config.Data)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, k.Verifier())
	return err
}
