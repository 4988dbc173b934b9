// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"net/http"
	"strings"
	"time"

	"example.org/chorus/internal/platform/mirror"
	"example.org/chorus/internal/platform/web"
)

// copyPath is the page of a mirror about itself.
const copyPath = "/mirror"

// shortTrouble is not worth an alarm: a restart, a checkpoint that is not
// witnessed yet.
const shortTrouble = time.Minute

// banner says that this is a copy, of what, and how fresh it is.
func (s *Service) banner(v *web.Visit) *web.Banner {
	state := s.Mirror.State()
	return &web.Banner{
		Text:  v.T("mirror.banner", "origin", originName(state), "size", state.Size, "time", v.Say.DateTime(state.At)),
		Alarm: s.alarm(v, state),
		More:  web.Link{Text: v.T("mirror.more"), Path: copyPath},
	}
}

// alarm says why the copy does not go on, or "".
func (s *Service) alarm(v *web.Visit, state mirror.State) string {
	switch {
	case state.Fork != nil:
		return v.T("mirror.forked", "origin", originName(state))
	case state.Since.IsZero() || s.DB.Now().Sub(state.Since) < shortTrouble:
		return ""
	case state.Why == mirror.Unreached:
		return v.T("mirror.unreached", "origin", originName(state), "time", v.Say.DateTime(state.Since))
	}
	return v.T("mirror.refused", "origin", originName(state), "time", v.Say.DateTime(state.Since))
}

// originName is the origin as people know it: its host.
func originName(state mirror.State) string { return strings.TrimSuffix(state.Origin, RecordPath) }

// OriginURL is where the origin itself is. A mirror may have been given the
// address of another mirror.
func (s *Service) OriginURL() string {
	name := originName(s.Mirror.State())
	if _, given, ok := strings.Cut(strings.TrimSuffix(s.Settings.MirrorOf, "/"), "://"); ok && given == name || name == "" {
		return strings.TrimSuffix(s.Settings.MirrorOf, "/")
	}
	return "https://" + name
}

// Elsewhere answers for all that a mirror cannot do.
func (s *Service) Elsewhere(v *web.Visit) error {
	core, err := s.site(v.Context())
	if err != nil {
		return err
	}
	name, _ := core.Name.In(string(v.Say.Tag()))
	p := elsewhere{name: name, origin: originName(s.Mirror.State()), link: s.OriginURL() + "/"}
	if v.Method == http.MethodGet || v.Method == http.MethodHead {
		p.link = s.OriginURL() + v.To(v.URL.RequestURI())
	}
	return v.Show(http.StatusForbidden, web.Page{Title: v.T("mirror.elsewhere.title"), Class: web.Narrow, Private: true}, elsewherePage(v, p))
}

// elsewhere is what the page shows that leads to the origin.
type elsewhere struct {
	name, origin, link string
}

// aboutCopy is what the page of a mirror about itself shows.
type aboutCopy struct {
	state  mirror.State
	origin string
	link   string
	keys   []string
	alarm  string
}

func (s *Service) showCopy(v *web.Visit) error {
	state := s.Mirror.State()
	p := aboutCopy{state: state, origin: originName(state), link: s.OriginURL(), keys: s.Recorder.Follows(), alarm: s.alarm(v, state)}
	return v.Show(http.StatusOK, web.Page{Title: v.T("mirror.about.title"), Class: web.Narrow}, copyPage(v, p))
}
