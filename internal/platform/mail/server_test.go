// SPDX-License-Identifier: AGPL-3.0-or-later

package mail_test

import (
	"bufio"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// A mailServer is a small SMTP server. It keeps what it is told and replies as the test wishes.
type mailServer struct {
	address string
	mu      sync.Mutex
	replies map[string]string // to a command, such as RCPT; "" closes the connection
	said    []string          // commands
	mails   []string          // what came after DATA
}

func startServer(t *testing.T) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{address: l.Addr().String(), replies: map[string]string{}}
	var talks sync.WaitGroup
	talks.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			// go-mail leaves a connection open where it cannot agree with the server.
			t.Cleanup(func() { conn.Close() })
			talks.Go(func() { s.talk(conn) })
		}
	})
	t.Cleanup(func() { talks.Wait() }) // after every connection is closed
	t.Cleanup(func() { l.Close() })
	return s
}

func (s *mailServer) reply(command, reply string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies[command] = reply
}

func (s *mailServer) answer(line string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, line)
	verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
	if r, ok := s.replies[verb]; ok {
		return r, r != ""
	}
	return map[string]string{"EHLO": "250-hello\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME", "DATA": "354 go on", "QUIT": "221 bye"}[verb], true
}

func (s *mailServer) talk(conn net.Conn) {
	defer conn.Close()
	in := textproto.NewReader(bufio.NewReader(conn))
	fmt.Fprint(conn, "220 test\r\n")
	for {
		line, err := in.ReadLine()
		if err != nil {
			return
		}
		reply, ok := s.answer(line)
		if !ok {
			return
		}
		if reply == "" {
			reply = "250 2.0.0 fine"
		}
		fmt.Fprint(conn, reply, "\r\n")
		if strings.HasPrefix(reply, "354") && !s.receive(conn, in) {
			return
		}
	}
}

func (s *mailServer) receive(conn net.Conn, in *textproto.Reader) bool {
	body, err := in.ReadDotBytes()
	if err != nil {
		return false
	}
	reply, ok := s.answer("BODY")
	if reply == "" {
		reply = "250 2.0.0 taken"
		s.mu.Lock()
		s.mails = append(s.mails, string(body))
		s.mu.Unlock()
	}
	fmt.Fprint(conn, reply, "\r\n")
	return ok
}

// heard gives the commands and the mails so far.
func (s *mailServer) heard() (said string, mails []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.said, "\n"), append([]string(nil), s.mails...)
}
