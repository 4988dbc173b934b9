// The formats of a record: leaves, bodies, the tree over them, and what is signed.

// A Refusal names the sentence to show and what stands in it.
class Refusal extends Error {
  constructor(sentence, values = {}) {
    super(sentence);
    this.values = values;
  }
}

const refuse = (sentence, values) => { throw new Refusal(sentence, values); };

const leafHash = (leaf) => sha256(join([0], leaf));
const nodeHash = (left, right) => sha256(join([1], left, right));
const committed = utf8("chorus-body-v1\0");
const commitment = (salt, body) => sha256(join(committed, salt, body));

const isHash = (s) => /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(s);
const isWord = (s) => /^[a-z][a-z0-9-]{0,39}$/.test(s);
const isNumber = (n) => Number.isSafeInteger(n) && n >= 0;
const listOf = (is) => (v) => Array.isArray(v) && v.length > 0 && v.every(is);
const leafFields = {
  c: listOf(isHash), d: (s) => /^\d{4}-\d\d-\d\d$/.test(s), k: isWord, p: listOf((n) => isNumber(n) && n < 16),
  q: isHash, r: isHash, s: (s) => /^[\w-]{21}[AQgw]$/.test(s), v: (n) => n === 1, w: isWord,
};

// parseLeaf accepts the one spelling of a leaf: sorted keys, nothing doubled,
// nothing unknown, printable ASCII without escapes.
function parseLeaf(bytes) {
  try {
    const text = fromUTF8(bytes), leaf = JSON.parse(text), keys = Object.keys(leaf);
    const good = JSON.stringify(leaf) === text && bytes.length <= 1024 && ["d", "k", "s", "v"].every((k) => k in leaf) &&
      keys.every((k, i) => (!i || keys[i - 1] < k) && Object.hasOwn(leafFields, k) && leafFields[k](leaf[k]));
    return good ? { c: [], p: [], r: "", ...leaf } : null;
  } catch {
    return null;
  }
}

// parseParts reads the parts of a body, each as {salt, body}, {withheld} or {redacted_by}.
function parseParts(parts) {
  const read = (part) => {
    const keys = Object.keys(part).join();
    if (keys === "withheld" && part.withheld === true || keys === "redacted_by" && isNumber(part.redacted_by)) return part;
    const salt = keys === "salt,body" && fromBase64URL(String(part.salt)), body = salt && fromBase64URL(String(part.body));
    return body && salt.length === 32 ? { salt, body } : null;
  };
  const all = Array.isArray(parts) && parts.every((p) => p && typeof p === "object") ? parts.map(read) : [null];
  return all.includes(null) ? null : all;
}

// checkParts makes sure that what is shown is what the leaf commits to. The
// first part may be erased, but never just not be shown.
function checkParts(index, leaf, parts) {
  if (parts?.length !== leaf.c.length || parts[0]?.withheld) refuse("bodyBroken", { index });
  parts.forEach((p, part) => {
    if (p.salt && toBase64URL(commitment(p.salt, p.body)) !== leaf.c[part]) refuse("bodyChanged", { index, part });
  });
}

// A Tree keeps the right edge: per level the hashes of the last tile.
class Tree {
  constructor() { this.size = 0; this.edge = []; }

  // add takes a leaf's hash; full is called with each tile that is complete.
  add(hash, full) {
    this.size++;
    for (let level = 0; ; level++) {
      const row = this.edge[level] ??= [];
      row.push(hash);
      if (row.length < 256) return;
      full(level, row);
      hash = subtree(row);
      this.edge[level] = [];
    }
  }

  root() {
    let root = null;
    for (const row of this.edge)
      for (let end = row.length; end > 0; ) {
        const width = end & -end, h = subtree(row.slice(end - width, end));
        root = root ? nodeHash(h, root) : h;
        end -= width;
      }
    return root ?? sha256(new Uint8Array());
  }
}

function subtree(row) {
  while (row.length > 1) row = row.flatMap((h, i) => i % 2 ? [] : [nodeHash(h, row[i + 1])]);
  return row[0];
}

// rootOf follows the path of hashes from a leaf to the root (RFC 9162, 2.1.3.2).
function rootOf(hash, index, size, path) {
  let at = index, last = size - 1;
  const half = (n) => Math.floor(n / 2);
  for (const beside of path) {
    if (last === 0) return null;
    if (at % 2 || at === last) {
      hash = nodeHash(beside, hash);
      while (at % 2 === 0 && at > 0) at = half(at), last = half(last);
    } else hash = nodeHash(hash, beside);
    at = half(at), last = half(last);
  }
  return last === 0 ? hash : null;
}

