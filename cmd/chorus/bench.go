// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"text/tabwriter"
)

// A figure is one thing measured, beside something else that was measured in
// the same run: machines differ, and this one is never the same twice.
type figure struct {
	what   string
	value  float64
	unit   string
	beside string  // what base is; "" if there is nothing to compare with
	base   float64 // in the unit of value
	goal   string  // "" if there is none
	missed bool
}

// A measure takes some figures. Its name is for --only.
type measure struct {
	name, does string
	take       func(*workbench, context.Context) ([]figure, error)
}

var measures = []measure{
	{"sign", "signatures through HTTP on SQLite", (*workbench).sign},
	{"postgres", "the same on PostgreSQL with three nodes", (*workbench).signOnPostgres},
	{"page", "the declaration page while everybody looks at it", (*workbench).page},
	{"weight", "what the first view of a page weighs", (*workbench).weight},
	{"start", "start, idle memory and size of the program", (*workbench).start},
	{"rebuild", "public tables made anew", (*workbench).rebuild},
	{"record", "checkpoints, and what a fact weighs", (*workbench).checkpoints},
}

// A workbench is where measures are taken: a folder that goes afterwards, and
// how much to do.
type workbench struct {
	folder   string
	postgres string // URL of a server on which databases may be made; "" if there is none
	scale    float64
	out      io.Writer
}

// size is how much of something to do: the whole, or with --scale a part or a
// multiple of it.
func (b *workbench) size(whole int) int { return int(float64(whole) * b.scale) }

func (b *workbench) say(format string, args ...any) { fmt.Fprintf(b.out, format+"\n", args...) }

// bench measures this machine and prints a table.
func bench(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("chorus bench", flag.ContinueOnError)
	flags.SetOutput(out)
	only := flags.String("only", "", "`names` of measures, with commas; all if empty: "+names())
	short := flags.Bool("short", false, "do a tenth of the work, as --scale 0.1 does")
	scale := flags.Float64("scale", 1, "do so many `times` the work: 10 makes a million signatures anew")
	database := flags.String("database", os.Getenv("CHORUS_TEST_PG"), "postgres:// `URL` of a server on which databases may be made and dropped")
	profiles := flags.String("profile", "", "a `folder` for CPU profiles, one for each measure")
	if err := flags.Parse(args); err != nil {
		return exit(2)
	}
	if *short {
		*scale = 0.1
	}
	wanted, err := choose(*only)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "chorus-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var all []figure
	for _, m := range wanted {
		fmt.Fprintf(out, "%s: %s\n", m.name, m.does)
		b := &workbench{folder: filepath.Join(folder, m.name), postgres: *database, scale: *scale, out: out}
		figures, err := profiled(*profiles, m.name, func() ([]figure, error) { return m.take(b, ctx) })
		if err != nil {
			return fmt.Errorf("measuring %s: %w", m.name, err)
		}
		all = append(all, figures...)
	}
	return list(out, all)
}

func names() string {
	var all []string
	for _, m := range measures {
		all = append(all, m.name)
	}
	return strings.Join(all, ", ")
}

func choose(only string) (chosen []measure, err error) {
	if only == "" {
		return measures, nil
	}
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(measures, func(m measure) bool { return m.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("no measure is called %s; there are %s", name, names())
		}
		chosen = append(chosen, measures[i])
	}
	return chosen, nil
}

func profiled(folder, name string, take func() ([]figure, error)) ([]figure, error) {
	if folder == "" {
		return take()
	}
	file, err := os.Create(filepath.Join(folder, name+".pprof"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, err
	}
	defer pprof.StopCPUProfile()
	return take()
}

// list prints figures, each with its ratio to what was measured beside it.
func list(out io.Writer, figures []figure) error {
	fmt.Fprintf(out, "\n%s/%s, %d processors, %s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "measured\there\tbeside\tratio\tgoal\t")
	for _, f := range figures {
		beside, ratio, verdict := "", "", ""
		if f.beside != "" {
			beside = f.beside + " " + number(f.base) + " " + f.unit
			ratio = fmt.Sprintf("%.2f", f.value/f.base)
		}
		if f.goal != "" {
			verdict = map[bool]string{false: "reached", true: "missed"}[f.missed]
		}
		fmt.Fprintf(w, "%s\t%s %s\t%s\t%s\t%s\t%s\n", f.what, number(f.value), f.unit, beside, ratio, f.goal, verdict)
	}
	return w.Flush()
}

// number shows three digits that mean something.
func number(n float64) string {
	switch {
	case n < 10:
		return fmt.Sprintf("%.2f", n)
	case n < 100:
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.0f", n)
}
