// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation_test

import (
	"testing"

	"example.org/chorus/internal/chorustest"
)

func TestStories(t *testing.T) {
	chorustest.Stories(t, func(testing.TB, *chorustest.Instance, map[string]string) {})
}
