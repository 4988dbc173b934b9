// SPDX-License-Identifier: AGPL-3.0-or-later

// Package initiative keeps the frames that hold the things of one cause: its
// declarations today, its consultations and events later.
//
//   - An initiative is opened by somebody who edits every organisation that
//     runs it, or by a steward.
//   - It is public at once, has a page of its own, and can be joined by
//     declarations that are published as a part of it.
package initiative

import (
	"embed"
	"io/fs"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
)

// Schema is the table of initiatives.
//
//go:embed schema.sql
var Schema string

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// A Service opens initiatives and shows them.
type Service struct {
	DB       *db.DB
	Recorder *recorder.Recorder
}

// An Initiative is one cause with those who run it.
type Initiative struct {
	ID         chorus.ID
	Title      chorus.Text // without words when it was erased
	Summary    chorus.Text
	Organisers []chorus.ID // organisations
}

// Ref points at the initiative.
func (i Initiative) Ref() chorus.Ref { return chorus.Ref{Kind: chorus.Initiative, ID: i.ID} }

func pathOf(id chorus.ID) string { return "/initiatives/" + string(id) }
