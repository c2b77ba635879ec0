/**
 * Makes a grey JPEG file from a colour one whose colours are all grey, without decoding the picture:
 * the codec writes colour only, but a grey picture should stay one, and a profile for grey is not
 * valid in a colour file.
 *
 * The compressed data alternates one block of brightness and two of colour. Each is walked code by
 * code to find where it ends; the bits of brightness are kept, the others dropped. This expects what
 * the encoder writes: baseline, three components of equal size, no restarts, tables 0 for brightness.
 */

import { concatBytes } from "./bytes.ts";
import { jpegSegment, readSegments, type Segment } from "./jpeg_segments.ts";

const MARKER = { sof0: 0xc0, dht: 0xc4, eoi: 0xd9, sos: 0xda, dqt: 0xdb } as const;

/** For each 16 bits that may follow: the length of the code they begin with << 8 | its value. */
type HuffmanTable = Uint16Array;

/** Returns the file with its brightness only. */
export function greyOf(bytes: Uint8Array): Uint8Array {
  const tables = new Map<number, HuffmanTable>();
  const head: Uint8Array[] = [bytes.subarray(0, 2)];
  let blocks = 0;
  let scanStart = 0;
  let scanEnd = bytes.length;
  for (const segment of readSegments(bytes)) {
    const { marker, at, data } = segment;
    if (marker === MARKER.dht) tables.set(data[0], readTable(data));
    if (marker === MARKER.sof0) blocks = blockCount(data);
    if (marker === MARKER.sos) scanStart = at + 4 + data.length;
    if (marker === MARKER.eoi) scanEnd = at;
    else head.push(...greySegment(segment));
  }
  const scan = keepBrightness(unstuff(bytes.subarray(scanStart, scanEnd)), blocks, tables);
  return concatBytes([...head, scan, bytes.subarray(scanEnd)]);
}

/** The segment as a grey file has it: for one component, or nothing if only colour needs it. */
function greySegment({ marker, data }: Segment): Uint8Array[] {
  const isTable = marker === MARKER.dht || marker === MARKER.dqt;
  if (isTable && (data[0] & 15) !== 0) return [];
  if (marker === MARKER.sof0) {
    return [jpegSegment(marker, concatBytes([data.subarray(0, 5), Uint8Array.of(1, 1, 0x11, 0)]))];
  }
  if (marker === MARKER.sos) return [jpegSegment(marker, Uint8Array.of(1, 1, 0, 0, 63, 0))];
  return [jpegSegment(marker, data)];
}

/** Blocks of 8 x 8 pixels that cover the picture. */
function blockCount(frame: Uint8Array): number {
  const height = (frame[1] << 8) | frame[2];
  const width = (frame[3] << 8) | frame[4];
  return Math.ceil(width / 8) * Math.ceil(height / 8);
}

/** Reads a DHT segment with one table: class and number, 16 counts by code length, the values. */
function readTable(data: Uint8Array): HuffmanTable {
  const table = new Uint16Array(1 << 16);
  let code = 0;
  let next = 17;
  for (let length = 1; length <= 16; length++) {
    const span = 1 << (16 - length);
    for (let i = 0; i < data[length]; i++, code += span) {
      table.fill((length << 8) | data[next++], code, code + span);
    }
  }
  return table;
}

/** Removes the zero that follows each 0xff in compressed data; two spare bytes follow the end. */
function unstuff(scan: Uint8Array): Uint8Array {
  const plain = new Uint8Array(scan.length + 2);
  let length = 0;
  for (let i = 0; i < scan.length; i++) {
    plain[length++] = scan[i];
    if (scan[i] === 0xff) i++;
  }
  return plain.subarray(0, length + 2);
}

/** Walks all blocks and returns the compressed data of those that hold brightness. */
function keepBrightness(
  scan: Uint8Array,
  blocks: number,
  tables: ReadonlyMap<number, HuffmanTable>,
): Uint8Array {
  const [brightDc, brightAc] = [tables.get(0x00)!, tables.get(0x10)!];
  const [colourDc, colourAc] = [tables.get(0x01)!, tables.get(0x11)!];
  const writer = new BitWriter(scan.length * 2);
  let at = 0;
  for (let i = 0; i < blocks; i++) {
    const end = blockEnd(scan, at, brightDc, brightAc);
    writer.copy(scan, at, end);
    at = blockEnd(scan, blockEnd(scan, end, colourDc, colourAc), colourDc, colourAc);
  }
  return writer.finish();
}

/** Returns the bit after the block that begins at bit `at`. */
function blockEnd(scan: Uint8Array, at: number, dc: HuffmanTable, ac: HuffmanTable): number {
  const first = dc[bitsAt(scan, at)];
  at += (first >> 8) + (first & 15);
  for (let k = 1; k < 64; k++) {
    const code = ac[bitsAt(scan, at)];
    const run = (code >> 4) & 15;
    const size = code & 15;
    at += (code >> 8) + size;
    if (size === 0 && run !== 15) break;
    k += run;
  }
  return at;
}

/** The 16 bits that begin at bit `at`. */
function bitsAt(scan: Uint8Array, at: number): number {
  const i = at >> 3;
  return (((scan[i] << 16) | (scan[i + 1] << 8) | scan[i + 2]) >> (8 - (at & 7))) & 0xffff;
}

/** Collects bits into compressed data, with a zero after each 0xff. */
class BitWriter {
  readonly #bytes: Uint8Array;
  #length = 0;
  #pending = 0;
  #count = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Copies the bits from `at` to before `end`. */
  copy(scan: Uint8Array, at: number, end: number): void {
    while (at < end) {
      const taken = Math.min(16, end - at);
      this.#push(bitsAt(scan, at) >> (16 - taken), taken);
      at += taken;
    }
  }

  /** Fills the last byte with ones, as the format wants, and returns what was written. */
  finish(): Uint8Array {
    if (this.#count > 0) this.#push(0xff >> this.#count, 8 - this.#count);
    return this.#bytes.slice(0, this.#length);
  }

  #push(bits: number, count: number): void {
    this.#pending = (this.#pending << count) | bits;
    this.#count += count;
    while (this.#count >= 8) {
      this.#count -= 8;
      const byte = (this.#pending >> this.#count) & 0xff;
      this.#bytes[this.#length++] = byte;
      if (byte === 0xff) this.#bytes[this.#length++] = 0;
    }
    this.#pending &= (1 << this.#count) - 1;
  }
}
