// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/record"
)

// A Receipt is one entry with all that shows it is in the record, and what
// became of it. It is made from the tables of the record alone, and checked
// before anybody gets it.
type Receipt struct {
	Index      int64
	Hash       fact.Hash
	Leaf       []byte
	Head       *record.Leaf      // what the leaf says
	Body       *record.Body      // what it commits to, as far as this receipt shows it
	Size       int64             // entries published by now; none behind them is told of
	Checkpoint record.Checkpoint // what the proof leads to: the newest, or the newest that others signed too
	Note       string            // the checkpoint as it was signed
	At         time.Time         // when it was
	Later      []Later           // at most MostLater
	Proof      []byte            // the file: c2sp.org/tlog-proof@v1 with a record.Receipt in it

	siblings []record.Hash
}

// A Later is an entry that acts on an earlier one, or on one that does.
type Later struct {
	Index  int64
	Kind   string
	Of     string // kind of the entry it acts on
	Day    string
	Reason fact.Reason
	Parts  []int64 // redactions: what was erased of that entry
}

// MostLater is how many later entries a receipt names.
const MostLater = 200

// Receipt is the receipt of the entry at a place, with what everybody can see.
// It fails with chorus.ErrNotFound until a checkpoint covers the place.
func (r *Recorder) Receipt(ctx context.Context, place int64) (c *Receipt, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		c, err = r.receipt(ctx, tx, place)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, r.prove(c)
}

// OwnReceipt is the receipt of an entry for whom it is about: it also opens
// parts that were withheld, as far as this instance has kept them.
func (r *Recorder) OwnReceipt(ctx context.Context, h fact.Hash) (c *Receipt, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		place, err := PlaceOf(ctx, tx, h)
		if err != nil {
			return err
		}
		if c, err = r.receipt(ctx, tx, place); err != nil {
			return err
		}
		return r.openWithheld(ctx, tx, c)
	})
	if err != nil {
		return nil, err
	}
	return c, r.prove(c)
}

// receipt reads all but the proof.
func (r *Recorder) receipt(ctx context.Context, tx *db.Tx, place int64) (*Receipt, error) {
	size, _, err := newest(ctx, tx)
	if err != nil {
		return nil, err
	}
	if place < 0 || place >= size {
		return nil, chorus.ErrNotFound
	}
	c := &Receipt{Index: place, Size: size}
	if c.Leaf, err = db.Value[[]byte](ctx, tx, leafAt, place); err != nil {
		return nil, err
	}
	c.Hash = fact.Hash(record.LeafHash(c.Leaf))
	if c.Head, err = record.ParseLeaf(c.Leaf); err != nil {
		return nil, err
	}
	bodies, err := bodiesOf(ctx, tx, place, 1)
	if err != nil {
		return nil, err
	}
	c.Body = bodies[0]
	if c.Later, err = laterThan(ctx, tx, c); err != nil {
		return nil, err
	}
	return c, c.lead(ctx, tx)
}

// lead finds the checkpoint and the way to its root, by tiles that it bears out.
func (c *Receipt) lead(ctx context.Context, tx *db.Tx) (err error) {
	if err := c.choose(ctx, tx); err != nil {
		return err
	}
	c.siblings, err = record.Prove(c.Checkpoint, c.Index, func(t record.TileRef) ([]byte, error) {
		data, err := db.Value[[]byte](ctx, tx, tileData, t.Level, t.N)
		if want := t.Width * len(record.Hash{}); err == nil && len(data) >= want {
			return data[:want], nil
		}
		return nil, fmt.Errorf("tile %s: %d bytes: %w", t.Path(), len(data), err)
	})
	return err
}

// choose takes the newest checkpoint, or, where witnesses cosign, the one of the
// last few that most of them cosigned: the newest may still be on its way to them.
func (c *Receipt) choose(ctx context.Context, tx *db.Tx) error {
	sizes, err := db.All(ctx, tx, cosignedSizes, func(row db.Row) (s [2]int64, err error) { return s, row.Scan(&s[0], &s[1]) }, c.Index, fewCheckpoints)
	if err != nil {
		return err
	}
	size, most := c.Size, int64(0)
	for _, s := range sizes { // the newest first
		if s[1] > most {
			size, most = s[0], s[1]
		}
	}
	_, err = db.One(ctx, tx, checkpointToProve, func(row db.Row) (none struct{}, err error) {
		var root []byte
		err = row.Scan(&c.Checkpoint.Size, &root, &c.Note, &c.At)
		copy(c.Checkpoint.Root[:], root)
		return none, err
	}, size)
	if err != nil {
		return err
	}
	lines, err := linesUnder(ctx, tx, size)
	c.Note += lines
	return err
}

