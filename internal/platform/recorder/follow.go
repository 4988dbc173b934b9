// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"example.org/chorus"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/vault"
	"example.org/chorus/record"
)

// A mirror follows the record of another instance, its origin. It signs
// nothing and decides nothing: entries come by Replay, and what is served ends
// at the newest checkpoint of the origin that the entries here bear out.

// ErrFollows is a chorus.ErrForbidden: a mirror records nothing of its own.
var ErrFollows = fmt.Errorf("a mirror records nothing of its own: %w", chorus.ErrForbidden)

// What keeps a data folder from being opened as what it is not.
var (
	errIsMirror = errors.New("this data folder holds a mirror of another instance: start it with chorus mirror, or choose another folder")
	errIsOrigin = errors.New("this data folder holds an instance of its own: start it with chorus serve, or choose another folder for the mirror")
)

// ErrOtherOrigin says that a key is not one of the record that is followed.
var ErrOtherOrigin = errors.New("this data folder follows a record with another key: take the folder that belongs to the key, or a new one")

const (
	followsName   = "record.follows"
	followsNotice = "# The keys of the record that is copied into this folder, the newest last.\n"
)

// A follower knows whom to believe.
type follower struct {
	file string
	mu   sync.Mutex
	keys []string // verifier keys of the origin, the newest last
}

// Follow has the recorder follow another record in place of Sign. The keys of
// that record are kept in the data folder. Of those given one must be among the
// kept ones, unless there are none yet; the others are believed from now on.
func (r *Recorder) Follow(folder string, keys ...string) error {
	if exists(filepath.Join(folder, keyName)) {
		return errIsOrigin
	}
	f := &follower{file: filepath.Join(folder, followsName)}
	text, err := vault.ReadFile(f.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the keys of the record that is followed: %w", err)
	}
	f.keys = strings.Fields(strings.TrimPrefix(text, followsNotice))
	r.follower = f
	if len(f.keys) == 0 && len(keys) > 0 {
		return r.Trust(keys...)
	}
	if len(keys) > 0 && !slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(f.keys, key) }) {
		return ErrOtherOrigin
	}
	return r.Trust(keys...)
}

// IsMirror reports whether a data folder holds a copy of another's record.
func IsMirror(folder string) bool { return exists(filepath.Join(folder, followsName)) }

func exists(file string) bool {
	_, err := os.Lstat(file)
	return !errors.Is(err, fs.ErrNotExist)
}

// Trust adds keys of the record that is followed, the newest last. All keys
// must have one name.
func (r *Recorder) Trust(keys ...string) error {
	f := r.follower
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.Clone(f.keys)
	for _, key := range keys {
		if slices.Contains(all, key) {
			continue
		}
		v, err := note.NewVerifier(key)
		if err != nil {
			return fmt.Errorf("verifier key %q: %w", key, err)
		}
		if len(all) > 0 && nameOf(all[0]) != v.Name() {
			return fmt.Errorf("%w: it is called %s", ErrOtherOrigin, v.Name())
		}
		all = append(all, key)
	}
	if len(all) == len(f.keys) {
		return nil
	}
	if err := vault.ReplaceFile(f.file, followsNotice+strings.Join(all, "\n")+"\n"); err != nil {
		return fmt.Errorf("keeping the keys of the record that is followed: %w", err)
	}
	f.keys = all
	return nil
}

func nameOf(verifierKey string) string {
	name, _, _ := strings.Cut(verifierKey, "+")
	return name
}

// Follows are the verifier keys of the record that is followed, the newest
// last; none before the first is trusted, and on an instance of its own.
func (r *Recorder) Follows() []string {
	if r.follower == nil {
		return nil
	}
	r.follower.mu.Lock()
	defer r.follower.mu.Unlock()
	return slices.Clone(r.follower.keys)
}

// Adopt makes a checkpoint of the origin the one that is served, word for
// word, with its own signatures first. Of the same size again, it brings those
// of further witnesses. The entries here must be exactly those it speaks of, and
// it must go on from all that was adopted before.
func (r *Recorder) Adopt(ctx context.Context, signed []byte) error {
	c, err := r.Believe(signed)
	if err != nil {
		return err
	}
	return r.db.WriteApart(ctx, func(tx *db.Tx) error {
		head, err := headNow(ctx, tx)
		if err != nil {
			return err
		}
		if head.Size != c.Size || head.Root != c.Root {
			return fmt.Errorf("%w: %d entries are signed, and the %d here are others", record.ErrFork, c.Size, head.Size)
		}
		if err := r.goesOnFromAdopted(ctx, tx, head); err != nil {
			return err
		}
		own, others := parted(string(signed), c.Origin)
		if _, err := db.Exec(ctx, tx, insertCheckpoint, c.Size, c.Root[:], own, tx.Now); err != nil || others == "" {
			return err
		}
		_, err = db.Exec(ctx, tx, saveCosignature, c.Size, asServed, others, tx.Now)
		return err
	})
}

// asServed stands in place of a witness: their lines are kept as the origin
// has them, in its order.
const asServed = "as served"

