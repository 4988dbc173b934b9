// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

func TestSources(t *testing.T) {
	folder := fstest.MapFS{
		"checkpoint":      {Data: []byte("a note")},
		"tile/0/000":      {Data: []byte("hashes")},
		"bodies/000":      {Data: bytes.Repeat([]byte("x"), maxFile+1)},
		"tile/0/001/deep": {},
	}
	server := httptest.NewServer(http.StripPrefix("/record", http.FileServerFS(folder)))
	defer server.Close()
	for name, source := range map[string]Source{"files": Files(folder), "web": Web(server.URL+"/record/", server.Client())} {
		for path, want := range map[string]string{"checkpoint": "a note", "tile/0/000": "hashes"} {
			if got, err := source.Fetch(t.Context(), path); string(got) != want || err != nil {
				t.Errorf("%s: %s is %q, %v", name, path, got, err)
			}
		}
		if _, err := source.Fetch(t.Context(), "vkey"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a file that is not there gives %v", name, err)
		}
		if data, err := source.Fetch(t.Context(), "bodies/000"); err == nil {
			t.Errorf("%s: a file without end gives %d bytes", name, len(data))
		}
	}
	if _, err := Files(folder).Fetch(t.Context(), "../secret"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a path out of the folder gives %v", err)
	}
}

// TestCheckpointAgain: a checkpoint that has not changed is not sent twice, and
// nothing else is asked for in that way.
func TestCheckpointAgain(t *testing.T) {
	now, full := "one", 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tag := `"` + now + `"`
		if r.Header.Get("If-None-Match") == tag {
			if r.URL.Path != "/checkpoint" {
				t.Errorf("%s is asked for with a tag", r.URL.Path)
			}
			w.WriteHeader(http.StatusNotModified)
			return
		}
		full++
		w.Header().Set("ETag", tag)
		w.Write([]byte(now))
	}))
	defer server.Close()
	source := Web(server.URL, server.Client())
	for i, want := range []string{"one", "one", "two", "two", "one"} {
		now = want
		got, err := source.Fetch(t.Context(), "checkpoint")
		if string(got) != want || err != nil {
			t.Errorf("%d: %q, %v", i, got, err)
		}
		clear(got) // it is the caller's
	}
	if full != 3 {
		t.Errorf("%d were sent, want 3", full)
	}
	for range 2 {
		if got, err := source.Fetch(t.Context(), "tile/0/000"); string(got) != "one" || err != nil {
			t.Errorf("a tile: %q, %v", got, err)
		}
	}
}
