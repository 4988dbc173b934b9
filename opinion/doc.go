// SPDX-License-Identifier: Apache-2.0

// Package opinion is the mathematics of deliberation: many people agree, disagree or pass on each other's statements,
// and the package finds the groups of opinion among them and the ground they share.
package opinion
