// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/record"
)

// verifyOptions is what the command line asks for.
type verifyOptions struct {
	where  string   // an address, a folder, a zip or a receipt
	since  string   // file with a checkpoint that is held; empty: none
	policy string   // file; empty: none
	keys   []string // verifier keys
	save   string   // file for the checkpoint; empty: none
}

// verify checks a record that somebody serves or brought.
func verify(ctx context.Context, args []string, out io.Writer) error {
	var o verifyOptions
	flags := flag.NewFlagSet("chorus verify URL|FOLDER|FILE.zip|FILE.tlog-proof", flag.ContinueOnError)
	flags.StringVar(&o.since, "since", "", "`file` with a checkpoint from before: make sure that the record goes on from it")
	flags.StringVar(&o.policy, "policy", "", "`file` that says which witnesses must have signed (C2SP tlog-policy)")
	flags.StringVar(&o.save, "save", "", "keep the checkpoint in this `file`, for --since next time")
	flags.Func("key", "the verifier `key` of the record, as its people gave it to you; may be given again for an older one", func(key string) error {
		o.keys = append(o.keys, key)
		return nil
	})
	var err error
	if o.where, err = parseWithFile(flags, args, out); err != nil {
		return err
	}
	return o.run(ctx, out, os.Stderr)
}

func (o *verifyOptions) run(ctx context.Context, out, stderr io.Writer) error {
	text, err := readReceipt(o.where)
	if err != nil {
		return err
	}
	if text != nil {
		return o.receipt(text, out)
	}
	place, err := openPlace(ctx, o.where)
	if err != nil {
		return err
	}
	defer place.close()
	checks, err := o.checks(ctx, place, out)
	if err != nil {
		return err
	}
	report, n, err := o.count(ctx, place, checks, stderr)
	if err == nil && len(report.Fading) > 0 {
		report, n, err = o.again(ctx, place, checks, stderr, report)
	}
	if isFinding(err) {
		return notAsSigned(out, err)
	}
	if err != nil {
		return fmt.Errorf("%s could not be checked: %w", o.where, err)
	}
	if err := o.keep(report); err != nil {
		return err
	}
	return (&verdict{report: report, count: n, policy: checks.Policy, saved: o.save}).tell(out)
}

// count reads and counts all of a record once.
func (o *verifyOptions) count(ctx context.Context, p *place, checks record.VerifyOptions, stderr io.Writer) (report *record.Report, n *recount, err error) {
	n = &recount{parts: map[string]int{}}
	if n.claims, err = p.claims(ctx); err != nil {
		return nil, nil, err
	}
	bar := newVerifyProgress(stderr)
	checks.Each, checks.Progress, checks.Workers = n.add, bar.tell, p.workers
	report, err = record.Verify(ctx, p.source, checks)
	bar.end()
	if err == nil {
		err = n.close(report.Checkpoint.Size)
	}
	return report, n, err
}

// again waits for the checkpoint that bears out what was said to be erased just
// now, and reads all once more. What is still not borne out is a finding; on
// the disk nothing more comes, so it is one at once.
func (o *verifyOptions) again(ctx context.Context, p *place, checks record.VerifyOptions, stderr io.Writer, before *record.Report) (*record.Report, *recount, error) {
	first, last := before.Fading[0], before.Fading[0]
	for _, f := range before.Fading {
		if f.Other > last.Other {
			last = f
		}
	}
	if p.top != nil {
		return nil, nil, first
	}
	switch covered, err := p.covers(ctx, last.Other+1); {
	case err != nil:
		return nil, nil, err
	case !covered:
		return nil, nil, last
	}
	report, n, err := o.count(ctx, p, checks, stderr)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range report.Fading { // others may be erased by now
		if slices.ContainsFunc(before.Fading, func(o *record.Finding) bool { return o.Entry == f.Entry && o.Part == f.Part }) {
			return nil, nil, f
		}
	}
	return report, n, nil
}

// checks are what the record is checked for.
func (o *verifyOptions) checks(ctx context.Context, p *place, out io.Writer) (c record.VerifyOptions, err error) {
	c.Keys = o.keys
	if c.Policy, err = readPolicy(o.policy); err != nil {
		return c, err
	}
	if len(c.Keys) == 0 && (c.Policy == nil || len(c.Policy.Logs) == 0) {
		if c.Keys, err = p.keys(ctx); err != nil {
			return c, err
		}
		fmt.Fprintln(out, "No --key was given, so the key that came with the record is believed, unseen:")
		for _, key := range c.Keys {
			fmt.Fprintf(out, "  --key '%s'\n", plain(key))
		}
		fmt.Fprint(out, "Compare it with the one that its people print or post elsewhere, and give it like this next time.\n\n")
	}
	if o.since != "" {
		c.Since, err = os.ReadFile(o.since)
	}
	return c, err
}

