// SPDX-License-Identifier: AGPL-3.0-or-later

package witness

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

// A watched record, as the page shows it.
type watched struct {
	origin string
	url    string // "" if it has no page that we know
	size   int64
	at     time.Time // zero: nothing was cosigned yet
	path   string    // of the checkpoint
	fork   string    // path of the proof that it forked; "" if there is none
}

// watched lists what this instance watches, by name.
func (s *Service) watched(v *web.Visit) (all []watched, err error) {
	logs, err := s.list.read()
	if err != nil {
		s.Log.Error("the list of records to watch cannot be read; the one before holds", "err", err)
	}
	urls := map[string]string{}
	for _, l := range logs {
		origin, _, _ := strings.Cut(l.Key, "+")
		urls[origin] = cmp.Or(l.URL, urls[origin])
	}
	err = s.DB.Read(v.Context(), func(tx *db.Tx) error {
		all = nil
		for origin, url := range urls {
			h, err := heldOf(v.Context(), tx, origin)
			if err != nil {
				return err
			}
			w := watched{origin: origin, url: url, size: h.head.Size, at: h.at, path: Path + CheckpointPath(origin)}
			if h.fork != "" {
				w.fork = Path + "/" + hashOf(origin) + "/fork"
			}
			all = append(all, w)
		}
		return nil
	})
	slices.SortFunc(all, func(a, b watched) int { return strings.Compare(a.origin, b.origin) })
	return all, err
}
