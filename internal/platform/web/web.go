// SPDX-License-Identifier: AGPL-3.0-or-later

// Package web turns handlers that return errors into a site: addresses in every
// language, pages in one frame, forms that keep what was typed, sessions,
// limits, and errors that a person can understand.
//
//   - A handler writes into memory; nothing reaches the visitor before it has
//     succeeded, so an error is always a whole page.
//   - GET never changes anything; other methods are refused from other sites.
//   - A reader gets no cookie. Pages for readers are kept for a second and
//     shared by all who come meanwhile.
//   - No address of a machine is stored: limits live in memory, under a key
//     that changes every day.
package web

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"example.org/chorus"
	"example.org/chorus/internal/platform/asset"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
)

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// ErrTries is a chorus.ErrBusy: somebody tried something too often.
var ErrTries = fmt.Errorf("too many tries: %w", chorus.ErrBusy)

// A Site answers requests.
type Site struct {
	DB        *db.DB
	Log       *slog.Logger
	Catalogue *lang.Catalogue
	BaseURL   string // as people reach it, without a slash at the end
	Frame     func(*Visit) (Frame, error)
	Elsewhere Handler // on a mirror, answers for all that only its origin can do; nil: this is no mirror

	BehindProxy bool // the last address in X-Forwarded-For is the visitor's
	Unlimited   bool // no limits on tries: for tests and benchmarks

	mux    http.ServeMux
	cache  cache
	limits limits
}

// A Handler answers a visit or says why it could not.
type Handler func(v *Visit) error

// Handle registers a handler for a pattern of http.ServeMux. On a mirror
// Elsewhere answers in its place: pages for people who are known, and deeds.
func (s *Site) Handle(pattern string, h Handler) {
	if s.Elsewhere != nil {
		h = s.Elsewhere
	}
	s.HandleAlways(pattern, h)
}

// HandleAlways registers what a mirror has too, and what is not kept for
// others as HandlePublic does: files of the record, exports.
func (s *Site) HandleAlways(pattern string, h Handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.answer(r, h).send(w, r)
	})
}

// HandlePublic registers a page that is the same for every reader. It may be
// up to a second old; people who are signed in always get a fresh one.
func (s *Site) HandlePublic(pattern string, h Handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if r.Header["Cookie"] != nil && s.Elsewhere == nil {
			s.answer(r, h).send(w, r)
			return
		}
		key := string(languageOf(r, s.Catalogue)) + prefixOf(r) + r.URL.Path + "?" + r.URL.RawQuery
		s.cache.get(key, s.DB.Now, func() *answer {
			a := s.answer(r.WithContext(context.WithoutCancel(r.Context())), h)
			if a.status == http.StatusOK {
				a.header.Set("Cache-Control", "public, max-age=1")
			}
			return a
		}).send(w, r)
	})
}

// Mount registers a handler that does everything itself.
func (s *Site) Mount(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// Handler is the whole site.
func (s *Site) Handler() http.Handler {
	s.Mount("/assets/", asset.Handler())
	s.Mount("/favicon.svg", asset.Handler())
	s.Mount("/favicon.ico", asset.Handler())
	s.Mount("/verify.html", asset.Handler())
	s.HandleAlways("/", s.nothing)
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answer(r, func(*Visit) error { return errForeign }).send(w, r)
	}))
	return s.languages(protection.Handler(&s.mux))
}

// nothing answers where no page is.
func (s *Site) nothing(v *Visit) error {
	if s.Elsewhere != nil && v.Method != http.MethodGet && v.Method != http.MethodHead {
		return s.Elsewhere(v)
	}
	return chorus.ErrNotFound
}

var errForeign = errors.New("sent from another site")

// answer runs a handler and turns whatever happens into an answer.
func (s *Site) answer(r *http.Request, h Handler) (a *answer) {
	a = newAnswer(strings.HasPrefix(s.BaseURL, "https:"))
	v := &Visit{Reply: a, Request: r, Site: s, Say: s.Catalogue.Speak(languageOf(r, s.Catalogue)), prefix: prefixOf(r)}
	defer func() {
		if p := recover(); p != nil {
			a.reset()
			s.fail(v, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	err := s.recognise(v)
	if err == nil {
		err = h(v)
	}
	if err != nil {
		a.reset()
		s.fail(v, err)
	}
	return a
}

// fail shows an error page. What we did not foresee is logged with a number
// that the page tells, and the visitor learns nothing else of it.
func (s *Site) fail(v *Visit, err error) {
	status, key, args := http.StatusInternalServerError, "error.server", []any(nil)
	switch {
	case errors.Is(err, chorus.ErrNotFound):
		status, key = http.StatusNotFound, "error.not_found"
	case errors.Is(err, chorus.ErrForbidden) && v.Who == "" && v.Method == http.MethodGet:
		v.Redirect("/sign-in?to=" + pathQuery(v.URL.RequestURI()))
		return
	case errors.Is(err, chorus.ErrForbidden):
		status, key = http.StatusForbidden, "error.forbidden"
	case errors.Is(err, chorus.ErrClosed):
		status, key = http.StatusConflict, "error.closed"
	case errors.Is(err, ErrTries):
		status, key = http.StatusTooManyRequests, "error.tries"
	case errors.Is(err, chorus.ErrBusy):
		status, key = http.StatusServiceUnavailable, "error.busy"
	case errors.Is(err, errForeign), errors.Is(err, errForm):
		status, key = http.StatusBadRequest, "error.request"
	case tooLarge(err):
		status, key = http.StatusRequestEntityTooLarge, "error.large"
	default:
		ref := rand.Text()[:8]
		s.Log.Error("request failed", "ref", ref, "method", v.Method, "pattern", v.Pattern, "err", err)
		args = []any{"ref", ref}
	}
	p := Page{Title: v.T(key + ".title"), Class: Narrow, Private: true}
	if err := v.Show(status, p, errorPage(v, p.Title, v.T(key+".text", args...))); err != nil {
		s.Log.Error("error page failed", "err", err)
		http.Error(v.Reply, v.T(key+".text", args...), status)
	}
}

func tooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}