// parted tells the signatures of others from those of the origin, wherever
// they stand: who serves a checkpoint may have put lines before its own.
func parted(signed, origin string) (own, others string) {
	text, lines, _ := strings.Cut(signed, "\n\n")
	own = text + "\n\n"
	for line := range strings.Lines(lines) {
		if strings.HasPrefix(line, "— "+origin+" ") {
			own += line
		} else {
			others += line
		}
	}
	return own, others
}

// goesOnFromAdopted makes sure that the head goes on from the newest
// checkpoint that was adopted.
func (r *Recorder) goesOnFromAdopted(ctx context.Context, tx *db.Tx, head record.Checkpoint) error {
	_, text, err := newest(ctx, tx)
	if errors.Is(err, chorus.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	last, err := r.Believe([]byte(text))
	if err != nil {
		return errors.Join(ErrOtherOrigin, err)
	}
	return goesOn(ctx, tx, head, last)
}

// Believe reads a checkpoint that a key of the followed record has signed.
func (r *Recorder) Believe(signed []byte) (record.Checkpoint, error) {
	return record.OpenCheckpoint(signed, r.Follows()...)
}

// Holds makes sure that the entries here begin with all that a checkpoint
// speaks of; it fails with record.ErrFork if they are others, or fewer.
func (r *Recorder) Holds(ctx context.Context, c record.Checkpoint) error {
	return r.db.Read(ctx, func(tx *db.Tx) error {
		head, err := headNow(ctx, tx)
		if err != nil {
			return err
		}
		return goesOn(ctx, tx, head, c)
	})
}

// Grown is what the head will be once entries with these hashes follow it.
func (r *Recorder) Grown(ctx context.Context, hashes []record.Hash) (grown record.Checkpoint, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		size, err := Size(ctx, tx)
		if err != nil {
			return err
		}
		tree, err := treeAt(ctx, tx, size)
		if err != nil {
			return err
		}
		tree.Append(hashes...)
		grown = record.Checkpoint{Size: tree.Size(), Root: tree.Root()}
		return nil
	})
	return grown, err
}

// NewestServed is the size of the newest checkpoint that is served, and when it
// came to be; chorus.ErrNotFound before the first.
func NewestServed(ctx context.Context, tx *db.Tx) (size int64, at time.Time, err error) {
	at, err = db.One(ctx, tx, newestPublished, func(row db.Row) (t time.Time, err error) { return t, row.Scan(&size, &t) })
	return size, at, err
}

// Head is the number of entries here and the root over them, signed or not.
func (r *Recorder) Head(ctx context.Context) (head record.Checkpoint, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) (err error) {
		head, err = headNow(ctx, tx)
		return err
	})
	return head, err
}

// Learn is told of a checkpoint that was seen elsewhere, at a witness or a
// mirror. One that our own key has signed, and that the record here does not
// hold, is kept beside the key as the last that was signed: from then on the
// record is read-only, and Learn fails with ErrReadOnly.
func (r *Recorder) Learn(ctx context.Context, signed []byte) error {
	n := r.notary
	if n == nil {
		return nil
	}
	own, c, err := n.own(signed)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	kept, err := n.signed()
	if err != nil {
		return err
	}
	var fits, keptFits error
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		head, err := headNow(ctx, tx)
		if err == nil {
			fits, keptFits = goesOn(ctx, tx, head, c), goesOn(ctx, tx, head, kept)
		}
		return err
	})
	if err != nil || fits == nil || !errors.Is(fits, record.ErrFork) {
		return errors.Join(err, fits)
	}
	if c.Size > kept.Size || keptFits == nil {
		if err := vault.ReplaceFile(n.guard, string(own)); err != nil {
			return fmt.Errorf("keeping what was signed: %w", err)
		}
	}
	_, _, err = r.checked(ctx)
	return err
}

// Own reads a checkpoint that a key of this instance has signed.
func (r *Recorder) Own(signed []byte) (record.Checkpoint, error) {
	if r.notary == nil {
		return record.Checkpoint{}, chorus.ErrNotFound
	}
	_, c, err := r.notary.own(signed)
	return c, err
}

// Signed is what this instance is known to have signed last; the zero
// checkpoint if nothing is known.
func (r *Recorder) Signed() (record.Checkpoint, error) {
	if r.notary == nil {
		return record.Checkpoint{}, nil
	}
	return r.notary.signed()
}

// own is a checkpoint without the signatures of others.
func (n *notary) own(signed []byte) ([]byte, record.Checkpoint, error) {
	c, err := record.OpenCheckpoint(signed, n.verifiers()...)
	if err != nil {
		return nil, c, err
	}
	var ours []note.Verifier
	for _, key := range n.verifiers() {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, c, err
		}
		ours = append(ours, v)
	}
	opened, err := note.Open(signed, note.VerifierList(ours...))
	if err != nil {
		return nil, c, err
	}
	text, err := note.Sign(&note.Note{Text: opened.Text, Sigs: opened.Sigs})
	return text, c, err
}
