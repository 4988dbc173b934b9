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
