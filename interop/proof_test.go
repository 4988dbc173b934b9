// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/client"
)

// tracker follows a record from a checkpoint that somebody kept; nil: from now on.
func (j judge) tracker(t *testing.T, kept []byte) *client.LogStateTracker {
	t.Helper()
	follow := client.UnilateralConsensus(j.files.ReadCheckpoint)
	tracker, err := client.NewLogStateTracker(t.Context(), j.files.ReadTile, kept, j.key, j.key.Name(), follow)
	if err != nil {
		t.Fatal(err)
	}
	return tracker
}

// checkpoint is the one that is served, as tessera reads it.
func (j judge) checkpoint(t *testing.T) (*log.Checkpoint, []byte) {
	t.Helper()
	c, text, _, err := client.FetchCheckpoint(t.Context(), j.files.ReadCheckpoint, j.key, j.key.Name())
	if err != nil {
		t.Fatal(err)
	}
	return c, text
}

func (j judge) prover(t *testing.T, size uint64) *client.ProofBuilder {
	t.Helper()
	b, err := client.NewProofBuilder(t.Context(), size, j.files.ReadTile)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestInclusion proves each signature by their code from our tiles.
func TestInclusion(t *testing.T) {
	in := open(t)
	in.sign(300)
	j := judgeOf(t, in.address())
	c, _ := j.checkpoint(t)
	prover := j.prover(t, c.Size)
	for i, hash := range in.signed {
		place := uint64(i + 1) // behind the declaration
		path, err := prover.InclusionProof(t.Context(), place)
		if err != nil {
			t.Fatal(err)
		}
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, place, c.Size, hash[:], path, c.Hash); err != nil {
			t.Errorf("signature %d: %v", i, err)
		}
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, place+1, c.Size, hash[:], path, c.Hash); err == nil {
			t.Errorf("signature %d is at two places", i)
		}
	}
}

// TestGrowth follows a record as it grows, and proves that each size holds all
// that every earlier one held.
func TestGrowth(t *testing.T) {
	in := open(t)
	in.sign(1)
	j := judgeOf(t, in.address())
	tracker := j.tracker(t, nil)
	kept := []log.Checkpoint{tracker.Latest()}
	for _, n := range []int{1, 253, 1, 300} {
		in.sign(n)
		if _, _, _, err := tracker.Update(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := tracker.Latest()
		prover := j.prover(t, now.Size)
		for _, then := range kept {
			path, err := prover.ConsistencyProof(t.Context(), then.Size, now.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.VerifyConsistency(rfc6962.DefaultHasher, then.Size, now.Size, path, then.Hash, now.Hash); err != nil {
				t.Errorf("%d does not go on from %d: %v", now.Size, then.Size, err)
			}
			if err := proof.VerifyConsistency(rfc6962.DefaultHasher, then.Size, now.Size, path, now.Hash, now.Hash); err == nil {
				t.Errorf("%d goes on from anything", now.Size)
			}
		}
		kept = append(kept, now)
	}
}

// fork is another instance that signs with the same key.
func (in *instance) fork() *instance {
	in.t.Helper()
	folder := in.t.TempDir()
	key, err := os.ReadFile(filepath.Join(in.folder, "record.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "record.key"), key, 0o600)
	}
	if err != nil {
		in.t.Fatal(err)
	}
	return openIn(in.t, folder)
}

// TestFork is why witnesses matter. An instance that signs two histories with
// one key can show each of them to somebody else, and each is faultless: fsck
// has nothing against either. Only who holds a checkpoint of the one and meets
// the other finds out. So checkpoints must be in many hands: in those of
// witnesses and mirrors, and on receipts.
func TestFork(t *testing.T) {
	one := open(t)
	one.sign(300)
	other := one.fork()
	other.sign(400)

	j := judgeOf(t, other.address())
	if err := j.check(); err != nil {
		t.Fatalf("fsck found the fork, which it cannot: %v", err)
	}
	_, kept := judgeOf(t, one.address()).checkpoint(t)
	_, _, _, err := j.tracker(t, kept).Update(t.Context())
	if fork := new(client.ErrInconsistency); !errors.As(err, fork) || string(fork.SmallerRaw) != string(kept) {
		t.Errorf("whoever held a checkpoint of the other history is told %v", err)
	}
	one.sign(200)
	if _, _, _, err := judgeOf(t, one.address()).tracker(t, kept).Update(t.Context()); err != nil {
		t.Errorf("the history that was held goes on, and is refused: %v", err)
	}
}
