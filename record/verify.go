// SPDX-License-Identifier: Apache-2.0

package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync"
)

// VerifyOptions say what a record is checked for, beyond that it agrees with itself.
type VerifyOptions struct {
	Keys       []string                // verifier keys; the checkpoint must be signed with one of them, or by a log of Policy if there are none
	Policy     *Policy                 // which witnesses must have cosigned; nil: none
	Since      []byte                  // a signed checkpoint that is held from before; nil if none
	Progress   func(done, total int64) // told now and then how many entries are done; may be nil
	Each       func(*Entry) error      // gets every entry, in order; what it saw counts once Verify returns no error; may be nil
	Workers    int                     // bundles that are fetched and checked at a time; 0: two for each processor
	SkipBodies bool                    // look at the entries alone, and not at the words they stand for
}

// An Entry is one entry as Verify checked it. It may be kept.
type Entry struct {
	Index int64 // place, from 0
	Hash  Hash  // leaf hash
	Raw   []byte
	Leaf  Leaf
	Body  *Body // nil if bodies are skipped
}

// A Report says what Verify found in a record that is as it was signed.
type Report struct {
	Checkpoint Checkpoint
	Quorum     *Quorum     // which witnesses of the policy cosigned
	Note       []byte      // the checkpoint as it is served, with all signatures: worth keeping for Since
	Since      *Checkpoint // the one that was held; nil if none
	Shown      int64       // parts that were opened
	Withheld   int64       // parts that were never published
	Erased     int64       // entries of which something was erased, as a later entry says

	// Fading are parts that are gone, and said to be erased by entries behind the
	// checkpoint. If it was done just now, a checkpoint that covers those entries
	// soon shows it. Until one does, nothing that is signed says why words are
	// missing: who cannot wait takes each for the finding that it is.
	Fading []*Finding
}

// Verify reads all of a record, as large as its checkpoint says, and makes
// sure that
//
//   - the checkpoint is signed with a given key, and goes on from the one held;
//   - the entries give the signed root, and each tile on the way to it;
//   - each entry is a leaf in its one spelling; unknown kinds are allowed;
//   - each part that is shown opens its commitment, and each that is not is
//     withheld, or erased by an entry that says so, or else in Report.Fading;
//   - nothing is shown that an entry of the record erased.
//
// What is wrong with the record is a *Finding; any other error means that the
// record could not be read, or is one of Each or ctx. In memory are some 20
// bundles of 256 entries for each worker, and 200 bytes for each part that was erased.
//
// A record that agrees with itself is not yet one that everybody is shown
// alike: that takes Since, or the witnesses of Policy.
func Verify(ctx context.Context, src Source, o VerifyOptions) (*Report, error) {
	if o.Workers < 1 {
		o.Workers = 2 * runtime.GOMAXPROCS(0) // while one waits for the disk, another hashes
	}
	v := &verifier{src: src, o: o, report: new(Report)}
	if err := v.open(ctx); err != nil {
		return nil, err
	}
	if err := v.readAll(ctx); err != nil {
		return nil, err
	}
	if err := v.close(ctx); err != nil {
		return nil, err
	}
	return v.report, nil
}

// A verifier is a run of Verify.
type verifier struct {
	src      Source
	o        VerifyOptions
	report   *Report
	upper    Tree     // over the roots of full bundles: the tree from level 1 on
	edge     []Hash   // the leaf hashes of the last bundle, if it is not full
	suspect  *Finding // the first tile that differs from the entries, which may be wrong as well
	fault    *Finding // the first fault of a leaf or of a body, for when the entries are those that were signed
	erasures erasures // what was erased, and by which entry
}

// at is what is being verified.
func (v *verifier) at() Checkpoint { return v.report.Checkpoint }

// fetch gets a file that must be there.
func (v *verifier) fetch(ctx context.Context, path string) ([]byte, error) {
	data, err := v.src.Fetch(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, aboutFile(NoFile, path, err)
	}
	return data, err
}

// open reads the checkpoint and holds it against the older one.
func (v *verifier) open(ctx context.Context) (err error) {
	r := v.report
	if r.Note, err = v.fetch(ctx, "checkpoint"); err != nil {
		return err
	}
	r.Checkpoint, r.Quorum, err = v.o.Policy.Open(r.Note, v.o.Keys...)
	if errors.Is(err, ErrQuorum) {
		return aboutFile(NoQuorum, "checkpoint", err)
	}
	if errors.Is(err, ErrCosignature) {
		return aboutFile(BadCosignature, "checkpoint", err)
	}
	if err != nil {
		return aboutFile(BadSignature, "checkpoint", err)
	}
	if v.o.Since == nil {
		return nil
	}
	since, _, err := v.o.Policy.Open(v.o.Since, v.o.Keys...)
	if errors.Is(err, ErrQuorum) { // it may be older than the witnesses
		err = nil
	}
	if err == nil && since.Origin != r.Checkpoint.Origin {
		err = fmt.Errorf("%w of %s: it is of %q", ErrCheckpoint, r.Checkpoint.Origin, since.Origin)
	}
	if err != nil {
		return aboutFile(BadSignature, "", err)
	}
	r.Since = &since
	if since.Size > r.Checkpoint.Size {
		return &Finding{Fault: Shortened, Entry: r.Checkpoint.Size, Other: since.Size}
	}
	return nil
}

// ahead is how many bundles for each worker may be done before one that is slow.
const ahead = 16

// readAll checks bundle after bundle: several at a time, and then what they
// give in order.
func (v *verifier) readAll(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	defer working.Wait()
	defer stop()
	count := (v.at().Size + TileWidth - 1) / TileWidth
	order := make(chan chan *bundle, ahead*v.o.Workers)
	todo := make(chan job, v.o.Workers)
	working.Go(func() {
		defer close(todo)
		defer close(order)
		for n := range count {
			done := make(chan *bundle, 1)
			select {
			case order <- done:
			case <-ctx.Done():
				return
			}
			todo <- job{n, done}
		}
	})
	for range v.o.Workers {
		working.Go(func() {
			for j := range todo {
				j.done <- v.check(ctx, j.n)
			}
		})
	}
	for done := range order {
		if err := v.take(ctx, <-done); err != nil {
			return err
		}
	}
	return ctx.Err()
}

type job struct {
	n    int64
	done chan<- *bundle
}

// take goes on in order from what a worker found in the next bundle. A fault
// of a leaf or of its words is told only once it is sure that the entries are
// those that were signed: until then the tree alone is looked at.
func (v *verifier) take(ctx context.Context, b *bundle) error {
	if b.err != nil {
		return b.err
	}
	if v.suspect == nil {
		v.suspect = b.suspect
	}
	if v.fault == nil {
		v.fault = b.fault
	}
	if v.fault == nil {
		if err := v.show(b); err != nil {
			return err
		}
	}
	if err := v.raise(ctx, b); err != nil {
		return err
	}
	if v.o.Progress != nil {
		v.o.Progress(b.n*TileWidth+int64(len(b.hashes)), v.at().Size)
	}
	return nil
}

// show hands the entries of a good bundle on.
func (v *verifier) show(b *bundle) error {
	v.report.Shown += b.shown
	v.report.Withheld += b.withheld
	for i := range b.entries {
		e := &b.entries[i]
		if !v.o.SkipBodies {
			if v.fault = v.erasures.follow(e, v.at().Size, v.report); v.fault != nil {
				return nil
			}
		}
		if v.o.Each != nil {
			if err := v.o.Each(e); err != nil {
				return err
			}
		}
	}
	return nil
}
