// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// A server is an SMTP server that takes our mail.
type server struct {
	host    string
	options []gomail.Option
}

var errSMTP = errors.New("want smtp://user:password@host:port or smtps://…, with nothing behind but ?tls=optional")

// openSMTP never repeats the URL in an error: it holds a password.
func openSMTP(address string) (Sender, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, errSMTP
	}
	tls := u.Query().Get("tls")
	if u.RawQuery != "" && u.RawQuery != "tls=optional" && u.RawQuery != "tls=required" {
		return nil, errSMTP
	}
	port := map[string]int{"smtp": 587, "smtps": 465}[u.Scheme]
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, errSMTP
		}
	}
	s := server{host: u.Hostname(), options: []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(30 * time.Second)}}
	switch {
	case u.Scheme == "smtps":
		s.options = append(s.options, gomail.WithSSL())
	case tls == "optional" || tls == "" && isLoopback(u.Hostname()):
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if password, ok := u.User.Password(); ok {
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	_, err = gomail.NewClient(s.host, s.options...)
	return s, err
}

// isLoopback: nobody listens between two programs on one machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send hands the letter to the server.
func (s server) Send(ctx context.Context, l Letter) error {
	msg, err := compose(l, encodingOf(l.Text))
	if err != nil {
		return err
	}
	// go-mail would say hello with the machine's name.
	client, err := gomail.NewClient(s.host, append(s.options[:len(s.options):len(s.options)], gomail.WithHELO(domain(l.From.Address)))...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDown, err)
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() { // a goodbye that failed changes nothing
		return nil
	}
	return smtpFault(err)
}

// encodingOf takes the shorter of the two encodings that every server passes
// on: quoted-printable makes three bytes of one, base64 four of three.
func encodingOf(text string) gomail.Encoding {
	foreign := 0
	for i := range len(text) {
		if text[i] >= 0x80 {
			foreign++
		}
	}
	if foreign*6 < len(text) {
		return gomail.EncodingQP
	}
	return gomail.EncodingB64
}

// smtpFault sorts the ways in which sending fails. Of a server's reply only the
// code is kept, for the words often repeat the address.
func smtpFault(err error) error {
	e, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return fmt.Errorf("%w: %w", ErrDown, err) // no connection, no encryption, no sign-in
	}
	code, status := e.ErrorCode(), e.EnhancedStatusCode()
	reply := fmt.Errorf("%v: reply %d %s", e.Reason, code, status)
	aboutMail := e.Reason == gomail.ErrSMTPRcptTo || e.Reason == gomail.ErrSMTPData || e.Reason == gomail.ErrSMTPDataClose
	switch {
	case !aboutMail, code == 0, code == 421:
		return fmt.Errorf("%w: %w", ErrDown, reply)
	case code >= 500 && !strings.HasPrefix(status, "5.7"): // 5.7 is policy: perhaps we are the ones at fault
		return fmt.Errorf("%w: %w", ErrRefused, reply)
	default:
		return reply
	}
}
