// SPDX-License-Identifier: AGPL-3.0-or-later

package witness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

// Why a checkpoint is not cosigned, besides ErrRequest.
var (
	ErrUnknown   = errors.New("this record is not watched here")
	ErrSignature = errors.New("no valid signature of the record")
	ErrProof     = errors.New("not proven to go on from what was cosigned before")
)

// A Conflict says that the head held here is not the one that the request
// starts from, or has another root.
type Conflict struct {
	Size int64 // of the head held here
}

func (c Conflict) Error() string {
	return fmt.Sprintf("the newest head cosigned here has %d entries", c.Size)
}

var errRaced = errors.New("another request came first")

// Add looks at a request to cosign and returns the line to add to its
// checkpoint. When it returns the line, the head is remembered on the disk.
func (s *Service) Add(ctx context.Context, body []byte) (line string, err error) {
	if s.Behind != nil && s.Behind() {
		return "", fmt.Errorf("the witness may have forgotten what it cosigned: %w", chorus.ErrBusy)
	}
	r, err := parseRequest(body)
	if err != nil {
		return "", err
	}
	c, signed, err := s.recognise(r.note)
	if err != nil {
		return "", err
	}
	if r.old > c.Size {
		return "", fmt.Errorf("%w: the old size is the greater one", ErrRequest)
	}
	for range 3 {
		if line, err = s.cosign(ctx, r, c, signed); !errors.Is(err, errRaced) {
			break
		}
	}
	switch _, conflict := errors.AsType[Conflict](err); {
	case conflict && r.old == c.Size, errors.Is(err, ErrProof):
		err = errors.Join(err, s.suspect(ctx, c, signed))
	case errors.Is(err, errRaced):
		err = fmt.Errorf("%w: %w", chorus.ErrBusy, err)
	}
	return line, err
}

// recognise finds the record that a checkpoint is of, and gives the note with
// the signatures that we trust and no others.
func (s *Service) recognise(signed []byte) (c record.Checkpoint, own string, err error) {
	text, _, err := record.SplitNote(signed)
	if err == nil {
		c, err = record.ParseCheckpoint(text)
	}
	if err != nil {
		return c, "", fmt.Errorf("%w: %w", ErrRequest, err)
	}
	logs, err := s.list.read()
	if err != nil {
		s.Log.Error("the list of records to watch cannot be read; the one before holds", "err", err)
	}
	var known []note.Verifier
	for _, l := range logs {
		v, err := note.NewVerifier(l.Key)
		if err != nil {
			return c, "", err
		}
		if v.Name() == c.Origin {
			known = append(known, v)
		}
	}
	if known == nil {
		return c, "", fmt.Errorf("%w: %q", ErrUnknown, c.Origin)
	}
	n, err := note.Open(signed, note.VerifierList(known...))
	if err != nil {
		return c, "", fmt.Errorf("%w: %w", ErrSignature, err)
	}
	stripped, err := note.Sign(&note.Note{Text: n.Text, Sigs: n.Sigs})
	return c, string(stripped), err
}

// cosign checks and remembers in one transaction.
func (s *Service) cosign(ctx context.Context, r *request, c record.Checkpoint, signed string) (line string, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		was, err := heldOf(ctx, tx, c.Origin)
		if err != nil {
			return err
		}
		if r.old != was.head.Size || r.old == c.Size && was.note != "" && c.Root != was.head.Root {
			return Conflict{was.head.Size}
		}
		if err := record.CheckExtends(c, was.head, r.proof); err != nil {
			return fmt.Errorf("%w: %w", ErrProof, err)
		}
		if line, err = s.key.Cosign([]byte(signed), tx.Now.Unix()); err != nil {
			return err
		}
		done, err := hold(ctx, tx, was, c, signed+line)
		if err == nil && !done {
			err = errRaced
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return line, nil
}

// suspect looks closer at a checkpoint with a good signature that does not go
// on from what is held. One of the same size with another root proves that the
// record has forked, and is kept.
func (s *Service) suspect(ctx context.Context, c record.Checkpoint, signed string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		was, err := heldOf(ctx, tx, c.Origin)
		if err != nil || was.note == "" {
			return err
		}
		if was.head.Size != c.Size || was.head.Root == c.Root {
			s.Log.Warn("a record asks to cosign what is not proven to go on", "checkpoint", signed, "held", was.note)
			return nil
		}
		s.Log.Error("a record has signed two heads of one size: it has forked", "checkpoint", signed, "held", was.note)
		_, err = db.Exec(ctx, tx, keepFork, c.Origin, signed)
		return err
	})
}

// Checkpoint is the newest checkpoint cosigned here of the record whose origin
// has this SHA-256 in hex.
func (s *Service) Checkpoint(ctx context.Context, hash string) (string, error) {
	return s.text(ctx, noteByHash, hash)
}

// Fork is a checkpoint that contradicts what is held of a record, signed by it
// too; chorus.ErrNotFound if none was seen.
func (s *Service) Fork(ctx context.Context, hash string) (string, error) {
	return s.text(ctx, forkByHash, hash)
}

func (s *Service) text(ctx context.Context, q *db.Query, hash string) (text string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		text, err = db.Value[string](ctx, tx, q, hash)
		return err
	})
	return text, err
}

// hashOf names an origin in addresses.
func hashOf(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

// CheckpointPath is where a witness shows the newest checkpoint it cosigned of
// a record, below its address.
func CheckpointPath(origin string) string { return "/" + hashOf(origin) + "/checkpoint" }
