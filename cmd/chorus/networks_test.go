// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/chorus"
	"example.org/chorus/fact"
	"example.org/chorus/internal/app"
	"example.org/chorus/internal/chorustest"
	"example.org/chorus/internal/commons/account"
)

// TestNetworks puts an instance and its mirror into two networks and cuts the
// way between them. People sign on both sides, one of them on both. When the
// way is open again each of them is counted once, on both sides.
func TestNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("waiting for a way takes a while")
	}
	if os.Getenv("CHORUS_TEST_NETWORK") == "" {
		inOwnNetwork(t)
		return
	}
	w := newNetworks(t)
	w.cut()
	here, there, both := w.people("here", 4), w.people("there", 4), "both@example.org"
	for _, address := range append(here, both) {
		w.sign(t.Context(), w.origin, address)
		if !w.told[address] {
			t.Fatalf("%s could not sign at the origin", address)
		}
	}
	for _, address := range append(there, both) {
		w.handIn(address)
	}
	if got := w.number(w.mirror); got != 0 {
		t.Errorf("%d are counted on the mirror before anybody could count them", got)
	}
	w.join()
	for _, address := range there {
		w.confirm(address)
	}
	want := len(here) + len(there) + 1
	w.expect(w.origin, want)
	w.expect(w.mirror, want)
}

// inOwnNetwork runs this test once more, in a network of its own: browsers of
// other tests break off what they load when the machine's networks change.
func inOwnNetwork(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self, "-test.run=^TestNetworks$", "-test.v", "-test.timeout=20m")
	child.Env = append(os.Environ(), "CHORUS_TEST_NETWORK=own")
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := child.CombinedOutput()
	t.Logf("%s", out)
	switch {
	case errors.Is(err, syscall.EPERM) || strings.Contains(string(out), "--- SKIP"):
		t.Skip("networks of one's own need root and ip")
	case err != nil:
		t.Error(err)
	}
}

// networks are an instance and a mirror, each in a network of its own. People
// reach both; the two reach each other unless the way is cut.
type networks struct {
	*killing
	origin, mirror string // addresses for people
	way            string // the origin's network, in which the way between the two begins
}

const port = ":8080"

// endAt is the address of one end of a cable; another run of the test has others.
func endAt(cable, end int) string {
	pid := os.Getpid()
	return fmt.Sprintf("10.%d.%d.%d", 100+pid/60%100, pid%60*4+cable, end)
}

func newNetworks(t *testing.T) *networks {
	t.Setenv("CHORUS_TEST_BASE", "http://"+endAt(3, 1)+port)
	w := &networks{killing: newKilling(t, t.TempDir())}
	w.describe()
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		w.Skipf("networks of one's own need root and ip: %v %s", err, out)
	}
	first, second := w.network("o"), w.network("m")
	w.way = first
	w.link("", "ro", endAt(1, 1), first, "or", endAt(1, 2))
	w.link("", "rm", endAt(2, 1), second, "mr", endAt(2, 2))
	w.link(first, "om", endAt(3, 1), second, "mo", endAt(3, 2))
	w.origin, w.mirror = "http://"+endAt(1, 2)+port, "http://"+endAt(2, 2)+port
	w.run(first, "CHORUS_TEST_SERVE="+w.folder)
	w.answers(w.origin + w.path())
	w.run(second, "CHORUS_TEST_SERVE="+t.TempDir(), "CHORUS_TEST_MIRROR="+os.Getenv("CHORUS_TEST_BASE"), "CHORUS_TEST_BASE="+w.mirror)
	w.answers(w.mirror + w.path())
	return w
}

// describe has the instance say what it is, and so with which key requests to
// it are sealed.
func (w *networks) describe() {
	a, err := app.Open(w.Context(), testConfig(w.folder))
	w.must(err)
	defer a.Close()
	text := chorus.Text{Lang: "en", Text: "Lindholm"}
	w.must(a.Portal.Describe(w.Context(), account.Operator, fact.SiteCore{Name: text, About: text, Contact: "desk@lindholm.example"}))
}

func (w *networks) path() string { return "/declarations/" + w.slug }

