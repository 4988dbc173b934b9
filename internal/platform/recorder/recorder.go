// SPDX-License-Identifier: AGPL-3.0-or-later

// Package recorder is the one writer of the record. Everything public enters
// through Write, on the instance that decides, or through Replay, on one that
// follows; both give each fact its place and show it to every Applier, so an
// instance's own tables are made by the code that every mirror runs.
//
// Invariants, each with a test:
//
//   - a fact is in the record and in the public tables, or nowhere;
//   - places are dense from 0, and the head counts them;
//   - the head moves only forward and only from the size it was read at;
//   - a part that is shown opens its commitment; a redacted part is gone;
//   - public tables are a function of the entries and of the parts still there,
//     however the entries were batched;
//   - only what is committed is signed, and only what goes on from all that was
//     signed before; a record that does not is not written to;
//   - a mirror records nothing of its own, and serves what its origin has signed
//     and the entries here bear out.
//
// On SQLite a deed's facts are placed and applied inside the deed, and tiles
// and head are written once for all deeds that are committed together. On
// PostgreSQL the deed leaves them pending, and one node at a time, the one
// that holds the head row, places and applies them in batches.
package recorder

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

// Schema is the tables of the record.
//
//go:embed schema.sql
var Schema string

// An Entry is a fact at its place in the record.
type Entry struct {
	Index int64     // place, from 0
	Hash  fact.Hash // by which other facts refer to it
	Ref   int64     // place of the entry it acts on; -1 if none
	Day   string    // UTC, as 2006-01-02
	Fact  fact.Fact // parts may have been erased
}

// An Applier keeps public tables in step with the record. Apply gets entries
// in the order of the record, once each. It uses nothing but tx, the entries
// and its own public tables: mirrors run it later, elsewhere, and in other
// batches, and must come to the same tables.
type Applier interface {
	Apply(ctx context.Context, tx *db.Tx, entries []*Entry) error
}

// A Recorder writes the record of one instance.
type Recorder struct {
	db       *db.DB
	appliers []Applier
	seal     func([]byte) []byte
	unseal   func([]byte) ([]byte, error) // nil: what is sealed stays closed
	log      *slog.Logger

	tree     *record.Tree  // as committed; nil until loaded
	settling settling      // SQLite
	waiting  waiting       // PostgreSQL
	purgeDue atomic.Bool   // something was erased and is still in SQLite's log
	wake     chan struct{} // PostgreSQL: there is something to place
	notary   *notary       // nil: nothing is signed

	promise   time.Duration // a deed waits at most so long to be applied
	publishes time.Duration // between two checkpoints
	follower  *follower     // nil: this is no mirror
}

// New makes a recorder. seal encrypts what the instance keeps of withheld parts.
func New(d *db.DB, seal func([]byte) []byte, log *slog.Logger) *Recorder {
	r := &Recorder{db: d, seal: seal, log: log, wake: make(chan struct{}, 1), promise: promise, publishes: publishes}
	d.OnSettle(r)
	return r
}

// Feed adds the appliers, in the order in which they see each batch.
func (r *Recorder) Feed(a ...Applier) { r.appliers = append(r.appliers, a...) }

// Unseal gives the recorder the counterpart of seal, for receipts that open
// withheld parts to whom they belong.
func (r *Recorder) Unseal(open func([]byte) ([]byte, error)) { r.unseal = open }

// A Deed is a write under way that may publish facts.
type Deed struct {
	Tx *db.Tx
	r  *Recorder

	items   []*item
	erases  bool
	applied chan struct{} // closed when its last fact is; nil: there is nothing to wait for
}

// AwaitFor has Write wait longer or shorter than two seconds until its facts
// are applied. It comes before the first Write.
func (r *Recorder) AwaitFor(d time.Duration) { r.promise = d }

// Write runs decide in one transaction: what it writes and the facts that it
// publishes become durable together, or nothing happens. When Write returns
// nil the facts have been applied, or, on a PostgreSQL instance under heavy
// load, will be soon. decide may run more than once and keeps nothing. Write
// fails with ErrReadOnly while the record does not hold all that was signed.
func (r *Recorder) Write(ctx context.Context, decide func(*Deed) error) error {
	if err := r.mayGrow(); err != nil {
		return err
	}
	var deed *Deed
	err := r.db.Write(ctx, func(tx *db.Tx) (err error) {
		r.waiting.forget(deed) // it is tried again
		deed = &Deed{Tx: tx, r: r}
		mark := len(r.settling.leaves)
		defer func() {
			if p := recover(); p != nil || err != nil {
				r.settling.undo(tx, mark)
				if p != nil {
					panic(p)
				}
			}
		}()
		if err = decide(deed); err == nil {
			r.waiting.expect(deed)
		}
		return err
	})
	defer func() { r.waiting.forget(deed) }()
	if err != nil {
		return err
	}
	r.await(ctx, deed)
	if deed.erases {
		r.purge(ctx)
	}
	return nil
}

