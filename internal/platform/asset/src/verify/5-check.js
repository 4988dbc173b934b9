// The two checks: of a receipt, and of a bundle.

const proofLine = "c2sp.org/tlog-proof@v1";

// parseReceipt reads a .tlog-proof whose extra line holds the leaf and its parts.
function parseReceipt(text) {
  const end = text.indexOf("\n\n"), lines = text.slice(0, end).split("\n");
  const take = (word) => lines[0]?.startsWith(word + " ") ? lines.shift().slice(word.length + 1) : refuse("receiptBroken");
  if (end < 0 || lines.shift() !== proofLine) refuse("receiptBroken");
  const packed = fromBase64(take("extra")), extra = packed && parseJSON(fromUTF8(packed)), index = take("index");
  const receipt = { index: Number(index), bytes: fromBase64URL(String(extra?.leaf)), parts: parseParts(extra?.parts), path: lines.map(fromBase64), note: text.slice(end + 2) };
  const good = receipt.bytes && receipt.parts && String(receipt.index) === index && isNumber(receipt.index) && receipt.path.every((h) => h?.length === 32);
  return good ? receipt : refuse("receiptBroken");
}

// checkReceipt proves from the receipt alone that an entry stands in a record.
async function checkReceipt(text, keys) {
  const receipt = parseReceipt(text), { index } = receipt, checkpoint = parseCheckpoint(receipt.note);
  const leaf = parseLeaf(receipt.bytes) ?? refuse("leafBroken", { index }), hash = leafHash(receipt.bytes);
  checkParts(index, leaf, receipt.parts);
  const root = index < checkpoint.size && rootOf(hash, index, checkpoint.size, receipt.path);
  if (!root || !same(root, checkpoint.root)) refuse("notIncluded", { index });
  if (!keys.length) refuse("keyMissing");
  const key = await checkSignature(checkpoint, keys);
  return { index, leaf, hash: toBase64URL(hash), parts: receipt.parts, checkpoint, key };
}

const tilePath = (level, n, width) => "tile/" + level + "/" + number(n) + (width < 256 ? ".p/" + width : "");

// number writes 1234067 as x001/x234/067.
function number(n) {
  let text = String(n % 1000).padStart(3, "0");
  while ((n = Math.floor(n / 1000)) > 0) text = "x" + String(n % 1000).padStart(3, "0") + "/" + text;
  return text;
}

