// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"example.org/chorus"
	"example.org/chorus/internal/platform/web"
	"example.org/chorus/record"
)

// RecordPath is where the record is served for programs, as C2SP tlog-tiles.
const RecordPath = "/record"

const (
	forEver = "public, max-age=31536000, immutable"
	aMinute = "public, max-age=60" // after an erasure nobody keeps the words for longer
)

// checkpoint is the newest signed checkpoint.
func (s *Service) checkpoint(v *web.Visit) error {
	note, err := s.Recorder.Checkpoint(v.Context())
	if err != nil {
		return err
	}
	return v.Give(http.StatusOK, "text/plain; charset=utf-8", []byte(note))
}

// verifierKey is the key with which others check checkpoints; on a second line
// the one before it, while that still signs too.
func (s *Service) verifierKey(v *web.Visit) error {
	keys, err := s.Recorder.VerifierKeys()
	if err != nil {
		return err
	}
	return v.Give(http.StatusOK, "text/plain; charset=utf-8", []byte(strings.Join(keys, "\n")+"\n"))
}

// tile is a tile or a bundle of entries. A narrow one is never replaced, for a
// wider one has another address.
func (s *Service) tile(v *web.Visit) error {
	ref, err := record.ParseTilePath("tile/" + v.PathValue("path"))
	if err != nil {
		return chorus.ErrNotFound
	}
	data, err := s.Recorder.Tile(v.Context(), ref)
	if err != nil {
		return err
	}
	v.Reply.Header().Set("Cache-Control", forEver)
	return v.Give(http.StatusOK, "application/octet-stream", data)
}

// bodies are the bodies of a bundle of entries, a line for each.
func (s *Service) bodies(v *web.Visit) error {
	n, err := record.ParseN(v.PathValue("n"))
	if err != nil {
		return chorus.ErrNotFound
	}
	all, err := s.Recorder.Bodies(v.Context(), n)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, b := range all {
		line, err := b.MarshalJSON()
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n'))
	}
	v.Reply.Header().Set("Cache-Control", aMinute)
	return v.Give(http.StatusOK, "application/jsonl", lines.Bytes())
}

// body is the body of one entry: gone once a part of it was erased, with what
// is left and the place of the entry that erased it.
func (s *Service) body(v *web.Visit) error {
	text := v.PathValue("place")
	place, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(place, 10) != text {
		return chorus.ErrNotFound
	}
	b, err := s.Recorder.Body(v.Context(), place)
	if err != nil {
		return err
	}
	line, err := b.MarshalJSON()
	if err != nil {
		return err
	}
	status := http.StatusOK
	if b.Redacted() {
		status = http.StatusGone
	}
	v.Reply.Header().Set("Cache-Control", aMinute)
	return v.Give(status, "application/json", append(line, '\n'))
}
