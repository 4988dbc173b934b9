// SPDX-License-Identifier: AGPL-3.0-or-later

package signing_test

import (
	"testing"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/document"
)

// TestStories gives every story an open letter about the trams, run by Tram
// Riders (owner: ola@riders.example), to the City of Lindholm.
func TestStories(t *testing.T) {
	chorustest.Stories(t, func(_ testing.TB, in *chorustest.Instance, env map[string]string) {
		env["TRAMS"], env["RIDERS"] = in.Trams(document.Draft{})
	})
}
