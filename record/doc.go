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
//   - Verify finds every attack of a table, each by its name, and nothing in a
//     record that is as it was signed;
//   - Extends believes tiles only as far as the signed root bears them out;
//   - so do proofs, receipts, witnesses' keys and cosignatures have one spelling
//     each; a policy may be laid out freely, and Policy.Marshal writes it one way;
//   - the signature of a record is never taken for a cosignature, nor the other
//     way round, even if both are made with one secret;
//   - CheckReceipt gives all that it claims to have checked, or an error.
//
// A checkpoint is a signed note (C2SP tlog-checkpoint) with the size and the
// root of the record. Whoever holds one and later gets another finds with
// Extends whether anything was changed or removed between them. Bodies, which
// can fade, are served beside the tree, a line of JSON for each entry. Verify
// checks all of a record at once, and hands its entries to whoever counts them.
//
// A Proof (C2SP tlog-proof) shows to anybody, without a network, that an entry
// is in the record; with a Receipt in it, also what the entry commits to.
// CheckReceipt checks the whole. A Policy (C2SP tlog-policy) says which records
// and which witnesses one trusts, and how many of these must have cosigned a
// checkpoint (C2SP tlog-cosignature) before it is believed. testdata/ has a file
// of each format; they never change.
//
// The package knows nothing about what the facts mean. It imports nothing but
// the standard library and golang.org/x/mod/sumdb/{tlog,note}, and anybody may
// use it.
package record
