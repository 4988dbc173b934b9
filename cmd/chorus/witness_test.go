// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"strings"
	"testing"

	"example.org/chorus/internal/app"
	"example.org/chorus/record"
)

func TestWitness(t *testing.T) {
	folder := t.TempDir()
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := witnesses(t.Context(), append(args, "--data", folder), &out)
		return out.String(), err
	}
	if out, err := run("show"); err == nil || out != "" {
		t.Errorf("a folder without a key gives %q, %v", out, err)
	}
	a, err := app.Open(t.Context(), app.Config{Data: folder, BaseURL: "https://witness.example", Mail: "memory:"})
	if err != nil {
		t.Fatal(err)
	}
	key := a.Witness.VerifierKey()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	log, err := record.NewKey("lindholm.example/record")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"watch"}, {"add"}, {"add", "nonsense"}, {"add", key}, {"remove"}, {"show", "all"}} {
		if out, err := run(args...); err == nil || out != "" {
			t.Errorf("chorus witness %v: %q, %v, want a refusal", args, out, err)
		}
	}
	first := "witness witness.example " + key + " https://witness.example/witness\n"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"add", log.Verifier(), "https://lindholm.example"}, first + "log " + log.Verifier() + " https://lindholm.example\n"},
		{[]string{"add", log.Verifier()}, first + "log " + log.Verifier() + " https://lindholm.example\n"},
		{[]string{"remove", log.Verifier()}, first},
	} {
		if _, err := run(c.args...); err != nil {
			t.Fatal(err)
		}
		if out, err := run("show"); err != nil || out != c.want {
			t.Errorf("after %v: %q, %v, want %q", c.args, out, err, c.want)
		}
	}
	if p, err := record.ParsePolicy([]byte(first + "quorum witness.example\n")); err != nil || strings.TrimSpace(p.Witnesses[0].URL) == "" {
		t.Errorf("what is shown is no line of a policy: %v", err)
	}
}
