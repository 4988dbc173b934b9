// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/civic/declaration/document"
	"example.org/chorus/internal/civic/declaration/signing"
	"example.org/chorus/internal/commons/account"
	"example.org/chorus/internal/commons/organisation"
	"example.org/chorus/record"
)

// TestMain lets the test program be the instance that is killed.
func TestMain(m *testing.M) {
	if folder := os.Getenv("CHORUS_TEST_SERVE"); folder != "" {
		if err := serveForTest(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func testConfig(folder string) app.Config {
	return app.Config{Data: folder, BaseURL: os.Getenv("CHORUS_TEST_BASE"), Unlimited: true, Log: slog.New(slog.DiscardHandler)}
}

func serveForTest(folder string) error {
	c := testConfig(folder)
	c.Mirror = os.Getenv("CHORUS_TEST_MIRROR")
	a, err := app.Open(context.Background(), c)
	if err != nil {
		return err
	}
	if a.Mirror != nil {
		a.Mirror.Every = 20 * time.Millisecond
	}
	listener, err := net.Listen("tcp", cmp.Or(os.Getenv("CHORUS_TEST_ADDR"), "127.0.0.1:0"))
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return run(context.Background(), a, listener, a.Handler())
}

// TestKill kills an instance ten times, or as often as CHORUS_KILLS says, while
// people sign. Nobody who was told that they signed may be lost, nobody may be
// counted twice, and the record goes on from every checkpoint that was ever
// served.
func TestKill(t *testing.T) {
	k := newKilling(t, t.TempDir())
	for range times(t, 10) {
		k.round()
	}
	k.settle()
}

// times is how often a test lets something go wrong.
func times(t *testing.T, usually int) int {
	if testing.Short() {
		t.Skip("restarts take a while")
	}
	if text := os.Getenv("CHORUS_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return usually
}

func newKilling(t *testing.T, folder string) *killing {
	k := &killing{T: t, folder: folder, told: map[string]bool{}, asked: map[string]bool{}}
	k.slug = k.publish()
	return k
}

type killing struct {
	*testing.T
	folder, slug string
	mu           sync.Mutex
	told         map[string]bool // addresses whose signature was acknowledged
	asked        map[string]bool // addresses that asked to sign
	next         int
	held         []string // checkpoints that were served
}

func (k *killing) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *killing) publish() string {
	a, err := app.Open(k.Context(), testConfig(k.folder))
	k.must(err)
	defer a.Close()
	org, err := a.Organisations.Enter(k.Context(), account.Operator, organisation.Input{Name: "Tram Riders", Kind: "civil society", Country: "DK"})
	k.must(err)
	id, err := a.Declarations.Save(k.Context(), account.Operator, "", document.Draft{Kind: fact.Pledge, Lang: "en", Title: "Trams", Text: "Trams!",
		Signers: []fact.SignerClass{fact.People}, Organisers: []document.Party{{ID: org}}})
	k.must(err)
	slug, err := a.Declarations.Publish(k.Context(), account.Operator, id)
	k.must(err)
	return slug
}

// start runs the instance as a process of its own and gives its address.
func (k *killing) start() (*exec.Cmd, string) {
	k.Helper()
	self, err := os.Executable()
	k.must(err)
	child := exec.Command(self)
	child.Env = append(os.Environ(), "CHORUS_TEST_SERVE="+k.folder)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	k.must(err)
	k.must(child.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	k.must(err)
	return child, "http://" + strings.TrimSpace(line)
}

const signers = 6 // people who sign at once

func (k *killing) round() {
	child, base := k.start()
	rest := k.busy(base)
	defer rest()
	k.hold(base)
	k.more(2)
	pause(0, 300)
	k.kill(child)
}

// more waits until so many more were told that they signed: how long that takes
// depends on the machine.
func (k *killing) more(n int) {
	k.Helper()
	told := func() int {
		k.mu.Lock()
		defer k.mu.Unlock()
		return len(k.told)
	}
	want := told() + n
	chorustest.Until(k, fmt.Sprintf("%d people signed", want), func() bool { return told() >= want })
}

// pause waits for some milliseconds, at random.
func pause(least, more int) { time.Sleep(time.Duration(least+rand.IntN(more)) * time.Millisecond) }

func (k *killing) kill(child *exec.Cmd) {
	k.Helper()
	k.must(child.Process.Kill())
	child.Wait() // it was killed
}

// busy lets people sign until rest is called.
func (k *killing) busy(base string) (rest func()) {
	ctx, stop := context.WithCancel(k.Context())
	var all sync.WaitGroup
	for range signers {
		all.Go(func() {
			for ctx.Err() == nil {
				k.sign(ctx, base, k.address())
			}
		})
	}
	return func() {
		stop()
		all.Wait()
	}
}

// hold keeps the checkpoint that is served now, or first.
func (k *killing) hold(base string) {
	k.Helper()
	chorustest.Until(k, "a checkpoint is served", func() bool {
		resp, err := http.Get(base + "/record/checkpoint")
		k.must(err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		k.must(err)
		if resp.StatusCode != http.StatusOK || strings.Contains(string(text), "\n0\n") { // or of nothing yet
			return false
		}
		k.held = append(k.held, string(text))
		return true
	})
}

// checkHeld holds what was served against the record as it is now.
func (k *killing) checkHeld(a *app.App) {
	key, err := a.Record.VerifierKey()
	k.must(err)
	k.must(a.Record.PublishCheckpoint(k.Context()))
	text, err := a.Record.Checkpoint(k.Context())
	k.must(err)
	newest, err := record.OpenCheckpoint([]byte(text), key)
	k.must(err)
	for _, text := range k.held {
		held, err := record.OpenCheckpoint([]byte(text), key)
		k.must(err)
		k.must(record.Extends(newest, held, func(t record.TileRef) ([]byte, error) { return a.Record.Tile(k.Context(), t) }))
	}
	k.Logf("the record of %d entries goes on from %d checkpoints", newest.Size, len(k.held))
}

func (k *killing) address() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next++
	address := fmt.Sprintf("p%d@example.org", k.next)
	k.asked[address] = true
	return address
}

// sign goes the whole way for one address, and notes that it was acknowledged.
func (k *killing) sign(ctx context.Context, base, address string) {
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, Timeout: chorustest.Patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	path := base + "/declarations/" + k.slug
	status, _ := post(ctx, client, path+"/sign", url.Values{"name": {"Ada"}, "email": {address}, "country": {"DK"}})
	if status != http.StatusSeeOther {
		time.Sleep(10 * time.Millisecond) // it is not there, or its disk is full
		return
	}
	code := k.code(ctx, address)
	if status, to := post(ctx, client, path+"/signing", url.Values{"code": {code}}); status == http.StatusSeeOther && strings.Contains(to, "/mine/") {
		k.mu.Lock()
		k.told[address] = true
		k.mu.Unlock()
	}
}

func post(ctx context.Context, client *http.Client, to string, form url.Values) (status int, location string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, ""
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(r)
	if err != nil {
		return 0, "" // the instance was killed
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get("Location")
}

var sixDigits = regexp.MustCompile(`(?m)^(\d{6})\s*$`)

// code waits for the mail to an address and reads its code; "" if none comes.
func (k *killing) code(ctx context.Context, address string) string {
	for end := time.Now().Add(chorustest.Patience); time.Now().Before(end); {
		if names, _ := filepath.Glob(filepath.Join(k.folder, "mail", "*"+address+"*.eml")); len(names) > 0 {
			if text, err := os.ReadFile(names[len(names)-1]); err == nil {
				if m := sixDigits.FindSubmatch(text); m != nil {
					return string(m[1])
				}
			}
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(5 * time.Millisecond):
		}
	}
	return ""
}

// settle checks who is there after the last kill, lets everybody who ever
// asked sign again, and counts.
func (k *killing) settle() {
	a, err := app.Open(k.Context(), testConfig(k.folder))
	k.must(err)
	defer a.Close()
	d, err := a.Declarations.BySlug(k.Context(), k.slug)
	k.must(err)
	if d.People < int64(len(k.told)) {
		k.Errorf("%d people are counted, %d were told that they signed", d.People, len(k.told))
	}
	if len(k.told) < 20 {
		k.Errorf("only %d people signed: the test tests little", len(k.told))
	}
	k.checkHeld(a)
	for address := range k.asked {
		k.signAgain(a, address)
	}
	d, err = a.Declarations.BySlug(k.Context(), k.slug)
	k.must(err)
	if d.People != int64(len(k.asked)) {
		k.Errorf("%d people are counted after all %d signed again", d.People, len(k.asked))
	}
	want, err := a.DB.Dump(k.Context())
	k.must(err)
	if _, err := a.Record.Rebuild(k.Context(), func(int64) {}); err != nil {
		k.Fatal(err)
	}
	if got, err := a.DB.Dump(k.Context()); got != want || err != nil {
		k.Errorf("the tables made anew differ (%v)", err)
	}
	k.Logf("%d asked, %d were told that they signed", len(k.asked), len(k.told))
}

func (k *killing) signAgain(a *app.App, address string) {
	kept, err := a.Signing.Sign(k.Context(), k.slug, signing.Details{Name: "Ada", Email: address, Country: "DK", Lang: "en"})
	k.must(err)
	_, err = a.Jobs.RunDue(k.Context())
	k.must(err)
	_, err = a.Signing.ConfirmHere(k.Context(), kept, k.code(k.Context(), address))
	k.must(err)
}
