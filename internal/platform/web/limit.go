// SPDX-License-Identifier: AGPL-3.0-or-later

package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"example.org/chorus"
)

// limits counts tries by the network they come from. The network is kept as a
// keyed hash in memory, and the key is thrown away every day.
type limits struct {
	mu   sync.Mutex
	day  string
	key  [32]byte
	each map[[32]byte]*rate.Limiter
}

const maxLimiters = 200_000

// A Rate is how often something may be tried from one network.
type Rate struct {
	Deed    string
	PerHour int
	Burst   int
}

// Limit counts one try and fails with ErrTries when there were too many.
func (v *Visit) Limit(r Rate) error {
	if v.Site.Unlimited || v.Site.limits.allow(r, v.network(), v.Site.DB.Now()) {
		return nil
	}
	return ErrTries
}

// LimitAll counts one try of all networks together and fails with
// chorus.ErrBusy when there were too many.
func (v *Visit) LimitAll(r Rate) error {
	if v.Site.Unlimited || v.Site.limits.allow(r, "", v.Site.DB.Now()) {
		return nil
	}
	return chorus.ErrBusy
}

// FormWithin reads a posted form and counts it as one try.
func (v *Visit) FormWithin(r Rate) (Form, error) {
	f, err := v.Form()
	if err != nil {
		return f, err
	}
	return f, v.Limit(r)
}

func (l *limits) allow(r Rate, network string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if day := now.UTC().Format(time.DateOnly); day != l.day || len(l.each) > maxLimiters {
		l.day, l.each = day, map[[32]byte]*rate.Limiter{}
		rand.Read(l.key[:])
	}
	mac := hmac.New(sha256.New, l.key[:])
	mac.Write([]byte(r.Deed + "\n" + network))
	k := [32]byte(mac.Sum(nil))
	if l.each[k] == nil {
		l.each[k] = rate.NewLimiter(rate.Limit(float64(r.PerHour)/3600), r.Burst)
	}
	return l.each[k].AllowN(now, 1)
}

// network is the part of the visitor's address that a household or office
// shares: 24 bits of IPv4, 48 of IPv6.
func (v *Visit) network() string {
	host, _, err := net.SplitHostPort(v.RemoteAddr)
	if err != nil {
		host = v.RemoteAddr
	}
	if forwarded := v.Header.Values("X-Forwarded-For"); v.Site.BehindProxy && len(forwarded) > 0 {
		all := strings.Split(strings.Join(forwarded, ","), ",")
		host = strings.TrimSpace(all[len(all)-1])
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	bits := 24
	if a = a.Unmap(); a.Is6() {
		bits = 48
	}
	p, _ := a.Prefix(bits) // bits fit the address
	return p.String()
}
