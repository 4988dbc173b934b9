// SPDX-License-Identifier: Apache-2.0

package record

import "fmt"

// A Finding is one thing that Verify found wrong. Its Error is a sentence that
// can be quoted.
type Finding struct {
	Fault Fault
	Entry int64  // place of the entry it is about, from 0; -1 if it is about none
	Part  int    // of that entry, where a part is concerned
	Other int64  // another place that plays a role, see Error
	Path  string // the file it was found in, if it is about one
	Err   error  // more for those who know the format; may be nil
}

// A Fault is a sort of finding.
type Fault string

// The sorts of findings.
const (
	NoFile         Fault = "file missing"          // Path
	BadFile        Fault = "file broken"           // Path
	BadSignature   Fault = "signature wrong"       // of the checkpoint, or without Path of the one that was held
	BadCosignature Fault = "cosignature wrong"     // a line in the name of a witness of the policy
	NoQuorum       Fault = "too few witnesses"     // for the policy
	Shortened      Fault = "record shortened"      // it has Entry entries, and there were Other
	Forked         Fault = "record forked"         // of the Other entries that a held checkpoint covers, some differ
	RootDiffers    Fault = "entries not signed"    // Entry entries, tiles and entries agree, and the signature is of others
	TileChanged    Fault = "tile changed"          // Path; the entries are as they were signed
	EntryChanged   Fault = "entry changed"         // its text
	EntryRemoved   Fault = "entry removed"         // and those behind it moved up
	EntryAdded     Fault = "entry added"           // that was never signed
	EntryMoved     Fault = "entry moved"           // at Entry stands the one that belongs to Other
	NotALeaf       Fault = "entry not understood"  // signed, and in no form that this program knows
	BodyChanged    Fault = "words changed"         // a part does not open its commitment
	BodySwapped    Fault = "words swapped"         // a part opens a commitment of the entry Other
	BodyMissing    Fault = "words missing"         // an entry, or a part of it, without a word on why
	ShownErased    Fault = "shown after erasure"   // a part is still there, and the entry Other erased it
	ErasedSilently Fault = "erased without a word" // a part is said to be erased by the entry Other, which does not say so
	ErasedUnsigned Fault = "erased by no entry"    // a part is said to be erased by the entry Other, which is not in the record; see Report.Fading
)

func (f *Finding) Error() string {
	switch f.Fault {
	case NoFile:
		return fmt.Sprintf("The file %s is missing.", f.Path)
	case BadFile:
		return fmt.Sprintf("The file %s is broken: %v.", f.Path, f.Err)
	case BadSignature:
		if f.Path == "" {
			return fmt.Sprintf("The checkpoint from before is not one of this record: %v.", f.Err)
		}
		return fmt.Sprintf("The checkpoint is not signed with the key of this record: %v.", f.Err)
	case BadCosignature:
		return fmt.Sprintf("Under the checkpoint stands a signature in the name of a witness who did not make it: %v.", f.Err)
	case NoQuorum:
		return fmt.Sprintf("Too few of the witnesses that were asked for have signed the checkpoint: %v.", f.Err)
	case Shortened:
		return fmt.Sprintf("The record was shortened: it has %d entries, and a checkpoint that was signed before says %d.", f.Entry, f.Other)
	case Forked:
		return fmt.Sprintf("The record was rewritten: its first %d entries are not those of a checkpoint that was signed before.", f.Other)
	case RootDiffers:
		return fmt.Sprintf("The %d entries are not those that were signed: together they give another root.", f.Entry)
	case TileChanged:
		return fmt.Sprintf("The file %s was changed: the entries below it are as they were signed, and give another.", f.Path)
	case BodyChanged:
		return fmt.Sprintf("Entry %d was changed: what is shown as its part %d is not what was signed.", f.Entry, f.Part)
	case BodySwapped:
		return fmt.Sprintf("Entry %d shows as its part %d what belongs to entry %d.", f.Entry, f.Part, f.Other)
	case BodyMissing:
		return fmt.Sprintf("Entry %d shows nothing of its part %d and does not say why.", f.Entry, f.Part)
	case ShownErased:
		return fmt.Sprintf("Entry %d still shows its part %d, which entry %d erased.", f.Entry, f.Part, f.Other)
	case ErasedSilently:
		return fmt.Sprintf("Entry %d says that its part %d was erased by entry %d, and that entry does not say so.", f.Entry, f.Part, f.Other)
	case ErasedUnsigned:
		return fmt.Sprintf("Entry %d says that its part %d was erased by entry %d, and the record that is signed ends before that.", f.Entry, f.Part, f.Other)
	}
	return f.ofEntry()
}

func (f *Finding) ofEntry() string {
	switch f.Fault {
	case EntryChanged:
		return fmt.Sprintf("Entry %d was changed: its text is not the one that was signed.", f.Entry)
	case EntryRemoved:
		return fmt.Sprintf("Entry %d was removed.", f.Entry)
	case EntryAdded:
		return fmt.Sprintf("At place %d stands an entry that was never signed.", f.Entry)
	case EntryMoved:
		return fmt.Sprintf("At place %d stands the entry that was signed at place %d.", f.Entry, f.Other)
	case NotALeaf:
		return fmt.Sprintf("Entry %d is signed, but is not in a form that this program knows: %v.", f.Entry, f.Err)
	}
	return string(f.Fault)
}

// Unwrap gives the cause, if there is one.
func (f *Finding) Unwrap() error { return f.Err }

// about is a finding on the entry at a place.
func about(fault Fault, entry int64) *Finding { return &Finding{Fault: fault, Entry: entry} }

// aboutPart is a finding on a part of the entry at a place.
func aboutPart(fault Fault, entry int64, part int, other int64) *Finding {
	return &Finding{Fault: fault, Entry: entry, Part: part, Other: other}
}

// aboutFile is a finding on a file.
func aboutFile(fault Fault, path string, err error) *Finding {
	return &Finding{Fault: fault, Entry: -1, Path: path, Err: err}
}
