// SPDX-License-Identifier: AGPL-3.0-or-later

package organisation

// ReadRows is readRows, for the fuzz target.
var ReadRows = readRows
