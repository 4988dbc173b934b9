// SPDX-License-Identifier: Apache-2.0

package opinion

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// measureCPU reports processor time beside the time that passed: on a busy machine it is the steadier figure.
func measureCPU(b *testing.B) func() {
	start := cpuTime()
	return func() { b.ReportMetric((cpuTime()-start)*1e3/float64(b.N), "cpu-ms/op") }
}

func cpuTime() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// synthetic is a conversation of three camps, made up: a log-normal number of votes per person, some statements
// far more popular than others.
func synthetic(people, statements, votes int) *Votes {
	r := rand.New(rand.NewPCG(7, 7))
	v := &Votes{participants: make([]ParticipantID, people), statements: make([]Statement, statements)}
	popular := make([]float64, statements)
	for j := range popular {
		v.statements[j] = Statement{ID: StatementID(j), Moderation: Accepted}
		popular[j] = math.Exp(.5 * r.NormFloat64())
		if j > 0 {
			popular[j] += popular[j-1]
		}
	}
	mean := float64(votes) / float64(people)
	v.spans = make([]span, people)
	v.cols = make([]uint16, 0, votes+votes/10)
	seen := make([]int, statements)
	for i := range v.spans {
		v.participants[i] = ParticipantID(i)
		n := int(mean * math.Exp(.8*r.NormFloat64()-.32))
		n = max(1, min(n, statements*3/4))
		var parts [4][]uint16
		for n > 0 {
			j, _ := slices.BinarySearch(popular, r.Float64()*popular[statements-1])
			if seen[j] == i+1 {
				continue
			}
			seen[j] = i + 1
			a := campVote(r, i%3, j)
			parts[a] = append(parts[a], uint16(j))
			n--
		}
		s := span{start: len(v.cols)}
		for _, a := range [...]Vote{Agree, Disagree, Pass} {
			slices.Sort(parts[a])
			v.cols = append(v.cols, parts[a]...)
			s.lengthen(a, len(parts[a]))
		}
		s.room = uint16(s.len())
		v.spans[i] = s
	}
	return v
}

func campVote(r *rand.Rand, camp, j int) Vote {
	h := mix(uint64(j)<<2 | uint64(camp))
	share := .25 + .5*float64(h>>40)/(1<<24)
	switch x := r.Float64(); {
	case x < .12:
		return Pass
	case x < .12+.88*share:
		return Agree
	}
	return Disagree
}

var sizes = []struct{ people, statements, votes int }{
	{10_000, 500, 245_000}, {33_422, 783, 1_970_000}, {100_000, 1000, 4_950_000}, {1_000_000, 2000, 100_000_000},
}

func forSizes(b *testing.B, most int, do func(b *testing.B, v *Votes)) {
	for _, s := range sizes[:most] {
		b.Run(fmt.Sprintf("%dx%d", s.people, s.statements), func(b *testing.B) {
			v := synthetic(s.people, s.statements, s.votes)
			b.ResetTimer()
			defer measureCPU(b)()
			do(b, v)
		})
	}
}

func BenchmarkAnalyze(b *testing.B) {
	forSizes(b, 3, func(b *testing.B, v *Votes) {
		b.ReportAllocs()
		for range b.N {
			analyze(b, v, Params{})
		}
	})
}

// BenchmarkTick is a thousand votes into a state and the result of it.
func BenchmarkTick(b *testing.B) {
	forSizes(b, 3, func(b *testing.B, v *Votes) {
		s := NewState(v)
		r := rand.New(rand.NewPCG(1, 1))
		var last *Result
		for range b.N {
			for range 1000 {
				s.Cast(ParticipantID(r.IntN(len(v.participants))), StatementID(r.IntN(len(v.statements))), Vote(1+r.IntN(3)))
			}
			var err error
			if last, err = s.Result(context.Background(), Params{Brief: true, Previous: last}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCast(b *testing.B) {
	forSizes(b, 3, func(b *testing.B, v *Votes) {
		s := NewState(v)
		r := rand.New(rand.NewPCG(1, 1))
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			s.Cast(ParticipantID(r.IntN(len(v.participants))), StatementID(r.IntN(len(v.statements))), Vote(1+r.IntN(3)))
		}
	})
}

func BenchmarkNext(b *testing.B) {
	forSizes(b, 3, func(b *testing.B, v *Votes) {
		s := NewState(v)
		source := rand.NewPCG(1, 1)
		r := rand.New(source)
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			s.Next(ParticipantID(r.IntN(len(v.participants))), source)
		}
	})
}

// BenchmarkVTaiwan reads the published files and analyses them.
func BenchmarkVTaiwan(b *testing.B) {
	path := filepath.Join(filepath.Dir(dataFile(b, "vtaiwan.uberx", "votes.csv")), "votes.csv")
	defer measureCPU(b)()
	for range b.N {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		log, err := ReadVotes(f, ReadOptions{})
		f.Close()
		if err != nil {
			b.Fatal(err)
		}
		analyze(b, log.Votes(), Params{})
	}
}
