// SPDX-License-Identifier: AGPL-3.0-or-later

package eye_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/db"
	"example.org/chorus/internal/platform/eye"
	"example.org/chorus/internal/platform/recorder"
	"example.org/chorus/internal/platform/witness"
	"example.org/chorus/record"
)

// An origin has a record of its own and asks witnesses, without a site.
type origin struct {
	t *testing.T
	*recorder.Recorder
	db     *db.DB
	folder string
	log    *syncBuffer
	eye    *eye.Service
	later  atomic.Int64 // nanoseconds since the start: its clock stands still
}

// A syncBuffer is a log that several write.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

const address = "https://lindholm.example/record"

// open opens an origin on a database, with the key in a folder; policy is what
// stands in its policy.txt.
func open(t *testing.T, source, folder, policy string, mirrors ...string) *origin {
	t.Helper()
	o := &origin{t: t, folder: folder, log: new(syncBuffer), db: chorustest.Database(t, source, recorder.Schema, eye.Schema)}
	start := time.Now()
	o.db.Now = func() time.Time { return start.Add(time.Duration(o.later.Load())) } // whose turn it is does not depend on the machine
	log := slog.New(slog.NewTextHandler(o.log, nil))
	o.Recorder = recorder.New(o.db, func(b []byte) []byte { return b }, log)
	o.AwaitFor(chorustest.Patience)
	o.must(o.Sign(folder, address))
	o.must(os.WriteFile(filepath.Join(folder, eye.PolicyName), []byte(policy), 0o600))
	o.eye = &eye.Service{DB: o.db, Record: o.Recorder, Log: log, Mirrors: mirrors, Patience: chorustest.Patience}
	o.must(o.eye.Open(folder))
	o.must(o.Start(t.Context(), false))
	o.eye.Guard(t.Context())
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { o.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return o
}

func (o *origin) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// signs records that people signed, and publishes a checkpoint.
func (o *origin) signs(names ...string) string {
	o.t.Helper()
	for _, n := range names {
		o.must(o.Write(o.t.Context(), func(d *recorder.Deed) error {
			_, err := d.Publish(o.t.Context(), &fact.SignatureAdded{Declaration: "AAAAAAAAAAAAAAAAAAAAAA", Core: fact.Show(fact.SignatureCore{Country: "DK"}), Identity: fact.Show(fact.Identity{Name: n})})
			return err
		}))
	}
	o.must(o.PublishCheckpoint(o.t.Context()))
	text, err := o.Checkpoint(o.t.Context())
	o.must(err)
	return text
}

// asks lets the feeder work until done, or fails.
func (o *origin) asks(done func() bool) {
	o.t.Helper()
	ctx, stop := context.WithTimeout(o.t.Context(), chorustest.Patience)
	defer stop()
	ended := make(chan struct{})
	go func() { o.eye.Run(ctx); close(ended) }()
	defer func() { stop(); <-ended }()
	for !done() {
		if ctx.Err() != nil {
			o.t.Fatalf("it did not come to pass; the log says:\n%s", o.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// isCosigned reports whether the policy's quorum has cosigned what is served.
func (o *origin) isCosigned(size int64) bool {
	o.t.Helper()
	text, err := o.Checkpoint(o.t.Context())
	o.must(err)
	key, err := o.VerifierKey()
	o.must(err)
	c, _, err := o.eye.Policy().Open([]byte(text), key)
	return err == nil && c.Size == size
}

func (o *origin) seen() *eye.Eyes {
	o.t.Helper()
	e, err := o.eye.Seen(o.t.Context())
	o.must(err)
	return e
}

// watcher is an instance that watches the record whose key lies in a folder.
func watcher(t *testing.T, source string, o *origin) *chorustest.Instance {
	t.Helper()
	in := chorustest.Run(t, source)
	key, err := o.VerifierKey()
	o.must(err)
	o.must(witness.List(in.Config.Data, record.Log{Key: key}))
	return in
}

func line(name string, in *chorustest.Instance) string {
	return fmt.Sprintf("witness %s %s %s/witness\n", name, in.Witness.VerifierKey(), in.URL)
}

// made is an origin whose key is made, so that others can watch it.
func made(t *testing.T) (folder string, o *origin) {
	folder = t.TempDir()
	return folder, open(t, t.TempDir()+"/first.db", folder, "quorum none\n")
}

// TestCosigned: two instances cosign what a third one publishes, as it grows.
func TestCosigned(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		folder, first := made(t)
		one, two := watcher(t, t.TempDir()+"/1.db", first), watcher(t, t.TempDir()+"/2.db", first)
		o := open(t, source, folder, line("one", one)+line("two", two)+"group both all one two\nquorum both\n")
		alone := o.signs("Ada", "Bo")
		o.asks(func() bool { return o.isCosigned(2) })
		text, err := o.Checkpoint(t.Context())
		o.must(err)
		if !strings.HasPrefix(text, alone) || strings.Count(text, "\n— ") != 3 {
			t.Errorf("served is %q, want it to begin with %q and to bear three signatures", text, alone)
		}
		if e := o.seen(); e.Cosigned() != 2 || !e.Holds || e.Size != 2 || e.Erasure != -1 {
			t.Errorf("seen by %+v", e)
		}
		if next := o.signs("Cy", "Di", "Ed"); strings.Count(next, "\n— ") != 1 {
			t.Errorf("a new checkpoint bears %q", next)
		}
		if e := o.seen(); e.Cosigned() != 0 || e.Holds || e.Witnesses[0].Size != 2 {
			t.Errorf("before they were asked: %+v", e)
		}
		o.later.Store(int64(6 * time.Second)) // their turn has come
		o.asks(func() bool { return o.isCosigned(5) })
		if o.ReadOnly() {
			t.Errorf("read-only; the log says:\n%s", o.log)
		}
	})
}

// TestForgottenStanding: what is known of a witness is lost, and it says
// itself how far it is.
func TestForgottenStanding(t *testing.T) {
	folder, first := made(t)
	one := watcher(t, t.TempDir()+"/1.db", first)
	source := t.TempDir() + "/chorus.db"
	o := open(t, source, folder, line("one", one)+"quorum one\n")
	o.signs("Ada", "Bo")
	o.asks(func() bool { return o.isCosigned(2) })
	o.signs("Cy")
	o.must(o.db.Write(t.Context(), func(tx *db.Tx) error {
		_, err := db.Exec(t.Context(), tx, forget)
		return err
	}))
	o.asks(func() bool { return o.isCosigned(3) })
}

var forget = db.SQL(`DELETE FROM record_witness`)

// TestRolledBack: the database and the file of what was signed are both older
// than what a witness has cosigned, and the witness is asked at the start.
func TestRolledBack(t *testing.T) {
	folder, first := made(t)
	one := watcher(t, t.TempDir()+"/1.db", first)
	policy := line("one", one) + "quorum one\n"
	o := open(t, t.TempDir()+"/new.db", folder, policy)
	o.signs("Ada", "Bo", "Cy")
	o.asks(func() bool { return o.isCosigned(3) })
	for name, names := range map[string][]string{"older": {}, "another": {"Eve", "Bo", "Cy"}} {
		t.Run(name, func(t *testing.T) {
			copied := t.TempDir()
			key, err := os.ReadFile(filepath.Join(folder, "record.key"))
			o.must(err)
			o.must(os.WriteFile(filepath.Join(copied, "record.key"), key, 0o600))
			source := t.TempDir() + "/old.db"
			if len(names) > 0 {
				open(t, source, copied, "quorum none\n").signs(names...)
			}
			old := open(t, source, copied, policy)
			err = old.Write(t.Context(), func(*recorder.Deed) error { return nil })
			if !old.ReadOnly() || err == nil || !strings.Contains(old.log.String(), "lindholm.example/record\\n3\\n") {
				t.Errorf("write %v, read-only %v, want neither a write nor a word less of the evidence:\n%s", err, old.ReadOnly(), old.log)
			}
		})
	}
}

// TestForkSeenByAWitness: while it runs, another with the same key has gone on
// elsewhere.
func TestForkSeenByAWitness(t *testing.T) {
	folder, first := made(t)
	one := watcher(t, t.TempDir()+"/1.db", first)
	policy := line("one", one) + "quorum one\n"
	o := open(t, t.TempDir()+"/here.db", folder, policy)
	copied := t.TempDir()
	key, err := os.ReadFile(filepath.Join(folder, "record.key"))
	o.must(err)
	o.must(os.WriteFile(filepath.Join(copied, "record.key"), key, 0o600))
	other := open(t, t.TempDir()+"/there.db", copied, policy)
	other.signs("Eve", "Mal", "Tru")
	other.asks(func() bool { return other.isCosigned(3) })
	if o.ReadOnly() {
		t.Fatal("read-only before it could know")
	}
	o.signs("Ada", "Bo")
	o.asks(o.ReadOnly)
}

// TestLies: a witness that claims more than it can show stops nothing.
func TestLies(t *testing.T) {
	stranger, err := record.NewKey("lindholm.example/record")
	if err != nil {
		t.Fatal(err)
	}
	forged, err := stranger.Sign(99, record.Hash{9})
	if err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"more than there is": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				w.Write(forged)
				return
			}
			conflict(w, "99\n")
		},
		"more, and shows nothing": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				http.NotFound(w, r)
				return
			}
			conflict(w, "99\n")
		},
		"always another size":  func(w http.ResponseWriter, r *http.Request) { conflict(w, "1\n") },
		"no size":              func(w http.ResponseWriter, r *http.Request) { conflict(w, "many\n") },
		"a size below nothing": func(w http.ResponseWriter, r *http.Request) { conflict(w, "-1\n") },
		"a bad proof":          func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnprocessableEntity) },
		"nonsense":             func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "nonsense\n") },
		"a signature of another": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, strings.SplitAfter(string(forged), "\n\n")[1])
		},
		"much": func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte("x"), 1<<20)) },
		"go elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			liar := httptest.NewServer(http.HandlerFunc(answer))
			defer liar.Close()
			key, err := record.NewWitnessKey("liar.example/witness")
			if err != nil {
				t.Fatal(err)
			}
			o := open(t, t.TempDir()+"/chorus.db", t.TempDir(), fmt.Sprintf("witness liar %s %s\nquorum none\n", key.Verifier(), liar.URL))
			text := o.signs("Ada", "Bo")
			o.asks(func() bool { return strings.Contains(o.log.String(), "does not cosign") })
			if again := o.signs("Cy"); o.ReadOnly() || strings.Count(text+again, "\n— ") != 2 {
				t.Errorf("read-only %v, served %q, want it to go on without the liar", o.ReadOnly(), again)
			}
		})
	}
}

