// SPDX-License-Identifier: AGPL-3.0-or-later

// Package mirror copies the record of another instance, its origin, and keeps
// the copy up to date. It believes nothing that it has not checked:
//
//   - a checkpoint is signed by a key of the origin, and goes on from all that
//     is held here;
//   - the tree over the entries here and the new ones has the signed root
//     before any of them is taken;
//   - every body opens its commitments, and what the new part says is erased is
//     never taken, whoever still shows it;
//   - what is served ends at a checkpoint that the entries here bear out, so a
//     crash between any two steps is mended by the next pull.
//
// Two signed checkpoints of which neither goes on from the other are kept as
// evidence. The copy then stays as it is, and says so.
package mirror

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// Schema is the tables of this package.
//
//go:embed schema.sql
var Schema string

var (
	setGoal      = db.SQL(`INSERT INTO record_goal (id, note) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET note = excluded.note`)
	goalIs       = db.SQL(`SELECT note FROM record_goal WHERE id = 1`)
	keepEvidence = db.SQL(`INSERT INTO record_evidence (id, held, seen, at) VALUES (1, $1, $2, $3) ON CONFLICT (id) DO NOTHING`)
	evidenceIs   = db.SQL(`SELECT held, seen, at FROM record_evidence WHERE id = 1`)
)

// Why a copy does not go on.
var (
	// ErrUntrue: what is served is not what was signed.
	ErrUntrue = errors.New("what is served there is not what was signed")
	// ErrBehind: what is served is older than the copy.
	ErrBehind = errors.New("what is served there is older than what is held here")
)

// mostSigned is the most bytes that a checkpoint with all its signatures may have.
const mostSigned = 64 << 10

// A Mirror copies one record into the database of this instance.
type Mirror struct {
	DB     *db.DB
	Record *recorder.Recorder // it follows the origin
	Source record.Source      // the origin, or anybody who has a copy
	Log    *slog.Logger
	Policy *record.Policy // who must have cosigned; nil: nobody
	Every  time.Duration  // between looks; 0: 10 seconds
	Batch  int            // entries in one transaction; 0: 5,000

	// Carried has everything looked at before the first entry is taken: what
	// somebody brought is taken as a whole or not at all.
	Carried bool

	state   atomic.Pointer[State]
	pulling sync.Mutex
}

// A State says how the copy stands.
type State struct {
	Origin string    // name of the record; "" before its key is known
	Size   int64     // entries that are served
	At     time.Time // when the copy was last known to be as new as its source
	Since  time.Time // since when it cannot go on; zero: it goes on
	Why    Why       // if it cannot go on
	Fork   *Fork     // nil: none was seen
}

// Why a copy does not go on, for people.
type Why int

// The reasons.
const (
	Unreached Why = iota // nobody answers
	Refused              // what is served is not what was signed, or older
	Forked               // two signed checkpoints contradict one another
)

// A Fork is two checkpoints, as they were served, of which neither goes on
// from the other. Whoever signed both has said two things about one record.
type Fork struct {
	Held, Seen string
	At         time.Time
}

// State is how the copy stands, as far as this process knows.
func (m *Mirror) State() State {
	if s := m.state.Load(); s != nil {
		return *s
	}
	return State{}
}

// Start reads how the copy stands. It comes after the recorder's own Start.
func (m *Mirror) Start(ctx context.Context) error {
	s := State{Origin: m.origin()}
	err := m.DB.Read(ctx, func(tx *db.Tx) (err error) {
		s.Size, s.At, err = recorder.NewestServed(ctx, tx)
		if err != nil && !errors.Is(err, chorus.ErrNotFound) {
			return err
		}
		s.Fork, err = evidence(ctx, tx)
		return err
	})
	if s.Fork != nil {
		s.Since, s.Why = s.Fork.At, Forked
	}
	m.state.Store(&s)
	return err
}

