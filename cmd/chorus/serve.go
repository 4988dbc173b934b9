// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"example.org/chorus/internal/app"
)

// serve runs an instance until it is told to stop.
func serve(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("chorus serve", flag.ContinueOnError)
	config := instance(flags)
	addr := flags.String("addr", "localhost:8080", "the `host:port` to listen on")
	if err := parse(flags, args, out); err != nil {
		return err
	}
	if err := os.MkdirAll(config.Data, 0o700); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	if config.BaseURL == "" {
		config.BaseURL = "http://" + localName(listener.Addr())
	}
	a, err := app.Open(ctx, *config)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	fmt.Fprintf(out, "Chorus runs at %s\n", a.Config.BaseURL)
	link, err := a.Portal.SetupLink(ctx)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	if link != "" {
		fmt.Fprintf(out, "Nobody looks after it yet. Open this link once to become its first steward:\n\n  %s%s\n\nMails go to %s\n", a.Config.BaseURL, link, a.Config.Mail)
	}
	return errors.Join(run(ctx, a, listener, a.Handler()), a.Close())
}

// localName is how a browser on this machine reaches a listener.
func localName(addr net.Addr) string {
	host, port, _ := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

const grace = 10 * time.Second // for visitors whose request is under way

// run serves and works until ctx ends, then lets what is under way finish.
func run(ctx context.Context, a *app.App, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var working sync.WaitGroup
	var workErr, serveErr error
	background, rest := context.WithCancel(context.Background())
	working.Go(func() { workErr = a.Run(background) })
	working.Go(func() {
		defer stop()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			serveErr = err
		}
	})
	<-ctx.Done()
	last, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	shutErr := server.Shutdown(last)
	rest()
	working.Wait()
	return errors.Join(serveErr, shutErr, workErr)
}
