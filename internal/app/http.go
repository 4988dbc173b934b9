// SPDX-License-Identifier: AGPL-3.0-or-later

package app

import "net/http"

// Handler is the whole site. Deeds of visitors wake the background work at
// once, so that a mail leaves while they still look at the page.
func (a *App) Handler() http.Handler {
	site := a.Site.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site.ServeHTTP(w, r)
		if r.Method == http.MethodPost {
			a.Jobs.Wake()
		}
	})
}