func (m *Mirror) origin() string {
	for _, key := range m.Record.Follows() {
		name, _, _ := strings.Cut(key, "+")
		return name
	}
	return ""
}

func evidence(ctx context.Context, tx *db.Tx) (*Fork, error) {
	f, err := db.One(ctx, tx, evidenceIs, func(r db.Row) (*Fork, error) {
		f := new(Fork)
		return f, r.Scan(&f.Held, &f.Seen, &f.At)
	})
	if errors.Is(err, chorus.ErrNotFound) {
		return nil, nil
	}
	return f, err
}

// Pull takes what is new, if anything is. progress is told how many of the new
// entries are here. While words are being erased at the source it waits for the
// checkpoint that says so.
func (m *Mirror) Pull(ctx context.Context, progress func(done, total int64)) (err error) {
	m.pulling.Lock()
	defer m.pulling.Unlock()
	for range mostErasing {
		if err = m.pull(ctx, progress); !errors.Is(err, errErasing) || m.Carried {
			break
		}
		if isNew, fault := m.awaitNext(ctx); fault != nil || !isNew {
			return errors.Join(err, fault)
		}
	}
	return err
}

const (
	mostErasing  = 10 // pulls in a row
	mostLooks    = 100
	erasingPause = 100 * time.Millisecond // between looks
)

// awaitNext waits for a checkpoint that is not the one the last pull was for,
// and reports whether there is one.
func (m *Mirror) awaitNext(ctx context.Context) (bool, error) {
	goal, err := m.held(ctx)
	if err != nil {
		return false, err
	}
	for range mostLooks {
		text, err := m.Source.Fetch(ctx, "checkpoint")
		if err != nil || string(text) != goal.text {
			return err == nil, err
		}
		select {
		case <-time.After(erasingPause):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return false, nil
}

func (m *Mirror) pull(ctx context.Context, progress func(done, total int64)) error {
	if m.State().Fork != nil {
		return record.ErrFork
	}
	text, err := m.Source.Fetch(ctx, "checkpoint")
	if err == nil && len(text) > mostSigned {
		err = fmt.Errorf("%w: a checkpoint of %d bytes", ErrUntrue, len(text))
	}
	if err != nil {
		return err
	}
	seen, err := m.believe(ctx, text)
	if err != nil {
		return err
	}
	held, err := m.held(ctx)
	if err != nil {
		return err
	}
	if err := m.compare(ctx, seen, held); err != nil {
		return err
	}
	if seen.text == held.text && seen.Size == m.State().Size {
		m.reached(seen.Size)
		return nil
	}
	if seen.text != held.text {
		if err := m.aim(ctx, seen); err != nil {
			return err
		}
	}
	h := haul{record: m.Record, source: m.Source, log: m.Log, progress: progress, announce: m.trustNext, batch: m.Batch, carried: m.Carried}
	if err := h.bring(ctx, seen.Checkpoint); err != nil {
		return err
	}
	if err := m.Record.Adopt(ctx, text); err != nil {
		return err
	}
	m.reached(seen.Size)
	return nil
}

// A signed is a checkpoint with the text that it was served as.
type signed struct {
	record.Checkpoint
	text string
}

// believe opens a checkpoint with the keys of the origin. If none is known yet,
// the key that is served beside it is, from now on.
func (m *Mirror) believe(ctx context.Context, text []byte) (signed, error) {
	if len(m.Record.Follows()) == 0 {
		if err := m.trustFirst(ctx, text); err != nil {
			return signed{}, err
		}
	}
	c, err := m.Record.Believe(text)
	if err != nil {
		return signed{}, fmt.Errorf("%w: %w", ErrUntrue, err)
	}
	q, err := m.Policy.Check(text)
	if err != nil {
		return signed{}, fmt.Errorf("%w: %w", ErrUntrue, err)
	}
	if !q.Holds {
		return signed{}, record.ErrQuorum
	}
	return signed{c, string(text)}, nil
}

func (m *Mirror) trustFirst(ctx context.Context, text []byte) error {
	served, err := m.Source.Fetch(ctx, "vkey")
	if err != nil {
		return err
	}
	key, _, _ := strings.Cut(string(served), "\n") // the one before it may stand below
	if _, err := record.OpenCheckpoint(text, key); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrue, err)
	}
	return m.Record.Trust(key)
}

