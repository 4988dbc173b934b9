// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cosign "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/note"

	"example.org/chorus/internal/chorustest"
	watcher "example.org/chorus/internal/platform/witness"
	"example.org/chorus/record"
)

// watching is an instance that witnesses, for now, nothing.
func watching(t *testing.T) *chorustest.Instance {
	t.Helper()
	return chorustest.Run(t, filepath.Join(t.TempDir(), "chorus.db"))
}

// watch has a witness watch the record of an instance.
func watch(t *testing.T, w *chorustest.Instance, of *instance) {
	t.Helper()
	if err := watcher.List(w.Config.Data, record.Log{Key: of.key().Verifier()}); err != nil {
		t.Fatal(err)
	}
}

// TestEyes: an instance asks two witnesses by its policy.txt. Their policy and
// their verifier find both cosignatures under what is served and on receipts.
func TestEyes(t *testing.T) {
	one, two := watching(t), watching(t)
	var policy strings.Builder
	for name, w := range map[string]*chorustest.Instance{"one": one, "two": two} {
		fmt.Fprintf(&policy, "witness %s %s %s/witness\n", name, w.Witness.VerifierKey(), w.URL)
	}
	policy.WriteString("group both all one two\nquorum both\n")
	folder := t.TempDir()
	write(t, filepath.Join(folder, "policy.txt"), []byte(policy.String()))
	theirs, err := witness.ParsePolicy([]byte(policy.String()))
	if err != nil {
		t.Fatal(err)
	}
	in := openIn(t, folder)
	in.sign(20)
	if theirs.Satisfied(get(t, in.address()+"/checkpoint")) {
		t.Error("nobody watches, and the quorum is there")
	}
	watch(t, one, in)
	watch(t, two, in)
	chorustest.Until(t, "their policy finds a quorum", func() bool {
		in.Wait(2 * time.Second)
		return theirs.Satisfied(get(t, in.address()+"/checkpoint"))
	})
	if err := judgeOf(t, in.address()).check(); err != nil {
		t.Errorf("with cosignatures: %v", err)
	}
	var receipt proof.TLogProof
	if err := receipt.Unmarshal(get(t, in.URL+"/r/1.tlog-proof")); err != nil || !theirs.Satisfied(receipt.Checkpoint) {
		t.Errorf("a receipt has no quorum: %v\n%s", err, receipt.Checkpoint)
	}
}

// ask shows a checkpoint to a witness as C2SP tlog-witness says, with a proof
// by their code that it goes on from an older size.
func ask(t *testing.T, w *chorustest.Instance, j judge, old uint64) (status int, said string) {
	t.Helper()
	c, text := j.checkpoint(t)
	request := fmt.Sprintf("old %d\n", old)
	if old > 0 {
		path, err := j.prover(t, c.Size).ConsistencyProof(t.Context(), old, c.Size)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range path {
			request += base64.StdEncoding.EncodeToString(h) + "\n"
		}
	}
	res, err := http.Post(w.URL+"/witness/add-checkpoint", "text/plain", strings.NewReader(request+"\n"+string(text)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestWitnessSeesTheFork: the fork that fsck cannot see gets no cosignature.
func TestWitnessSeesTheFork(t *testing.T) {
	one, w := open(t), watching(t)
	one.sign(300)
	other := one.fork()
	other.sign(400)
	watch(t, w, one)
	key, err := cosign.NewVerifierForCosignatureV1(w.Witness.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	cosigned := func(j judge, old uint64) {
		t.Helper()
		_, text := j.checkpoint(t)
		status, said := ask(t, w, j, old)
		if _, err := note.Open(append(text, said...), note.VerifierList(key)); status != http.StatusOK || err != nil {
			t.Errorf("%d %s, %v", status, said, err)
		}
	}
	honest := judgeOf(t, one.address())
	first, _ := honest.checkpoint(t)
	cosigned(honest, 0)
	if status, said := ask(t, w, judgeOf(t, other.address()), first.Size); status != http.StatusUnprocessableEntity {
		t.Errorf("the fork: %d %s", status, said)
	}
	one.sign(100)
	if status, said := ask(t, w, honest, 1); status != http.StatusConflict || said != fmt.Sprintln(first.Size) {
		t.Errorf("from another size: %d %q, want %d", status, said, first.Size)
	}
	cosigned(honest, first.Size)
}
