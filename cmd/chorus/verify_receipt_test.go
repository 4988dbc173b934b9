// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"example.org/chorus/record"
)

// receipt is the receipt of an entry, as the site gives it out.
func (c *town) receipt(path string) []byte {
	c.Helper()
	c.must(c.in.Record.PublishCheckpoint(c.Context()))
	res, err := http.Get(c.in.URL + path)
	c.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	c.must(err)
	return text
}

// TestVerifyReceipt checks receipts from the site without asking it again.
func TestVerifyReceipt(t *testing.T) {
	c := newTown(t)
	good, key := c.receipt("/r/4.tlog-proof"), c.key()
	other, err := record.NewKey(key.Origin())
	c.must(err)
	for name, run := range map[string]struct {
		text []byte
		args []string
		want string
		err  error
	}{
		"a receipt":       {good, []string{"--key", key.Verifier()}, "Entry 4, of the kind \"signature\"", nil},
		"its words":       {good, []string{"--key", key.Verifier()}, `Part 1: {"name":"ada"}`, nil},
		"another key":     {good, []string{"--key", other.Verifier()}, "does not prove its entry", exit(1)},
		"another entry":   {bytes.Replace(good, []byte("index 4"), []byte("index 5"), 1), []string{"--key", key.Verifier()}, "does not prove its entry", exit(1)},
		"changed":         {bytes.Replace(good, []byte("extra ey"), []byte("extra eY"), 1), []string{"--key", key.Verifier()}, "does not prove its entry", exit(1)},
		"no key":          {good, nil, "", errNoKey},
		"too few witness": {good, []string{"--policy", c.policy()}, "does not prove its entry", exit(1)},
	} {
		file := filepath.Join(c.write(map[string][]byte{"x.tlog-proof": run.text}), "x.tlog-proof")
		out, err := c.verify(append(run.args, file)...)
		if err != run.err || !strings.Contains(out, run.want) {
			t.Errorf("%s: %v, want %q in\n%s", name, err, run.want, out)
		}
	}
}
