// SPDX-License-Identifier: Apache-2.0

// Package opinion is the mathematics of deliberation: many people agree, disagree or pass on each other's statements, and the
// package finds the groups of opinion among them and the ground they share. It needs nothing but the standard library.
//
// A [Log] collects events, as [ReadVotes] reads them from a file; [Log.Votes] is the latest vote of everyone on everything; [Analyze] makes
// a [Result] of it. A [State] is a conversation that goes on: it takes votes, draws the next statement for
// a person, and gives the same Result at any time. [Compat] computes what Polis computes instead, quirk by quirk.
//
// # What Analyze does, and why
//
// The axes are the principal components of the votes, a missing vote standing at the mean of its statement. The completed
// matrix is never formed: centred, it is zero wherever a vote is missing, so every product costs one step per vote; and where statements are few
// enough, exact integer counts of pairs of votes take the place of the votes. The eigenvectors are found by the method of
// Lanczos (1950) to a residual of 1e-11.
//
// People are grouped on as many axes as rise above what independent votes would give, found by flipping signs at random (Hong, Sheng,
// Dobriban 2020), and shown on two. Each is placed by ridge regression on the votes they gave and on nothing else, with the spread of
// people as the ridge (Tipping and Bishop 1999); what is not known about a place is its ellipse. Someone with few
// votes stays near the middle, where Polis throws them outwards.
//
// Groups are found by k-means from many seeded starts, on little clusters of at most a few hundred; up to that many people everyone is
// one. The number of groups is the one with the best silhouette (Rousseeuw 1987) among those that come out alike in
// bootstrap samples of the people (Hennig 2007; Poisson weights, Oza and Russell 2001), and a smaller one if it is worse by less than the
// error of the difference. A group has at least Params.MinGroupVotes people: one person against all others is none, and would leave no statement with
// a consensus. Membership is a probability, given the ellipse.
//
// Consensus joins the groups by the geometric mean of the lower 10 % bound of the share that agrees (prior of Jeffreys 1946), so that few votes
// count for little and the measure does not shrink with the number of groups; the least willing group stands beside it. A pass counts as seen and not
// agreed. With fewer votes than Params.MinGroupVotes in any group there is no figure.
//
// Representative statements are ranked in full by the lower end of a log odds ratio against all other groups, shrunk towards nothing for want of
// evidence (Efron and Morris 1975), with the rate of false discoveries beside it (Benjamini and Hochberg 1995).
//
// The bridging rank needs no groups: it is the model of Community Notes, see [Bridging]. [Checks] names people who always gave
// the same answer and sets of identical people, and says what leaving out any one per cent of like-minded people would change.
//
// # What stays the same
//
// A Result is the same to the last bit for any order of arrival, however votes were split into calls, and on any number of
// processors: sums are formed in an order that depends on the votes alone. It carries the hash of its input, the parameters and the seed, so that
// anyone can compute it again. Renaming people and statements, or flipping all votes, changes no group.
// Different processor architectures may differ in the last bits.
//
// docs/opinion.md describes the files, the JSON form, the hash, figures, and what is not as in Polis.
package opinion
