// SPDX-License-Identifier: AGPL-3.0-or-later

package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/record"
)

// names is a small public table: the names of those who signed, by place.
type names struct{}

const namesSchema = `CREATE TABLE signer (idx INTEGER PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL) STRICT;`

var (
	insertSigner = db.SQL(`INSERT INTO signer (idx, hash, name) VALUES ($1, $2, $3)`)
	eraseSigner  = db.SQL(`UPDATE signer SET name = '' WHERE idx = $1`)
	deleteSigner = db.SQL(`DELETE FROM signer WHERE idx = $1`)
	allSigners   = db.SQL(`SELECT idx, name FROM signer ORDER BY idx`)
	bodies       = db.SQL(`SELECT count(1) FROM record_body WHERE body IS NOT NULL`)
	openings     = db.SQL(`SELECT count(1) FROM private_opening`)
	changeLeaf   = db.SQL(`UPDATE record_entry SET leaf = leaf`)
	dropEntry    = db.SQL(`DELETE FROM record_entry`)
	headIs       = db.SQL(`SELECT size FROM record_head`)
	entryCount   = db.SQL(`SELECT count(1) FROM record_entry`)
)

func (names) Apply(ctx context.Context, tx *db.Tx, entries []*recorder.Entry) (err error) {
	for _, e := range entries {
		switch f := e.Fact.(type) {
		case *fact.SignatureAdded:
			_, err = db.Exec(ctx, tx, insertSigner, e.Index, e.Hash[:], f.Identity.Value.Name)
		case *fact.Redacted:
			_, err = db.Exec(ctx, tx, eraseSigner, e.Ref)
		case *fact.SignatureWithdrawn:
			_, err = db.Exec(ctx, tx, deleteSigner, e.Ref)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type instance struct {
	t *testing.T
	*recorder.Recorder
	db *db.DB
}

func open(t *testing.T, source string) *instance {
	d := chorustest.Database(t, source, recorder.Schema, namesSchema)
	r := recorder.New(d, func(b []byte) []byte { return b }, slog.New(slog.DiscardHandler))
	r.Feed(names{})
	r.AwaitFor(chorustest.Patience)
	if err := r.Start(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return &instance{t, r, d}
}

func (in *instance) read(q *db.Query) (n int64) {
	in.t.Helper()
	err := in.db.Read(in.t.Context(), func(tx *db.Tx) (err error) {
		n, err = db.Value[int64](in.t.Context(), tx, q)
		return err
	})
	if err != nil {
		in.t.Fatal(err)
	}
	return n
}

// signers is the public table.
func (in *instance) signers() (all []string) {
	err := in.db.Read(context.Background(), func(tx *db.Tx) (err error) {
		all, err = db.All(context.Background(), tx, allSigners, func(r db.Row) (string, error) {
			var idx int64
			var name string
			err := r.Scan(&idx, &name)
			return fmt.Sprint(idx, " ", name), err
		})
		return err
	})
	if err != nil {
		in.t.Fatal(err)
	}
	return all
}

const letter = chorus.ID("b7Kq0f3mQ5yW2tJ8uN4rCg")

func (in *instance) publish(facts ...fact.Fact) (last fact.Hash, err error) {
	err = in.Write(context.Background(), func(d *recorder.Deed) (err error) {
		for _, f := range facts {
			if last, err = d.Publish(context.Background(), f); err != nil {
				return err
			}
		}
		return nil
	})
	return last, err
}

func signed(name string) fact.Fact {
	return &fact.SignatureAdded{Declaration: letter, Core: fact.Show(fact.SignatureCore{Country: "DK"}), Identity: fact.Show(fact.Identity{Name: name})}
}

func erased(h fact.Hash) fact.Fact {
	return &fact.Redacted{Subject: letter, Entry: h, Parts: []int64{0, 1}, Reason: fact.GDPR}
}

func TestWriteAppliesAndErases(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		ada, err := in.publish(signed("Ada"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.publish(signed("Eve")); err != nil {
			t.Fatal(err)
		}
		if got, want := in.signers(), []string{"0 Ada", "1 Eve"}; !reflect.DeepEqual(got, want) {
			t.Errorf("signers %v, want %v", got, want)
		}
		if _, err := in.publish(erased(ada)); err != nil {
			t.Fatal(err)
		}
		if got, want := in.signers(), []string{"0 ", "1 Eve"}; !reflect.DeepEqual(got, want) {
			t.Errorf("signers %v, want %v", got, want)
		}
		if n := in.read(bodies); n != 3 { // Eve's two parts and the redaction's own
			t.Errorf("%d bodies left, want 3", n)
		}
	})
}

func TestWithheldPartIsKeptSealedUntilErased(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		hidden := &fact.SignatureAdded{Declaration: letter, Identity: fact.Withhold(fact.Identity{Name: "Ada"})}
		h, err := in.publish(hidden)
		if err != nil {
			t.Fatal(err)
		}
		if n := in.read(openings); n != 1 || in.signers()[0] != "0 " {
			t.Errorf("%d openings, signers %v", n, in.signers())
		}
		if _, err := in.publish(erased(h)); err != nil {
			t.Fatal(err)
		}
		if n := in.read(openings); n != 0 {
			t.Errorf("%d openings left", n)
		}
	})
}

func TestFailedDeedHasNoPlace(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		in := open(t, source)
		sorry := errors.New("sorry")
		err := in.Write(t.Context(), func(d *recorder.Deed) error {
			if _, err := d.Publish(t.Context(), signed("Ada")); err != nil {
				t.Error(err)
			}
			return sorry
		})
		if !errors.Is(err, sorry) {
			t.Errorf("got %v, want %v", err, sorry)
		}
		if _, err := in.publish(&fact.SignatureWithdrawn{Declaration: letter, Signature: fact.Hash{1}}); !errors.Is(err, chorus.ErrBusy) {
			t.Errorf("acting on nothing gives %v, want ErrBusy", err)
		}
		if _, err := in.publish(signed("Eve")); err != nil {
			t.Fatal(err)
		}
		if got, want := in.signers(), []string{"0 Eve"}; !reflect.DeepEqual(got, want) {
			t.Errorf("signers %v, want %v", got, want)
		}
	})
}

