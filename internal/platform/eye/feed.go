// SPDX-License-Identifier: AGPL-3.0-or-later

package eye

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"example.org/chorus/internal/platform/witness"
	"example.org/chorus/record"
)

// A feeder shows checkpoints to one witness.
type feeder struct {
	*Service
	record.Witness
	acked int64 // of the checkpoints served here, the longest that it has cosigned
}

// errMoved says that what a witness holds changes while it is asked.
var errMoved = errors.New("it says twice that it holds another head")

// errClaim says that a witness claims to hold more than we have signed, and
// does not show it.
var errClaim = errors.New("it claims to hold a longer record and shows none with our signature")

// feed shows the newest checkpoint, if the witness has not cosigned it and its
// turn has come.
func (f *feeder) feed(ctx context.Context) {
	c, text, err := f.newest(ctx)
	if isNothing(err) || err == nil && c.Size <= f.acked {
		return
	}
	var st standing
	mine := false
	if err == nil {
		st, mine, err = f.claim(ctx, f.Key)
	}
	if err != nil {
		if ctx.Err() == nil {
			f.Log.Error("asking a witness", "witness", f.Name, "err", err)
		}
		return
	}
	if f.acked = st.acked; !mine || c.Size <= st.acked {
		return
	}
	if err := f.round(ctx, c, text, st); err != nil && ctx.Err() == nil {
		f.Log.Error("keeping what a witness said", "witness", f.Name, "err", err)
	}
}

// round asks once and keeps what comes of it.
func (f *feeder) round(ctx context.Context, c record.Checkpoint, text string, st standing) error {
	line, err := f.ask(ctx, c, text, st.acked)
	if err != nil {
		if st.fails == 0 && ctx.Err() == nil { // and no word of the next ones
			f.Log.Warn("a witness does not cosign", "witness", f.Name, "address", f.URL, "err", err)
		}
		return f.failed(ctx, f.Key, st.fails+1)
	}
	if st.fails > 0 {
		f.Log.Info("a witness cosigns again", "witness", f.Name)
	}
	if err := f.Record.AddCosignature(ctx, c.Size, f.Key, line); err != nil {
		return err
	}
	f.acked = c.Size
	return f.did(context.WithoutCancel(ctx), f.Key, c.Size) // or after a stop just here it would be asked the same again
}

// ask shows a checkpoint to the witness, which cosigned one of old entries
// last. If it remembers another one, it is asked once more, from there.
func (f *feeder) ask(ctx context.Context, c record.Checkpoint, text string, old int64) (line string, err error) {
	for range 2 {
		proof, err := f.Record.ProveSince(ctx, c, old)
		if err != nil {
			return "", err
		}
		lines, err := f.submit(ctx, f.URL, witness.FormatRequest(old, proof, text))
		if err == nil {
			return cosignature(text, lines, f.Key)
		}
		held, isConflict := errors.AsType[conflict](err)
		switch {
		case isConflict && held.size > c.Size:
			return "", errors.Join(f.look(ctx, f.Witness), fmt.Errorf("%w: %d", errClaim, held.size))
		case isConflict && held.size == old, errors.Is(err, errProof): // another root: one of us has forked
			return "", errors.Join(f.look(ctx, f.Witness), err)
		case !isConflict:
			return "", err
		}
		old = held.size
	}
	return "", errMoved
}

// cosignature finds the line of a witness among those it answered with, and
// verifies it.
func cosignature(text string, lines []byte, key string) (string, error) {
	v, err := record.CosignatureVerifier(key)
	if err != nil {
		return "", err
	}
	n, err := note.Open(append([]byte(text), lines...), note.VerifierList(v))
	if err != nil {
		return "", fmt.Errorf("the cosignature: %w", err)
	}
	return "— " + n.Sigs[0].Name + " " + n.Sigs[0].Base64 + "\n", nil
}