func (w *networks) ip(args ...string) {
	w.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		w.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// network makes a network; the test is skipped where that is not allowed.
func (w *networks) network(letter string) (name string) {
	name = fmt.Sprintf("chorus-%s%d", letter, os.Getpid())
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		w.Skipf("networks of one's own need root and ip: %v %s", err, out)
	}
	w.Cleanup(func() { w.ip("netns", "delete", name) })
	w.ip("-n", name, "link", "set", "lo", "up")
	return name
}

// link ties two networks together by a cable with an end in each; "" is the
// network of the test.
func (w *networks) link(a, endA, addressA, b, endB, addressB string) {
	w.Helper()
	endA, endB = cable(endA), cable(endB)
	w.ip(append(in(a), "link", "add", endA, "type", "veth", "peer", "name", endB, "netns", b)...)
	w.Cleanup(func() { w.ip(append(in(a), "link", "delete", endA)...) })
	for _, end := range [][3]string{{a, endA, addressA}, {b, endB, addressB}} {
		w.ip(append(in(end[0]), "address", "add", end[2]+"/24", "dev", end[1])...)
		w.ip(append(in(end[0]), "link", "set", end[1], "up")...)
	}
}

func cable(end string) string { return fmt.Sprintf("%s%d", end, os.Getpid()) }

func in(network string) []string {
	if network == "" {
		return nil
	}
	return []string{"-n", network}
}

func (w *networks) cut()  { w.ip("-n", w.way, "link", "set", cable("om"), "down") }
func (w *networks) join() { w.ip("-n", w.way, "link", "set", cable("om"), "up") }

// run runs an instance in a network until the test ends.
func (w *networks) run(network string, settings ...string) {
	w.Helper()
	self, err := os.Executable()
	w.must(err)
	child := exec.Command("ip", "netns", "exec", network, self)
	child.Env = append(append(os.Environ(), "CHORUS_TEST_ADDR=0.0.0.0"+port), settings...)
	child.Stderr = os.Stderr
	w.must(child.Start())
	w.Cleanup(func() { w.kill(child) })
}

func (w *networks) answers(address string) {
	w.Helper()
	chorustest.Until(w, address+" answers", func() bool {
		reply, err := http.Get(address)
		if err != nil {
			return false
		}
		reply.Body.Close()
		return reply.StatusCode == http.StatusOK
	})
}

func (w *networks) people(where string, n int) (addresses []string) {
	for i := range n {
		addresses = append(addresses, fmt.Sprintf("%s%d@example.org", where, i))
	}
	return addresses
}

func form(address string) url.Values {
	return url.Values{"name": {"Ada"}, "email": {address}, "country": {"DK"}}
}

// handIn signs on the mirror, which cannot count.
func (w *networks) handIn(address string) {
	w.Helper()
	status, slip := post(w.Context(), http.DefaultClient, w.mirror+w.path()+"/sign", form(address))
	if status != http.StatusOK && status != http.StatusSeeOther {
		w.Fatalf("handing in at the mirror: %d %s", status, slip)
	}
}

// confirm waits for the mail and confirms with its code on the page behind its
// link.
func (w *networks) confirm(address string) {
	w.Helper()
	code := w.code(w.Context(), address)
	if code == "" {
		w.Fatalf("no mail to %s", address)
	}
	names, err := filepath.Glob(filepath.Join(w.folder, "mail", "*"+address+"*.eml"))
	w.must(err)
	mail, err := os.ReadFile(names[len(names)-1])
	w.must(err)
	_, key, _ := strings.Cut(string(mail), "/mine/")
	key, _, _ = strings.Cut(key, "\r\n")
	answer := form(address)
	answer.Set("code", code)
	once := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if status, to := post(w.Context(), once, w.origin+"/mine/"+key+"/confirm", answer); status != http.StatusSeeOther {
		w.Fatalf("confirming %s: %d %s", address, status, to)
	}
}

// number is how many people have signed, as a page tells it.
func (w *networks) number(site string) int {
	w.Helper()
	reply, err := http.Get(site + w.path() + "/number")
	w.must(err)
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	w.must(err)
	number, _, _ := strings.Cut(string(text), "\n")
	return digits(number)
}

func (w *networks) expect(site string, want int) {
	w.Helper()
	chorustest.Until(w, fmt.Sprintf("%s counts %d", site, want), func() bool { return w.number(site) == want })
	time.Sleep(1500 * time.Millisecond) // whoever were counted twice would come now
	if got := w.number(site); got != want {
		w.Errorf("%s counts %d, not %d", site, got, want)
	}
}
