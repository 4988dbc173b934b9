// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"os"
	"testing"

	"example.org/chorus/internal/app"
)

func TestKey(t *testing.T) {
	folder := t.TempDir()
	var out bytes.Buffer
	if err := key(t.Context(), []string{"--data", folder}, &out); err == nil || out.Len() > 0 {
		t.Errorf("a folder without a key gives %q, %v", out.String(), err)
	}
	if names, err := os.ReadDir(folder); err != nil || len(names) > 0 {
		t.Errorf("asking made %v, %v", names, err)
	}
	a, err := app.Open(t.Context(), app.Config{Data: folder, BaseURL: "https://lindholm.example", Mail: "memory:"})
	if err != nil {
		t.Fatal(err)
	}
	want, err := a.Record.VerifierKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := key(t.Context(), []string{"--data", folder}, &out); err != nil || out.String() != want+"\n" {
		t.Errorf("chorus key prints %q, %v, want %q", out.String(), err, want)
	}
}
