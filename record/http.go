// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
)

// Web is the record that is served at an address, such as
// https://chorus.example/record. The client should have a timeout. A checkpoint
// that has not changed is not sent again to who asks often (ETag, RFC 9110).
func Web(address string, client *http.Client) Source {
	return &web{address: strings.TrimSuffix(address, "/"), client: client}
}

type web struct {
	address string
	client  *http.Client

	mu         sync.Mutex
	tag        string // of the checkpoint; empty: none was sent with it
	checkpoint []byte
}

func (w *web) Fetch(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.address+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	if path != "checkpoint" {
		data, _, err := w.get(request, path)
		return data, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tag != "" {
		request.Header.Set("If-None-Match", w.tag)
	}
	data, header, err := w.get(request, path)
	if errors.Is(err, errSame) && w.tag != "" {
		return bytes.Clone(w.checkpoint), nil
	}
	if err == nil {
		w.tag, w.checkpoint = header.Get("ETag"), bytes.Clone(data)
	}
	return data, err
}

// errSame says that a file is the one that was fetched before.
var errSame = errors.New("record: 304 Not Modified")

func (w *web) get(request *http.Request, path string) ([]byte, http.Header, error) {
	reply, err := w.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer reply.Body.Close()
	switch reply.StatusCode {
	case http.StatusOK:
		data, err := readFile(path, reply.Body, reply.ContentLength)
		return data, reply.Header, err
	case http.StatusNotModified:
		return nil, nil, errSame
	case http.StatusNotFound:
		return nil, nil, &fs.PathError{Op: "fetch", Path: request.URL.String(), Err: fs.ErrNotExist}
	}
	return nil, nil, fmt.Errorf("record: %s answers %s", request.URL, reply.Status)
}
