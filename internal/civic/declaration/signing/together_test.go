// SPDX-License-Identifier: AGPL-3.0-or-later

package signing_test

import (
	"sync"
	"testing"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
)

// TestConfirmTogether has one form confirmed eight times at the same moment:
// the person is counted once.
func TestConfirmTogether(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := chorustest.Run(t, source)
		path, _ := in.Trams(document.Draft{})
		kept, err := in.Signing.Sign(t.Context(), path[len("/declarations/"):],
			signing.Details{Name: "Ada Winter", Email: "ada@example.org", Country: "DK", Lang: "en"})
		if err != nil {
			t.Fatal(err)
		}
		letter, _ := in.MailTo("ada@example.org")
		code := chorustest.Code(letter)
		before := entries(t, in)
		var all sync.WaitGroup
		faults := make(chan error, 8)
		for range cap(faults) {
			all.Go(func() {
				_, err := in.Signing.ConfirmHere(t.Context(), kept, code)
				faults <- err
			})
		}
		all.Wait()
		done := 0
		for range cap(faults) {
			if err := <-faults; err == nil {
				done++
			}
		}
		if added := entries(t, in) - before; done == 0 || added != 1 {
			t.Errorf("%d of 8 were told that they signed, %d signatures are in the record", done, added)
		}
		in.CheckMirror()
	})
}

func entries(t *testing.T, in *chorustest.Instance) int {
	t.Helper()
	all, err := in.Record.Entries(t.Context(), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
