// SPDX-License-Identifier: AGPL-3.0-or-later

package desk_test

import (
	"testing"

	"example.org/chorus/internal/chorustest"
)

func TestStories(t *testing.T) { chorustest.TramStories(t) }