func TestSQLiteGuardsTheRecord(t *testing.T) {
	in := open(t, t.TempDir()+"/chorus.db")
	if _, err := in.publish(signed("Ada")); err != nil {
		t.Fatal(err)
	}
	for _, q := range []*db.Query{changeLeaf, dropEntry} {
		err := in.db.Write(t.Context(), func(tx *db.Tx) error {
			_, err := db.Exec(t.Context(), tx, q)
			return err
		})
		if err == nil {
			t.Error("an entry was changed")
		}
	}
}

// TestThreeNodes has three nodes write to one PostgreSQL at once: every fact
// gets one place, and no place is missing.
func TestThreeNodes(t *testing.T) {
	source := chorustest.Postgres(t)
	nodes := []*instance{open(t, source), open(t, source), open(t, source)}
	var wg sync.WaitGroup
	for i := range 90 {
		wg.Go(func() {
			if _, err := nodes[i%3].publish(signed(fmt.Sprint(i)), signed("and friend")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if head, entries, rows := nodes[0].read(headIs), nodes[1].read(entryCount), len(nodes[2].signers()); head != 180 || entries != 180 || rows != 180 {
		t.Errorf("head %d, %d entries, %d signers, want 180 each", head, entries, rows)
	}
	assertFollows(t, nodes[0], 7)
}

// assertFollows replays an instance elsewhere in batches of the given size and
// rebuilds it: all three have equal public tables.
func assertFollows(t *testing.T, in *instance, batch int) {
	t.Helper()
	want := in.signers()
	mirror := open(t, t.TempDir()+"/mirror.db")
	for from := int64(0); ; {
		raws, err := in.Entries(t.Context(), from, batch)
		if err != nil || len(raws) == 0 {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if err := mirror.Replay(t.Context(), raws); err != nil {
			t.Fatal(err)
		}
		from += int64(len(raws))
	}
	if got := mirror.signers(); !reflect.DeepEqual(got, want) {
		t.Errorf("mirror has %v, want %v", got, want)
	}
	if _, err := in.Rebuild(t.Context(), func(int64) {}); err != nil {
		t.Fatal(err)
	}
	if got := in.signers(); !reflect.DeepEqual(got, want) {
		t.Errorf("rebuilt %v, want %v", got, want)
	}
}

// TestMirrorFollows does random deeds, then compares origin, mirror and rebuild.
func TestMirrorFollows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in := open(t, t.TempDir()+"/chorus.db")
		var hashes []fact.Hash
		for range rapid.IntRange(1, 12).Draw(rt, "deeds") {
			var f fact.Fact = signed(rapid.StringMatching(`[A-Z][a-z]+`).Draw(rt, "name"))
			if len(hashes) > 0 {
				h := rapid.SampledFrom(hashes).Draw(rt, "of")
				f = rapid.SampledFrom([]fact.Fact{f, erased(h), &fact.SignatureWithdrawn{Declaration: letter, Signature: h}}).Draw(rt, "deed")
			}
			h, err := in.publish(f)
			if err != nil {
				rt.Fatal(err)
			}
			if _, ok := f.(*fact.SignatureAdded); ok {
				hashes = append(hashes, h)
			}
		}
		assertFollows(t, in, rapid.IntRange(1, 5).Draw(rt, "batch"))
	})
}

func TestReplayRefuses(t *testing.T) {
	origin := open(t, t.TempDir()+"/origin.db")
	if _, err := origin.publish(signed("Ada"), signed("Eve")); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(raws []recorder.Raw){
		"a changed name":   func(raws []recorder.Raw) { raws[1].Parts[1].Body = []byte(`{"name":"Mallory"}`) },
		"a swapped part":   func(raws []recorder.Raw) { raws[0].Parts[1] = raws[1].Parts[1] },
		"a changed salt":   func(raws []recorder.Raw) { raws[0].Parts[0].Salt = record.Salt{} },
		"a missing part":   func(raws []recorder.Raw) { raws[0].Parts = raws[0].Parts[:1] },
		"another spelling": func(raws []recorder.Raw) { raws[0].Leaf = append(raws[0].Leaf, '\n') },
		"the same twice":   func(raws []recorder.Raw) { raws[1] = raws[0] },
	} {
		raws, err := origin.Entries(t.Context(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		change(raws)
		mirror := open(t, t.TempDir()+"/mirror.db")
		if err := mirror.Replay(t.Context(), raws); err == nil {
			t.Errorf("%s was accepted", name)
		}
		if n := mirror.read(entryCount); n != 0 {
			t.Errorf("%s: %d entries were taken", name, n)
		}
	}
}
