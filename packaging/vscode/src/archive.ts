// A project's zip, read without trust as core/project/archive.py does: what the directory says is checked before anything
// is inflated, nothing is inflated beyond what it says, and only the parts that are asked for are inflated at all.
import { inflateSync } from "fflate";

export class Unreadable extends Error {}

const MB = 1 << 20;
export const MOST_FILE = 1 << 30;
export const MOST_PARTS = 20_000;
export const MOST_DIRECTORY = 4 * MB;
export const MOST_INFLATED = 384 * MB;
const END = 22; // bytes of the end of the directory
const ENTRY = 46;
const LOCAL = 30;

interface Part {
  name: string;
  method: number;
  crc: number;
  packed: number;
  size: number;
  at: number;
}

/** The most bytes of a part; nothing for a name that no part has. As core/project/limits.py. */
export function limit(name: string): number | undefined {
  if (name === "project.json") return 32 * MB;
  if (/^(vectors|(traces|circuits)\/(0|[1-9]\d{0,4}))\.safetensors$/.test(name)) return 128 * MB;
  return /^pictures\/[0-9a-f]{64}$/.test(name) ? 64 * MB : undefined;
}

export class Archive {
  private readonly parts = new Map<string, Part>();
  private readonly view: DataView;

  /** Throws Unreadable, with the reason. */
  constructor(private readonly data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (data.length > MOST_FILE) throw new Unreadable("it is larger than 1 GB");
    if (data.length < END) throw new Unreadable(data.length ? "it is cut off" : "it is empty");
    const end = data.length - END;
    if (this.view.getUint32(end, true) !== 0x06054b50 || this.view.getUint16(end + 20, true)) {
      throw new Unreadable("it is no zip archive, or its end is cut off");
    }
    const [disk, first, here, count] = [4, 6, 8, 10].map((place) => this.view.getUint16(end + place, true)) as
      [number, number, number, number];
    const [length, start] = [this.view.getUint32(end + 12, true), this.view.getUint32(end + 16, true)];
    if (disk || first || here !== count || count > MOST_PARTS || length > MOST_DIRECTORY || start + length > end) {
      throw new Unreadable("its list of parts is damaged");
    }
    let inflated = 0;
    let at = start;
    for (let place = 0; place < count; place++) {
      const part = this.entry(at, start + length);
      at = part.next;
      if (this.parts.has(part.name)) throw new Unreadable(`it holds ${told(part.name)} twice`);
      this.parts.set(part.name, part);
      inflated += part.size;
    }
    if (inflated > MOST_INFLATED) throw new Unreadable("its parts are larger than 384 MB together");
  }

  has(name: string): boolean {
    return this.parts.has(name);
  }

  size(name: string): number {
    return this.parts.get(name)?.size ?? 0;
  }

  /** A part, of just the size that the archive says. Throws Unreadable. */
  read(name: string): Uint8Array {
    const part = this.parts.get(name);
    if (!part) throw new Unreadable(`its part ${told(name)} is missing`);
    if (part.at + LOCAL > this.data.length || this.view.getUint32(part.at, true) !== 0x04034b50) {
      throw new Unreadable(`its part ${told(name)} is not where it should be`);
    }
    const from = part.at + LOCAL + this.view.getUint16(part.at + 26, true) + this.view.getUint16(part.at + 28, true);
    if (from + part.packed > this.data.length) throw new Unreadable(`its part ${told(name)} is cut off`);
    const packed = this.data.subarray(from, from + part.packed);
    const content = part.method ? inflated(packed, part) : packed;
    if (content.length !== part.size || crc32(content) !== part.crc) throw new Unreadable(`its part ${told(name)} is damaged`);
    return content;
  }

  private entry(at: number, end: number): Part & { next: number } {
    if (at + ENTRY > end || this.view.getUint32(at, true) !== 0x02014b50) throw new Unreadable("its list of parts is damaged");
    const short = (place: number) => this.view.getUint16(at + place, true);
    const long = (place: number) => this.view.getUint32(at + place, true);
    const next = at + ENTRY + short(28) + short(30) + short(32);
    if (next > end) throw new Unreadable("its list of parts is damaged");
    const name = new TextDecoder().decode(this.data.subarray(at + ENTRY, at + ENTRY + short(28)));
    const most = limit(name);
    if (most === undefined) throw new Unreadable(`it holds ${told(name)}, which is no part of a project`);
    if (short(8) & 1 || ![0, 8].includes(short(10))) throw new Unreadable(`its part ${told(name)} is packed in an unknown way`);
    if (long(24) > most) throw new Unreadable(`its part ${told(name)} is larger than ${most / MB} MB`);
    return { name, method: short(10), crc: long(16), packed: long(20), size: long(24), at: long(42), next };
  }
}

// The target has the size that the archive says: what would go beyond is not kept.
function inflated(packed: Uint8Array, part: Part): Uint8Array {
  try {
    return inflateSync(packed, { out: new Uint8Array(part.size) });
  } catch (error) {
    throw new Unreadable(`its part ${told(part.name)} is damaged (${(error as Error).message})`);
  }
}

function told(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

export function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
