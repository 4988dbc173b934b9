// SPDX-License-Identifier: AGPL-3.0-or-later

package witness

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"example.org/chorus"
	"example.org/chorus/internal/platform/web"
)

// Path is where the witness is reached.
const Path = "/witness"

// Routes adds the witness to the site.
func (s *Service) Routes(site *web.Site) {
	site.HandlePublic("GET "+Path, s.page)
	site.HandleAlways("POST "+Path+"/add-checkpoint", s.addCheckpoint) // a mirror can be a witness too
	site.HandlePublic("GET "+Path+"/{hash}/checkpoint", s.checkpoint)
	site.HandlePublic("GET "+Path+"/{hash}/fork", s.fork)
}

// page tells people what this instance watches.
func (s *Service) page(v *web.Visit) error {
	all, err := s.watched(v)
	if err != nil {
		return err
	}
	p := web.Page{Title: v.T("witness.title"), Description: v.T("witness.lead"), Class: web.Wide}
	return v.Show(http.StatusOK, p, witnessPage(v, s.BaseURL+Path, s.VerifierKey(), all))
}

// addRate is more than the records of one network need that ask every five
// seconds, and far less than what would wear the disk.
var addRate = web.Rate{Deed: "witness", PerHour: 7200, Burst: 120}

// refusals are the statuses of C2SP tlog-witness; the first that fits is given.
var refusals = []struct {
	why    error
	status int
}{
	{ErrRequest, http.StatusBadRequest},
	{ErrUnknown, http.StatusNotFound},
	{ErrSignature, http.StatusForbidden},
	{ErrProof, http.StatusUnprocessableEntity},
	{chorus.ErrBusy, http.StatusServiceUnavailable},
}

// addCheckpoint answers programs, in the statuses of C2SP tlog-witness.
func (s *Service) addCheckpoint(v *web.Visit) error {
	if err := v.Limit(addRate); err != nil {
		return refuse(v, http.StatusTooManyRequests, err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(v.Reply, v.Body, maxRequest))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return refuse(v, http.StatusRequestEntityTooLarge, err)
	}
	if err != nil {
		return refuse(v, http.StatusBadRequest, ErrRequest)
	}
	line, err := s.Add(v.Context(), body)
	if conflict, ok := errors.AsType[Conflict](err); ok {
		return v.Give(http.StatusConflict, "text/x.tlog.size", fmt.Appendln(nil, conflict.Size))
	}
	for _, refusal := range refusals {
		if errors.Is(err, refusal.why) {
			return refuse(v, refusal.status, refusal.why)
		}
	}
	if err != nil {
		return err
	}
	return v.Give(http.StatusOK, "text/plain; charset=utf-8", []byte(line))
}

// checkpoint shows monitors what was cosigned last.
func (s *Service) checkpoint(v *web.Visit) error {
	text, err := s.Checkpoint(v.Context(), v.PathValue("hash"))
	if err != nil {
		return err
	}
	return v.Give(http.StatusOK, "text/plain; charset=utf-8", []byte(text))
}

// fork shows what proves that a record has forked: it is of the same size as
// the checkpoint, and has another root.
func (s *Service) fork(v *web.Visit) error {
	text, err := s.Fork(v.Context(), v.PathValue("hash"))
	if err != nil {
		return err
	}
	return v.Give(http.StatusOK, "text/plain; charset=utf-8", []byte(text))
}

func refuse(v *web.Visit, status int, why error) error {
	return v.Give(status, "text/plain; charset=utf-8", []byte(why.Error()+"\n"))
}
