// SPDX-License-Identifier: AGPL-3.0-or-later

package account

import "example.org/chorus/internal/platform/web"

// Routes adds the pages of signing in and of one's own account.
func (s *Service) Routes(site *web.Site) {
}
