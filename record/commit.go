// SPDX-License-Identifier: Apache-2.0

package record

import (
	"crypto/rand"
	"crypto/sha256"
)

// commitPrefix has a fixed length, as the salt has, so that no two openings
// can spell the same bytes.
const commitPrefix = "chorus-body-v1\x00"

// A Salt hides a part from those who would guess it. It is drawn anew for
// every part, never derived and never used twice.
type Salt [32]byte

// NewSalt draws a salt.
func NewSalt() (s Salt) {
	rand.Read(s[:])
	return s
}

// Commit is SHA-256("chorus-body-v1" ‖ 0x00 ‖ salt ‖ part). In a shell:
//
//	(printf 'chorus-body-v1\0'; cat salt part) | sha256sum
func Commit(salt Salt, part []byte) Hash {
	var small [512]byte // most parts are, and then need no memory of their own
	b := append(append(append(small[:0], commitPrefix...), salt[:]...), part...)
	return sha256.Sum256(b)
}
