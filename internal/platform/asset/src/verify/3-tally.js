// Counting signatures from the leaves alone, by the rules of every Chorus: a
// signature counts until it is withdrawn or taken out; one of an organisation
// counts while the organisation is verified.

class Tally {
  constructor() {
    this.declarations = new Map(); // subject to its numbers
    this.signatures = new Map(); // leaf hash to signature
    this.verified = new Map(); // leaf hash of an organisation's entry to whether it is verified
  }

  add(hash, leaf) {
    const signature = this.signatures.get(leaf.r);
    switch (leaf.k) {
      case "declaration": this.of(leaf.s); break;
      case "signature": this.sign(hash, { of: leaf.s }); break;
      case "organisation-signature": this.sign(hash, { of: leaf.s, organisation: leaf.r || "none" }); break;
      case "organisation-verified": this.verified.set(leaf.r, true); break;
      case "organisation-unverified": this.verified.set(leaf.r, false); break;
      case "withdrawal": if (signature) signature.withdrawn = true; break;
      case "invalidation": if (signature) signature.invalid = true; break;
      case "reinstatement": if (signature) signature.invalid = false; break;
    }
  }

  sign(hash, signature) {
    this.of(signature.of);
    if (!this.signatures.has(hash)) this.signatures.set(hash, signature);
  }

  of(subject) {
    if (!this.declarations.has(subject)) this.declarations.set(subject, { people: 0, organisations: 0, waiting: 0 });
    return this.declarations.get(subject);
  }

  count() {
    for (const s of this.signatures.values()) {
      if (s.withdrawn || s.invalid) continue;
      const numbers = this.of(s.of);
      if (!s.organisation) numbers.people++;
      else if (this.verified.get(s.organisation)) numbers.organisations++;
      else numbers.waiting++;
    }
    return this.declarations;
  }
}
