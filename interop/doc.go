// SPDX-License-Identifier: AGPL-3.0-or-later

// Package interop has code that is not ours judge what Chorus serves: the
// checker and the client of transparency-dev/tessera, the proofs of
// transparency-dev/merkle, the formats of transparency-dev/formats, and openssl.
// It is a module of its own, so that none of them comes into the program. There
// are only tests here. A judge that never says no is worth nothing, so each one
// is also given something damaged.
package interop
