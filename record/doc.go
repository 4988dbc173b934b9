// SPDX-License-Identifier: Apache-2.0

// Package record is the format of the public record and the code that checks
// it. The record is an append-only list of small entries, called leaves, under
// one Merkle tree (RFC 6962), laid out as C2SP tlog-tiles. A leaf holds no
// words of anybody: it says what kind of fact happened, on which day, to which
// thing, and commits to the parts of the fact's body with salted hashes. So a
// part, such as a name, can be erased later without changing the tree.
//
// Invariants, each with a test:
//
//   - a leaf has one spelling: ParseLeaf accepts exactly what Leaf.Marshal writes;
//   - a leaf is at most MaxLeaf bytes and holds no text a person wrote;
//   - a commitment opens to one salt and one part only;
//   - a tile of width w is a byte prefix of the same tile at any greater width;
//   - paths, bundles, checkpoints, keys and bodies have one spelling each, and
//     every other is refused;
//   - Extends believes tiles only as far as the signed root bears them out.
//
// A checkpoint is a signed note (C2SP tlog-checkpoint) with the size and the
// root of the record. Whoever holds one and later gets another finds with
// Extends whether anything was changed or removed between them. Bodies, which
// can fade, are served beside the tree, a line of JSON for each entry.
//
// The package knows nothing about what the facts mean. It imports nothing but
// the standard library and golang.org/x/mod/sumdb/{tlog,note}, and anybody may
// use it.
package record
