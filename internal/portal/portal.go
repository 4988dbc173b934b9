// SPDX-License-Identifier: AGPL-3.0-or-later

// Package portal has the pages about everything: what is being asked now, what
// this instance is, what it keeps about people, its first start and the desk
// of its stewards.
//
//   - What an instance says of itself is a fact, SiteDescribed; the newest holds.
//   - The first steward is whoever holds the link that the first start prints.
//     The link works once, and only while there is no steward.
//   - The privacy page is made from the tables and settings that are really
//     there, so that it cannot promise what the program does not do.
package portal

import (
	"embed"
	"io/fs"
	"sync/atomic"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/eye"
	"example.org/chorus/internal/platform/mirror"
	"example.org/chorus/internal/platform/recorder"
)

// Schema is the tables of this package.
//
//go:embed schema.sql
var Schema string

//go:embed messages
var messages embed.FS

// Messages are the words of this package.
func Messages() fs.FS { return messages }

// Settings are what the privacy page must know of how the instance is run.
type Settings struct {
	MailKind string // scheme of the mail URL: smtp, smtps, dir or memory
	Proxy    bool   // visitors come through a proxy
	BaseURL  string // as people reach the site
	Engine   db.Engine
	MirrorOf string // on a mirror, the address it was given
}

// A Service shows the portal and does what its stewards ask.
type Service struct {
	DB            *db.DB
	Recorder      *recorder.Recorder
	Accounts      *account.Service
	Organisations *organisation.Service
	Eye           *eye.Service
	Settings      Settings
	Mirror        *mirror.Mirror // nil: this instance is no mirror
	IntakeKey     string         // with which others seal requests to this instance; "" if it takes none

	kept atomic.Pointer[keptSite]
}

// A keptSite is the newest description, as it was read at a moment.
type keptSite struct {
	fact.SiteCore
	read time.Time
}
