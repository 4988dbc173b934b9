// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest

import (
	"testing"
	"time"

	"example.org/chorus/internal/app"
)

// Patience is how long a test waits for what must come: so long that only a
// test that hangs runs into it, however busy the machine is.
const Patience = 3 * time.Minute

// Until waits until it is so.
func Until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %s still not: %s", Patience, what)
		}
	}
}

// Patient has an instance wait as long for its own work, and for answers, where
// it would otherwise go on without; and when a test moves the clock, nobody
// takes a job from the worker who has it in hand. It comes before anything runs.
func Patient(a *app.App) {
	a.Record.AwaitFor(Patience)
	a.Eye.Patience = Patience
	a.Jobs.Lease = Lease
}

// Lease is longer than any test moves its clock.
const Lease = 100 * 365 * 24 * time.Hour
