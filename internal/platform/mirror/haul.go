// SPDX-License-Identifier: AGPL-3.0-or-later

package mirror

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

const (
	mostReplayed = 5000     // entries in one transaction, unless something else is asked for
	mostKept     = 64 << 20 // bytes of entries that are not fetched twice
	ahead        = 8        // files that are fetched at once
)

// errErasing says that words are gone in the name of an entry that is not
// signed yet. What the origin erased just now, its next checkpoint bears out.
var errErasing = errors.New("it is said to be erased just now")

// A haul brings the part of a record that is new here.
type haul struct {
	record   *recorder.Recorder
	source   record.Source
	log      *slog.Logger
	progress func(done, total int64)
	announce func(fact.KeyCore) error // of each key that is announced; may be nil
	batch    int
	carried  bool // look at all of it before anything is taken

	from, to int64
	hashes   []record.Hash                   // of the new entries
	erased   map[record.Hash]map[int64]int64 // by entry and part, the place of the redaction
	kept     map[int64][][]byte              // bundles of entries, while there is room
	bytes    int                             // in kept
	signed   int64                           // signatures among the entries taken
}

// bring takes entries and bodies until the record here is the one that was
// signed. First all entries are looked at, and only if the tree over them has
// the signed root is the first one taken. It goes on where another ended.
func (h *haul) bring(ctx context.Context, goal record.Checkpoint) error {
	head, err := h.record.Head(ctx)
	if err != nil {
		return err
	}
	h.from, h.to = head.Size, goal.Size
	if h.progress == nil {
		h.progress = func(int64, int64) {}
	}
	if h.from < h.to {
		if err := h.learn(ctx); err != nil {
			return err
		}
	}
	grown, err := h.record.Grown(ctx, h.hashes)
	if err != nil {
		return err
	}
	if grown.Size != goal.Size || grown.Root != goal.Root {
		return fmt.Errorf("%w: the entries up to #%d do not give the signed root", ErrUntrue, goal.Size)
	}
	if h.from == h.to {
		return nil
	}
	if h.carried {
		if err := h.take(ctx, func([]recorder.Raw) error { return nil }); err != nil {
			return err
		}
	}
	done := int64(0)
	return h.take(ctx, func(raws []recorder.Raw) error {
		err := h.record.Replay(ctx, raws)
		done += int64(len(raws))
		h.progress(done, h.to-h.from)
		return err
	})
}

// bundles are the numbers of the bundles that the new part touches: the first,
// and how many.
func (h *haul) bundles() (first int64, count int) {
	first = h.from / record.TileWidth
	return first, int((h.to-1)/record.TileWidth - first + 1)
}

// learn reads the new entries, and keeps their hashes and what they erase.
func (h *haul) learn(ctx context.Context) error {
	h.erased, h.kept = map[record.Hash]map[int64]int64{}, map[int64][][]byte{}
	first, count := h.bundles()
	return inOrder(ctx, count, func(ctx context.Context, i int) ([][]byte, error) {
		return h.fetch(ctx, first+int64(i))
	}, func(i int, entries [][]byte) error {
		n := first + int64(i)
		for j, entry := range entries {
			h.bytes += len(entry)
			place := n*record.TileWidth + int64(j)
			if place < h.from {
				continue
			}
			h.hashes = append(h.hashes, record.LeafHash(entry))
			if err := h.noteErased(place, entry); err != nil {
				return err
			}
		}
		if h.bytes <= mostKept {
			h.kept[n] = entries
		}
		return nil
	})
}

func (h *haul) noteErased(place int64, entry []byte) error {
	l, err := record.ParseLeaf(entry)
	if err != nil {
		return fmt.Errorf("%w: entry %d: %w", ErrUntrue, place, err)
	}
	if l.Kind != (*fact.Redacted)(nil).Kind() {
		return nil
	}
	parts := h.erased[l.Ref]
	if parts == nil {
		parts = map[int64]int64{}
		h.erased[l.Ref] = parts
	}
	for _, p := range l.Parts {
		if _, before := parts[p]; !before {
			parts[p] = place
		}
	}
	return nil
}

// fetch gets a bundle of entries, as wide as it is in the signed record.
func (h *haul) fetch(ctx context.Context, n int64) ([][]byte, error) {
	width := record.TileWidthAt(h.to, record.EntriesLevel, n)
	ref := record.TileRef{Level: record.EntriesLevel, N: n, Width: width}
	data, got, err := fetchTile(ctx, h.source, ref)
	if err != nil {
		return nil, err
	}
	entries, err := record.ParseEntries(data, got.Width)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUntrue, got.Path(), err)
	}
	return entries[:width], nil
}

// fetchTile gets a tile, or the whole one where the narrow one is not kept any more.
func fetchTile(ctx context.Context, source record.Source, ref record.TileRef) ([]byte, record.TileRef, error) {
	data, err := source.Fetch(ctx, ref.Path())
	if errors.Is(err, fs.ErrNotExist) && ref.Width < record.TileWidth {
		ref.Width = record.TileWidth
		data, err = source.Fetch(ctx, ref.Path())
	}
	return data, ref, err
}

// A load is one bundle of entries with the bodies that belong to it.
type load struct {
	entries [][]byte
	bodies  []byte
}

