// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// keyCommand is what chorus key prints.
func keyCommand(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := key(t.Context(), args, &out)
	return out.String(), err
}

func TestKey(t *testing.T) {
	folder := t.TempDir()
	if out, err := keyCommand(t, "--data", folder); err == nil || out != "" {
		t.Errorf("a folder without a key gives %q, %v", out, err)
	}
	if names, err := os.ReadDir(folder); err != nil || len(names) > 0 {
		t.Errorf("asking made %v, %v", names, err)
	}
	for _, args := range [][]string{{"shred"}, {"show", "--data", folder, "more"}, {"make", "--data", folder}, {"roll", "--data", folder}} {
		if out, err := keyCommand(t, args...); err == nil || out != "" {
			t.Errorf("chorus key %v prints %q, %v, want a refusal", args, out, err)
		}
	}
	if names, err := os.ReadDir(folder); err != nil || len(names) > 0 {
		t.Errorf("refusals made %v, %v", names, err)
	}
}

func TestMakeKey(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	made, err := keyCommand(t, "make", "--data", folder, "--base-url", "https://lindholm.example/")
	if err != nil || !strings.HasPrefix(made, "lindholm.example/record+") {
		t.Fatalf("chorus key make prints %q, %v", made, err)
	}
	if again, err := keyCommand(t, "make", "--data", folder, "--base-url", "https://lindholm.example"); err == nil || again != "" {
		t.Errorf("made again: %q, %v", again, err)
	}
	a, err := app.Open(t.Context(), app.Config{Data: folder, BaseURL: "https://lindholm.example", Mail: "memory:"})
	if err != nil {
		t.Fatal(err)
	}
	if used, err := a.Record.VerifierKey(); err != nil || used+"\n" != made {
		t.Errorf("the instance signs with %s, %v", used, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--data", folder}, {"show", "--data", folder}} {
		if out, err := keyCommand(t, args...); err != nil || out != made {
			t.Errorf("chorus key %v prints %q, %v, want %q", args, out, err, made)
		}
	}
}

func TestRollKey(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		folder := t.TempDir()
		settings := []string{"--data", folder, "--base-url", "https://lindholm.example", "--mail", "memory:", "--database", source}
		old, err := keyCommand(t, append([]string{"make"}, settings...)...)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := keyCommand(t, append([]string{"roll"}, settings...)...); err == nil || !strings.Contains(err.Error(), "first start") {
			t.Errorf("rolled before anybody looks after the instance: %q, %v", out, err)
		}
		config := app.Config{Data: folder, BaseURL: "https://lindholm.example", Mail: "memory:", Database: source}
		describe(t, config)
		out, err := keyCommand(t, append([]string{"roll"}, settings...)...)
		if err != nil {
			t.Fatal(err)
		}
		next, _, _ := strings.Cut(out, "\n")
		if shown, err := keyCommand(t, "show", "--data", folder); err != nil || shown != next+"\n"+old {
			t.Errorf("chorus key show prints %q, %v", shown, err)
		}
		if _, err := keyCommand(t, append([]string{"roll"}, settings...)...); err == nil || !strings.Contains(err.Error(), "record.key.old") {
			t.Errorf("rolled twice: %v", err)
		}
		announced(t, config, strings.TrimSpace(old), next)
	})
}

// describe does what the first start in the browser does.
func describe(t *testing.T, c app.Config) {
	t.Helper()
	err := withInstance(t.Context(), c, func(a *app.App) error {
		return a.Record.Write(context.Background(), func(d *recorder.Deed) error {
			_, err := d.Publish(context.Background(), &fact.SiteDescribed{Site: chorus.NewID(), Core: fact.Show(fact.SiteCore{Name: chorus.Text{Lang: "en", Text: "Lindholm"}})})
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// announced looks for the change of key in the record, which the newest
// checkpoint of both keys must cover.
func announced(t *testing.T, c app.Config, old, next string) {
	t.Helper()
	err := withInstance(t.Context(), c, func(a *app.App) error {
		text, err := a.Record.Checkpoint(t.Context())
		if err != nil {
			return err
		}
		for _, key := range []string{old, next} {
			if c, err := record.OpenCheckpoint([]byte(text), key); err != nil || c.Size != 2 {
				t.Errorf("with %s: %+v, %v", key, c, err)
			}
		}
		page := httptest.NewRecorder()
		a.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "https://lindholm.example/record/vkey", nil))
		if got := page.Body.String(); got != next+"\n"+old+"\n" {
			t.Errorf("/record/vkey shows %q", got)
		}
		body, err := a.Record.Body(t.Context(), 1)
		if err != nil {
			return err
		}
		var core struct{ Key, Proof string }
		if err := json.Unmarshal(body.Parts[0].Bytes, &core); err != nil {
			return err
		}
		if core.Key != next {
			t.Errorf("announced is %s", core.Key)
		}
		return record.CheckKeyRoll("lindholm.example/record", old, core.Key, []byte(core.Proof))
	})
	if err != nil {
		t.Error(err)
	}
}
