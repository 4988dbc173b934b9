// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"example.org/chorus/internal/app"
	"example.org/chorus/internal/platform/mail"
	"example.org/chorus/seed"
)

const demoAddr = "localhost:8080"

// demo shows the seed town until it is told to stop. Whoever reaches it can be
// anybody there, so it listens to this machine alone.
func demo(ctx context.Context, args []string, out io.Writer) error {
	start := time.Now()
	flags := flag.NewFlagSet("chorus demo", flag.ContinueOnError)
	addr := flags.String("addr", demoAddr, "the `host:port` on this machine to listen on; port 0 takes any that is free")
	if err := parse(flags, args, out); err != nil {
		return err
	}
	listener, err := listenHere(*addr)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "chorus-demo-")
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer os.RemoveAll(folder)
	var clock demoClock
	a, err := app.Open(ctx, app.Config{Data: folder, Mail: "memory:", BaseURL: "http://" + hereName(*addr, listener.Addr()), Unlimited: true, Now: clock.now})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	play := &theatre{App: a, inbox: a.Sender.(*mail.Inbox)}
	if err := play.build(ctx, &clock, out); err != nil {
		if ctx.Err() != nil {
			err = nil // told to stop while it was being built
		}
		return errors.Join(err, listener.Close(), a.Close())
	}
	play.routes()
	play.welcome(out, time.Since(start))
	return errors.Join(run(ctx, a, listener, a.Handler()), a.Close())
}

// listenHere listens to this machine alone. Where the usual port is taken, any
// free one will do.
func listenHere(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("the demo lets everybody in as anybody, so it listens on this machine alone: %s is no address for it, localhost:8080 is", addr)
	}
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) && addr == demoAddr {
		return net.Listen("tcp", "localhost:0")
	}
	return listener, err
}

// hereName is how a browser reaches the listener: by the name that was asked for.
func hereName(addr string, got net.Addr) string {
	if host, _, err := net.SplitHostPort(addr); err != nil || host == "localhost" {
		return localName(got)
	}
	return got.String()
}

// A demoClock is set back while the town's past is made, and runs on from there.
type demoClock struct{ ahead atomic.Int64 } // nanoseconds

func (c *demoClock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *demoClock) set(t time.Time) { c.ahead.Store(int64(time.Until(t))) }

// A theatre is the instance on which the demo plays.
type theatre struct {
	*app.App
	inbox *mail.Inbox
	town  *seed.Town
}

func (s *theatre) build(ctx context.Context, clock *demoClock, out io.Writer) (err error) {
	if s.town, err = seed.Load(); err != nil {
		return err
	}
	fmt.Fprint(out, "Building a small invented town")
	err = s.Settle(ctx, s.town, time.Now(), clock.set, func(what string) { fmt.Fprintf(out, "\r\033[KBuilding a small invented town: %s", what) })
	clock.ahead.Store(0)
	fmt.Fprint(out, "\r\033[K")
	return err
}

// welcome tells where to look first.
func (s *theatre) welcome(out io.Writer, took time.Duration) {
	base := s.Config.BaseURL
	fmt.Fprintf(out, "Lindholm is there after %.1f seconds:\n\n  %s\n\nSign in as\n\n", took.Seconds(), base)
	for _, p := range s.town.People {
		fmt.Fprintf(out, "  %s/dev/as/%-6s  %s, %s\n", base, p.ID, p.Name, doing(p))
	}
	fmt.Fprintf(out, "\nMails are at %s/dev/mail. Everybody is invented; Ctrl-C ends the demo and nothing is kept.\n", base)
}

// doing says who somebody of the town is.
func doing(p seed.Person) string {
	if p.Organisation == "" {
		return p.Role
	}
	return p.Role + ", " + p.Organisation
}