// Publish adds a fact to the deed and returns the hash by which later facts
// refer to it. A fact that acts on an entry which has no place yet fails with
// chorus.ErrBusy; on a mirror every fact fails with ErrFollows.
func (d *Deed) Publish(ctx context.Context, f fact.Fact) (fact.Hash, error) {
	if d.r.follower != nil {
		return fact.Hash{}, ErrFollows
	}
	it, err := sealItem(f, d.Tx.Now)
	if err != nil {
		return fact.Hash{}, err
	}
	if err := d.checkRef(ctx, it); err != nil {
		return fact.Hash{}, err
	}
	if err := d.r.store(ctx, d.Tx, it); err != nil {
		return fact.Hash{}, fmt.Errorf("recording %s: %w", f.Kind(), err)
	}
	d.items = append(d.items, it)
	_, erases := f.(*fact.Redacted)
	d.erases = d.erases || erases
	if d.Tx.Engine == db.PostgreSQL {
		_, err = db.Exec(ctx, d.Tx, insertPending, it.eid, it.hash[:], it.leaf, d.Tx.Now)
		return it.hash, err
	}
	return it.hash, d.r.placeNow(ctx, d.Tx, it)
}

func (d *Deed) checkRef(ctx context.Context, it *item) error {
	if it.head.Ref == (record.Hash{}) {
		return nil
	}
	for _, mine := range d.items {
		if record.Hash(mine.hash) == it.head.Ref {
			return nil
		}
	}
	_, err := db.Value[int64](ctx, d.Tx, placeByHash, it.head.Ref[:])
	if errors.Is(err, chorus.ErrNotFound) {
		return fmt.Errorf("%w: %s refers to an entry without a place", chorus.ErrBusy, it.head.Kind)
	}
	return err
}

// An item is a fact on its way into the record.
type item struct {
	eid   []byte
	hash  fact.Hash
	leaf  []byte
	head  *record.Leaf
	parts []part
	idx   int64
}

// A part is the opening of one commitment, or what is known of its absence.
type part struct {
	state int64
	salt  record.Salt
	body  []byte // nil unless shown, or withheld on the instance that wrote it
	by    *int64 // place of the redaction; nil unless redacted
}

// States of a part, as stored.
const (
	shown int64 = iota
	withheld
	redacted
)

// sealItem gives a fact its salts and its leaf.
func sealItem(f fact.Fact, now time.Time) (*item, error) {
	sealed, err := fact.Encode(f)
	if err != nil {
		return nil, err
	}
	l := &record.Leaf{Version: record.Version, Kind: sealed.Kind, Subject: string(sealed.Subject), Ref: record.Hash(sealed.Ref),
		Parts: sealed.Erased, Reason: sealed.Reason, Request: record.Hash(sealed.Request), Day: now.Format(time.DateOnly)}
	it := &item{head: l}
	for _, p := range sealed.Parts {
		opening := part{salt: record.NewSalt(), body: p.Bytes}
		if p.Withheld {
			opening.state = withheld
		}
		it.parts = append(it.parts, opening)
		l.Commitments = append(l.Commitments, record.Commit(opening.salt, opening.body))
	}
	if it.leaf, err = l.Marshal(); err != nil {
		return nil, err
	}
	return it, it.identify()
}

// identify names the item here (eid) and everywhere (hash).
func (it *item) identify() error {
	id, err := uuid.NewV7() // ordered by time, so that the tables grow at their end
	it.eid, it.hash = id[:], fact.Hash(record.LeafHash(it.leaf))
	return err
}

// store writes the parts of an item.
func (r *Recorder) store(ctx context.Context, tx *db.Tx, it *item) error {
	rows := make([][]any, len(it.parts))
	for i, p := range it.parts {
		var salt, body []byte
		switch {
		case p.state == shown:
			salt, body = p.salt[:], p.body
		case p.state == withheld && p.body != nil:
			if _, err := db.Exec(ctx, tx, insertOpening, it.hash[:], i, r.seal(append(p.salt[:], p.body...))); err != nil {
				return err
			}
		}
		rows[i] = []any{it.eid, i, p.state, salt, body, p.by}
	}
	return db.InsertMany(ctx, tx, insertBody, rows)
}

// Size is the number of entries in the record as tx sees it.
func Size(ctx context.Context, tx *db.Tx) (int64, error) {
	return db.Value[int64](ctx, tx, headSize)
}

// PlaceOf is the place of the entry that has a hash; chorus.ErrNotFound while
// it has none.
func PlaceOf(ctx context.Context, tx *db.Tx, h fact.Hash) (int64, error) {
	return db.Value[int64](ctx, tx, placeByHash, h[:])
}

// HashAt is the hash of the entry at a place, or chorus.ErrNotFound.
func HashAt(ctx context.Context, tx *db.Tx, place int64) (fact.Hash, error) {
	return db.One(ctx, tx, hashByPlace, scanHash, place)
}