// keep saves the checkpoint for the next time.
func (o *verifyOptions) keep(r *record.Report) error {
	if o.save == "" {
		return nil
	}
	if info, err := os.Lstat(o.save); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(o.save, r.Note, 0o644)
	}
	file, err := os.CreateTemp(filepath.Dir(o.save), ".chorus-verify-") // the one held before is there until the new one is whole
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone already when all went well
	_, err = file.Write(r.Note)
	if err := errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), o.save)
}

// A recount counts the entries of a record again.
type recount struct {
	claims []fact.Claim
	tally  fact.Tally
	parts  map[string]int // of each kind; -1 for kinds that are not known
	titles map[chorus.ID]string
	last   string // day of the last entry
	wrong  error  // the first thing that is not as it should be
	news   int64  // entries of kinds that are not known
}

// add counts one entry.
func (n *recount) add(e *record.Entry) error {
	if len(n.claims) > 0 && e.Index == n.claims[0].AsOf {
		n.compare()
	}
	l := &e.Leaf
	n.last = l.Day
	n.tally.Add(fact.Hash(e.Hash), fact.Head{Kind: l.Kind, Subject: chorus.ID(l.Subject), Ref: fact.Hash(l.Ref), Reason: l.Reason})
	switch want := n.partsOf(l.Kind); {
	case want < 0:
		n.news++
	case want != len(l.Commitments) && n.wrong == nil:
		n.wrong = &noFact{e.Index, l.Kind, len(l.Commitments), want}
	case len(e.Body.Parts) > 0 && e.Body.Parts[0].State == record.Withheld && n.wrong == nil:
		n.wrong = &hidden{e.Index, l.Kind}
	case l.Kind == (*fact.DeclarationPublished)(nil).Kind():
		n.title(e)
	}
	return nil
}

func (n *recount) partsOf(kind string) int {
	want, ok := n.parts[kind]
	if !ok {
		var known bool
		if want, known = fact.Parts(kind); !known {
			want = -1
		}
		n.parts[kind] = want
	}
	return want
}

// title keeps what a declaration is called, if that can still be read.
func (n *recount) title(e *record.Entry) {
	sealed := fact.Sealed{Head: fact.Head{Kind: e.Leaf.Kind, Subject: chorus.ID(e.Leaf.Subject)}, Parts: make([]fact.SealedPart, len(e.Leaf.Commitments))}
	for i, p := range e.Body.Parts {
		if p.State == record.Shown {
			sealed.Parts[i].Bytes = p.Bytes
		}
	}
	f, err := fact.Decode(sealed)
	if err != nil {
		if n.wrong == nil {
			n.wrong = &noFact{place: e.Index, kind: e.Leaf.Kind, has: len(e.Leaf.Commitments), want: len(e.Leaf.Commitments)}
		}
		return
	}
	if n.titles == nil {
		n.titles = map[chorus.ID]string{}
	}
	n.titles[chorus.ID(e.Leaf.Subject)] = f.(*fact.DeclarationPublished).Core.Value.Title.Text
}

func (n *recount) compare() {
	if err := n.tally.Check(n.claims); err != nil && n.wrong == nil {
		n.wrong = err
	}
}

// close gives what was wrong, once all entries of a record of a size are counted.
func (n *recount) close(size int64) error {
	if n.wrong == nil && len(n.claims) > 0 {
		switch asOf := n.claims[0].AsOf; {
		case asOf > size:
			return &unsigned{asOf, size}
		case asOf == size:
			n.compare()
		}
	}
	return n.wrong
}

// A noFact is an entry that cannot be the fact it says it is.
type noFact struct {
	place     int64
	kind      string
	has, want int
}

func (e *noFact) Error() string {
	if e.has == e.want {
		return fmt.Sprintf("Entry %d says that it is a %s, and its words are none.", e.place, e.kind)
	}
	return fmt.Sprintf("Entry %d says that it is a %s, and no fact stands behind it: it has %d parts, where there must be %d.", e.place, e.kind, e.has, e.want)
}

// A hidden text is one that is said to be withheld, and must be shown or be
// erased in public.
type hidden struct {
	place int64
	kind  string
}

func (e *hidden) Error() string {
	return fmt.Sprintf("Entry %d, of the kind %q, holds its words back. They may be erased in public, by an entry that says so, but never just not be shown.", e.place, e.kind)
}

// An unsigned is numbers that are of more than was signed.
type unsigned struct{ asOf, size int64 }

func (e *unsigned) Error() string {
	return fmt.Sprintf("The numbers are of %d entries, and only %d are signed.", e.asOf, e.size)
}

// isFinding reports an error that says something about the record, rather than
// about the way to it.
func isFinding(err error) bool {
	_, found := errors.AsType[*record.Finding](err)
	_, miscounted := errors.AsType[*fact.Mismatch](err)
	_, empty := errors.AsType[*noFact](err)
	_, held := errors.AsType[*hidden](err)
	_, ahead := errors.AsType[*unsigned](err)
	return found || miscounted || empty || held || ahead
}
