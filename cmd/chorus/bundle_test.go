// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/record"
)

// packs runs chorus bundle and gives what it says.
func (c *town) packs(args ...string) string {
	c.Helper()
	c.must(c.in.Record.PublishCheckpoint(c.Context()))
	c.in.Wait(2 * time.Second) // a page may be a second old
	var out bytes.Buffer
	c.must(bundles(c.Context(), args, &out))
	return out.String()
}

// carry runs chorus mirror until the copy is served, and gives what it says.
func (c *town) carry(args ...string) (string, error) {
	c.Helper()
	ctx, stop := context.WithCancel(c.Context())
	defer stop()
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- mirrors(ctx, append(args, "--addr", "localhost:0"), writer)
		writer.Close()
	}()
	var said strings.Builder
	for lines := bufio.NewScanner(reader); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "The copy is served") {
			stop()
		}
	}
	return said.String(), <-done
}

// TestBundle carries a record on a stick: packed from an address or from the
// folder it is the same file; a copy takes the first and what came later.
func TestBundle(t *testing.T) {
	c := newTown(t)
	stick, folder := t.TempDir(), t.TempDir()
	first, again, next := filepath.Join(stick, "first.chorus.zip"), filepath.Join(stick, "again.chorus.zip"), filepath.Join(stick, "next.chorus.zip")
	said := c.packs(c.in.URL, "--out", first)
	c.wants(said, first+" holds the record "+c.key().Origin()+" up to entry #", "checked, in ")
	c.packs("--data", c.in.Config.Data, "--database", c.in.Config.Database, "--base-url", c.in.URL, "--out", again)
	if !bytes.Equal(c.read(first), c.read(again)) {
		t.Error("packed from the folder the bundle has other bytes")
	}
	said, err := c.carry(first, "--data", folder)
	c.must(err)
	c.wants(said, "Believed at first sight", "entries of "+c.key().Origin()+" are here and checked.", "Bring it the next bundle")

	c.sign("fay")
	c.wants(c.packs(c.in.URL, "--since", first, "--out", next), "up to entry #")
	said, err = c.carry(next, "--data", folder)
	c.must(err)
	c.wants(said, "are here and checked.")
	said, err = c.carry(first, "--data", folder)
	c.must(err)
	c.wants(said, "There is nothing new in this bundle")
	fromCopy := filepath.Join(stick, "copy.chorus.zip")
	c.packs("--data", folder, "--base-url", c.in.URL, "--out", fromCopy)
	c.packs(c.in.URL, "--out", again)
	if !bytes.Equal(c.read(fromCopy), c.read(again)) {
		t.Error("packed from the copy the bundle has other bytes")
	}
	c.waits(folder, []byte("a sealed request"))
	c.packs("--data", folder, "--base-url", c.in.URL, "--out", fromCopy)
	archive, err := zip.OpenReader(fromCopy)
	c.must(err)
	defer archive.Close()
	if sealed, err := fs.ReadFile(archive, "intake/"+relay.Name([]byte("a sealed request"))); string(sealed) != "a sealed request" {
		t.Errorf("the request that waits is not in the bundle: %q, %v", sealed, err)
	}
	var out bytes.Buffer
	if err := bundles(t.Context(), []string{c.in.URL, "--since", again, "--out", next}, &out); err == nil || !strings.Contains(err.Error(), "nothing new") {
		t.Errorf("packing what is packed: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(stick, ".chorus-bundle-*")); err != nil || len(left) > 0 {
		t.Errorf("files are left behind: %v %v", left, err)
	}
}

// TestBundlePolicy: the witnesses that an instance asks go along, and it is
// packed even if they have not answered.
func TestBundlePolicy(t *testing.T) {
	c := newTown(t)
	witness, err := record.NewWitnessKey("witness.example")
	c.must(err)
	line := "witness w " + witness.Verifier() + "\n"
	c.must(os.WriteFile(filepath.Join(c.in.Config.Data, "policy.txt"), []byte(line+"quorum w\n"), 0o600))
	packed := filepath.Join(t.TempDir(), "a.chorus.zip")
	for _, quorum := range []string{"none", "w"} {
		c.packs("--data", c.in.Config.Data, "--database", c.in.Config.Database, "--base-url", c.in.URL, "--out", packed)
		archive, err := zip.OpenReader(packed)
		c.must(err)
		defer archive.Close()
		text, err := fs.ReadFile(archive, "policy.txt")
		if want := "log " + c.key().Verifier() + "\n" + line + "quorum " + quorum + "\n"; string(text) != want || err != nil {
			t.Errorf("the policy is %q, %v; want %q", text, err, want)
		}
		note, err := c.in.Record.Checkpoint(t.Context())
		c.must(err)
		signed, err := witness.Cosign([]byte(note), 1_790_000_000)
		c.must(err)
		c.must(c.in.Record.AddCosignature(t.Context(), c.size(note), witness.Verifier(), signed))
	}
}

// size is how many entries a checkpoint speaks of.
func (c *town) size(note string) (n int64) {
	c.Helper()
	_, err := fmt.Sscanf(note, c.key().Origin()+"\n%d", &n)
	c.must(err)
	return n
}

// TestBundleRefusals: no word is taken from what is not a bundle.
func TestBundleRefusals(t *testing.T) {
	c := newTown(t)
	stick := t.TempDir()
	broken := filepath.Join(stick, "broken.chorus.zip")
	c.must(os.WriteFile(broken, []byte("PK not a zip"), 0o600))
	if _, err := c.carry(broken, "--data", t.TempDir()); err == nil || !strings.Contains(err.Error(), "broken.chorus.zip") {
		t.Errorf("a broken zip: %v", err)
	}
	other, _ := newTown(t), c.packs(c.in.URL, "--out", filepath.Join(stick, "one.chorus.zip"))
	other.packs(other.in.URL, "--out", filepath.Join(stick, "two.chorus.zip"))
	folder := t.TempDir()
	_, err := c.carry(filepath.Join(stick, "one.chorus.zip"), "--data", folder)
	c.must(err)
	if _, err := c.carry(filepath.Join(stick, "two.chorus.zip"), "--data", folder); err == nil || !strings.Contains(err.Error(), "and the copy here is of") {
		t.Errorf("a bundle of another origin: %v", err)
	}
	if _, err := c.carry(filepath.Join(stick, "one.chorus.zip"), "--data", t.TempDir(), "--key", other.key().Verifier()); err == nil {
		t.Error("a bundle is believed that is signed with another key")
	}
	var out bytes.Buffer
	for _, args := range [][]string{{}, {c.in.URL, "--data", folder}} {
		if err := bundles(t.Context(), args, &out); err == nil || !strings.Contains(err.Error(), "say what is to be packed") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := bundles(t.Context(), []string{"--data", filepath.Join(stick, "none")}, &out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// waits puts a sealed request into the box of the mirror in a folder.
func (c *town) waits(folder string, sealed []byte) {
	c.Helper()
	d, err := db.Open(c.Context(), filepath.Join(folder, "chorus.db"))
	c.must(err)
	box, err := relay.OpenBox(c.Context(), d, folder, "https://mirror.example")
	c.must(err)
	c.must(box.Take(c.Context(), fact.Hash{1}, sealed))
	c.must(d.Close())
}

func TestVerifyOfAContinuation(t *testing.T) {
	folder := t.TempDir()
	within := filepath.Join(folder, record.FolderOf("here.example/record"))
	checkpoint := record.Checkpoint{Origin: "here.example/record", Size: 400}.Text() + "\n— x AAAA\n"
	for _, err := range []error{
		os.Mkdir(within, 0o700),
		os.WriteFile(filepath.Join(within, "checkpoint"), []byte(checkpoint), 0o600),
		os.WriteFile(filepath.Join(folder, "bundle.json"), []byte(`{"v":1,"origin":"here.example/record","from":300,"to":400}`), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := openPlace(t.Context(), folder); err == nil || !strings.Contains(err.Error(), "continuation of a bundle from entry #256 on") {
		t.Errorf("a continuation alone: %v", err)
	}
}

func (c *town) read(name string) []byte {
	c.Helper()
	data, err := os.ReadFile(name)
	c.must(err)
	return data
}

func (c *town) wants(said string, words ...string) {
	c.Helper()
	for _, w := range words {
		if !strings.Contains(said, w) {
			c.Errorf("it does not say %q:\n%s", w, said)
		}
	}
}
