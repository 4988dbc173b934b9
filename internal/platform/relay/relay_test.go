// SPDX-License-Identifier: AGPL-3.0-or-later

package relay

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"example.org/chorus/internal/platform/vault"
)

func testKey(n byte) *Key { return KeyOf(vault.New([32]byte{n})) }

func TestSeal(t *testing.T) {
	k := testKey(1)
	for name, c := range map[string]struct {
		request string
		size    int
	}{
		"nothing":          {"", step},
		"a word":           {"Ada", step},
		"fills one step":   {strings.Repeat("a", step-lengthSize), step},
		"one byte more":    {strings.Repeat("a", step-lengthSize+1), 2 * step},
		"the longest":      {strings.Repeat("a", MaxRequest), most},
		"zeros at its end": {"Ada\x00\x00", step},
	} {
		envelope, err := Seal(k.Public(), []byte(c.request))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(envelope) != c.size+overhead {
			t.Errorf("%s: %d bytes, want %d", name, len(envelope), c.size+overhead)
		}
		if got, err := k.Open(envelope); err != nil || string(got) != c.request {
			t.Errorf("%s: opened as %q, %v", name, got, err)
		}
		again, err := Seal(k.Public(), []byte(c.request))
		if err != nil || bytes.Equal(again, envelope) {
			t.Errorf("%s: sealed twice gave the same bytes (%v)", name, err)
		}
	}
	if _, err := Seal(k.Public(), make([]byte, MaxRequest+1)); err == nil {
		t.Error("a request that is too long was sealed")
	}
	for _, key := range []string{"", "c29tZSBrZXk", k.Public() + "A", k.Public()[1:], base64.RawURLEncoding.EncodeToString(make([]byte, 32))} {
		if _, err := Seal(key, []byte("Ada")); err == nil {
			t.Errorf("sealed for the key %q", key)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	k := testKey(1)
	good, err := Seal(k.Public(), []byte("Ada"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(good, []byte("Ada")) {
		t.Error("the request can be read in its envelope")
	}
	first, last := bytes.Clone(good), bytes.Clone(good)
	first[0] ^= 1
	last[len(last)-1] ^= 1
	other, err := Seal(testKey(2).Public(), []byte("Ada"))
	if err != nil {
		t.Fatal(err)
	}
	for name, envelope := range map[string][]byte{
		"nothing": nil, "cut short": good[:len(good)-1], "one byte more": append(bytes.Clone(good), 0), "a step more": append(bytes.Clone(good), make([]byte, step)...),
		"the first bit changed": first, "the last bit changed": last, "for another key": other, "zeros": make([]byte, len(good)),
	} {
		if got, err := k.Open(envelope); !errors.Is(err, ErrEnvelope) {
			t.Errorf("%s: opened as %q, %v", name, got, err)
		}
	}
}

// What was announced must be opened by every later release.
func TestKeyForever(t *testing.T) {
	if got := testKey(1).Public(); got != "_ccF83Hi60siT80Ek0VTV33-TCJwl1N9l8RPUx6odEg" {
		t.Errorf("the key of a secret is now %s", got)
	}
}

func FuzzUnfill(f *testing.F) {
	f.Add(fill(nil))
	f.Add(fill([]byte("Ada")))
	f.Add(make([]byte, step))
	f.Fuzz(func(t *testing.T, filled []byte) {
		if len(filled) < step {
			return
		}
		request, err := unfill(filled)
		if err == nil && !bytes.Equal(fill(request), filled) {
			t.Errorf("%x has a second way to be filled", request)
		}
	})
}

func FuzzOpen(f *testing.F) {
	k := testKey(1)
	f.Add([]byte(nil))
	f.Add(make([]byte, step+overhead))
	f.Fuzz(func(t *testing.T, envelope []byte) {
		if got, err := k.Open(envelope); err == nil {
			t.Errorf("opened as %x", got)
		}
	})
}
