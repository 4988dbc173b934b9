// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A wire is one browser's connection, kept alive. It understands just what
// this program answers, so that it costs little: it shares the processors
// with what it measures.
type wire struct {
	host string
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

func dial(host string) (*wire, error) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	return &wire{host: host, conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// A response is what came back.
type response struct {
	status   int
	location string
	cookies  string // as a browser sends them back
	header   []byte
	body     []byte
	bytes    int // head and body, as they came
}

// get asks for a page as a browser does. accept is the Accept-Encoding.
func (w *wire) get(path, accept, cookies string) (response, error) {
	w.begin("GET", path, cookies)
	if accept != "" {
		w.out = append(w.out, "Accept-Encoding: "+accept+"\r\n"...)
	}
	return w.exchange("")
}

// post sends a form.
func (w *wire) post(path, form, cookies string) (response, error) {
	w.begin("POST", path, cookies)
	w.out = append(w.out, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "...)
	w.out = append(strconv.AppendInt(w.out, int64(len(form)), 10), "\r\n"...)
	return w.exchange(form)
}

func (w *wire) begin(method, path, cookies string) {
	w.out = append(w.out[:0], method+" "+path+" HTTP/1.1\r\nHost: "+w.host+"\r\n"...)
	if cookies != "" {
		w.out = append(w.out, "Cookie: "+cookies+"\r\n"...)
	}
}

func (w *wire) exchange(body string) (r response, err error) {
	w.out = append(append(w.out, "\r\n"...), body...)
	if _, err := w.conn.Write(w.out); err != nil {
		return r, err
	}
	length := 0
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return r, err
		}
		r.header = append(r.header, line...)
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if err := r.read(line, &length); err != nil {
			return r, err
		}
	}
	r.body = make([]byte, length)
	_, err = io.ReadFull(w.in, r.body)
	r.bytes = len(r.header) + length
	return r, err
}

// read takes in one line of the head.
func (r *response) read(line []byte, length *int) (err error) {
	name, value, ok := bytes.Cut(line, []byte(": "))
	if !ok { // HTTP/1.1 200 OK
		if len(line) < 12 {
			return fmt.Errorf("%q is no answer", line)
		}
		r.status, err = strconv.Atoi(string(line[9:12]))
		return err
	}
	switch string(name) {
	case "Content-Length":
		*length, err = strconv.Atoi(string(value))
	case "Transfer-Encoding":
		err = fmt.Errorf("an answer of unknown length")
	case "Location":
		r.location = string(value)
	case "Set-Cookie":
		if r.cookies != "" {
			r.cookies += "; "
		}
		pair, _, _ := bytes.Cut(value, []byte(";"))
		r.cookies += string(pair)
	}
	return err
}

// want is an error unless the answer has the status.
func (r response) want(status int) error {
	if r.status == status {
		return nil
	}
	return fmt.Errorf("answered %d, not %d:\n%s%.500s", r.status, status, r.header, r.body)
}

// An outing is how long errands took.
type outing struct {
	took time.Duration
	work time.Duration   // of the processors, for this program: site and clients
	each []time.Duration // sorted
}

func (r outing) rate() float64 { return float64(len(r.each)) / r.took.Seconds() }

// percentile is in milliseconds.
func (r outing) percentile(p int) float64 { return percentile(r.each, p) }

func percentile(sorted []time.Duration, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*p/100, len(sorted)-1)].Seconds() * 1000
}

// clients is how many people use the site at once.
const clients = 128

// crowd has n errands done by clients, each on a connection of its own, spread
// over the hosts.
func crowd(hosts []string, n int, errand func(w *wire, i int) error) (outing, error) {
	wires := make([]*wire, clients)
	for c := range wires {
		var err error
		if wires[c], err = dial(hosts[c%len(hosts)]); err != nil {
			return outing{}, err
		}
		defer wires[c].conn.Close()
	}
	each := make([]time.Duration, n)
	var next atomic.Int64
	var fault atomic.Pointer[error]
	var all sync.WaitGroup
	begun, work := time.Now(), worked()
	for _, w := range wires {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && fault.Load() == nil; i = int(next.Add(1)) - 1 {
				start := time.Now()
				if err := errand(w, i); err != nil {
					fault.CompareAndSwap(nil, &err)
				}
				each[i] = time.Since(start)
			}
		})
	}
	all.Wait()
	took := time.Since(begun)
	if err := fault.Load(); err != nil {
		return outing{}, *err
	}
	work = worked() - work
	slices.Sort(each)
	return outing{took, work, each}, nil
}

// worked is the processor time that this program has had. On a machine that is
// shared it tells more than the clock.
func worked() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// add joins two outings that followed one another.
func (r *outing) add(o outing) {
	r.took += o.took
	r.work += o.work
	r.each = append(r.each, o.each...)
	slices.Sort(r.each)
}
