// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"example.org/chorus"
	"example.org/chorus/internal/commons/catalogue"
	"example.org/chorus/internal/commons/receipt"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/eye"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/web"
	"example.org/chorus/record"
)

// recordView is what the page about the record shows.
type recordView struct {
	checkpoint record.Checkpoint
	note       string
	key        string
	eyes       *eye.Eyes
}

// aboutRecord is the page about the record for people.
func (s *Service) aboutRecord(v *web.Visit) error {
	p, err := s.recordView(v.Context())
	if err != nil {
		return err
	}
	page := web.Page{Title: v.T("receipt.record"), Description: v.T("portal.record.lead"), Class: web.Narrow}
	return v.Show(http.StatusOK, page, recordPage(v, p))
}

func (s *Service) recordView(ctx context.Context) (p recordView, err error) {
	if p.note, err = s.Recorder.Checkpoint(ctx); err != nil {
		return p, err
	}
	keys, err := s.Recorder.VerifierKeys()
	if err != nil {
		return p, err
	}
	p.key = keys[0]
	if p.checkpoint, err = record.OpenCheckpoint([]byte(p.note), keys...); err != nil {
		return p, err
	}
	p.eyes, err = s.Eye.Seen(ctx)
	return p, err
}

// fingerprint is the SHA-256 of a text in groups of four, to be read aloud.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	var groups []string
	for g := range slices.Chunk(sum[:], 2) {
		groups = append(groups, hex.EncodeToString(g))
	}
	return strings.Join(groups, " ")
}

// entriesView is one page of the entries of the record.
type entriesView struct {
	size   int64 // entries published
	all    []recorder.Listed
	about  map[chorus.ID]catalogue.Card
	before int64 // where the next page begins; 0: there is none
	later  bool  // this is not the first page
}

const entriesPaged = 50

// entries lists what is in the record, newest first.
func (s *Service) entries(v *web.Visit) error {
	before, err := strconv.ParseInt(cmp.Or(v.URL.Query().Get("before"), "0"), 10, 64)
	if err != nil || before < 0 {
		return chorus.ErrNotFound
	}
	p, err := s.entriesView(v.Context(), before)
	if err != nil {
		return err
	}
	return v.Show(http.StatusOK, web.Page{Title: v.T("portal.entries.title"), Class: web.Wide}, entriesPage(v, p))
}

func (s *Service) entriesView(ctx context.Context, before int64) (p entriesView, err error) {
	p.later = before > 0
	if p.all, p.size, err = s.Recorder.Published(ctx, before, entriesPaged); err != nil {
		return p, err
	}
	if n := len(p.all); n > 0 {
		p.before = p.all[n-1].Index
	}
	var ids []chorus.ID
	for _, e := range p.all {
		ids = append(ids, chorus.ID(e.Head.Subject))
	}
	slices.Sort(ids)
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		p.about, err = catalogue.ByIDs(ctx, tx, slices.Compact(ids)...)
		return err
	})
	return p, err
}

// entryPath is the page of an entry.
func entryPath(e recorder.Listed) string { return receipt.Path(e.Index) }
