// SPDX-License-Identifier: AGPL-3.0-or-later

package asset

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// file is one thing to send, in the three forms a browser may ask for.
type file struct {
	kind          string
	etag          string
	plain, gz, br []byte
}

var files = load()

// verifierPath never changes, so that people can write it down.
const verifierPath = "/verify.html"

// Handler answers /assets/…, /favicon.svg, /favicon.ico and /verify.html; all else is not found.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/", func(w http.ResponseWriter, r *http.Request) {
		send(w, r, r.URL.Path, "public, max-age=31536000, immutable")
	})
	mux.HandleFunc("GET /favicon.svg", func(w http.ResponseWriter, r *http.Request) {
		send(w, r, Path("favicon.svg"), "public, max-age=86400")
	})
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=86400")
		http.Redirect(w, r, Path("favicon.svg"), http.StatusMovedPermanently)
	})
	mux.HandleFunc("GET "+verifierPath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "connect-src 'none'; frame-ancestors 'none'") // the rest stands in the page itself
		w.Header().Set("Referrer-Policy", "no-referrer")
		send(w, r, verifierPath, "public, max-age=3600")
	})
	return mux
}

func load() map[string]file {
	all := map[string]file{}
	for _, name := range names {
		all["/assets/"+name] = loadFile(name, strings.TrimSuffix(name, path.Ext(name)))
	}
	sum := sha256.Sum256(mustRead("dist/verify.html"))
	all[verifierPath] = loadFile("verify.html", hex.EncodeToString(sum[:8]))
	return all
}

func loadFile(name, etag string) file {
	base := "dist/" + name
	return file{kind: contentType(name), etag: etag, plain: mustRead(base), gz: mustRead(base + ".gz"), br: mustRead(base + ".br")}
}

func mustRead(name string) []byte {
	data, err := dist.ReadFile(name)
	if err != nil {
		panic("asset: run go generate ./internal/platform/asset: " + err.Error())
	}
	return data
}

// contentType does not ask the machine, whose table of types may differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

func send(w http.ResponseWriter, r *http.Request, address, cache string) {
	f, ok := files[address]
	if !ok {
		http.NotFound(w, r)
		return
	}
	body, coding := f.form(r.Header.Get("Accept-Encoding"))
	etag := `"` + f.etag + coding + `"`
	h := w.Header()
	h.Set("Cache-Control", cache)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", etag)
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	if r.Method != http.MethodHead {
		w.Write(body) // a reader who has gone away needs no answer
	}
}

// form picks the smallest form that the reader understands, and its coding.
func (f file) form(accept string) ([]byte, string) {
	switch {
	case accepts(accept, "br"):
		return f.br, "br"
	case accepts(accept, "gzip"):
		return f.gz, "gzip"
	}
	return f.plain, ""
}

// accepts reports whether an Accept-Encoding header (RFC 9110, 12.5.3) names coding with a weight above nought.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		_, q, ok := strings.Cut(strings.ReplaceAll(weight, " ", ""), "=")
		if !ok {
			return true
		}
		value, err := strconv.ParseFloat(q, 64)
		return err == nil && value > 0
	}
	return false
}
