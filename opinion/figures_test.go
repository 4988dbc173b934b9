// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"
)

var figure = flag.String("figure", "", "the figure to measure; see tools/bench-opinion.sh")

// TestFigure measures one row of the table in docs/opinion.md and prints it. Each runs in a process of its own, so that memory
// is that of the case alone.
func TestFigure(t *testing.T) {
	if *figure == "" {
		t.Skip("no -figure asked for")
	}
	sized := func(n int, do func(v *Votes) func()) func() func() {
		return func() func() { return do(synthetic(sizes[n].people, sizes[n].statements, sizes[n].votes)) }
	}
	analyse := func(v *Votes) func() { return func() { analyze(t, v, Params{}) } }
	prepare, ok := map[string]func() func(){
		"vtaiwan": func() func() {
			path := filepath.Join(filepath.Dir(dataFile(t, "vtaiwan.uberx", "votes.csv")), "votes.csv")
			return func() {
				f, err := os.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				log, err := ReadVotes(f, ReadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				analyze(t, log.Votes(), Params{})
			}
		},
		"10k": sized(0, analyse), "33k": sized(1, analyse), "100k": sized(2, analyse), "1M": sized(3, analyse),
		"tick": sized(2, func(v *Votes) func() {
			s, r := NewState(v), rand.New(rand.NewPCG(1, 1))
			return func() {
				for range 1000 {
					s.Cast(ParticipantID(r.IntN(100_000)), StatementID(r.IntN(1000)), Vote(1+r.IntN(3)))
				}
				if _, err := s.Result(context.Background(), Params{Brief: true}); err != nil {
					t.Fatal(err)
				}
			}
		}),
		"cast": sized(2, func(v *Votes) func() {
			s, r := NewState(v), rand.New(rand.NewPCG(1, 1))
			return func() {
				for range 100_000 {
					s.Cast(ParticipantID(r.IntN(100_000)), StatementID(r.IntN(1000)), Vote(1+r.IntN(3)))
				}
			}
		}),
		"next": sized(2, func(v *Votes) func() {
			s, source := NewState(v), rand.NewPCG(1, 1)
			return func() {
				for i := range 100_000 {
					s.Next(ParticipantID(i), source)
				}
			}
		}),
		"bandwidth": func() func() {
			words := make([]uint64, 1<<27)
			for i := range words {
				words[i] = uint64(i)
			}
			return func() { readAll(words) }
		},
	}[*figure]
	if !ok {
		t.Fatalf("there is no figure %q", *figure)
	}
	measure(*figure, prepare())
}

// readAll sums a gigabyte on all processors.
func readAll(words []uint64) uint64 {
	var sums [16]uint64
	parallel(len(sums), func(p int) {
		from, to := piece(len(words), len(sums), p)
		var a, b, c, d uint64
		for part := words[from:to]; len(part) >= 4; part = part[4:] {
			a, b, c, d = a+part[0], b+part[1], c+part[2], d+part[3]
		}
		sums[p] = a + b + c + d
	})
	return sums[0]
}

// measure prints the best of several runs: time passed, processor time, and growth of memory at the worst moment.
func measure(name string, run func()) {
	runtime.GC()
	debug.FreeOSMemory()
	before := memory("VmRSS")
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // starts the peak anew, where that is possible
	best, cpu := time.Duration(1<<62), 0.0
	for begin, n := time.Now(), 0; n < 1 || n < 20 && time.Since(begin) < 3*time.Second; n++ {
		start, used := time.Now(), cpuTime()
		run()
		if took := time.Since(start); took < best {
			best, cpu = took, cpuTime()-used
		}
	}
	fmt.Printf("FIGURE %-10s %12s  cpu %8.1f ms  memory +%d MB\n", name, best.Round(time.Microsecond), cpu*1e3, (memory("VmHWM")-before)>>10)
}

// memory reads a line of this process's status, in kB; 0 where there is none.
func memory(name string) int {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return n
		}
	}
	return 0
}
