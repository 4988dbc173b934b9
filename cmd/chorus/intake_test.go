// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/relay"
)

// TestIntake carries a request from a mirror's database to its origin, as a
// folder and as a zip, twice: it is answered once.
func TestIntake(t *testing.T) {
	origin, mirror, stick := t.TempDir(), t.TempDir(), t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	a, err := app.Open(t.Context(), app.Config{Data: origin})
	must(err)
	var olga chorus.ID
	must(a.DB.Write(t.Context(), func(tx *db.Tx) error {
		p, err := a.Accounts.Ensure(t.Context(), tx, "olga@lindholm.example", "en")
		if err != nil {
			return err
		}
		olga = p.ID
		return a.Accounts.MakeSteward(t.Context(), tx, olga)
	}))
	text := chorus.Text{Lang: "en", Text: "Lindholm"}
	must(a.Portal.Describe(t.Context(), olga, fact.SiteCore{Name: text, About: text, Contact: "desk@lindholm.example"}))
	request, err := json.Marshal(map[string]any{"v": 1, "id": chorus.NewID(), "declaration": chorus.NewID(), "name": "Ada"})
	must(err)
	sealed, err := relay.Seal(relay.KeyOf(a.Vault).Public(), request)
	must(err)
	must(a.Close())

	d, err := db.Open(t.Context(), filepath.Join(mirror, "chorus.db"))
	must(err)
	_, err = d.Setup(t.Context(), relay.Schema)
	must(err)
	box, err := relay.OpenBox(t.Context(), d, mirror, "https://mirror.example")
	must(err)
	must(box.Take(t.Context(), fact.Hash{1}, sealed))
	must(d.Close())

	run := func(want string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		if err := intake(t.Context(), args, &out); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("intake %v: %v\n%s", args, err, out.String())
		}
	}
	run("1 sealed requests", "export", stick, "--data", mirror)
	must(os.WriteFile(filepath.Join(stick, "intake", "notes.txt"), []byte("bring this home"), 0o600))
	run("1 requests are taken, those counted that came before. 1 files are no", "import", stick, "--data", origin)
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	must(z.AddFS(os.DirFS(stick)))
	must(z.Close())
	must(os.WriteFile(filepath.Join(stick, "all.zip"), packed.Bytes(), 0o600))
	run("1 requests are taken", "import", filepath.Join(stick, "all.zip"), "--data", origin)
	must(os.Mkdir(filepath.Join(stick, "intake", strings.Repeat("0", 64)), 0o700)) // cannot be read, and comes first
	var out bytes.Buffer
	if err := intake(t.Context(), []string{"import", stick, "--data", origin}, &out); err == nil || !strings.Contains(err.Error(), "1 requests could not be taken") || !strings.Contains(out.String(), "1 requests are taken") {
		t.Errorf("one that cannot be read: %v\n%s", err, out.String())
	}

	a, err = app.Open(t.Context(), app.Config{Data: origin})
	must(err)
	entries, err := a.Record.Entries(t.Context(), 0, 100)
	must(err)
	if len(entries) != 3 || !bytes.Contains(entries[2].Leaf, []byte(`"unfit"`)) { // site, key, refusal
		t.Errorf("%d entries, the last is %s", len(entries), entries[len(entries)-1].Leaf)
	}
	must(a.Close())
}
