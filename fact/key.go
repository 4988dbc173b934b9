// SPDX-License-Identifier: Apache-2.0

package fact

import "example.org/chorus"

func init() { register[KeyAnnounced]() }

// KeyAnnounced says which key an instance uses from here on. The newest one
// of each use holds. A key announced for signing the record is trusted because
// a checkpoint signed with the key before it covers this very entry.
type KeyAnnounced struct {
	Site chorus.ID
	Core Part[KeyCore]
}

// KeyCore is a public key and what it is for.
type KeyCore struct {
	Use   KeyUse `json:"use"`
	Key   string `json:"key"`             // ForRecord: a C2SP verifier key; ForIntake: an X25519 public key for HPKE, base64url
	Proof string `json:"proof,omitempty"` // ForRecord: the announcement signed with the new key, which so is really held
}

// A KeyUse is what a key is for.
type KeyUse string

// The uses of keys.
const (
	ForRecord KeyUse = "record" // checkpoints are signed with it
	ForIntake KeyUse = "intake" // requests to sign are sealed for it
)

func (*KeyAnnounced) Kind() string { return "key" }

func (f *KeyAnnounced) bind(b *binding) {
	*b = binding{subject: &f.Site, parts: []part{&f.Core}}
}