// trustNext believes a key that is announced in the record by one that is
// believed already.
func (m *Mirror) trustNext(k fact.KeyCore) error {
	if k.Use != fact.ForRecord {
		return nil
	}
	for _, old := range m.Record.Follows() {
		if record.CheckKeyRoll(m.origin(), old, k.Key, []byte(k.Proof)) == nil {
			m.Log.Info("the origin announces a new key, which is believed from here on", "key", k.Key)
			return m.Record.Trust(k.Key)
		}
	}
	return nil
}

// held is the newest checkpoint that the entries here are borne out by; the
// zero one before the first pull.
func (m *Mirror) held(ctx context.Context) (held signed, err error) {
	err = m.DB.Read(ctx, func(tx *db.Tx) error {
		held.text, err = db.Value[string](ctx, tx, goalIs)
		return err
	})
	if errors.Is(err, chorus.ErrNotFound) {
		return signed{}, nil
	}
	if err == nil {
		held.Checkpoint, err = m.Record.Believe([]byte(held.text))
	}
	return held, err
}

// aim notes what the copy is on its way to, before the first entry of it is
// taken: were another checkpoint served after a crash, this one is the proof.
func (m *Mirror) aim(ctx context.Context, goal signed) error {
	return m.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, setGoal, goal.text)
		return err
	})
}

// compare makes sure that what was seen goes on from what is held.
func (m *Mirror) compare(ctx context.Context, seen, held signed) error {
	var err error
	switch {
	case held.Origin == "":
	case seen.Size < held.Size:
		err = m.older(ctx, seen.Checkpoint)
	default:
		err = record.Extends(seen.Checkpoint, held.Checkpoint, tilesOf(ctx, m.Source))
	}
	if errors.Is(err, record.ErrFork) {
		return errors.Join(err, m.keep(ctx, held, seen))
	}
	return err
}

// older says what an older checkpoint is: a reason to wait, or a fork.
func (m *Mirror) older(ctx context.Context, seen record.Checkpoint) error {
	head, err := m.Record.Head(ctx)
	if err == nil && head.Size >= seen.Size {
		err = m.Record.Holds(ctx, seen)
	}
	if err == nil {
		err = ErrBehind
	}
	return err
}

func tilesOf(ctx context.Context, source record.Source) func(record.TileRef) ([]byte, error) {
	return func(t record.TileRef) ([]byte, error) {
		data, _, err := fetchTile(ctx, source, t)
		return data[:min(len(data), t.Width*len(record.Hash{}))], err
	}
}

// keep keeps the evidence of a fork.
func (m *Mirror) keep(ctx context.Context, held, seen signed) error {
	m.Log.Error("the origin has signed two records that contradict one another; this copy stays as it is", "held", held.text, "seen", seen.text)
	var kept *Fork
	err := m.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if _, err := db.Exec(ctx, tx, keepEvidence, held.text, seen.text, tx.Now); err != nil {
			return err
		}
		kept, err = evidence(ctx, tx)
		return err
	})
	if err == nil {
		s := m.State()
		s.Fork, s.Since, s.Why = kept, kept.At, Forked
		m.state.Store(&s)
	}
	return err
}

func (m *Mirror) reached(size int64) {
	s := m.State()
	if !s.Since.IsZero() {
		m.Log.Info("the copy goes on", "since", s.Since, "entries", size)
	}
	m.state.Store(&State{Origin: m.origin(), Size: size, At: m.DB.Now()})
}
