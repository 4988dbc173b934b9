// Reading a zip that somebody else has made: nothing in it is believed, and
// nothing is unpacked that was not announced.

const mostFiles = 65534; // more than that is another format, zip64
const mostOfOne = 256 * (2 + 65535); // a bundle of entries cannot be longer

class Zip {
  static async open(file) {
    const zip = new Zip();
    zip.file = file;
    zip.files = new Map();
    const tailAt = Math.max(0, file.size - 65557), tail = await zip.bytes(tailAt, file.size);
    let end = tail.length - 22;
    while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--;
    if (end < 0) refuse("zipBroken");
    const count = tail.getUint16(end + 10, true), size = tail.getUint32(end + 12, true), at = tail.getUint32(end + 16, true);
    if (count > mostFiles || at === 0xffffffff) refuse("zipTooBig");
    if (at + size > tailAt + end) refuse("zipBroken");
    zip.list(await zip.bytes(at, at + size), count);
    return zip;
  }

  async bytes(from, to) {
    const view = new DataView(await this.file.slice(from, to).arrayBuffer());
    view.length = view.byteLength;
    return view;
  }

  list(view, count) {
    let at = 0, total = 0;
    const places = [];
    for (let n = 0; n < count; n++) {
      if (at + 46 > view.length || view.getUint32(at, true) !== 0x02014b50) refuse("zipBroken");
      const long = (offset) => view.getUint32(at + offset, true), short = (offset) => view.getUint16(at + offset, true);
      const entry = { flags: short(8), method: short(10), packed: long(20), size: long(24), at: long(42) };
      const next = at + 46 + short(28) + short(30) + short(32);
      if (next > view.length) refuse("zipBroken");
      this.enter(fromUTF8(new Uint8Array(view.buffer, at + 46, short(28))), entry);
      places.push(entry);
      total += entry.size;
      at = next;
    }
    places.sort((a, b) => a.at - b.at); // two files in one place are how a small zip explodes
    if (places.some((e, i) => e.at + 30 + e.packed > (places[i + 1]?.at ?? this.file.size)) || total > 64e6 + 100 * this.file.size) refuse("zipBomb");
  }

  enter(name, entry) {
    const bad = (step) => step === "" || step === "." || step === "..";
    if (name === null || /[\\:\0-\x1f]/.test(name) || name.replace(/\/$/, "").split("/").some(bad)) refuse("zipPath", { name: name ?? "?" });
    if (this.files.has(name)) refuse("zipTwice", { name });
    this.files.set(name, entry);
  }

  // read unpacks one file, and stops as soon as it is longer than it said.
  async read(name) {
    const entry = this.files.get(name) ?? refuse("zipMissing", { name });
    if (entry.flags & 1 || ![0, 8].includes(entry.method)) refuse("zipBroken");
    if (entry.size > mostOfOne) refuse("zipBomb");
    const head = await this.bytes(entry.at, entry.at + 30);
    if (head.length < 30 || head.getUint32(0, true) !== 0x04034b50) refuse("zipBroken");
    const from = entry.at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    let stream = this.file.slice(from, from + entry.packed).stream();
    if (entry.method === 8) stream = stream.pipeThrough(new DecompressionStream("deflate-raw"));
    const reader = stream.getReader(), whole = new Uint8Array(entry.size);
    for (let at = 0; ; ) {
      const { done, value } = await reader.read().catch(() => refuse("zipBroken"));
      if (done) return at === whole.length ? whole : refuse("zipBroken");
      if (at + value.length > whole.length) {
        reader.cancel().catch(() => {});
        refuse("zipBomb");
      }
      whole.set(value, at);
      at += value.length;
    }
  }

  async text(name) {
    return fromUTF8(await this.read(name)) ?? refuse("zipBroken");
  }
}
