// SPDX-License-Identifier: AGPL-3.0-or-later

package chorustest

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// A Request is one thing a page fetched. Bytes counts its head and body as they
// came over the wire, compressed where they were.
type Request struct {
	URL    string
	Status int // 0 while it runs, and for ever when it failed
	Bytes  int
	Failed string // why, in the browser's words
}

// A wire listens to what the browser says about one window.
type wire struct {
	opened bool // by the visitor alone

	mu        sync.Mutex
	loading   map[cdp.FrameID]bool
	asked     time.Time // when a page last asked to go elsewhere and had not set out yet
	stopped   int
	requests  []*Request
	running   map[network.RequestID]*Request
	status    int
	at        string // the address of the page
	complaint []string
}

func newWire() *wire {
	return &wire{loading: map[cdp.FrameID]bool{}, running: map[network.RequestID]*Request{}}
}

// hear is called in the order of events and must return at once.
func (w *wire) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		w.asked = time.Now()
	case *page.EventFrameStartedLoading:
		w.loading[e.FrameID] = true
		w.asked = time.Time{}
	case *page.EventFrameStoppedLoading:
		delete(w.loading, e.FrameID)
		w.stopped++
	case *page.EventFrameDetached:
		delete(w.loading, e.FrameID)
	case *network.EventRequestWillBeSent:
		w.sent(e)
	case *network.EventResponseReceived:
		if r := w.running[e.RequestID]; r != nil {
			r.Status = int(e.Response.Status)
			if e.Type == network.ResourceTypeDocument {
				w.status, w.at = r.Status, e.Response.URL
			}
		}
	case *network.EventLoadingFinished:
		if r := w.running[e.RequestID]; r != nil {
			r.Bytes = int(e.EncodedDataLength)
			delete(w.running, e.RequestID)
		}
	case *network.EventLoadingFailed:
		if r := w.running[e.RequestID]; r != nil {
			r.Failed = e.ErrorText + string(e.BlockedReason)
			delete(w.running, e.RequestID)
		}
	case *runtime.EventExceptionThrown:
		w.complaint = append(w.complaint, exceptionText(e.ExceptionDetails))
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			w.complaint = append(w.complaint, strings.TrimSpace(e.Entry.Text+" "+e.Entry.URL))
		}
	}
}

// sent notes a request. The browser keeps one id through all redirects; each hop counts.
func (w *wire) sent(e *network.EventRequestWillBeSent) {
	if !strings.HasPrefix(e.Request.URL, "http") {
		return // data: and blob: addresses cost no wire
	}
	if e.Type == network.ResourceTypeDocument && e.RedirectResponse == nil {
		clear(w.running) // what the page before still asked for is given up without a word
	}
	if before := w.running[e.RequestID]; before != nil && e.RedirectResponse != nil {
		before.Status = int(e.RedirectResponse.Status)
		before.Bytes = int(e.RedirectResponse.EncodedDataLength)
	}
	r := &Request{URL: e.Request.URL}
	w.requests = append(w.requests, r)
	w.running[e.RequestID] = r
}

func (w *wire) moving() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	// It sets out soon after it asked, unless something keeps it.
	return len(w.loading) > 0 || time.Since(w.asked) < 5*time.Second
}

func (w *wire) address() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *wire) stops() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stopped
}

func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests, w.complaint = nil, nil
	clear(w.running)
}

func (w *wire) pending() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var urls []string
	for _, r := range w.running {
		urls = append(urls, r.URL)
	}
	slices.Sort(urls)
	return urls
}

// iconPatience is how long an icon is waited for: on a busy machine the browser
// at times asks for it and never says what became of it.
const iconPatience = 3 * time.Second

// Requests lists everything fetched since the last Open, once all of it has arrived.
func (v *Visitor) Requests() []Request {
	v.t.Helper()
	for begun := time.Now(); len(v.wire.pending()) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > iconPatience && onlyIcons(v.wire.pending()) {
			break
		}
		if time.Since(begun) > Patience {
			v.t.Fatalf("still loading after %s: %v", Patience, v.wire.pending())
		}
	}
	v.wire.mu.Lock()
	defer v.wire.mu.Unlock()
	var all []Request
	for _, r := range v.wire.requests {
		all = append(all, *r)
	}
	return all
}

func onlyIcons(urls []string) bool {
	return !slices.ContainsFunc(urls, func(u string) bool { return !strings.Contains(u, "/favicon") })
}

// Bytes is what came over the wire since the last Open, heads included. Straight after
// Open it is the weight of the first view of a page with an empty cache.
func (v *Visitor) Bytes() int {
	v.t.Helper()
	sum := 0
	for _, r := range v.Requests() {
		sum += r.Bytes
	}
	return sum
}

// Status is the HTTP status of the page shown.
func (v *Visitor) Status() int {
	v.wire.mu.Lock()
	defer v.wire.mu.Unlock()
	return v.wire.status
}

// Complaints lists what the browser's console holds against the pages since the last Open:
// exceptions of scripts, things blocked by policy, things not found.
func (v *Visitor) Complaints() []string {
	v.wire.mu.Lock()
	defer v.wire.mu.Unlock()
	return slices.Clone(v.wire.complaint)
}

func exceptionText(e *runtime.ExceptionDetails) string {
	if e.Exception != nil && e.Exception.Description != "" {
		return e.Exception.Description
	}
	var thrown string // our own scripts throw sentences
	if e.Exception != nil && json.Unmarshal(e.Exception.Value, &thrown) == nil {
		return thrown
	}
	return e.Text
}
