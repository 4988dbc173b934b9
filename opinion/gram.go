// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"math/bits"
	"sync"
)

// pair counts what those who voted on both of two columns j < k said, in whole numbers and therefore exactly.
// With u = 0 for disagree, 1 for pass, 2 for agree: both = number of people, uu = sum of u_j u_k,
// uj = sum of u_j, uk = sum of u_k.
type pair struct{ both, uu, uj, uk uint32 }

// gram holds the pairs of all columns: everything the covariance of the votes depends on.
// A vote touches one entry per other vote of the same person; the covariance never has to be
// recomputed from the votes, and being exact it does not depend on their order.
type gram struct {
	columns int
	pairs   []pair // of (j, k), j < k, at k(k-1)/2 + j
}

// The pair counts are worth keeping up to this many columns (16 bytes a pair, 32 MB) and this many
// pairs of votes; beyond, passes over the votes are cheaper. The choice depends on the votes alone,
// so that the same votes always take the same path.
const (
	gramColumns = 2048
	gramPairs   = 1 << 30
)

func triangle(k int) int { return k * (k - 1) / 2 }

func newGram(columns int) *gram {
	return &gram{columns, make([]pair, triangle(columns))}
}

// grow makes room for more columns; the triangle of the old ones stays where it is.
func (g *gram) grow(columns int) {
	g.columns = columns
	g.pairs = append(g.pairs, make([]pair, triangle(columns)-len(g.pairs))...)
}

// score is u of pair for each Vote.
var score = [4]uint32{Agree: 2, Disagree: 0, Pass: 1}

// put adds (sign 1) or removes (sign -1) one person's vote on col beside that person's other votes.
func (g *gram) put(m *matrix, row int, col uint16, v Vote, sign int32) {
	u, by := score[v], uint32(sign)
	g.putBeside(m.agreed(row), col, u, 2, by)
	g.putBeside(m.disagreed(row), col, u, 0, by)
	g.putBeside(m.passed(row), col, u, 1, by)
}

func (g *gram) putBeside(others []uint16, col uint16, u, uOther, by uint32) {
	low := 0
	base := triangle(int(col))
	for ; low < len(others) && others[low] < col; low++ {
		p := &g.pairs[base+int(others[low])]
		p.both += by
		p.uu += by * u * uOther
		p.uj += by * uOther
		p.uk += by * u
	}
	for _, other := range others[low:] {
		if other == col {
			continue
		}
		p := &g.pairs[triangle(int(other))+int(col)]
		p.both += by
		p.uu += by * u * uOther
		p.uj += by * u
		p.uk += by * uOther
	}
}

// putRow adds or removes all votes of a person.
func (g *gram) putRow(r *rowOfScores, sign int32) {
	by := uint32(sign)
	for k := 1; k < len(r.cols); k++ {
		pairs := g.pairs[triangle(int(r.cols[k])):]
		u := uint32(r.scores[k])
		for j, c := range r.cols[:k] {
			p, uj := &pairs[c], uint32(r.scores[j])
			p.both += by
			p.uu += by * uj * u
			p.uj += by * uj
			p.uk += by * u
		}
	}
}

// rowOfScores is one person's votes in order of columns.
type rowOfScores struct {
	cols   []uint16
	scores []uint64
	marks  []uint64 // a bit for each column voted on; all zero between calls
	said   []uint8  // score by column, where marked
}

// merge fills r from the three parts of a row. Columns are marked in a bitmap and read off in order: comparing the
// heads of the parts would take one guess, often wrong, per vote.
func (r *rowOfScores) merge(m *matrix, row int) {
	r.cols, r.scores = r.cols[:0], r.scores[:0]
	for score, part := range [...][]uint16{m.disagreed(row), m.passed(row), m.agreed(row)} {
		if len(part) == 0 {
			continue
		}
		if words := int(part[len(part)-1])>>6 + 1; words > len(r.marks) {
			r.marks = append(r.marks, make([]uint64, words-len(r.marks))...)
			r.said = append(r.said, make([]uint8, words<<6-len(r.said))...)
		}
		for _, c := range part {
			r.marks[c>>6] |= 1 << (c & 63)
			r.said[c] = uint8(score)
		}
	}
	for w, word := range r.marks {
		if word == 0 {
			continue
		}
		r.marks[w] = 0
		for ; word != 0; word &= word - 1 {
			c := w<<6 | bits.TrailingZeros64(word)
			r.cols, r.scores = append(r.cols, uint16(c)), append(r.scores, uint64(r.said[c]))
		}
	}
}

// gramRows is the number of rows whose pairs fit into four fields of 16 bits: uu is at most 4 per row.
const gramRows = 1<<14 - 1

// countPairs counts the pairs of all rows not left out. Four counts share one word while a block of rows is counted,
// so that a pair costs one addition.
func countPairs(m *matrix, columns int, skip func(row int) bool) *gram {
	g := newGram(columns)
	n := len(m.spans)
	blocks := max((n+gramRows-1)/gramRows, min(4, (n+255)/256))
	var lock sync.Mutex
	spare := sync.Pool{New: func() any { s := make([]uint64, len(g.pairs)); return &s }}
	parallel(blocks, func(b int) {
		words := spare.Get().(*[]uint64)
		from, to := piece(n, blocks, b)
		var row rowOfScores
		for i := from; i < to; i++ {
			if !skip(i) {
				row.merge(m, i)
				row.countInto(*words)
			}
		}
		lock.Lock()
		g.drain(*words)
		lock.Unlock()
		spare.Put(words)
	})
	return g
}

// The fields of a word, from the lowest: both, uk, uj, uu.
const (
	oneBoth = 1 << (16 * iota)
	oneUK
	oneUJ
	oneUU
)

func (r *rowOfScores) countInto(words []uint64) {
	for k := 1; k < len(r.cols); k++ {
		u := r.scores[k]
		always, perScore := oneBoth+u*oneUK, oneUJ+u*oneUU
		line := words[triangle(int(r.cols[k])):]
		scores := r.scores[:k]
		for j, c := range r.cols[:len(scores)] {
			line[c] += always + scores[j]*perScore
		}
	}
}

func (g *gram) drain(words []uint64) {
	for i, w := range words {
		if w == 0 {
			continue
		}
		p := &g.pairs[i]
		p.both += uint32(w & 0xffff)
		p.uk += uint32(w >> 16 & 0xffff)
		p.uj += uint32(w >> 32 & 0xffff)
		p.uu += uint32(w >> 48)
		words[i] = 0
	}
}

// reordered is g with the columns in another order; rank gives each column's new place.
func (g *gram) reordered(rank []uint32) *gram {
	out := newGram(g.columns)
	for k := range g.columns {
		for j := range k {
			p, to, from := g.pairs[triangle(k)+j], int(rank[k]), int(rank[j])
			if from > to {
				from, to = to, from
				p.uj, p.uk = p.uk, p.uj
			}
			out.pairs[triangle(to)+from] = p
		}
	}
	return out
}

// pairsOf is the number of pairs of votes of one person, summed over all.
func pairsOf(m *matrix, skip func(row int) bool) int {
	n := 0
	for i := range m.spans {
		if !skip(i) {
			l := m.spans[i].len()
			n += l * (l - 1) / 2
		}
	}
	return n
}
