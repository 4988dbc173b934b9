// The page itself: what a person does and sees.

const find = (id) => document.getElementById(id);

function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [k, v] of Object.entries(attributes)) made.setAttribute(k, v);
  return made;
}

let outcome = null; // what was found, told again when the language changes

function speak(to) {
  language = to;
  document.documentElement.lang = to;
  document.documentElement.dir = to === "ar" ? "rtl" : "ltr";
  document.title = say("title");
  for (const e of document.querySelectorAll("[data-say]")) e.textContent = say(e.dataset.say);
  for (const b of document.querySelectorAll("[data-language]")) b.setAttribute("aria-pressed", b.dataset.language === to);
  if (outcome) show();
}

// readGiven sorts what the person gave: bundles are zips, all else is text.
async function readGiven() {
  const given = { bundle: null, text: find("paste").value.trim() };
  for (const file of find("files").files) {
    const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    if (head[0] === 0x50 && head[1] === 0x4b) given.bundle = file;
    else if (file.size < 1e6) given.text = fromUTF8(new Uint8Array(await file.arrayBuffer())) ?? refuse("receiptBroken");
    else refuse("zipBroken");
  }
  if (!given.bundle && !given.text) refuse("nothing");
  if (given.text && !given.text.endsWith("\n")) given.text += "\n";
  return given;
}

