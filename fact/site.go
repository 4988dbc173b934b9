// SPDX-License-Identifier: Apache-2.0

package fact

import "example.org/chorus"

func init() { register[SiteDescribed]() }

// SiteDescribed says what an instance is called and who looks after it. The
// newest one holds.
type SiteDescribed struct {
	Site chorus.ID
	Core Part[SiteCore]
}

// SiteCore is how an instance presents itself.
type SiteCore struct {
	Name    chorus.Text `json:"name"`
	About   chorus.Text `json:"about"`   // Markdown: who runs it and for whom
	Contact string      `json:"contact"` // how to reach the stewards, as they wish it shown
}

func (*SiteDescribed) Kind() string { return "site" }

func (f *SiteDescribed) bind(b *binding) {
	*b = binding{subject: &f.Site, parts: []part{&f.Core}}
}
