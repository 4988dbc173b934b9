// SPDX-License-Identifier: AGPL-3.0-or-later

// Package relay carries requests to an instance that cannot be reached, such
// as the wish to sign when the way to it is cut. Another instance, a mirror,
// takes the request, seals it and hands it on once there is a way again.
//
//   - A request is sealed for the instance it is meant for (the origin) with a
//     key that the origin announced in its record. Whoever carries or seizes the
//     envelope reads nothing, not even how long a name is.
//   - A mirror keeps a small log of the hashes of what it took: a tree like that
//     of the record, signed, which only grows. Whoever handed something in holds
//     a place in it, and the mirror cannot deny having taken it.
//   - An envelope is handed on until the origin's record says what became of the
//     request, and only then forgotten. To hand it on twice does no harm.
//
// Sealing is HPKE (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
// AES-128-GCM, in base mode: every envelope has a key of its own.
package relay

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"example.org/chorus/internal/platform/vault"
)

// Sizes of what is sealed, in bytes.
const (
	step       = 2 << 10  // what is sealed is filled up to a multiple of this
	most       = 16 << 10 // of what is sealed, filled up
	lengthSize = 4        // the length of the request stands in front of it
	overhead   = 32 + 16  // the sender's public key in front, the proof of integrity behind

	MaxRequest  = most - lengthSize
	MaxEnvelope = most + overhead
)

// info binds a sealed request to this use and to this version of the format.
var info = []byte("chorus intake v1")

// ErrEnvelope means that bytes are no envelope, or none for this key.
var ErrEnvelope = errors.New("relay: not an envelope for this instance")

// A Key opens envelopes.
type Key struct{ private hpke.PrivateKey }

// KeyOf is the key of an instance. It is made from the instance's secret, so
// there is no further file to lose.
func KeyOf(v *vault.Vault) *Key {
	seed := v.Seed("intake key")
	private, err := kem().DeriveKeyPair(seed[:])
	if err != nil {
		panic(err) // only for seeds that are too short
	}
	return &Key{private}
}

func kem() hpke.KEM { return hpke.DHKEM(ecdh.X25519()) }

// Public is the key with which others seal, as it is announced: 43 characters
// of base64url.
func (k *Key) Public() string {
	return base64.RawURLEncoding.EncodeToString(k.private.PublicKey().Bytes())
}

// Open reads what Seal made for this key, or fails with ErrEnvelope.
func (k *Key) Open(envelope []byte) ([]byte, error) {
	filled := len(envelope) - overhead
	if filled < step || filled > most || filled%step != 0 {
		return nil, fmt.Errorf("%w: %d bytes", ErrEnvelope, len(envelope))
	}
	plain, err := hpke.Open(k.private, hpke.HKDFSHA256(), hpke.AES128GCM(), info, envelope)
	if err != nil {
		return nil, ErrEnvelope
	}
	return unfill(plain)
}

// Seal makes an envelope of a request of at most MaxRequest bytes, for the
// announced key of the instance that is to read it.
func Seal(announced string, request []byte) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(announced)
	if err != nil {
		return nil, fmt.Errorf("relay: the announced key: %w", err)
	}
	key, err := kem().NewPublicKey(b)
	if err != nil {
		return nil, fmt.Errorf("relay: the announced key: %w", err)
	}
	if len(request) > MaxRequest {
		return nil, fmt.Errorf("relay: a request of %d bytes, at most %d", len(request), MaxRequest)
	}
	return hpke.Seal(key, hpke.HKDFSHA256(), hpke.AES128GCM(), info, fill(request))
}

// fill puts the length in front and zeros behind, up to the next step.
func fill(request []byte) []byte {
	filled := append(binary.BigEndian.AppendUint32(nil, uint32(len(request))), request...)
	return append(filled, make([]byte, (step-len(filled)%step)%step)...)
}

func unfill(filled []byte) ([]byte, error) {
	n := binary.BigEndian.Uint32(filled)
	if n > uint32(len(filled)-lengthSize) {
		return nil, ErrEnvelope
	}
	request := filled[lengthSize : lengthSize+n]
	if !slices.Equal(fill(request), filled) { // there is one way to fill
		return nil, ErrEnvelope
	}
	return request, nil
}

// Name is what an envelope is called, in files and lists: its SHA-256 in hex.
func Name(envelope []byte) string {
	h := sha256.Sum256(envelope)
	return hex.EncodeToString(h[:])
}