// readTrust reads the key field: a policy, a key, or 64 digits of a fingerprint.
function readTrust() {
  const text = find("key").value.trim(), digits = text.replace(/[\s:]/g, "").toLowerCase();
  if (!text) return {};
  if (/^(log|witness|#)/m.test(text) && text.includes("log ")) {
    const policy = parsePolicy(text);
    return { policy, keys: policy.logs };
  }
  if (/^[0-9a-f]{64}$/.test(digits)) return { fingerprint: digits };
  return { keys: [parseKey(text) ?? refuse("keyBroken")] };
}

async function check(progress) {
  const given = await readGiven(), trust = readTrust(), found = { trusted: !!(trust.keys || trust.fingerprint) };
  const bundle = given.bundle && await Bundle.open(given.bundle);
  let keys = trust.keys;
  if (!keys && bundle) {
    keys = await bundle.keys();
    if (trust.fingerprint) keys = keys.filter((key) => key.fingerprint === trust.fingerprint);
    if (!keys.length) refuse(trust.fingerprint ? "keyOther" : "zipMissing", { name: "vkey" });
  }
  keys ??= [];
  if (given.text) found.receipt = await readKept(given.text, keys);
  if (bundle) found.bundle = await bundle.check(keys, trust.policy ?? bundle.policy, found.receipt, progress);
  if (bundle && found.receipt) found.compared = isBetween(found.receipt.checkpoint.size, found.bundle);
  return found;
}

const isBetween = (size, bundle) => size > bundle.from && size <= bundle.checkpoint.size;

// readKept takes a receipt, or a bare checkpoint that somebody wrote down.
async function readKept(text, keys) {
  if (text.startsWith(proofLine)) return checkReceipt(text, keys);
  const lines = text.split("\n");
  if (!/^\d+$/.test(lines[1] ?? "")) refuse("receiptBroken");
  if (!keys.length) refuse("keyMissing");
  const checkpoint = parseCheckpoint(text);
  return { index: -1, hash: null, checkpoint, key: await checkSignature(checkpoint, keys) };
}

const unsure = ["nothing", "keyMissing", "noEd25519", "tooNew", "surprise", "keyBroken", "zipTooBig"];

async function start(event) {
  event.preventDefault();
  find("go").disabled = true;
  find("result").replaceChildren();
  const bar = find("progress");
  let drawn = performance.now();
  find("checking").hidden = false;
  bar.removeAttribute("value");
  try {
    if (!globalThis.DecompressionStream) refuse("tooNew");
    if (!globalThis.crypto?.subtle) refuse("noEd25519");
    outcome = await check(async (part) => {
      if (performance.now() < drawn + 100) return;
      bar.value = part;
      await new Promise((draw) => setTimeout(draw));
      drawn = performance.now();
    });
  } catch (fault) {
    outcome = { refused: fault instanceof Refusal ? fault : new Refusal("surprise", { what: String(fault) }) };
  }
  find("checking").hidden = true;
  find("go").disabled = false;
  show();
  find("result").focus();
}

// show tells the outcome: a mark, a word and one sentence, then what it rests on.
function show() {
  const { refused, receipt, bundle, trusted, compared } = outcome, result = find("result");
  result.replaceChildren();
  const verdict = !refused ? "good" : unsure.includes(refused.message) ? "unsure" : "bad";
  result.className = verdict;
  result.append(element("h2", say(verdict)));
  const add = (name, ...rest) => result.appendChild(element(name, ...rest));
  if (refused) return add("p", say(refused.message, refused.values));
  if (bundle) add("p", say(bundle.from ? "partGood" : "bundleGood", { ...bundle.checkpoint, from: bundle.from, last: bundle.checkpoint.size - 1 }));
  if (receipt?.leaf) add("p", say("receiptGood", { ...receipt.checkpoint, index: receipt.index }));
  if (receipt && !receipt.leaf && !bundle) add("p", say("checkpointGood", receipt.checkpoint));
  if (bundle && receipt) add("p", say(compared ? "bothGood" : "notCompared"));
  add("p", say(trusted ? "keyGiven" : "firstSight"));
  result.append(basis(bundle ?? receipt));
  if (bundle?.counts) result.append(...numbers(bundle));
  if (receipt?.leaf) result.append(...entry(receipt, bundle));
  if (bundle) add("p", say("site"));
}

function list(pairs) {
  const made = element("dl");
  for (const [term, text, attributes] of pairs) {
    made.append(element("dt", term), element("dd"));
    made.lastChild.append(element("bdi", text, attributes));
  }
  return made;
}

function basis({ checkpoint, key, witnesses }) {
  const pairs = [
    [say("origin"), checkpoint.origin],
    [say("size"), digits(checkpoint.size)],
    [say("fingerprint"), key.fingerprint.match(/.{4}/g).join(" "), { dir: "ltr", class: "code" }],
  ];
  if (witnesses) pairs.push([say("seenBy"), witnesses.join(", ") || say("nobody")]);
  return list(pairs);
}

function numbers({ checkpoint, counts, titles }) {
  const all = element("ul");
  for (const [subject, numbers] of counts) {
    const title = titles.get(subject), here = title?.translations?.[language];
    const name = element("strong", here || title?.text || subject, { dir: "auto", lang: here ? language : title?.lang ?? "" });
    const told = ["people", "organisations", "waiting"].map((k) => say(k) + ": " + digits(numbers[k]));
    all.appendChild(element("li")).append(name, element("span", told.join(" · ")));
  }
  return [element("h3", say("numbers", checkpoint)), all];
}

function entry({ leaf, parts }, bundle) {
  const pairs = [[say("kind"), leaf.k], [say("day"), leaf.d], [say("subject"), leaf.s]];
  parts.forEach((p, i) => pairs.push(["#" + digits(i), p.salt ? fromUTF8(p.body) ?? hex(p.body) : p.withheld ? say("withheld") : say("erased", { by: p.redacted_by })]));
  if (bundle) pairs.push([say("later"), bundle.later.map((e) => "#" + digits(e.index) + " " + e.leaf.k + " " + e.leaf.d).join(", ") || "–"]);
  return [element("h3", say("entry")), list(pairs)];
}

find("form").addEventListener("submit", start);
for (const b of document.querySelectorAll("[data-language]")) b.addEventListener("click", () => speak(b.dataset.language));
speak((navigator.language || "").startsWith("ar") ? "ar" : "en");
