// SPDX-License-Identifier: AGPL-3.0-or-later

package bundle

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"

	"example.org/chorus/record"
)

// Pages answers for an address of the site, as the site would.
type Pages func(path string) (Answer, error)

// An Answer is what the site says.
type Answer struct {
	Found bool
	Type  string // as in Content-Type
	Body  []byte
}

// PagesOf asks a handler, without a network.
func PagesOf(ctx context.Context, h http.Handler, address string) Pages {
	return func(path string) (Answer, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+path, nil)
		if err != nil {
			return Answer{}, err
		}
		reply := &reply{header: http.Header{}}
		h.ServeHTTP(reply, request)
		switch reply.status {
		case http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusTooManyRequests:
			return Answer{}, fmt.Errorf("%s answers %d", path, reply.status)
		}
		return Answer{reply.status == http.StatusOK, reply.header.Get("Content-Type"), reply.body.Bytes()}, ctx.Err()
	}
}

// A reply is an answer as it is being written.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *reply) Header() http.Header { return r.header }

func (r *reply) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *reply) Write(data []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(data)
}

// Served is a record as it stands among pages, below a path.
func Served(pages Pages, path string) record.Source { return served{pages, path} }

type served struct {
	pages Pages
	below string
}

func (s served) Fetch(_ context.Context, path string) ([]byte, error) {
	answer, err := s.pages(s.below + "/" + path)
	if err == nil && !answer.Found {
		err = &fs.PathError{Op: "fetch", Path: path, Err: fs.ErrNotExist}
	}
	return answer.Body, err
}
