// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/bundle"
	"example.org/chorus/record"
)

// A place is where a record lies.
type place struct {
	source  record.Source
	top     fs.FS // of a folder or a zip; nil on the web
	close   func() error
	workers int
}

const (
	webTimeout = time.Minute
	webWorkers = 8 // answers that are waited for at a time
	webTries   = 4
)

func openPlace(ctx context.Context, where string) (*place, error) {
	if strings.Contains(where, "://") {
		return openWeb(ctx, where)
	}
	info, err := os.Stat(where)
	if err != nil {
		return nil, err
	}
	p := &place{top: os.DirFS(where), close: func() error { return nil }}
	if !info.IsDir() {
		file, err := os.Open(where)
		if err != nil {
			return nil, err
		}
		p.close = file.Close
		if p.top, err = record.OpenArchive(file, info.Size(), record.ArchiveLimits{}); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", where, err), file.Close())
		}
	}
	within, err := record.FindRecord(p.top)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", where, err), p.close())
	}
	p.source = record.Files(within)
	if b, err := bundle.Open(ctx, p.top); err == nil && b.Start() > 0 {
		return nil, errors.Join(fmt.Errorf("%s is the continuation of a bundle from entry #%d on, and alone it cannot be counted: bring both to a copy with chorus mirror, and verify that", where, b.Start()), p.close())
	}
	return p, nil
}

// openWeb takes the address of a record, or of the site that serves it.
func openWeb(ctx context.Context, address string) (*place, error) {
	address = strings.TrimSuffix(address, "/")
	client := &http.Client{Timeout: webTimeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: webWorkers, ForceAttemptHTTP2: true}}
	var err error
	for _, try := range []string{address, address + "/record"} {
		p := &place{source: patient{record.Web(try, client)}, workers: webWorkers, close: func() error { client.CloseIdleConnections(); return nil }}
		if _, err = p.size(ctx); err == nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%s serves no record: %w", address, err)
}

// patient asks again when an answer fails to come.
type patient struct{ record.Source }

func (p patient) Fetch(ctx context.Context, path string) (data []byte, err error) {
	for try := range webTries {
		data, err = p.Source.Fetch(ctx, path)
		if err == nil || errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil || try == webTries-1 {
			break
		}
		select {
		case <-time.After(time.Second << try):
		case <-ctx.Done():
		}
	}
	return data, err
}

// size is what the checkpoint says, unsigned.
func (p *place) size(ctx context.Context) (int64, error) {
	signed, err := p.source.Fetch(ctx, "checkpoint")
	if err != nil {
		return 0, err
	}
	lines := strings.SplitN(string(signed), "\n", 3)
	if len(lines) < 3 {
		return 0, record.ErrCheckpoint
	}
	return strconv.ParseInt(lines[1], 10, 64)
}

// keys are the verifier keys that came with the record: in the policy of an
// archive, or as it is served.
func (p *place) keys(ctx context.Context) (keys []string, err error) {
	if p.top != nil {
		text, err := record.Files(p.top).Fetch(ctx, "policy.txt")
		if err == nil {
			policy, err := record.ParsePolicy(text)
			if err != nil {
				return nil, fmt.Errorf("policy.txt: %w", err)
			}
			for _, l := range policy.Logs {
				keys = append(keys, l.Key)
			}
			return keys, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	text, err := p.source.Fetch(ctx, "vkey")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("no key came with this record: give the one that its people published with --key")
	}
	for line := range bytes.Lines(text) {
		keys = append(keys, strings.TrimSpace(string(line)))
	}
	return keys, err
}

const checkpointWait = 15 * time.Second

// claims are the numbers that are said to follow from the record; none if
// nothing is said. On the web it waits until what they are of is signed.
func (p *place) claims(ctx context.Context) ([]fact.Claim, error) {
	text, err := p.source.Fetch(ctx, "counts")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	claims, err := fact.ParseClaims(text)
	if err != nil || len(claims) == 0 || p.top != nil {
		return claims, err
	}
	_, err = p.covers(ctx, claims[0].AsOf)
	return claims, err
}

// covers waits until a checkpoint speaks of so many entries, and reports
// whether one does.
func (p *place) covers(ctx context.Context, entries int64) (bool, error) {
	for patience := time.Now().Add(checkpointWait); ; {
		size, err := p.size(ctx)
		if err != nil || size >= entries {
			return err == nil, err
		}
		if !time.Now().Before(patience) {
			return false, nil
		}
		select {
		case <-time.After(time.Second / 2):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
