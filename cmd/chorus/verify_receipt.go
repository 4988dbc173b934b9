// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/record"
)

// proofTitle is how a receipt begins.
const proofTitle = "c2sp.org/tlog-proof@v1\n"

var errNoKey = errors.New("a receipt is checked with the key of its record, as its people gave it to you: --key 'NAME+ID+KEY', or --policy FILE")

// readReceipt reads a file that is a receipt; nil if it is something else.
func readReceipt(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > record.MaxProof {
		return nil, nil // an address, a folder or a zip: whoever reads it says what is wrong
	}
	text, err := os.ReadFile(file)
	if err != nil || !bytes.HasPrefix(text, []byte(proofTitle)) {
		return nil, err
	}
	return text, nil
}

// receipt checks a receipt, which needs no network and nothing but the key.
func (o *verifyOptions) receipt(text []byte, out io.Writer) error {
	policy, err := readPolicy(o.policy)
	if err != nil {
		return err
	}
	if len(o.keys) == 0 && (policy == nil || len(policy.Logs) == 0) {
		return errNoKey
	}
	checked, err := record.CheckReceipt(text, policy, o.keys...)
	if err != nil {
		fmt.Fprintln(out, "This receipt does not prove its entry.")
		fmt.Fprintln(out, plain(err.Error()))
		return exit(1)
	}
	catalogue, err := app.Catalogue()
	if err != nil {
		return err
	}
	tellReceipt(out, catalogue.Speak("en"), checked)
	return nil
}

// tellReceipt says what a receipt proves, first in a sentence to be quoted.
func tellReceipt(out io.Writer, say *lang.Speaker, c *record.Checked) {
	day := c.Leaf.Day
	if t, err := time.Parse(time.DateOnly, day); err == nil {
		day = say.Date(t)
	}
	fmt.Fprintf(out, "Entry %s, of the kind %q and the day %s, is in the record %s as it was signed at %s entries.\n",
		say.Number(c.Index), c.Leaf.Kind, day, plain(c.Checkpoint.Origin), say.Number(c.Checkpoint.Size))
	for _, w := range c.Quorum.Witnesses {
		fmt.Fprintf(out, "Witnessed by %s on %s.\n", plain(w.Name), say.DateTime(time.Unix(w.Unix, 0).UTC()))
	}
	for i, p := range c.Parts {
		switch p.State {
		case record.Shown:
			fmt.Fprintf(out, "Part %d: %s\n", i, plain(string(p.Bytes)))
		case record.Withheld:
			fmt.Fprintf(out, "Part %d was never published.\n", i)
		case record.Redacted:
			fmt.Fprintf(out, "Part %d was erased by entry %s.\n", i, say.Number(p.By))
		}
	}
	fmt.Fprintln(out, "Whether a later entry acts on it, the receipt cannot know: ask the record.")
}
