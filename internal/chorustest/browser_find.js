// SPDX-License-Identifier: AGPL-3.0-or-later
// Finds a thing on a page as a person does: by the words that stand on it.
// Evaluates to find(kind, words, near), which returns the element or throws a sentence.
(kind, words, near) => {
  // Isolates around names and numbers are not words.
  const plain = (s) => (s || "").replace(/[\u2066-\u2069\u200e\u200f]/g, "").replace(/\s+/g, " ").trim();
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: false });
  const all = (css, within = document) => [...within.querySelectorAll(css)];

  const named = (e) => [
    e.getAttribute("aria-label"),
    ...(e.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean)
      .map((id) => document.getElementById(id)?.textContent),
  ].map(plain).filter(Boolean);
  const labelled = (e) => [...named(e), ...[...(e.labels || [])].map((l) => plain(l.textContent))];
  const reads = (e) => [...named(e), plain(e.matches("input") ? e.value : e.textContent)];
  const legend = (e) => [...named(e), plain(e.querySelector(":scope > legend")?.textContent)];

  // A checkbox may be drawn by its label alone, so its own box need not be seen.
  const kinds = {
    field: () => all("input, textarea, select").map((e) => [e, labelled(e)]),
    box: () => all("input[type=checkbox], input[type=radio]").map((e) => [e, labelled(e)]),
    choice: () => [
      ...all("select").map((e) => [e, labelled(e)]),
      ...all("fieldset, [role=radiogroup]").map((e) => [e, legend(e)]),
    ],
    button: () => all("button, input[type=submit], input[type=button], summary, [role=button]")
      .filter(seen).map((e) => [e, reads(e)]),
    link: () => all("a[href]").filter(seen).map((e) => [e, reads(e)]),
  };

  const wanted = plain(words);
  const there = kinds[kind]().filter(([, names]) => names.some(Boolean));
  const ways = [(n) => n === wanted, (n) => n.startsWith(wanted), (n) => n.includes(wanted)];
  let found = [];
  for (const way of ways) {
    found = there.filter(([, names]) => names.some(way)).map(([e]) => e);
    if (found.length > 0) break;
  }
  if (found.length === 0) {
    throw `no ${kind} “${wanted}”; there are: ${there.map(([, names]) => `“${names.find(Boolean)}”`).join(", ") || "none"}`;
  }
  if (!near) return found[0];

  // The nearest shares the smallest part of the page with the words.
  const place = plain(near);
  const shared = (e) => {
    for (; e; e = e.parentElement) if (plain(e.textContent).includes(place)) return e.textContent.length;
    return Infinity;
  };
  const ranked = found.map((e) => [shared(e), e]).sort((a, b) => a[0] - b[0]);
  if (ranked[0][0] === Infinity) throw `the words “${place}” are not on the page`;
  return ranked[0][1];
}
