// SPDX-License-Identifier: AGPL-3.0-or-later

// Package vault keeps the one secret of an instance. With it an instance
// seals what it must read again (an address it still has to write to) and
// makes keyed hashes of what it only has to recognise (an address that has
// signed before). Whoever has the database but not the secret learns neither.
//
// Every use names its purpose. Each purpose has a key of its own, so what was
// made for one purpose is worthless for another.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"sync"
)

// A Vault holds the secret. It is safe for use by many goroutines.
type Vault struct {
	root []byte
	keys sync.Map // of []byte, by act and purpose
}

// New makes a Vault from a secret that is kept elsewhere.
func New(secret [32]byte) *Vault {
	root, err := hkdf.Extract(sha256.New, secret[:], []byte("chorus vault v1"))
	if err != nil {
		panic(err) // only for a hash that FIPS mode forbids
	}
	return &Vault{root: root}
}

// String keeps the secret out of logs and error messages.
func (v *Vault) String() string { return "vault" }

// GoString keeps the secret out of logs and error messages.
func (v *Vault) GoString() string { return "vault" }

// key is the subkey for one act (seal, hash …) and purpose; RFC 5869. Purposes
// are few and stand in the code, so their keys are kept.
func (v *Vault) key(act, purpose string) []byte {
	name := act + "\x00" + purpose
	if key, ok := v.keys.Load(name); ok {
		return key.([]byte)
	}
	key, err := hkdf.Expand(sha256.New, v.root, name, 32)
	if err != nil {
		panic(err) // only for keys far longer than 32 bytes
	}
	v.keys.Store(name, key)
	return key
}

// ErrSealed means that sealed bytes were not made by this vault for this
// purpose, or were changed since.
var ErrSealed = errors.New("vault: cannot be opened")

// version 1 is AES-256-GCM: version byte, 12 random bytes, ciphertext, 16 bytes of tag.
const version = 1

// Seal encrypts plain so that only Open with the same purpose reads it. The
// result is 29 bytes longer than plain and different every time.
func (v *Vault) Seal(purpose string, plain []byte) []byte {
	return v.aead(purpose).Seal([]byte{version}, nil, plain, label(purpose))
}

// Open decrypts what Seal made; ErrSealed for anything else.
func (v *Vault) Open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != version {
		return nil, ErrSealed
	}
	plain, err := v.aead(purpose).Open(nil, nil, sealed[1:], label(purpose))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// label is what is authenticated beside the plain text.
func label(purpose string) []byte { return append([]byte{version}, purpose...) }

func (v *Vault) aead(purpose string) cipher.AEAD {
	block, err := aes.NewCipher(v.key("seal", purpose))
	if err != nil {
		panic(err) // only for keys of a wrong length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // only for ciphers that are not AES
	}
	return aead
}

// Hash is a keyed hash of the parts: 32 bytes (HMAC-SHA-256), always the same
// for the same purpose and parts. Parts are hashed with their lengths, so that
// "ab","c" and "a","bc" differ.
func (v *Vault) Hash(purpose string, parts ...string) []byte {
	return v.mac("hash", purpose, parts).Sum(nil)
}

func (v *Vault) mac(act, purpose string, parts []string) hash.Hash {
	mac := hmac.New(sha256.New, v.key(act, purpose))
	for _, p := range parts {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		mac.Write([]byte(p))
	}
	return mac
}

// Seed is 32 bytes from which a key for a purpose is made, always the same for
// the same purpose. It is a secret.
func (v *Vault) Seed(purpose string) [32]byte { return [32]byte(v.key("seed", purpose)) }

// Digits is a number of n decimal digits for a person to type, always the same
// for the same purpose and parts. Every digit is equally likely.
func (v *Vault) Digits(purpose string, n int, parts ...string) string {
	seed := v.mac("digits", purpose, parts).Sum(nil)
	digits := make([]byte, 0, n)
	for block := uint64(0); len(digits) < n; block++ {
		mac := hmac.New(sha256.New, seed)
		mac.Write(binary.BigEndian.AppendUint64(nil, block))
		for _, b := range mac.Sum(nil) {
			// 250 is the largest multiple of ten in a byte; beyond it, low digits would come up more often.
			if b < 250 && len(digits) < n {
				digits = append(digits, '0'+b%10)
			}
		}
	}
	return string(digits)
}

// Token proves in a link that this instance made it for these parts: 22
// characters of base64url, the first 16 bytes of a keyed hash.
func (v *Vault) Token(purpose string, parts ...string) string {
	return base64.RawURLEncoding.EncodeToString(v.mac("token", purpose, parts).Sum(nil)[:16])
}

// CheckToken reports whether token is Token of the purpose and parts. How long
// it takes says nothing about how much of the token was right.
func (v *Vault) CheckToken(token, purpose string, parts ...string) bool {
	return hmac.Equal([]byte(token), []byte(v.Token(purpose, parts...)))
}
