// SPDX-License-Identifier: AGPL-3.0-or-later

package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An answer is a response in memory, sent plain or packed.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer

	once   sync.Once
	packed []byte
	etag   string
	made   time.Time
}

// policy allows a page nothing but its own style, script and pictures.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func newAnswer(secure bool) *answer {
	a := &answer{header: http.Header{}}
	a.header.Set("Content-Security-Policy", policy)
	a.header.Set("Referrer-Policy", "same-origin") // an address may hold a signer's key
	a.header.Set("X-Content-Type-Options", "nosniff")
	a.header.Set("Cross-Origin-Opener-Policy", "same-origin")
	a.header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if secure {
		a.header.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return a
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// reset forgets what a handler wrote before it failed, and keeps the headers
// that protect the page.
func (a *answer) reset() {
	a.status = 0
	a.body.Reset()
	for _, h := range []string{"Content-Type", "Content-Disposition", "Location", "Set-Cookie", "Cache-Control"} {
		a.header.Del(h)
	}
}

const worthPacking = 1000 // bytes

// pack compresses the body once, however many visitors get it.
func (a *answer) pack() {
	sum := sha256.Sum256(a.body.Bytes())
	a.etag = hex.EncodeToString(sum[:8])
	if a.body.Len() < worthPacking {
		return
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, 5) // the level is valid
	z.Write(a.body.Bytes())            // into memory
	z.Close()
	if b.Len() < a.body.Len() { // hashes do not shrink
		a.packed = b.Bytes()
	}
}

func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.once.Do(a.pack)
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	body, suffix := a.body.Bytes(), ""
	if a.packed != nil {
		h.Add("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			body, suffix = a.packed, "z"
			h.Set("Content-Encoding", "gzip")
		}
	}
	if a.status == http.StatusOK && a.header.Get("Cache-Control") != "no-store" {
		tag := `"` + a.etag + suffix + `"`
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(body) // a reader who has gone away needs no answer
	}
}

// A cache keeps pages for readers for a second. Of many who ask for one page
// at once, one has it made and the others wait for it.
type cache struct {
	mu    sync.Mutex
	slots map[string]*slot
	size  int // bytes put into the slots since they were last emptied
}

type slot struct {
	mu     sync.Mutex
	answer *answer
}

const (
	fresh    = time.Second
	maxSlots = 2000
	maxBytes = 32 << 20
)

func (c *cache) get(key string, now func() time.Time, make func() *answer) *answer {
	s := c.slot(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer != nil && now().Sub(s.answer.made) < fresh {
		return s.answer
	}
	a := make()
	a.made = now()
	s.answer = nil
	if a.status == http.StatusOK {
		s.answer = a
		c.grow(a.body.Len())
	}
	return a
}

// grow notes what was kept, and empties the cache when it is too much: pages
// are soon made again, and a visitor who asks for ever new addresses gains nothing.
func (c *cache) grow(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size += n; c.size > maxBytes {
		c.slots, c.size = nil, 0
	}
}

func (c *cache) slot(key string) *slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.slots[key]; ok {
		return s
	}
	if c.slots == nil || len(c.slots) >= maxSlots {
		c.slots, c.size = map[string]*slot{}, 0
	}
	s := new(slot)
	c.slots[key] = s
	return s
}
