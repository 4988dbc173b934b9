// SPDX-License-Identifier: AGPL-3.0-or-later

package declaration

import (
	"crypto/rand"
	"errors"
	"strings"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/relay"
	"example.org/chorus/internal/platform/web"
)

// Answers of pages; net/http names them for the files that may import it.
const (
	statusOK       = 200
	statusAccepted = 202
	statusFaulty   = 422
)

// Whoever hands on a request hears of a burden and comes later.
var (
	intakeRate = web.Rate{Deed: "intake", PerHour: 10_000, Burst: 2_000}     // from one network
	intakeAll  = web.Rate{Deed: "intake-all", PerHour: 20_000, Burst: 5_000} // from all
	passAll    = web.Rate{Deed: "pass-all", PerHour: 20_000, Burst: 5_000}
)

// receive is where others hand on what they took for this instance. It says
// nothing but that it was understood.
func (s *Service) receive(v *web.Visit) error {
	if err := v.Limit(intakeRate); err != nil {
		return err
	}
	if err := v.LimitAll(intakeAll); err != nil {
		return err
	}
	envelope, err := relay.Receive(v)
	if err == nil {
		err = s.Receive(v.Context(), envelope)
	}
	switch {
	case errors.Is(err, relay.ErrEnvelope):
		v.Reply.WriteHeader(statusFaulty)
	case err != nil:
		return err
	default:
		v.Reply.WriteHeader(statusAccepted)
	}
	return nil
}

// pass is what the form does on a mirror.
func (s *Service) pass(v *web.Visit) error {
	f, err := v.FormWithin(signRate)
	if err != nil {
		return err
	}
	if f.Get("nickname") != "" { // people do not see this field: a program filled it in
		var nobody fact.Hash
		rand.Read(nobody[:])
		return v.Redirect(requestPath(nobody))
	}
	if err := v.LimitAll(passAll); err != nil {
		return err
	}
	hash, err := s.Pass(v.Context(), v.PathValue("slug"), details(v, f))
	if f, ok := f.With(err); ok {
		return s.signWith(v, statusFaulty, f)
	}
	if err != nil {
		return err
	}
	return v.Redirect(requestPath(hash))
}

func requestPath(hash fact.Hash) string { return relay.Path + "/q/" + hash.String() }

// request tells what became of a request: at a mirror it is also the slip that
// the person keeps.
func (s *Service) request(v *web.Visit) error {
	p, err := s.requestPage(v.Context(), v.PathValue("request"))
	if err != nil {
		return err
	}
	return v.Show(statusOK, web.Page{Title: v.T("declaration.request." + p.state() + ".title"), Class: web.Narrow, Private: true}, showRequest(v, p))
}

// host is the origin as people know it.
func (p *requestPage) host() string {
	_, host, _ := strings.Cut(p.Origin, "://")
	return host
}

// state is the word for where a request stands.
func (p *requestPage) state() string {
	switch {
	case p.End != nil && p.End.Reason == "":
		return "counted"
	case p.End != nil:
		return "refused"
	case p.Slip != nil:
		return "taken"
	}
	return "unheard"
}

// why is the message for a reason that this program knows.
func (e *requestEnded) why() string {
	switch e.Reason {
	case fact.Late, fact.Unfit, fact.Lapsed:
		return "declaration.request.refused." + string(e.Reason)
	}
	return "declaration.request.refused.text"
}
