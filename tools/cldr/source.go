// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const version = "48.2.0"

// packages holds the SHA-256 of each package as it was published, so that a
// changed one is noticed before it changes what people read.
var packages = map[string]string{
	"cldr-core":             "5310e0c7a06c1feb83dc8e54c8584bbe0b9c2ea8320172a18d541986b124585d",
	"cldr-dates-full":       "0256f1cefeca14f7d515be4872dda48fcdd7e75381430f25aafd0143eae5b430",
	"cldr-localenames-full": "7f2ac7fd3b5d90f56ad127f9ed5ae67b58b3e556818f55530b9f47bb81bcde57",
	"cldr-misc-full":        "c6ba8384d7ea8701cf86935db0461379231ddd970cc41c249f4a33b9857ded3c",
	"cldr-numbers-full":     "2d17a1453c559a62112caeed52e0bcfe3cb8539c99d239ae7b7ed4d0827679d9",
}

// A source holds the packages' JSON files by package and path, such as
// "cldr-dates-full/main/ar/ca-gregorian.json".
type source map[string][]byte

// fetch has npm put the packages into dir.
func fetch(dir string) error {
	args := []string{"pack", "--silent", "--pack-destination", dir}
	for name := range packages {
		args = append(args, name+"@"+version)
	}
	cmd := exec.Command("npm", args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("npm pack: %w", err)
	}
	return nil
}

// open reads the packages in dir and checks that they are the pinned ones.
func open(dir string) (source, error) {
	src := source{}
	for name, want := range packages {
		data, err := os.ReadFile(filepath.Join(dir, name+"-"+version+".tgz"))
		if err != nil {
			return nil, err
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); got != want {
			return nil, fmt.Errorf("%s has checksum %s, want %s", name, got, want)
		}
		if err := src.unpack(name, data); err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", name, err)
		}
	}
	return src, nil
}

func (s source) unpack(name string, data []byte) error {
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	files := tar.NewReader(zip)
	for {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := io.ReadAll(files)
		if err != nil {
			return err
		}
		s[name+"/"+strings.TrimPrefix(head.Name, "package/")] = text
	}
}

// get decodes what lies at the given keys of a JSON file into v. It fails when
// it is not there: a silent gap would become an empty word on a page.
func (s source) get(v any, file string, keys ...string) error {
	text, ok := s[file]
	if !ok {
		return fmt.Errorf("no file %s", file)
	}
	for _, key := range keys {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(text, &object); err != nil {
			return fmt.Errorf("%s at %s: %w", file, key, err)
		}
		if text, ok = object[key]; !ok {
			return fmt.Errorf("%s has no %s", file, strings.Join(keys, "/"))
		}
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s at %s: %w", file, strings.Join(keys, "/"), err)
	}
	return nil
}
