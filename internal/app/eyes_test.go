// SPDX-License-Identifier: AGPL-3.0-or-later

package app_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/eye"
	"example.org/chorus/internal/platform/witness"
	"example.org/chorus/record"
)

// TestEyes: one whole instance watches another, whose page says so.
func TestEyes(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		watcher := chorustest.Run(t, filepath.Join(t.TempDir(), "watcher.db"))
		folder := t.TempDir()
		policy := fmt.Sprintf("witness friend %s %s/witness\nquorum friend\n", watcher.Witness.VerifierKey(), watcher.URL)
		if err := os.WriteFile(filepath.Join(folder, eye.PolicyName), []byte(policy), 0o600); err != nil {
			t.Fatal(err)
		}
		in := chorustest.RunWith(t, app.Config{Data: folder, Database: source, Unlimited: true})
		key, err := in.Record.VerifierKey()
		if err == nil {
			err = witness.List(watcher.Config.Data, record.Log{Key: key})
		}
		if err != nil {
			t.Fatal(err)
		}
		furnish(t, in.App)
		p, err := record.ParsePolicy([]byte(policy))
		if err != nil {
			t.Fatal(err)
		}
		chorustest.Until(t, "the friend has cosigned what is served, and the page of the record says so", func() bool {
			in.Wait(2 * time.Second) // or its turn comes later, and the page is from before
			_, _, err := p.Open([]byte(read(t, in.URL+"/record/checkpoint")), key)
			page := read(t, in.URL+"/record")
			return err == nil && strings.Contains(page, "One witness of 1") && strings.Contains(page, "friend")
		})
		watcher.Wait(2 * time.Second)
		if page := read(t, watcher.URL+"/witness"); !strings.Contains(page, strings.TrimPrefix(in.URL, "http://")) {
			t.Error("the page of the witness does not say what it watches")
		}
	})
}

func read(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
