// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const starts = 5

// start runs this very program on an empty folder, as a newcomer would.
func (b *workbench) start(ctx context.Context) ([]figure, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(program)
	if err != nil {
		return nil, err
	}
	var ready, bare []time.Duration
	memory := 0.0
	for n := range starts {
		begun := time.Now()
		if err := exec.CommandContext(ctx, program, "version").Run(); err != nil {
			return nil, fmt.Errorf("running %s: %w", filepath.Base(program), err)
		}
		bare = append(bare, time.Since(begun))
		took, kB, err := b.startOnce(ctx, program, n == starts-1)
		if err != nil {
			return nil, err
		}
		ready, memory = append(ready, took), kB/1000
	}
	slices.Sort(ready)
	slices.Sort(bare)
	seconds := ready[starts/2].Seconds()
	size := float64(info.Size()) / 1e6
	return []figure{
		{what: "start on an empty folder to the first page", value: seconds, unit: "s", beside: "chorus version", base: bare[starts/2].Seconds(), goal: "0.3 s", missed: seconds > 0.3},
		{what: "memory three seconds after the start", value: memory, unit: "MB", goal: "60 MB", missed: memory > 60},
		{what: "size of this program", value: size, unit: "MB", goal: "40 MB", missed: size > 40},
	}, nil
}

// startOnce gives the time until the first page came and, if it may wait three
// seconds for it, the memory that the program holds then, in kB.
func (b *workbench) startOnce(ctx context.Context, program string, weigh bool) (took time.Duration, kB float64, err error) {
	folder, err := os.MkdirTemp("", "chorus-start-")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(folder)
	addr, err := freeAddress()
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	serve := exec.CommandContext(ctx, program, "serve", "--data", filepath.Join(folder, "data"), "--addr", addr)
	serve.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "CHORUS_") })
	var said bytes.Buffer
	serve.Stdout, serve.Stderr = &said, &said
	if err := serve.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		serve.Process.Signal(syscall.SIGTERM)
		serve.Wait()
	}()
	for took == 0 {
		if time.Since(begun) > 10*time.Second {
			return 0, 0, errors.New("no page after ten seconds:\n" + said.String())
		}
		if w, err := dial(addr); err == nil {
			if r, err := w.get("/", browser, ""); err == nil && r.status < 400 {
				took = time.Since(begun)
			}
			w.conn.Close()
		}
		time.Sleep(time.Millisecond)
	}
	if weigh {
		time.Sleep(3 * time.Second)
		kB = resident(serve.Process.Pid)
	}
	return took, kB, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// resident is the memory of a process in kB, where the system tells it as
// Linux does; else 0.
func resident(pid int) (kB float64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	fmt.Sscan(rest, &kB)
	return kB * 1.024
}