func (h *haul) load(ctx context.Context, n int64) (l load, err error) {
	kept, ok := h.kept[n]
	if l.entries = kept; !ok {
		if l.entries, err = h.fetch(ctx, n); err != nil {
			return l, err
		}
	}
	l.bodies, err = h.source.Fetch(ctx, "bodies/"+record.FormatN(n))
	return l, err
}

// take checks entries and bodies, bundle by bundle, and hands them on to be replayed.
func (h *haul) take(ctx context.Context, replay func([]recorder.Raw) error) error {
	var raws []recorder.Raw
	flush := func() error {
		err := replay(raws)
		raws = nil
		return err
	}
	first, count := h.bundles()
	err := inOrder(ctx, count, func(ctx context.Context, i int) (load, error) {
		return h.load(ctx, first+int64(i))
	}, func(i int, l load) error {
		more, err := h.check((first+int64(i))*record.TileWidth, l)
		if err != nil {
			return err
		}
		if len(raws) > 0 && len(raws)+len(more) > cmp.Or(h.batch, mostReplayed) {
			if err := flush(); err != nil {
				return err
			}
		}
		raws = append(raws, more...)
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// check turns a bundle whose first entry has a place into what can be
// replayed: the entries learnt, with bodies that open their commitments.
func (h *haul) check(place int64, l load) (raws []recorder.Raw, err error) {
	lines := bytes.SplitAfterN(l.bodies, []byte("\n"), len(l.entries)+1)
	for i, entry := range l.entries {
		if place+int64(i) < h.from {
			continue
		}
		hash := record.LeafHash(entry)
		if hash != h.hashes[place+int64(i)-h.from] {
			return nil, fmt.Errorf("%w: entry %d is another one now", ErrUntrue, place+int64(i))
		}
		if i >= len(lines) {
			return nil, fmt.Errorf("%w: entry %d has no body", ErrUntrue, place+int64(i))
		}
		raw, err := h.raw(place+int64(i), hash, entry, bytes.TrimSuffix(lines[i], []byte("\n")))
		if err != nil {
			return nil, fmt.Errorf("%w: entry %d: %w", ErrUntrue, place+int64(i), err)
		}
		raws = append(raws, raw)
	}
	return raws, nil
}

func (h *haul) raw(place int64, hash record.Hash, entry, line []byte) (recorder.Raw, error) {
	leaf, err := record.ParseLeaf(entry)
	if err != nil {
		return recorder.Raw{}, err
	}
	body, err := record.ParseBody(line)
	if err != nil {
		return recorder.Raw{}, err
	}
	if body.Index != place {
		return recorder.Raw{}, fmt.Errorf("the body is that of entry %d", body.Index)
	}
	if err := body.Check(leaf); err != nil {
		return recorder.Raw{}, err
	}
	if h.announce != nil && leaf.Kind == (*fact.KeyAnnounced)(nil).Kind() {
		if err := h.announced(leaf, body); err != nil {
			return recorder.Raw{}, err
		}
	}
	if leaf.Kind == (*fact.SignatureAdded)(nil).Kind() {
		h.signed++
	}
	raw := recorder.Raw{Leaf: entry}
	for i, p := range body.Parts {
		part, err := h.part(place, int64(i), p, h.erased[hash])
		if err != nil {
			return recorder.Raw{}, err
		}
		raw.Parts = append(raw.Parts, part)
	}
	return raw, nil
}

// announced hands on a key as soon as it stands in entries that are known to
// be signed: were it later, a crash could lose it.
func (h *haul) announced(leaf *record.Leaf, body *record.Body) error {
	sealed := fact.Sealed{Head: fact.Head{Kind: leaf.Kind, Subject: chorus.ID(leaf.Subject)}}
	for _, p := range body.Parts {
		sealed.Parts = append(sealed.Parts, fact.SealedPart{Bytes: p.Bytes, Withheld: p.State == record.Withheld})
	}
	f, err := fact.Decode(sealed)
	if err != nil {
		return err
	}
	if key, ok := f.(*fact.KeyAnnounced); ok && key.Core.Presence == fact.Shown {
		return h.announce(key.Core.Value)
	}
	return nil
}

// part refuses words that are erased, and erasures that nothing in the record
// speaks of.
func (h *haul) part(place, i int64, p record.Part, erased map[int64]int64) (recorder.RawPart, error) {
	by, gone := erased[i]
	switch {
	case p.State == record.Redacted && p.By >= h.to:
		return recorder.RawPart{}, fmt.Errorf("part %d is missing: %w by entry %d", i, errErasing, p.By)
	case p.State == record.Redacted && (!gone || by != p.By):
		return recorder.RawPart{}, fmt.Errorf("part %d is missing, and entry %d did not erase it", i, p.By)
	case p.State == record.Redacted:
		return recorder.RawPart{Redacted: true, By: p.By}, nil
	case gone && p.State == record.Shown:
		h.log.Warn("refused words that the record says are erased", "entry", place, "part", i, "erased by", by)
		return recorder.RawPart{Redacted: true, By: by}, nil
	case p.State == record.Withheld:
		return recorder.RawPart{}, nil
	}
	return recorder.RawPart{Salt: p.Salt, Body: p.Bytes}, nil
}