class Bundle {
  // open reads whose record a zip holds and believes nothing else yet.
  static async open(file) {
    const b = new Bundle();
    b.zip = await Zip.open(file);
    b.about = parseJSON(await b.zip.text("bundle.json"));
    const { v, origin, from, to } = b.about ?? {};
    if (v !== 1 || typeof origin !== "string" || !isNumber(from) || !isNumber(to) || from > to) refuse("aboutBroken");
    b.folder = hex(sha256(utf8(origin))) + "/";
    for (const name of b.zip.files.keys())
      if (/^[0-9a-f]{64}\//i.test(name) && !name.startsWith(b.folder)) refuse("secondOrigin", { origin });
    b.policy = b.zip.files.has("policy.txt") ? parsePolicy(await b.zip.text("policy.txt")) : parsePolicy("");
    return b;
  }

  // keys are those that the bundle itself names.
  async keys() {
    const own = this.zip.files.has(this.folder + "vkey") ? (await this.zip.text(this.folder + "vkey")).split("\n") : [];
    return [...own.map((line) => parseKey(line)), ...this.policy.logs].filter((key) => key && key.name === this.about.origin);
  }

  read(path) { return this.zip.read(this.folder + path); }

  // check goes the way of record.md 6.2: who signed, the tree, the bodies, the numbers.
  async check(keys, policy, kept, progress) {
    const checkpoint = this.checkpoint = parseCheckpoint(fromUTF8(await this.read("checkpoint")) ?? refuse("noteBroken"));
    if (checkpoint.origin !== this.about.origin || checkpoint.size !== this.about.to) refuse("aboutBroken");
    const key = await checkSignature(checkpoint, keys), witnesses = await checkQuorum(checkpoint, policy);
    Object.assign(this, { kept, tree: new Tree(), tally: new Tally(), erased: new Map(), places: new Map(), redactions: [], shown: new Set(), titles: new Map(), later: [] });
    this.from = this.about.from - this.about.from % 256; // tiles that were complete before are not in the bundle
    await this.loadEdge();
    for (let n = this.from / 256; n * 256 < checkpoint.size; n++) {
      await this.entries(n);
      await progress(this.tree.size / checkpoint.size);
    }
    await this.checkTiles(this.tree.edge.flatMap((row, level) => row.length ? [[level, row]] : []));
    if (!same(this.tree.root(), checkpoint.root)) refuse("rootWrong");
    this.checkRedactions();
    const counts = this.from ? null : this.tally.count();
    if (counts) await this.checkCounts(counts);
    return { checkpoint, key, witnesses, counts, from: this.from, titles: this.titles, later: this.later };
  }

  // loadEdge takes the hashes of what an incremental bundle leaves out. The root shows whether they are true.
  async loadEdge() {
    this.tree.size = this.from;
    for (let level = 0, n = this.from; n > 0; level++, n = Math.floor(n / 256)) {
      const width = n % 256, tile = Math.floor(n / 256);
      const data = width ? await this.read(tilePath(level, tile, this.width(level, tile))) : [];
      this.tree.edge.push(Array.from({ length: width }, (_, i) => data.slice(32 * i, 32 * i + 32)));
    }
  }

  // width is how many hashes a tile holds at the bundle's size.
  width(level, n) {
    return Math.min(256, Math.floor(this.checkpoint.size / 256 ** level) - 256 * n);
  }

  async entries(n) {
    const width = this.width(0, n), full = [];
    const bytes = await this.read(tilePath("entries", n, width));
    const lines = (fromUTF8(await this.read("bodies/" + number(n))) ?? "").split("\n");
    if (lines.length !== width + 1 || lines[width] !== "") refuse("bodyBroken", { index: n * 256 });
    let at = 0;
    for (let i = 0; i < width; i++) {
      const end = at + 2 + (bytes[at] << 8 | bytes[at + 1]);
      if (!(end <= bytes.length)) refuse("entriesBroken", { index: n * 256 + i });
      this.entry(bytes.slice(at + 2, end), lines[i], full);
      at = end;
    }
    if (at !== bytes.length) refuse("entriesBroken", { index: n * 256 + width });
    await this.checkTiles(full);
  }

  entry(bytes, line, full) {
    const index = this.tree.size, leaf = parseLeaf(bytes) ?? refuse("leafBroken", { index }), raw = leafHash(bytes), hash = toBase64URL(raw);
    this.tree.add(raw, (level, row) => full.push([level, row]));
    this.places.set(hash, index);
    this.body(index, leaf, hash, line);
    if (leaf.k === "redaction") {
      if (!this.erased.has(leaf.r)) this.erased.set(leaf.r, []);
      for (const part of leaf.p) this.erased.get(leaf.r)[part] ??= index;
    }
    this.tally.add(hash, leaf);
    this.compare(index, hash, leaf);
  }

  body(index, leaf, hash, line) {
    const text = parseJSON(line), parts = text && JSON.stringify({ i: index, parts: text.parts }) === line ? parseParts(text.parts) : null;
    checkParts(index, leaf, parts);
    parts.forEach((p, part) => {
      if (p.salt) this.shown.add(hash + part);
      if ("redacted_by" in p) this.redactions.push({ index, hash, part, by: p.redacted_by });
    });
    if (leaf.k === "declaration" && parts[0]?.salt) this.title(leaf.s, parts[0].body);
  }

  title(subject, body) {
    this.titles.set(subject, parseJSON(fromUTF8(body))?.title);
  }

  // compare holds the record against a receipt that was kept: another root or another leaf is a second history.
  compare(index, hash, leaf) {
    const { kept } = this, other = { origin: this.about.origin };
    if (!kept) return;
    if (kept.index === index && kept.hash !== hash) refuse("fork", other);
    if (kept.checkpoint.size === index + 1 && !same(this.tree.root(), kept.checkpoint.root)) refuse("fork", other);
    if (leaf.r && leaf.r === kept.hash) this.later.push({ index, leaf });
  }

  async checkTiles(tiles) {
    for (const [level, row] of tiles) {
      const n = Math.ceil(this.tree.size / 256 ** (level + 1)) - 1;
      if (!same(await this.read(tilePath(level, n, row.length)), join(...row))) refuse("tileWrong", { tile: tilePath(level, n, row.length) });
    }
  }

  // checkRedactions: what the record says is erased may not be shown, and nothing else may be missing.
  checkRedactions() {
    for (const [hash, parts] of this.erased)
      parts.forEach((by, part) => {
        if (this.shown.has(hash + part)) refuse("shownAfterErasure", { index: this.places.get(hash), by });
      });
    for (const { index, hash, part, by } of this.redactions)
      if (this.erased.get(hash)?.[part] !== by) refuse("erasedInSilence", { index, by });
  }

  // checkCounts compares the numbers that the instance gave with ours.
  async checkCounts(counts) {
    if (!this.zip.files.has(this.folder + "counts")) return;
    const said = new Set();
    for (const line of (await this.read("counts").then(fromUTF8) ?? "?").split("\n").filter(Boolean)) {
      const claim = parseJSON(line), declaration = claim?.declaration, ours = counts.get(declaration);
      if (!ours || claim.as_of !== this.checkpoint.size || Object.keys(ours).some((k) => claim[k] !== ours[k])) refuse("countWrong", { declaration });
      said.add(declaration);
    }
    for (const declaration of counts.keys()) if (!said.has(declaration)) refuse("countWrong", { declaration });
  }
}
