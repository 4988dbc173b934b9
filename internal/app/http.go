// SPDX-License-Identifier: AGPL-3.0-or-later

package app

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"example.org/chorus/internal/portal"
	"example.org/chorus/record"
)

// A front is what visitors see, made once.
type front struct {
	once    sync.Once
	handler http.Handler
}

// Handler is the whole site. Deeds of visitors wake the background work at
// once, so that a mail leaves while they still look at the page.
func (a *App) Handler() http.Handler {
	a.once.Do(func() { a.handler = a.whole() })
	return a.handler
}

func (a *App) whole() http.Handler {
	site := a.Site.Handler()
	if a.Mirror != nil {
		return a.logMirror(site)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site.ServeHTTP(w, r)
		if r.Method == http.MethodPost {
			a.Jobs.Wake()
		}
	})
}

// logMirror serves the record also where C2SP tlog-mirror looks for the copy
// of a log: below the hash of its origin.
func (a *App) logMirror(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		origin := sha256.Sum256([]byte(a.Mirror.State().Origin))
		if first == hex.EncodeToString(origin[:]) {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = portal.RecordPath+"/"+rest, ""
		}
		site.ServeHTTP(w, r)
	})
}

const patience = 2 * time.Minute // for one file of a record

// RecordAt is the record of the instance at an address.
func RecordAt(address string) record.Source {
	return record.Web(strings.TrimSuffix(address, "/")+portal.RecordPath, &http.Client{Timeout: patience})
}
