// Bytes, texts and SHA-256. The browser's own SHA-256 answers later and one at a
// time; a record has millions of small hashes, so here is one that answers at once.

const utf8 = (text) => new TextEncoder().encode(text);
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
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
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

const fromBase64URL = (text) => /^[\w-]*$/.test(text)
  ? fromBase64(text.replace(/-/g, "+").replace(/_/g, "/") + "=".repeat(-text.length & 3)) : null;

const toBase64URL = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

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
  let [a, b, c, d, e, f, g, h] = state;
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
  const tail = new Uint8Array(rest < 56 ? 64 : 128), view = new DataView(tail.buffer);
  tail.set(bytes.subarray(whole));
  tail[rest] = 128;
  view.setUint32(tail.length - 8, bytes.length / 2 ** 29);
  view.setUint32(tail.length - 4, bytes.length << 3);
  for (let at = 0; at < tail.length; at += 64) block(state, tail, at);
  const hash = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => hash.setInt32(4 * i, word));
  return new Uint8Array(hash.buffer);
}
