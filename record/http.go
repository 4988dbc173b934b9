// SPDX-License-Identifier: Apache-2.0

package record

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

// Web is the record that is served at an address, such as
// https://chorus.example/record. The client should have a timeout.
func Web(address string, client *http.Client) Source {
	return web{strings.TrimSuffix(address, "/"), client}
}

type web struct {
	address string
	client  *http.Client
}

func (w web) Fetch(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.address+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	reply, err := w.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	switch reply.StatusCode {
	case http.StatusOK:
		return readFile(path, reply.Body, reply.ContentLength)
	case http.StatusNotFound:
		return nil, &fs.PathError{Op: "fetch", Path: request.URL.String(), Err: fs.ErrNotExist}
	}
	return nil, fmt.Errorf("record: %s answers %s", request.URL, reply.Status)
}
