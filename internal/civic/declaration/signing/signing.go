// SPDX-License-Identifier: AGPL-3.0-or-later

// Package signing is how people and organisations sign a declaration, and what
// can be done with a signature afterwards. Its rules:
//
//   - One person signs a declaration once, and only after confirming a mail.
//     Whoever asks again gets the same reply, so nobody can find out who signed.
//   - An organisation signs by a member who states role and mandate.
//   - To withdraw takes the signature out of the count, and its name off the
//     page. To invalidate takes it out of the count by the stewards' hand, with
//     a reason. To erase removes the words for ever and leaves the count.
//   - A comment is shown once an organiser has read it.
//   - A request that a mirror took ends once, in public: counted or refused.
//
// What counts, and the public list, are in package declaration.
package signing

import (
	"embed"
	"io/fs"

	"example.org/chorus/internal/civic/declaration"
	"example.org/chorus/internal/commons/receipt"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/lang"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/vault"
)

// Schema is the tables of signers and of what they asked.
//
//go:embed schema.sql
var Schema string

//go:embed messages
var messages embed.FS

// Messages are the words of those who sign.
func Messages() fs.FS { return messages }

// Service is everything that signers can do, and what others can do with their
// signatures.
type Service struct {
	DB           *db.DB
	Record       *recorder.Recorder
	Vault        *vault.Vault
	Mail         *mail.Outbox
	Declarations *declaration.Service
	Receipts     *receipt.Service
	Catalogue    *lang.Catalogue
	BaseURL      string // as people reach it, for links in mail
	Relay        Relay
}
