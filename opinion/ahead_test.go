// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// oneByOne hides that a table could be read ahead.
type oneByOne struct{ table }

// TestAheadReadsTheSame: reading on all processors gives the votes, and the fault, that reading row by row gives.
func TestAheadReadsTheSame(t *testing.T) {
	odd := []string{
		"", "\n", "1,2\n", "1,2,3,4,5\n", "x,1,1,1\n", "1,1,1,7\n", `1,"2",3,-1` + "\n", `1,"2` + "\n", "1,2,3,1\r\n", "1,2,3,+1\n", " 1 ,2,3,1.0\n",
		"1,2,3," + strings.Repeat(" ", chunkBytes) + "1\n", "1,2,3," + strings.Repeat("9", maxRecord+9) + "\n", "1,2,99999,1\n", "1,2,3,0",
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		var file strings.Builder
		file.WriteString("timestamp,voter-id,comment-id,vote\n")
		rows, at := r.IntN(40_000), r.IntN(40_000)
		for i := range rows {
			fmt.Fprintf(&file, "%d,%d,%d,%d\n", 1_500_000_000+i, r.IntN(9000), r.IntN(70), r.IntN(3)-1)
			if i == at {
				file.WriteString(odd[r.IntN(len(odd))])
			}
		}
		o := ReadOptions{}
		if seed%3 == 0 {
			for id := range StatementID(70) {
				o.Known = append(o.Known, Statement{ID: id})
			}
		}
		source := func() io.Reader {
			if seed%5 == 0 {
				return io.MultiReader(strings.NewReader(file.String()), iotest.ErrReader(errors.New("the disk is gone")))
			}
			return iotest.HalfReader(strings.NewReader(file.String()))
		}
		want, wantErr := readVotes(oneByOne{openTable(source())}, o)
		got, err := readVotes(openTable(source()), o)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("seed %d: %v, want %v", seed, err, wantErr)
		}
		if err == nil && !slices.Equal(slices.Collect(got.Events), slices.Collect(want.Events)) {
			t.Fatalf("seed %d: other votes", seed)
		}
	}
}
