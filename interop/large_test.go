// SPDX-License-Identifier: AGPL-3.0-or-later

package interop

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/record"
)

// TestEverybodyAgrees fills an instance with signatures, some of them without
// a name, withdrawn, taken out, put back or erased. The foreign judge, our own
// verifier, the leaves alone and the instance's page must say the same. With
// CHORUS_LARGE=1 there are 100,000 signatures.
func TestEverybodyAgrees(t *testing.T) {
	n := 2500
	if os.Getenv("CHORUS_LARGE") != "" {
		n = 100_000
	}
	in := open(t)
	began := time.Now()
	want := in.sign(n / 2)
	_, kept := judgeOf(t, in.address()).checkpoint(t)
	want += in.sign(n / 2)
	head := in.head()
	t.Logf("%d signatures and %d entries in %.1f s", n, head.Size, time.Since(began).Seconds())

	j := judgeOf(t, in.address())
	began = time.Now()
	if err := j.check(); err != nil {
		t.Errorf("fsck: %v", err)
	}
	t.Logf("fsck: %.1f s", time.Since(began).Seconds())
	if _, _, _, err := j.tracker(t, kept).Update(t.Context()); err != nil {
		t.Errorf("it does not go on from when it was half as long: %v", err)
	}
	began = time.Now()
	report, count, err := ours(t, record.Web(in.address(), http.DefaultClient), in.key().Verifier())
	if err != nil {
		t.Fatalf("record.Verify: %v", err)
	}
	t.Logf("record.Verify: %.1f s", time.Since(began).Seconds())
	if report.Checkpoint != head {
		t.Errorf("we verified %+v, and %+v is served", report.Checkpoint, head)
	}
	if got := in.number(); got != want || count.People != int64(want) || count.Added != int64(n) {
		t.Errorf("the page says %d, the leaves %d of %d, want %d of %d", got, count.People, count.Added, want, n)
	}
	claims, err := fact.ParseClaims(get(t, in.address()+"/counts"))
	if err != nil || len(claims) != 1 || claims[0].People != count.People || claims[0].AsOf != head.Size {
		t.Errorf("the site claims %+v, %v", claims, err)
	}
	if each := int64(n / 100); count.Withdrawn != 3*each || count.TakenOut != each || report.Erased != 3*each || report.Withheld != 2*each || report.Fading != nil {
		t.Errorf("%+v, %+v, want %d withdrawn, erased and %d taken out", count, report, 3*each, each)
	}
	if n < 10_000 { // it replays seven entries at a time
		in.CheckMirror()
		return
	}
	program := filepath.Join(t.TempDir(), "chorus")
	if out, err := exec.Command("go", "-C", chorustest.Root(t), "build", "-o", program, "./cmd/chorus").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(program, "verify", "--key", in.key().Verifier(), in.URL).CombinedOutput()
	if says := fmt.Sprintf("%d,%03d signatures counted again", want/1000, want%1000); err != nil || !strings.Contains(string(out), says) {
		t.Errorf("chorus verify: %v, %s, want %s", err, out, says)
	}
	t.Logf("%s", out)
}
