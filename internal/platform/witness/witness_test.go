// SPDX-License-Identifier: AGPL-3.0-or-later

package witness_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/platform/witness"
	"example.org/chorus/record"
)

// A history is a record of somebody else, as it grew.
type history struct {
	t    *testing.T
	key  *record.Key
	at   []record.Checkpoint
	tile map[string][]byte
}

// grow makes a record whose first entries are those of others of this word.
func grow(t *testing.T, key *record.Key, words ...string) *history {
	t.Helper()
	tree, h := new(record.Tree), &history{t: t, key: key, tile: map[string][]byte{}}
	h.at = append(h.at, record.Checkpoint{Origin: key.Origin(), Root: tree.Root()})
	for i, w := range words {
		for _, tile := range tree.Append(record.LeafHash(fmt.Append(nil, i, w))) {
			h.tile[fmt.Sprint(tile.Level, "/", tile.N)] = tile.Data
		}
		h.at = append(h.at, record.Checkpoint{Origin: key.Origin(), Size: int64(i) + 1, Root: tree.Root()})
	}
	return h
}

func (h *history) signed(size int) string {
	h.t.Helper()
	text, err := h.key.Sign(h.at[size].Size, h.at[size].Root)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// asks is the request to cosign size entries, proven from old.
func (h *history) asks(old, size int) string {
	h.t.Helper()
	proof, err := record.ProveExtends(h.at[size], int64(old), func(r record.TileRef) ([]byte, error) {
		return h.tile[fmt.Sprint(r.Level, "/", r.N)][:r.Width*len(record.Hash{})], nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return string(witness.FormatRequest(int64(old), proof, h.signed(size)))
}

func newKey(t *testing.T, origin string) *record.Key {
	t.Helper()
	key, err := record.NewKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A reply is what the witness answers.
type reply struct {
	status int
	kind   string
	body   string
}

func do(t *testing.T, method, address, body string, header ...string) reply {
	t.Helper()
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header.Get("Content-Type"), string(text)}
}

// watch runs an instance that watches a record.
func watch(t *testing.T, source string, keys ...*record.Key) *chorustest.Instance {
	t.Helper()
	in := chorustest.Run(t, source)
	for _, k := range keys {
		if err := witness.List(in.Config.Data, record.Log{Key: k.Verifier()}); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// TestAddCheckpoint goes through the statuses of C2SP tlog-witness, in order,
// against one witness that watches one record.
func TestAddCheckpoint(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		key, other := newKey(t, "lindholm.example/record"), newKey(t, "elsewhere.example/record")
		in := watch(t, source, key)
		log, fork := grow(t, key, "a", "b", "c", "d", "e", "f", "g"), grow(t, key, "a", "b", "c", "X", "Y", "Z", "Q")
		stranger, thief := grow(t, other, "a", "b"), grow(t, newKey(t, key.Origin()), "a", "b", "c", "d", "e")
		broken := strings.Replace(log.asks(0, 3), "\n3\n", "\n4\n", 1)
		badSize := strings.Replace(log.asks(3, 5), "old 3\n", "old 03\n", 1)
		manyHashes := "old 3\n" + strings.Repeat(strings.Repeat("A", 43)+"=\n", 64) + "\n" + log.signed(5)
		for _, c := range []struct {
			name, body string
			status     int
			held       string // in the body of a conflict
		}{
			{"nothing", "", 400, ""},
			{"no old size", log.signed(3), 400, ""},
			{"an old size with a zero in front", badSize, 400, ""},
			{"a negative old size", strings.Replace(log.asks(3, 5), "old 3\n", "old -3\n", 1), 400, ""},
			{"no checkpoint", "old 0\n\n", 400, ""},
			{"no end of the proof", "old 0\nAAAA", 400, ""},
			{"a hash that is too short", "old 3\nAAAA\n\n" + log.signed(5), 400, ""},
			{"64 hashes", manyHashes, 400, ""},
			{"an old size that is greater", strings.Replace(log.asks(0, 3), "old 0\n", "old 4\n", 1), 400, ""},
			{"too long", log.asks(0, 3) + strings.Repeat("x", 65<<10), 413, ""},
			{"a record that is not watched", stranger.asks(0, 2), 404, ""},
			{"another key of this name", thief.asks(0, 3), 403, ""},
			{"a signature that is wrong", broken, 403, ""},
			{"a start that is not there", log.asks(2, 3), 409, "0\n"},
			{"a proof where none is due", strings.Replace(log.asks(2, 3), "old 2\n", "old 0\n", 1), 422, ""},
			{"the first", log.asks(0, 3), 200, ""},
			{"the same again", log.asks(3, 3), 200, ""},
			{"once more from nothing", log.asks(0, 5), 409, "3\n"},
			{"from too far", log.asks(4, 5), 409, "3\n"},
			{"no proof", "old 3\n\n" + log.signed(5), 422, ""},
			{"a fork, with its own proof", fork.asks(3, 7), 200, ""}, // nobody can know yet
			{"the other branch", log.asks(3, 7), 409, "7\n"},
			{"the other branch, from there", strings.Replace(log.asks(3, 7), "old 3\n", "old 7\n", 1), 409, "7\n"},
			{"an older one", log.asks(3, 5), 409, "7\n"},
		} {
			got := do(t, http.MethodPost, in.URL+"/witness/add-checkpoint", c.body)
			if got.status != c.status || c.held != "" && (got.kind != "text/x.tlog.size" || got.body != c.held) {
				t.Errorf("%s: %d %s %q, want %d %q", c.name, got.status, got.kind, got.body, c.status, c.held)
			}
			if c.status == 200 {
				cosigned(t, in, c.body, got.body)
			}
		}
		in.Wait(2e9) // pages are kept for a second
		if got := do(t, http.MethodGet, in.URL+"/witness"+forkPath(key.Origin()), ""); got.status != 200 || got.body != log.signed(7) {
			t.Errorf("the proof of the fork: %d %q", got.status, got.body)
		}
		if page := do(t, http.MethodGet, in.URL+"/witness", ""); !strings.Contains(page.body, key.Origin()) || !strings.Contains(page.body, "two different states") {
			t.Error("the page does not say that the record has forked")
		}
	})
}

func forkPath(origin string) string {
	return strings.Replace(witness.CheckpointPath(origin), "/checkpoint", "/fork", 1)
}

// cosigned checks the answer, and that monitors are shown the same.
func cosigned(t *testing.T, in *chorustest.Instance, request, line string) {
	t.Helper()
	_, signed, _ := strings.Cut(request, "\n\n")
	v, err := record.CosignatureVerifier(in.Witness.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open([]byte(signed+line), note.VerifierList(v))
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	c, err := record.ParseCheckpoint(n.Text)
	if err != nil {
		t.Fatal(err)
	}
	in.Wait(2e9)
	got := do(t, http.MethodGet, in.URL+"/witness"+witness.CheckpointPath(c.Origin), "")
	if _, err := note.Open([]byte(got.body), note.VerifierList(v)); err != nil || got.status != 200 || !strings.HasPrefix(got.body, n.Text) {
		t.Errorf("monitors are shown %d %q, %v", got.status, got.body, err)
	}
}

// TestProgramsAndPages: a program passes, a page of another site does not.
func TestProgramsAndPages(t *testing.T) {
	key := newKey(t, "lindholm.example/record")
	in := watch(t, t.TempDir()+"/chorus.db", key)
	log := grow(t, key, "a", "b")
	if got := do(t, http.MethodPost, in.URL+"/witness/add-checkpoint", log.asks(0, 1), "Origin", "https://evil.example"); got.status != 400 {
		t.Errorf("from a page of another site: %d", got.status)
	}
	if got := do(t, http.MethodPost, in.URL+"/witness/add-checkpoint", log.asks(0, 1), "Content-Type", "text/plain"); got.status != 200 {
		t.Errorf("from a program: %d %s", got.status, got.body)
	}
	if got := do(t, http.MethodGet, in.URL+"/witness/"+strings.Repeat("0", 64)+"/checkpoint", ""); got.status != 404 {
		t.Errorf("a record that is not watched: %d", got.status)
	}
}

// TestListIsReread: records are added and taken away while it runs; a list
// that cannot be read leaves the one before.
func TestListIsReread(t *testing.T) {
	a, b := newKey(t, "a.example/record"), newKey(t, "b.example/record")
	in := watch(t, t.TempDir()+"/chorus.db", a)
	file := filepath.Join(in.Config.Data, "witnessed.txt")
	asks := func(k *record.Key) int {
		return do(t, http.MethodPost, in.URL+"/witness/add-checkpoint", grow(t, k, "x").asks(0, 1)).status
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if asks(a) != 200 || asks(b) != 404 {
		t.Error("the first list does not hold")
	}
	must(witness.List(in.Config.Data, record.Log{Key: b.Verifier(), URL: "https://b.example"}))
	must(witness.List(in.Config.Data, record.Log{Key: b.Verifier()}))
	if asks(b) != 200 {
		t.Error("a record that was added is not watched")
	}
	must(witness.Unlist(in.Config.Data, a.Verifier()))
	if asks(a) != 404 {
		t.Error("a record that was taken away is watched")
	}
	if logs, err := witness.Listed(in.Config.Data); err != nil || len(logs) != 1 || logs[0].URL != "https://b.example" {
		t.Errorf("%v, %v, want b alone", logs, err)
	}
	text, err := os.ReadFile(file)
	must(err)
	must(os.WriteFile(file, append(text, "log nonsense\n"...), 0o600))
	if asks(b) == 404 {
		t.Error("a wrong line made it forget the right ones")
	}
	if err := witness.List(in.Config.Data, record.Log{Key: a.Verifier()}); err == nil {
		t.Error("a list that cannot be read was rewritten")
	}
}

// TestTwoHeads has many ask at once to cosign two histories that part after
// the first entry. Whatever is cosigned, one history goes on.
func TestTwoHeads(t *testing.T) {
	chorustest.OnBoth(t, func(t *testing.T, source string) {
		key := newKey(t, "lindholm.example/record")
		folder := t.TempDir()
		if err := witness.List(folder, record.Log{Key: key.Verifier()}); err != nil {
			t.Fatal(err)
		}
		d := chorustest.Database(t, source, witness.Schema)
		open := func() *witness.Service {
			s := &witness.Service{DB: d, Log: slog.New(slog.DiscardHandler), BaseURL: "https://witness.example"}
			if err := s.Open(folder); err != nil {
				t.Fatal(err)
			}
			return s
		}
		nodes := []*witness.Service{open(), open()}
		left := grow(t, key, strings.Split("a b c d e f g h i j", " ")...)
		right := grow(t, key, strings.Split("a B C D E F G H I J", " ")...)
		var mu sync.Mutex
		var got [2][]int // sizes that were cosigned, by history
		var racing sync.WaitGroup
		for n := range 40 {
			h, which := []*history{left, right}[n%2], n%2
			racing.Go(func() {
				for size, old := 1, 0; size <= 10; {
					_, err := nodes[n/2%2].Add(t.Context(), []byte(h.asks(old, size)))
					if c, ok := err.(witness.Conflict); ok && int(c.Size) > 0 && int(c.Size) < size {
						old = int(c.Size)
						continue
					}
					if err == nil {
						mu.Lock()
						got[which] = append(got[which], size)
						mu.Unlock()
					}
					old, size = size, size+1
				}
			})
		}
		racing.Wait()
		beyond := [2]bool{}
		for which, sizes := range got {
			for _, size := range sizes {
				beyond[which] = beyond[which] || size > 1
			}
		}
		if beyond[0] == beyond[1] {
			t.Errorf("cosigned: left %v, right %v, want one of them to go on alone", got[0], got[1])
		}
	})
}

// TestForgetful: a database that is older than it was is no memory.
func TestForgetful(t *testing.T) {
	key := newKey(t, "lindholm.example/record")
	in := watch(t, t.TempDir()+"/chorus.db", key)
	in.Witness.Behind = func() bool { return true }
	if got := do(t, http.MethodPost, in.URL+"/witness/add-checkpoint", grow(t, key, "a").asks(0, 1)); got.status != 503 {
		t.Errorf("%d, want 503", got.status)
	}
}

// TestKeyIsKept: the key is made once, is nobody else's to read, and is named
// after the address.
func TestKeyIsKept(t *testing.T) {
	folder := t.TempDir()
	d := chorustest.Database(t, t.TempDir()+"/chorus.db", witness.Schema)
	s := &witness.Service{DB: d, Log: slog.New(slog.DiscardHandler), BaseURL: "https://witness.example:8443"}
	for range 2 {
		if err := s.Open(folder); err != nil {
			t.Fatal(err)
		}
	}
	if key, err := witness.ReadKey(folder); err != nil || key.Verifier() != s.VerifierKey() || key.Name() != "witness.example:8443/witness" {
		t.Errorf("%v, %v", key, err)
	}
	if info, err := os.Stat(filepath.Join(folder, "witness.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v, want mode 0600", info, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "witness.key"), []byte("nonsense "+strconv.Itoa(1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Open(folder); err == nil {
		t.Error("nonsense was taken for a key")
	}
}
