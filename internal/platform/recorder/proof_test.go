// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// places publishes facts, gives them their places, and signs a checkpoint.
func (in *instance) places(facts ...fact.Fact) (last fact.Hash) {
	in.t.Helper()
	last, err := in.publish(facts...)
	in.must(err)
	if in.db.Engine == db.PostgreSQL {
		in.must(in.Integrate(in.t.Context()))
	}
	in.must(in.PublishCheckpoint(in.t.Context()))
	return last
}

// receipt is the public receipt of an entry, checked as its holder would.
func (in *instance) receipt(place int64) (*recorder.Receipt, *record.Checked) {
	in.t.Helper()
	r, err := in.Receipt(in.t.Context(), place)
	in.must(err)
	key, err := in.VerifierKey()
	in.must(err)
	checked, err := record.CheckReceipt(r.Proof, nil, key)
	in.must(err)
	return r, checked
}

func openForReceipts(t *testing.T, source string) *instance {
	in := openSigning(t, source, t.TempDir())
	in.Unseal(func(b []byte) ([]byte, error) { return b, nil })
	return in
}

// TestReceiptsOfEveryEntry proves entries on both sides of the edges of tiles.
func TestReceiptsOfEveryEntry(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := openForReceipts(t, source)
		var crowd []fact.Fact
		for i := range 515 {
			crowd = append(crowd, signed(fmt.Sprint("Person ", i)))
		}
		in.places(crowd[:1]...)
		in.places(crowd[1:257]...)
		in.places(crowd[257:]...)
		for _, place := range []int64{0, 1, 255, 256, 257, 511, 512, 514} {
			r, checked := in.receipt(place)
			if checked.Index != place || checked.Checkpoint.Size != 515 || !bytes.Contains(checked.Parts[1].Bytes, fmt.Append(nil, "Person ", place)) {
				t.Errorf("the receipt of entry %d proves %+v", place, checked)
			}
			if checked.Hash != record.Hash(r.Hash) || len(r.Later) != 0 {
				t.Errorf("entry %d: hash %v, later %v", place, r.Hash, r.Later)
			}
		}
		for _, place := range []int64{-1, 515} {
			if _, err := in.Receipt(t.Context(), place); !errors.Is(err, chorus.ErrNotFound) {
				t.Errorf("entry %d: %v, want not found", place, err)
			}
		}
	})
}

// TestReceiptWaitsForItsCheckpoint gives none for an entry that is not signed,
// and tells nothing of later ones that are not.
func TestReceiptWaitsForItsCheckpoint(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := openForReceipts(t, source)
		ada := in.places(signed("Ada"))
		_, err := in.publish(&fact.SignatureWithdrawn{Declaration: letter, Signature: ada})
		in.must(err)
		if in.db.Engine == db.PostgreSQL {
			in.must(in.Integrate(t.Context()))
		}
		if _, err := in.Receipt(t.Context(), 1); !errors.Is(err, chorus.ErrNotFound) {
			t.Errorf("a receipt before the checkpoint: %v", err)
		}
		if r, _ := in.receipt(0); len(r.Later) != 0 || r.Size != 1 {
			t.Errorf("of %d entries, later %v", r.Size, r.Later)
		}
		in.must(in.PublishCheckpoint(t.Context()))
		if r, _ := in.receipt(0); len(r.Later) != 1 || r.Later[0].Index != 1 || r.Later[0].Kind != "withdrawal" {
			t.Errorf("after the checkpoint, later %v", r.Later)
		}
	})
}

