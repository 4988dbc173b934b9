// SPDX-License-Identifier: AGPL-3.0-or-later

// Package asset holds what an instance sends with its pages: one style, one
// script, one small mark for the browser's tab, and the page that checks
// receipts and bundles without a network. They are made from src/ by a
// program in tools/ and kept in dist/, already packed. Their names change with
// what they hold, so a browser may keep them for ever and asks nobody else.
package asset

//go:generate go run -C ../../../tools ./assets ../internal/platform/asset

import "embed"

//go:embed dist
var dist embed.FS

// Path returns the address of a file of src/, for example "/assets/style-q2w3.css"
// for "style.css". It panics on a name that src/ does not have: that is a slip in
// a page, and its first test finds it.
func Path(name string) string {
	made, ok := names[name]
	if !ok {
		panic("asset: no file named " + name)
	}
	return "/assets/" + made
}

// Verifier is the page that checks receipts and bundles, whole in one file.
func Verifier() []byte { return files[verifierPath].plain }
