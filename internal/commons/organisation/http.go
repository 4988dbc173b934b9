// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

import "example.org/chorus/internal/platform/web"

// Routes adds the pages of organisations.
func (s *Service) Routes(site *web.Site) {
}