// TestOwnReceipt opens what was withheld, to its owner alone and until it is
// erased; then neither receipt has the words, and both still prove the entry.
func TestOwnReceipt(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := openForReceipts(t, source)
		h := in.places(&fact.SignatureAdded{Declaration: letter, Identity: fact.Withhold(fact.Identity{Name: "Ada"})})
		own, err := in.OwnReceipt(t.Context(), h)
		in.must(err)
		if !bytes.Contains(own.Body.Parts[1].Bytes, []byte("Ada")) {
			t.Errorf("the own receipt does not open the name: %+v", own.Body.Parts)
		}
		if public, _ := in.receipt(0); public.Body.Parts[1].State != record.Withheld {
			t.Errorf("the public receipt has %+v", public.Body.Parts)
		}
		in.places(erased(h))
		own, err = in.OwnReceipt(t.Context(), h)
		in.must(err)
		public, _ := in.receipt(0)
		for _, r := range []*recorder.Receipt{own, public} {
			if p := r.Body.Parts[1]; p.State != record.Redacted || p.By != 1 || p.Bytes != nil {
				t.Errorf("after the erasure: %+v", p)
			}
		}
	})
}

// TestLater follows what acts on an entry and on what acts on it.
func TestLater(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := openForReceipts(t, source)
		ada := in.places(signed("Ada"))
		in.places(signed("Eve"))
		comment := in.places(&fact.CommentPublished{Declaration: letter, Signature: ada, Comment: fact.Show(fact.Comment{Text: "Why not"})})
		in.places(&fact.SignatureInvalidated{Declaration: letter, Signature: ada, Reason: fact.Fraud},
			&fact.Redacted{Subject: letter, Entry: comment, Parts: []int64{0}, Reason: fact.Moderation})
		r, _ := in.receipt(0)
		var got []string
		for _, l := range r.Later {
			got = append(got, fmt.Sprint(l.Index, " ", l.Kind, " of ", l.Of, " ", l.Reason))
		}
		want := []string{"2 comment of signature ", "3 invalidation of signature fraud", "4 redaction of comment moderation"}
		if !slices.Equal(got, want) {
			t.Errorf("later: %q, want %q", got, want)
		}
	})
}

// TestPublished walks the record backwards, as far as it is signed.
func TestPublished(t *testing.T) {
	in := openForReceipts(t, t.TempDir()+"/chorus.db")
	in.places(signed("Ada"), signed("Eve"), signed("Bo"))
	_, err := in.publish(signed("Di"))
	in.must(err)
	for before, want := range map[int64][]int64{0: {2, 1}, 1: {0}, 99: {2, 1}} {
		all, size, err := in.Published(t.Context(), before, 2)
		in.must(err)
		var got []int64
		for _, l := range all {
			got = append(got, l.Index)
		}
		if !slices.Equal(got, want) || size != 3 {
			t.Errorf("before %d: %v of %d, want %v of 3", before, got, size, want)
		}
	}
}

// TestReceiptWithWitnesses prefers a checkpoint that a witness has signed, as
// long as it covers the entry.
func TestReceiptWithWitnesses(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := openForReceipts(t, source)
		in.places(signed("Ada"), signed("Eve"))
		witness, err := record.NewWitnessKey("witness.example")
		in.must(err)
		line, err := witness.Cosign([]byte(in.checkpoint()), 1_800_000_000)
		in.must(err)
		in.must(in.AddCosignature(t.Context(), 2, witness.Name(), string(line)))
		in.places(signed("Bo"))
		key, err := in.VerifierKey()
		in.must(err)
		policy, err := record.ParsePolicy([]byte("log " + key + "\nwitness w " + witness.Verifier() + "\nquorum w\n"))
		in.must(err)
		r, _ := in.receipt(1)
		checked, err := record.CheckReceipt(r.Proof, policy)
		in.must(err)
		if checked.Checkpoint.Size != 2 || r.Size != 3 {
			t.Errorf("proven by the checkpoint of %d entries of %d, want the cosigned one of 2", checked.Checkpoint.Size, r.Size)
		}
		if r, _ := in.receipt(2); r.Checkpoint.Size != 3 {
			t.Errorf("an entry behind the cosigned checkpoint is proven by one of %d entries", r.Checkpoint.Size)
		}
	})
}
