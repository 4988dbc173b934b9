// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"errors"
	"strings"

	"golang.org/x/net/idna"
)

// ErrAddress means that a text is not an e-mail address.
var ErrAddress = errors.New("mail: not an e-mail address")

var domainRules = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true),
	idna.BidiRule(), idna.VerifyDNSLength(true))

// ParseAddress reads the address a person typed and gives the form to send to:
// without spaces around it, the domain in lower case and as punycode. It takes
// no quoted names, no comments, no IP addresses and no letters beyond ASCII
// before the @, for servers that deliver those are too few. Else ErrAddress.
func ParseAddress(s string) (string, error) {
	local, host, ok := strings.Cut(strings.TrimSpace(s), "@")
	if !ok || !isLocal(local) {
		return "", ErrAddress
	}
	host, err := domainRules.ToASCII(host)
	if err != nil || !isHost(host) || len(local)+1+len(host) > 254 {
		return "", ErrAddress
	}
	if again, err := domainRules.ToASCII(host); err != nil || again != host {
		return "", ErrAddress // idna writes some names that it does not read
	}
	return local + "@" + host, nil
}

// isLocal is dot-atom of RFC 5322, at most 64 bytes.
func isLocal(s string) bool {
	if len(s) == 0 || len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		if !isLetterOrDigit(s[i]) && !strings.Contains(".!#$%&'*+-/=?^_`{|}~", s[i:i+1]) {
			return false
		}
	}
	return true
}

func isLetterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// isHost wants two labels or more, and a last one that is no number: an IP
// address is not a domain.
func isHost(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	last := s[dot+1:]
	return dot > 0 && len(last) >= 2 && strings.Trim(last, "0123456789") != "" && !strings.Contains(s, "@")
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// A provider treats several spellings of an address as one mailbox.
type provider struct {
	domains []string // of one mailbox when same is set; the first stands for all
	same    bool
	noDots  bool // dots before the @ mean nothing
}

// providers are those known to deliver name+anything to name. An address whose
// provider is not listed is left alone: there the two may be two people. List
// a provider only when its own help pages say so.
var providers = []provider{
	{domains: []string{"gmail.com", "googlemail.com"}, same: true, noDots: true},
	{domains: []string{"proton.me", "protonmail.com", "protonmail.ch", "pm.me"}, same: true},
	{domains: []string{"icloud.com", "me.com", "mac.com"}, same: true},
	{domains: []string{"outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de",
		"hotmail.it", "hotmail.es", "outlook.fr", "outlook.de", "outlook.es", "outlook.it", "outlook.sa", "live.co.uk", "live.fr"}},
	{domains: []string{"fastmail.com", "fastmail.fm", "sent.com", "hey.com", "mailbox.org", "posteo.de", "posteo.net",
		"runbox.com", "pobox.com", "zoho.com", "zohomail.com", "disroot.org", "riseup.net"}},
	{domains: []string{"yandex.ru", "yandex.com", "ya.ru", "yandex.by", "yandex.kz"}, same: true},
}

// providerByDomain maps every domain of the table to its row.
var providerByDomain = func() map[string]*provider {
	m := map[string]*provider{}
	for i, p := range providers {
		for _, d := range p.domains {
			m[d] = &providers[i]
		}
	}
	return m
}()

// Normalise gives one spelling to all addresses that are known to reach the
// same mailbox. It is for comparing only, never for sending, and takes what
// ParseAddress gives; of other text it makes lower case.
func Normalise(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return address
	}
	local, host := address[:at], address[at+1:]
	p := providerByDomain[host]
	if p == nil {
		return address
	}
	if name, _, tagged := strings.Cut(local, "+"); tagged && name != "" {
		local = name
	}
	if name := strings.ReplaceAll(local, ".", ""); p.noDots && name != "" {
		local = name
	}
	if p.same {
		host = p.domains[0]
	}
	return local + "@" + host
}
