// SPDX-License-Identifier: AGPL-3.0-or-later

package relay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"example.org/chorus"
	"example.org/chorus/internal/platform/web"
	"example.org/chorus/record"
)

// Routes are where others read the log of what was taken.
func (b *Box) Routes(site *web.Site) {
	site.HandlePublic("GET "+Path+"/checkpoint", b.showCheckpoint)
	site.HandlePublic("GET "+Path+"/vkey", b.showKey)
	site.HandleAlways("GET "+Path+"/tile/{path...}", b.showTile)
}

func (b *Box) showCheckpoint(v *web.Visit) error {
	return v.Give(http.StatusOK, "text/plain; charset=utf-8", []byte(b.Checkpoint()))
}

func (b *Box) showKey(v *web.Visit) error {
	return v.Give(http.StatusOK, "text/plain; charset=utf-8", []byte(b.VerifierKey()+"\n"))
}

func (b *Box) showTile(v *web.Visit) error {
	ref, err := record.ParseTilePath("tile/" + v.PathValue("path"))
	if err != nil {
		return chorus.ErrNotFound
	}
	data, err := b.Tile(v.Context(), ref)
	if err != nil {
		return err
	}
	v.Reply.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return v.Give(http.StatusOK, "application/octet-stream", data)
}

// Receive reads a posted envelope, at most MaxEnvelope bytes.
func Receive(v *web.Visit) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(v.Reply, v.Body, MaxEnvelope))
}

// A courier brings envelopes over the network.
type courier struct{ client *http.Client }

const patience = 30 * time.Second // for an answer

func newCourier() courier { return courier{&http.Client{Timeout: patience}} }

// post brings one envelope to an address.
func (c courier) post(ctx context.Context, address string, sealed []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(sealed))
	if err != nil {
		return away, err
	}
	request.Header.Set("Content-Type", "application/octet-stream")
	reply, err := c.client.Do(request)
	if err != nil {
		return away, err
	}
	reply.Body.Close()
	err = fmt.Errorf("the origin answers %s", reply.Status)
	switch reply.StatusCode {
	case http.StatusAccepted:
		return taken, nil
	case http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusInternalServerError:
		return disliked, err
	}
	return away, err
}
