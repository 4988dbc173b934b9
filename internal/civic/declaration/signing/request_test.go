// SPDX-License-Identifier: AGPL-3.0-or-later

package signing

import (
	"encoding/json"
	"errors"
	"testing"

	"example.org/chorus/internal/platform/relay"
)

// What a mirror of any release wrote must be read by every later one, and the
// record must go on to call it the same.
func TestRequestForever(t *testing.T) {
	r, err := parseRequest([]byte(`{"v":1,"id":"b7Kq0f3mQ5yW2tJ8uN4rCg","declaration":"AAAAAAAAAAAAAAAAAAAAAA","shown":"x","made":"2026-11-22",
		"name":"Ada","email":"ada@example.org","country":"DK","town":"Lind","comment":"Yes.","lang":"en","hidden":true}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Details{Name: "Ada", Email: "ada@example.org", Country: "DK", Town: "Lind", Comment: "Yes.", Lang: "en", Hidden: true}
	if r.Details != want || r.Declaration != "AAAAAAAAAAAAAAAAAAAAAA" || r.Shown != "x" || r.Made != "2026-11-22" {
		t.Errorf("read as %+v", r)
	}
	if got := r.hash().String(); got != "ghZOTS37wYBymBUCqeZrL6BPJM2e7PPeN8d0k06SeQQ" {
		t.Errorf("the record would call it %s", got)
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"v":1,"id":"b7Kq0f3mQ5yW2tJ8uN4rCg","declaration":"x"}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, plain []byte) {
		r, err := parseRequest(plain)
		if err != nil {
			if !errors.Is(err, relay.ErrEnvelope) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseRequest(b); err != nil || *again != *r {
			t.Errorf("%s is not read as it was written: %v", b, err)
		}
	})
}
