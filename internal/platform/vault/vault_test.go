// SPDX-License-Identifier: AGPL-3.0-or-later

package vault

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func testVault() *Vault { return New([32]byte{1, 2, 3}) }

func TestSeal(t *testing.T) {
	v := testVault()
	sealed := v.Seal("mail", []byte("ada@example.org"))
	if bytes.Contains(sealed, []byte("ada")) {
		t.Error("the address can be read in its sealed form")
	}
	if bytes.Equal(sealed, v.Seal("mail", []byte("ada@example.org"))) {
		t.Error("sealing twice gave the same bytes")
	}
	changed := bytes.Clone(sealed)
	changed[20] ^= 1
	for _, c := range []struct {
		name, purpose string
		vault         *Vault
		sealed        []byte
		opens         bool
	}{
		{"as sealed", "mail", v, sealed, true},
		{"other purpose", "account", v, sealed, false},
		{"other secret", "mail", New([32]byte{9}), sealed, false},
		{"one bit changed", "mail", v, changed, false},
		{"other version", "mail", v, append([]byte{2}, sealed[1:]...), false},
		{"cut short", "mail", v, sealed[:len(sealed)-1], false},
		{"too short for a nonce", "mail", v, sealed[:5], false},
		{"empty", "mail", v, nil, false},
	} {
		plain, err := c.vault.Open(c.purpose, c.sealed)
		if c.opens && (err != nil || string(plain) != "ada@example.org") {
			t.Errorf("%s: Open = %q, %v", c.name, plain, err)
		}
		if !c.opens && !errors.Is(err, ErrSealed) {
			t.Errorf("%s: Open = %q, %v; want ErrSealed", c.name, plain, err)
		}
	}
}

func TestHash(t *testing.T) {
	v := testVault()
	seen := map[string]string{}
	for _, c := range []struct {
		purpose string
		parts   []string
	}{
		{"a", nil}, {"a", []string{""}}, {"a", []string{"", ""}}, {"a", []string{"bc"}}, {"a", []string{"b", "c"}},
		{"a", []string{"bc", ""}}, {"a", []string{"", "bc"}}, {"b", []string{"bc"}}, {"ab", []string{"c"}},
	} {
		h := hex.EncodeToString(v.Hash(c.purpose, c.parts...))
		name := fmt.Sprintf("%q %q", c.purpose, c.parts)
		if other := seen[h]; other != "" {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[h] = name
		if again := hex.EncodeToString(v.Hash(c.purpose, c.parts...)); again != h {
			t.Errorf("%s: hash changed from %s to %s", name, h, again)
		}
	}
}

// What is stored or mailed must mean the same in every later release.
func TestForever(t *testing.T) {
	v := testVault()
	seed := v.Seed("intake key")
	for _, c := range []struct{ name, got, want string }{
		{"Hash", hex.EncodeToString(v.Hash("signature", "ada@example.org")[:8]), "94667f5a15943379"},
		{"Digits", v.Digits("sign-in", 6, "ada@example.org"), "253791"},
		{"Token", v.Token("own page", "17"), "QeNbLcnbexYqf9FKnfuJ9Q"},
		{"Seed", hex.EncodeToString(seed[:8]), "1ce68a81bc1dce49"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %s, want %s", c.name, c.got, c.want)
		}
	}
}

func TestDigits(t *testing.T) {
	v := testVault()
	var count [10]int
	for i := range 5000 {
		for _, d := range v.Digits("code", 6, fmt.Sprint(i)) {
			count[d-'0']++
		}
	}
	for d, n := range count { // 3000 expected, standard deviation 52
		if n < 2740 || n > 3260 {
			t.Errorf("digit %d came up %d times in 30000", d, n)
		}
	}
	long := v.Digits("code", 100, "x")
	if len(long) != 100 || strings.Trim(long, "0123456789") != "" {
		t.Errorf("Digits(100) = %q", long)
	}
	if long[:6] != v.Digits("code", 6, "x") {
		t.Error("a shorter number is not the beginning of a longer one")
	}
}

func TestToken(t *testing.T) {
	v := testVault()
	token := v.Token("link", "17", "ada")
	if len(token) != 22 {
		t.Errorf("token %q has %d characters", token, len(token))
	}
	for _, c := range []struct {
		name, token, purpose string
		parts                []string
		want                 bool
	}{
		{"right", token, "link", []string{"17", "ada"}, true},
		{"other part", token, "link", []string{"17", "bob"}, false},
		{"other purpose", token, "code", []string{"17", "ada"}, false},
		{"longer", token + "A", "link", []string{"17", "ada"}, false},
		{"empty", "", "link", []string{"17", "ada"}, false},
	} {
		if got := v.CheckToken(c.token, c.purpose, c.parts...); got != c.want {
			t.Errorf("%s: CheckToken = %v", c.name, got)
		}
	}
}

func TestString(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, testVault()); got != "vault" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func TestOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	made, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	again, err := Open(file)
	if err != nil || !bytes.Equal(made.root, again.root) {
		t.Errorf("the file gave another secret the second time (%v)", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".secret-*")); len(left) > 0 {
		t.Errorf("drafts left: %v", left)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others can read: %v", err)
	}
}

// Two processes that start together on an empty folder must agree.
func TestOpenTogether(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	roots := make([][]byte, 8)
	var all sync.WaitGroup
	for i := range roots {
		all.Go(func() {
			v, err := Open(file)
			if err != nil {
				t.Error(err)
				return
			}
			roots[i] = v.root
		})
	}
	all.Wait()
	for _, r := range roots {
		if !bytes.Equal(r, roots[0]) {
			t.Fatal("two secrets were made")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	good := format([32]byte{7})
	for name, text := range map[string]string{
		"empty":         "",
		"only comments": notice,
		"cut short":     good[:len(good)-5],
		"two secrets":   good + good,
		"another file":  "BEGIN PRIVATE KEY\n",
	} {
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(file); !errors.Is(err, errForm) {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(file); string(after) != text {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder was taken for a secret")
	}
}

func FuzzOpen(f *testing.F) {
	v := testVault()
	f.Add([]byte(nil))
	f.Add([]byte{version})
	f.Add(make([]byte, 40))
	f.Add(v.Seal("fuzz", []byte("plain")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := v.Open("fuzz", b); err == nil && string(plain) != "plain" {
			t.Errorf("%x opened as %x", b, plain)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(format([32]byte{7}))
	f.Add(prefix)
	f.Fuzz(func(t *testing.T, text string) {
		secret, err := parse(text)
		if err != nil {
			return
		}
		if again, err := parse(format(secret)); err != nil || again != secret {
			t.Errorf("%q does not survive being written again", text)
		}
	})
}
