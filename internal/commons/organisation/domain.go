// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import (
	"slices"
	"strings"
)

// public are the domains under which everybody can have an address or a page:
// a mailbox or a page there says nothing about an organisation.
var public = []string{
	"gmail.com", "googlemail.com", "google.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com", "aol.com",
	"icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com", "pm.me", "gmx.de", "gmx.net", "gmx.at", "gmx.com", "gmx.ch", "web.de", "t-online.de",
	"freenet.de", "posteo.de", "mailbox.org", "riseup.net", "disroot.org", "systemli.org", "mail.com", "mail.ru", "yandex.ru", "yandex.com", "ya.ru",
	"fastmail.com", "zoho.com", "hey.com", "tutanota.com", "tuta.io", "orange.fr", "free.fr", "laposte.net", "libero.it", "qq.com", "163.com", "126.com",
	"naver.com", "seznam.cz", "wp.pl", "o2.pl", "onet.pl", "ukr.net", "rediffmail.com", "maktoob.com", "bigpond.com", "btinternet.com", "comcast.net",
	"facebook.com", "instagram.com", "twitter.com", "x.com", "linkedin.com", "youtube.com", "tiktok.com", "telegram.org", "t.me", "whatsapp.com",
	"github.com", "github.io", "gitlab.com", "gitlab.io", "wordpress.com", "blogspot.com", "medium.com", "substack.com", "tumblr.com", "linktr.ee",
	"wixsite.com", "weebly.com", "jimdo.com", "jimdosite.com", "squarespace.com", "webflow.io", "netlify.app", "vercel.app", "pages.dev", "notion.site",
	"meetup.com", "eventbrite.com", "change.org", "betterplace.org", "opencollective.com", "patreon.com",
}

// publicLabels stand before a country's ending where anybody can take a name:
// org.uk is no organisation.
var publicLabels = []string{"co", "com", "org", "net", "edu", "ac", "gov", "gob", "gouv", "go", "or", "ne", "ngo", "info", "web", "nom", "me", "ltd", "plc"}

// isPublic reports whether a domain, or one that it lies in, is everybody's.
func isPublic(domain string) bool {
	labels := strings.Split(domain, ".")
	if len(labels) < 2 || len(labels) == 2 && len(labels[1]) == 2 && slices.Contains(publicLabels, labels[0]) {
		return true
	}
	return slices.ContainsFunc(public, func(p string) bool { return covers(p, domain) })
}

// covers reports whether domain is host or lies in it.
func covers(host, domain string) bool {
	return host != "" && (domain == host || strings.HasSuffix(domain, "."+host))
}

// domainOf is the part of an address behind the @, in lower case.
func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// checkAddress is the fault of an address that a code for the organisation is
// to be sent to.
func (o Organisation) checkAddress(address string) string {
	domain := domainOf(address)
	switch {
	case o.Host() == "":
		return "organisation.fault.no_website"
	case isPublic(o.Host()) || isPublic(domain):
		return "organisation.fault.public_domain"
	case !covers(o.Host(), domain):
		return "organisation.fault.other_domain" + "|domain=" + o.Host()
	}
	return ""
}
