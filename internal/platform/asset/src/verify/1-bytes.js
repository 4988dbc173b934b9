// Bytes, texts and SHA-256. The browser's own SHA-256 answers later and one at a
// time; a record has millions of small hashes, so here is one that answers at once.

const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf8 = (text) => encoder.encode(text);
const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

function join(...pieces) {
  const all = new Uint8Array(pieces.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of pieces) all.set(p, at), at += p.length;
  return all;
}

// fromUTF8 is the text of bytes, or null when they are none.
function fromUTF8(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

// parseJSON is null for what is no JSON.
function parseJSON(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// fromBase64 refuses every other spelling of the same bytes, with null.
function fromBase64(text) {
  try {
    const chars = atob(text);
    return btoa(chars) === text ? Uint8Array.from(chars, (c) => c.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const sixBits = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) sixBits[alphabet.charCodeAt(i)] = i;

function fromBase64URL(text) {
  const bytes = new Uint8Array(text.length * 3 >> 2);
  let bits = 0, have = 0, at = 0;
  for (let i = 0; i < text.length; i++) {
    const six = sixBits[text.charCodeAt(i)] ?? -1;
    if (six < 0) return null;
    bits = bits << 6 | six;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes[at++] = bits >> have;
    bits &= (1 << have) - 1;
  }
  return bits || have > 4 ? null : bytes;
}

function toBase64URL(bytes) {
  let text = "", bits = 0, have = 0;
  for (let i = 0; i < bytes.length; i++)
    for (bits = bits << 8 | bytes[i], have += 8; have >= 6; bits &= (1 << have) - 1) text += alphabet[bits >> (have -= 6)];
  return have ? text + alphabet[bits << 6 - have] : text;
}

// The constants of FIPS 180-4: fractions of the roots of the first primes.
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
const fraction = (x) => (x % 1) * 2 ** 32 | 0;
const begin = Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)));
const rounds = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)));
const words = new Int32Array(64);

function block(state, bytes, at) {
  for (let i = 0; i < 16; i++, at += 4)
    words[i] = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15], y = words[i - 2];
    words[i] = words[i - 16] + words[i - 7] +
      ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const t = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + rounds[i] + words[i] | 0;
    const u = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
    h = g, g = f, f = e, e = d + t | 0, d = c, c = b, b = a, a = t + u | 0;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

function sha256(bytes) {
  const state = begin.slice(), whole = bytes.length & ~63, rest = bytes.length - whole;
  for (let at = 0; at < whole; at += 64) block(state, bytes, at);
  const tail = new Uint8Array(rest < 56 ? 64 : 128);
  tail.set(bytes.subarray(whole));
  tail[rest] = 128;
  for (let i = 1, bits = bytes.length * 8; i < 8; i++, bits = Math.floor(bits / 256)) tail[tail.length - i] = bits;
  for (let at = 0; at < tail.length; at += 64) block(state, tail, at);
  const hash = new Uint8Array(32);
  for (let i = 0; i < 32; i++) hash[i] = state[i >> 2] >> 24 - 8 * (i & 3);
  return hash;
}