// parseNote cuts a signed note (C2SP signed-note) into its text and signatures.
function parseNote(note) {
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) refuse("noteBroken");
  const signatures = note.slice(end + 2, -1).split("\n").map((line) => {
    const found = /^— ([^\s+]+) (\S+)$/u.exec(line), bytes = found && fromBase64(found[2]);
    return bytes?.length > 4 ? { name: found[1], id: hex(bytes.slice(0, 4)), bytes: bytes.slice(4) } : refuse("noteBroken");
  });
  return { text: note.slice(0, end + 1), signatures };
}

// parseCheckpoint reads origin, size and root (C2SP tlog-checkpoint).
function parseCheckpoint(note) {
  const signed = parseNote(note), [origin, digits, root, end, more] = signed.text.split("\n");
  const size = Number(digits), hash = fromBase64(root ?? "");
  if (end !== "" || more !== undefined || String(size) !== digits || !isNumber(size) || hash?.length !== 32 || !/^[^\s+]+$/u.test(origin)) refuse("noteBroken");
  return { ...signed, origin, size, root: hash };
}

// parseKey reads a verifier key, name+id+key. Kind 1 signs records, kind 4 is a witness.
function parseKey(text, kind = 1) {
  const [, name, id, rest] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text) ?? [];
  const key = fromBase64(rest ?? "");
  if (key?.length !== 33 || key[0] !== kind || hex(sha256(join(utf8(name + "\n"), key)).slice(0, 4)) !== id) return null;
  return { text, name, id, bytes: key.slice(1), fingerprint: hex(sha256(utf8(text))) };
}

async function isSignedBy(key, message, signature) {
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key.bytes, "Ed25519", false, ["verify"]);
  } catch {
    refuse("noEd25519");
  }
  return crypto.subtle.verify("Ed25519", imported, signature, message);
}

// checkSignature needs one of the keys to have signed, and no bad signature of any.
async function checkSignature(checkpoint, keys) {
  let by = null;
  for (const key of keys)
    for (const s of checkpoint.signatures.filter((s) => s.name === key.name && s.id === key.id)) {
      if (!await isSignedBy(key, utf8(checkpoint.text), s.bytes)) refuse("signatureBad", { origin: checkpoint.origin });
      by = key;
    }
  if (!by || by.name !== checkpoint.origin) refuse("signatureMissing", { origin: checkpoint.origin });
  return by;
}

// parsePolicy reads whom to believe (C2SP tlog-policy).
function parsePolicy(text) {
  const policy = { logs: [], members: new Map(), quorum: "none" }, keys = new Set();
  for (const line of text.split("\n")) {
    const [word, name, ...rest] = line.trim().split(/\s+/);
    if (!word || word.startsWith("#")) continue;
    const witness = word === "witness" && parseKey(rest[0] ?? "", 4), log = word === "log" && parseKey(name ?? "");
    if (log) policy.logs.push(log);
    else if (witness && !policy.members.has(name) && !keys.has(hex(witness.bytes))) keys.add(hex(witness.bytes)), policy.members.set(name, { witness }); // one key counts once
    else if (word === "group" && rest.length > 1 && rest.slice(1).every((m) => policy.members.has(m)))
      policy.members.set(name, { of: rest.slice(1), least: { all: rest.length - 1, any: 1 }[rest[0]] ?? Number(rest[0]) });
    else if (word === "quorum" && (name === "none" || policy.members.has(name))) policy.quorum = name;
    else refuse("policyBroken", { line });
  }
  return policy;
}

// checkQuorum tells which witnesses of a policy have seen a checkpoint.
async function checkQuorum(checkpoint, policy) {
  const seen = new Set();
  for (const [name, { witness }] of policy.members)
    for (const s of checkpoint.signatures.filter((s) => witness && s.name === witness.name && s.id === witness.id)) {
      if (s.bytes.length !== 72) refuse("cosignatureBad", { name });
      const time = new DataView(s.bytes.buffer).getBigUint64(0);
      const message = utf8("cosignature/v1\ntime " + time + "\n" + checkpoint.text);
      if (!await isSignedBy(witness, message, s.bytes.slice(8))) refuse("cosignatureBad", { name });
      seen.add(name);
    }
  const holds = (name) => {
    const member = policy.members.get(name);
    return member?.of ? member.of.filter(holds).length >= member.least : seen.has(name);
  };
  if (policy.quorum !== "none" && !holds(policy.quorum)) refuse("quorumMissing");
  return [...seen];
}
