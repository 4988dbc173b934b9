// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"net/http"
	"slices"

	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/web"
)

// privacy is what the page about people's data shows.
type privacy struct {
	site     fact.SiteCore
	settings Settings
	people   []holding // tables that hold something about people
	machine  []holding // tables that hold nothing about anybody
}

// A holding is one table, explained.
type holding struct {
	table string
	what  string
	until string
	rows  string
}

// aboutNobody are the tables in which no row belongs to a person.
var aboutNobody = []string{
	"private_job", "private_mail_hour", "private_migration", "private_migration_lock", "private_public_schema",
	"private_setup", "record_checkpoint", "record_cosignature", "record_evidence", "record_goal", "record_head", "record_intake_entry",
	"record_intake_head", "record_intake_tile", "record_pending", "record_tile", "record_witness", "record_witnessed",
}

func (s *Service) privacy(v *web.Visit) error {
	core, err := s.site(v.Context())
	if err != nil {
		return err
	}
	p := privacy{site: core, settings: s.Settings}
	err = s.DB.Read(v.Context(), func(tx *db.Tx) error {
		p.people, p.machine = nil, nil
		names, err := tables(v.Context(), tx)
		if err != nil {
			return err
		}
		for _, name := range names {
			h, err := explain(v, tx, name)
			if err != nil {
				return err
			}
			if slices.Contains(aboutNobody, name) {
				p.machine = append(p.machine, h)
			} else {
				p.people = append(p.people, h)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("privacy.title"), Description: v.T("privacy.lead"), Class: web.Wide}, privacyPage(v, p))
}

func explain(v *web.Visit, tx *db.Tx, table string) (holding, error) {
	h := holding{table: table, what: v.T("privacy.unexplained"), until: v.T("privacy.unexplained")}
	if explained(v, table) {
		h.what, h.until = v.T("privacy.table."+table+".what"), v.T("privacy.table."+table+".until")
	}
	n, err := db.Count(v.Context(), tx, table, mostCounted+1)
	h.rows = roughly(v, n)
	return h, err
}

// explained reports whether the messages say what a table is for.
func explained(v *web.Visit, table string) bool {
	_, ok := slices.BinarySearch(v.Site.Catalogue.Keys(), "privacy.table."+table+".what")
	return ok
}

// mostCounted bounds what counting costs, however large a table is.
const mostCounted = 100_000

// roughly says how many rows there are. An exact number would tell whoever
// watches it what somebody has just done here.
func roughly(v *web.Visit, n int64) string {
	switch {
	case n == 0:
		return v.T("privacy.rows.none")
	case n < 10:
		return v.T("privacy.rows.handful")
	case n > mostCounted:
		return v.T("privacy.rows.most", "count", int64(mostCounted))
	}
	unit := int64(10)
	for n/unit >= 10 {
		unit *= 10
	}
	return v.T("privacy.rows.about", "count", n/unit*unit)
}
