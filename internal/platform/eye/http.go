// SPDX-License-Identifier: AGPL-3.0-or-later

package eye

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const maxReply = 64 << 10 // bytes

// client follows no redirect: who is asked stands in a file of the operator.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// What a witness may answer besides a cosignature.
var (
	errProof  = errors.New("it does not believe the proof")
	errAnswer = errors.New("it does not answer as a witness does")
)

// A conflict says what a witness holds.
type conflict struct{ size int64 }

func (c conflict) Error() string { return fmt.Sprintf("it holds a head of %d entries", c.size) }

// submit shows a request to a witness and gives its answer: lines of signatures.
func (s *Service) submit(ctx context.Context, address string, request []byte) (lines []byte, err error) {
	status, kind, reply, err := s.answer(ctx, http.MethodPost, address+"/add-checkpoint", request)
	if err != nil {
		return nil, err
	}
	switch status {
	case http.StatusOK:
		return reply, nil
	case http.StatusConflict:
		size, err := strconv.ParseInt(strings.TrimSuffix(string(reply), "\n"), 10, 64)
		if word, _, _ := mime.ParseMediaType(kind); err != nil || size < 0 || word != "text/x.tlog.size" {
			return nil, fmt.Errorf("%w: a conflict without a size", errAnswer)
		}
		return nil, conflict{size}
	case http.StatusUnprocessableEntity:
		return nil, errProof
	}
	return nil, fmt.Errorf("%w: %d", errAnswer, status)
}

// get reads a small text at an address; an fs.ErrNotExist if there is none.
func (s *Service) get(ctx context.Context, address string) ([]byte, error) {
	status, _, reply, err := s.answer(ctx, http.MethodGet, address, nil)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusOK:
		return reply, nil
	case status == http.StatusNotFound:
		return nil, fs.ErrNotExist
	}
	return nil, fmt.Errorf("%w: %d", errAnswer, status)
}

func (s *Service) answer(ctx context.Context, method, address string, body []byte) (status int, kind string, reply []byte, err error) {
	ctx, stop := context.WithTimeout(ctx, cmp.Or(s.Patience, patience))
	defer stop()
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, "", nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", nil, err
	}
	defer response.Body.Close()
	reply, err = io.ReadAll(io.LimitReader(response.Body, maxReply+1))
	if err == nil && len(reply) > maxReply {
		err = fmt.Errorf("%w: more than %d bytes", errAnswer, maxReply)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), reply, err
}