func conflict(w http.ResponseWriter, size string) {
	w.Header().Set("Content-Type", "text/x.tlog.size")
	w.WriteHeader(http.StatusConflict)
	fmt.Fprint(w, size)
}

// TestMirrors are asked how far they have come, and warn of what is missing.
func TestMirrors(t *testing.T) {
	folder := t.TempDir()
	first := open(t, t.TempDir()+"/first.db", folder, "quorum none\n")
	text := first.signs("Ada", "Bo")
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, text) }))
	defer site.Close()
	gone := "http://127.0.0.1:1"
	same := open(t, filepath.Join(t.TempDir(), "x.db"), t.TempDir(), "quorum none\n", site.URL, gone)
	if same.ReadOnly() || !strings.Contains(same.log.String(), "not reached") {
		t.Errorf("a copy of another record was believed, or nothing was said:\n%s", same.log)
	}
	o := open(t, t.TempDir()+"/empty.db", folder, "quorum none\n", site.URL)
	if !o.ReadOnly() {
		t.Error("a mirror holds more, and it is not read-only")
	}
	first.eye.Mirrors = []string{site.URL, gone}
	first.asks(func() bool { return first.seen().Copies[0].Size == 2 })
	if e := first.seen(); e.Copies[1].Size != 0 || e.Copies[0].At.IsZero() {
		t.Errorf("copies %+v", e.Copies)
	}
}

// TestOneNodeAsks: two nodes with one database show a checkpoint once.
func TestOneNodeAsks(t *testing.T) {
	source := chorustest.Postgres(t)
	folder, first := made(t)
	one := watcher(t, t.TempDir()+"/1.db", first)
	target, err := url.Parse(one.URL)
	first.must(err)
	var asked atomic.Int64
	pass := httputil.NewSingleHostReverseProxy(target)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			asked.Add(1)
		}
		pass.ServeHTTP(w, r)
	}))
	defer door.Close()
	policy := fmt.Sprintf("witness one %s %s/witness\nquorum one\n", one.Witness.VerifierKey(), door.URL)
	copied := t.TempDir()
	key, err := os.ReadFile(filepath.Join(folder, "record.key"))
	first.must(err)
	first.must(os.WriteFile(filepath.Join(copied, "record.key"), key, 0o600))
	a, b := open(t, source, folder, policy), open(t, source, copied, policy)
	a.signs("Ada", "Bo")
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { b.eye.Run(ctx) })
	a.asks(func() bool { return a.isCosigned(2) && b.isCosigned(2) })
	time.Sleep(time.Second) // both have looked again
	stop()
	running.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("it was asked %d times, want once", n)
	}
}
