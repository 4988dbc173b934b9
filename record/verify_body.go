// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

func bodiesPath(n int64) string { return "bodies/" + FormatN(n) }

// checkBodies reads the bodies of a bundle and opens the commitments.
func (v *verifier) checkBodies(ctx context.Context, b *bundle) (*Finding, error) {
	path := bodiesPath(b.n)
	data, err := v.src.Fetch(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return aboutFile(NoFile, path, err), nil
	}
	if err != nil {
		return nil, err
	}
	return b.openAll(path, data), nil
}

// openAll opens the commitments of a bundle with the bodies in a file.
func (b *bundle) openAll(path string, data []byte) *Finding {
	bodies, memory := make([]Body, len(b.entries)), make([]byte, 0, len(data)*3/4)
	for i := range b.entries {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		data = rest
		e := &b.entries[i]
		e.Body = &bodies[i]
		r := bodyReader{rest: line, memory: memory}
		err := e.Body.parse(&r)
		memory = r.memory
		switch {
		case len(line) == 0:
			return aboutFile(BadFile, path, fmt.Errorf("it ends before entry %d", e.Index))
		case err != nil:
			return aboutFile(BadFile, path, err)
		case e.Body.Index != e.Index:
			return aboutFile(BadFile, path, fmt.Errorf("in place of entry %d it has entry %d", e.Index, e.Body.Index))
		}
		if found := b.open(e); found != nil {
			return found
		}
	}
	if len(data) > 0 && len(b.entries) == TileWidth { // a record that grows meanwhile has more in its last bundle
		return aboutFile(BadFile, path, fmt.Errorf("it goes on behind entry %d", b.n*TileWidth+TileWidth-1))
	}
	return nil
}

// open opens the commitments of one entry.
func (b *bundle) open(e *Entry) *Finding {
	if have, want := len(e.Body.Parts), len(e.Leaf.Commitments); have < want {
		return aboutPart(BodyMissing, e.Index, have, 0)
	} else if have > want {
		return aboutPart(BodyChanged, e.Index, want, 0)
	}
	for i, p := range e.Body.Parts {
		switch p.State {
		case Withheld:
			b.withheld++
		case Shown:
			b.shown++
			if c := Commit(p.Salt, p.Bytes); c != e.Leaf.Commitments[i] {
				return b.notOpened(e.Index, i, c)
			}
		}
	}
	return nil
}

// notOpened looks whose commitment it is that a part opens.
func (b *bundle) notOpened(entry int64, part int, c Hash) *Finding {
	for _, other := range b.entries {
		if slices.Contains(other.Leaf.Commitments, c) {
			return aboutPart(BodySwapped, entry, part, other.Index)
		}
	}
	return aboutPart(BodyChanged, entry, part, 0)
}