// fewCheckpoints is how many cosigned ones are looked at.
const fewCheckpoints = 12 // a minute, where witnesses are asked

// prove writes the file and reads it again, as its holder will.
func (r *Recorder) prove(c *Receipt) error {
	extra, err := (&record.Receipt{Leaf: c.Leaf, Parts: c.Body.Parts}).Marshal()
	if err != nil {
		return err
	}
	keys, err := r.VerifierKeys()
	if err != nil {
		return err
	}
	c.Proof = (&record.Proof{Index: c.Index, Hashes: c.siblings, Extra: extra, Checkpoint: []byte(c.Note)}).Marshal()
	checked, err := record.CheckReceipt(c.Proof, nil, keys...)
	if err != nil {
		return fmt.Errorf("the receipt of entry %d: %w", c.Index, err)
	}
	c.Checkpoint = checked.Checkpoint
	return nil
}

func laterThan(ctx context.Context, tx *db.Tx, c *Receipt) ([]Later, error) {
	return db.All(ctx, tx, laterEntries, func(row db.Row) (l Later, err error) {
		var leaf, of []byte
		if err := row.Scan(&l.Index, &leaf, &of); err != nil {
			return l, err
		}
		head, err := record.ParseLeaf(leaf)
		if err != nil {
			return l, fmt.Errorf("entry %d: %w", l.Index, err)
		}
		l.Kind, l.Day, l.Reason, l.Parts, l.Of = head.Kind, head.Day, fact.Reason(head.Reason), head.Parts, c.Head.Kind
		if len(of) > 0 {
			if head, err = record.ParseLeaf(of); err == nil {
				l.Of = head.Kind
			}
		}
		return l, err
	}, c.Hash[:], c.Size, MostLater)
}

// openWithheld shows the parts that were withheld to whom they belong.
func (r *Recorder) openWithheld(ctx context.Context, tx *db.Tx, c *Receipt) error {
	for i, p := range c.Body.Parts {
		if p.State != record.Withheld || r.unseal == nil {
			continue
		}
		sealed, err := db.Value[[]byte](ctx, tx, openingOf, c.Hash[:], i)
		if errors.Is(err, chorus.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		plain, err := r.unseal(sealed)
		if err != nil || len(plain) < len(p.Salt) {
			return fmt.Errorf("opening part %d of entry %d: %w", i, c.Index, err)
		}
		c.Body.Parts[i] = record.Part{State: record.Shown, Salt: record.Salt(plain[:len(p.Salt)]), Bytes: plain[len(p.Salt):]}
	}
	return nil
}

var (
	checkpointToProve = db.SQL(`SELECT size, root, note, at FROM record_checkpoint WHERE size = $1`)
	cosignedSizes     = db.SQL(`SELECT size, count(*) FROM record_cosignature WHERE size > $1 GROUP BY size ORDER BY size DESC LIMIT $2`)

	leafAt       = db.SQL(`SELECT leaf FROM record_entry WHERE idx = $1`)
	leavesBefore = db.SQL(`SELECT idx, leaf FROM record_entry WHERE idx < $1 ORDER BY idx DESC LIMIT $2`)
	openingOf    = db.SQL(`SELECT sealed FROM private_opening WHERE hash = $1 AND part = $2`)
	laterEntries = db.SQL(`SELECT idx, leaf, CAST(NULL AS {{sqlite BLOB}}{{pg BYTEA}}) AS target FROM record_entry WHERE ref = $1 AND idx < $2
		UNION ALL SELECT b.idx, b.leaf, a.leaf FROM record_entry a JOIN record_entry b ON b.ref = a.hash WHERE a.ref = $1 AND b.idx < $2
		ORDER BY idx LIMIT $3`)
)

// A Listed is an entry as a list shows it.
type Listed struct {
	Index int64
	Head  *record.Leaf
}

// Published lists entries that a checkpoint covers, those before the given
// place, newest first; 0 begins. size is how many are published.
func (r *Recorder) Published(ctx context.Context, before int64, most int) (all []Listed, size int64, err error) {
	err = r.db.Read(ctx, func(tx *db.Tx) (err error) {
		if size, _, err = newest(ctx, tx); err != nil {
			return err
		}
		if before == 0 {
			before = size
		}
		all, err = db.All(ctx, tx, leavesBefore, func(row db.Row) (l Listed, err error) {
			var leaf []byte
			if err := row.Scan(&l.Index, &leaf); err != nil {
				return l, err
			}
			l.Head, err = record.ParseLeaf(leaf)
			return l, err
		}, min(before, size), most)
		return err
	})
	return all, size, err
}
