/**
 * The compressed data of bands, joined to what the encoder makes of the whole picture, bit for bit.
 *
 * With tables that do not depend on the pixels, a band's data differs from its part of the whole in two
 * places: its first blocks tell their mean brightness from zero instead of from the block before them,
 * and its end is filled up to a byte. Both are mended with the last blocks of the band before, which are
 * encoded once more, alone: as a picture of one block they tell where they end and what their mean is.
 */

import { damaged } from "../limits.ts";

/** Coefficients of a block. */
const COEFFICIENTS = 64;

/** Symbols of the coefficients behind the first: no more of them, and sixteen zeros. */
const END_OF_BLOCK = 0x00;
const SIXTEEN_ZEROS = 0xf0;

/** A code, its bits in the lowest places. */
interface Code {
  bits: number;
  length: number;
}

/** A Huffman table, both ways round. */
interface HuffmanTable {
  codeOf: Map<number, Code>;
  /** The symbol of a code, whose bits have a 1 before them. */
  symbolOf: Map<number, number>;
}

/** The tables of one component. */
export interface ComponentTables {
  dc: HuffmanTable;
  ac: HuffmanTable;
}

/** Reads the tables of a segment (DHT); the key is its class and number as the file has them. */
export function readHuffmanTables(data: Uint8Array): Map<number, HuffmanTable> {
  const tables = new Map<number, HuffmanTable>();
  for (let at = 0; at < data.length;) {
    const key = data[at];
    const counts = data.subarray(at + 1, at + 17);
    at += 17;
    const table: HuffmanTable = { codeOf: new Map(), symbolOf: new Map() };
    let bits = 0;
    for (let length = 1; length <= 16; length++, bits <<= 1) {
      for (let i = 0; i < counts[length - 1]; i++, bits++) {
        const symbol = data[at++];
        table.codeOf.set(symbol, { bits, length });
        table.symbolOf.set(1 << length | bits, symbol);
      }
    }
    tables.set(key, table);
  }
  return tables;
}

/** One block of each component, in the data of a band. */
interface BlockGroup {
  /** Mean of each component, from what came before the group. */
  means: number[];
  /** Where the other coefficients of each component begin, and where they end: positions of bits. */
  others: { from: number; to: number }[];
}

/** Joins bands, from the top. All of one width, and of whole blocks but for the last. */
export class ScanJoiner {
  readonly #components: readonly ComponentTables[];
  readonly #writer = new BitWriter();
  #means: number[];

  constructor(components: readonly ComponentTables[]) {
    this.#components = components;
    this.#means = components.map(() => 0);
  }

  /**
   * Adds a band.
   *
   * @param scan Its compressed data.
   * @param lastScan That of its last blocks, encoded alone.
   * @returns The bytes that are complete.
   */
  add(scan: Uint8Array, lastScan: Uint8Array): Uint8Array {
    const band = withoutStuffing(scan);
    const alone = withoutStuffing(lastScan);
    const first = this.#read(band);
    const last = this.#read(alone);
    const writer = this.#writer;
    writer.reserve(scan.length);
    first.means.forEach((mean, c) => {
      writer.putMean(this.#components[c].dc, mean - this.#means[c]);
      writer.copy(band, first.others[c].from, first.others[c].to);
    });
    const end = 8 * band.length - (onesBefore(band, 8 * band.length) -
      onesBefore(alone, last.others.at(-1)!.to));
    const { to } = first.others.at(-1)!;
    if (end < to || end <= 8 * band.length - 8) throw unexpected();
    writer.copy(band, to, end);
    this.#means = last.means;
    return writer.take();
  }

  /** Fills up the last byte. */
  end(): Uint8Array {
    this.#writer.reserve(0);
    return this.#writer.finish();
  }

  /** Reads the first block of each component. */
  #read(data: Uint8Array): BlockGroup {
    const reader = new BitReader(data);
    const group: BlockGroup = { means: [], others: [] };
    for (const { dc, ac } of this.#components) {
      group.means.push(reader.value(reader.symbol(dc)));
      const from = reader.at;
      for (let k = 1; k < COEFFICIENTS;) {
        const symbol = reader.symbol(ac);
        if (symbol === END_OF_BLOCK) break;
        k += symbol === SIXTEEN_ZEROS ? 16 : (symbol >> 4) + 1;
        reader.at += symbol & 15;
      }
      group.others.push({ from, to: reader.at });
    }
    return group;
  }
}

/** Takes out the zeros that keep data from looking like markers. */
function withoutStuffing(scan: Uint8Array): Uint8Array {
  const plain = new Uint8Array(scan.length);
  let length = 0;
  for (let from = 0; from < scan.length;) {
    const marker = scan.indexOf(0xff, from);
    const to = marker < 0 ? scan.length : marker + 1;
    plain.set(scan.subarray(from, to), length);
    length += to - from;
    from = to + 1;
    if (marker < 0) break;
  }
  return plain.subarray(0, length);
}

/** How many bits before a position are 1, up to the first that is not. */
function onesBefore(data: Uint8Array, position: number): number {
  let ones = 0;
  while (ones < position && bitAt(data, position - ones - 1) === 1) ones++;
  return ones;
}

function bitAt(data: Uint8Array, position: number): number {
  return data[position >> 3] >> (7 - position % 8) & 1;
}

function unexpected(): Error {
  return damaged("JPEG", "the encoder wrote something else than the bands of one picture");
}

class BitReader {
  /** Position of the next bit. */
  at = 0;
  readonly #data: Uint8Array;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  symbol({ symbolOf }: HuffmanTable): number {
    let code = 1;
    for (let length = 0; length < 16; length++) {
      code = code << 1 | bitAt(this.#data, this.at++);
      const symbol = symbolOf.get(code);
      if (symbol !== undefined) return symbol;
    }
    throw unexpected();
  }

  /** A number of so many bits, as JPEG writes them: those that begin with 0 are negative. */
  value(length: number): number {
    let bits = 0;
    for (let i = 0; i < length; i++) bits = bits << 1 | bitAt(this.#data, this.at++);
    return length > 0 && bits < 1 << length - 1 ? bits - (1 << length) + 1 : bits;
  }
}

/** Writes bits as JPEG wants them: a zero follows each byte of ones. */
class BitWriter {
  #bytes = new Uint8Array(0);
  #length = 0;
  /** Bits that make no whole byte yet. */
  #rest = 0;
  #restBits = 0;

  /** Makes room for data of so many bytes, stuffed otherwise and with a few bits more. */
  reserve(bytes: number): void {
    this.#bytes = new Uint8Array(2 * bytes + 64);
    this.#length = 0;
  }

  putMean({ codeOf }: HuffmanTable, difference: number): void {
    const length = 32 - Math.clz32(Math.abs(difference));
    const code = codeOf.get(length);
    if (code === undefined) throw unexpected();
    this.#put(code.bits, code.length);
    this.#put(difference < 0 ? difference + (1 << length) - 1 : difference, length);
  }

  /** Copies bits, from a position to another. */
  copy(data: Uint8Array, from: number, to: number): void {
    let at = from;
    while (at < to && at % 8 !== 0) this.#put(bitAt(data, at++), 1);
    const bytes = this.#bytes;
    const shift = this.#restBits;
    const mask = (1 << shift) - 1;
    let rest = this.#rest;
    let length = this.#length;
    for (; at + 8 <= to; at += 8) {
      const bits = rest << 8 | data[at >> 3];
      const byte = bits >> shift;
      rest = bits & mask;
      bytes[length++] = byte;
      if (byte === 0xff) bytes[length++] = 0;
    }
    this.#rest = rest;
    this.#length = length;
    while (at < to) this.#put(bitAt(data, at++), 1);
  }

  /** Returns the whole bytes. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The same, and the rest filled up with ones. */
  finish(): Uint8Array {
    while (this.#restBits > 0) this.#put(1, 1);
    return this.take();
  }

  #put(bits: number, length: number): void {
    for (let i = length - 1; i >= 0; i--) {
      this.#rest = this.#rest << 1 | bits >> i & 1;
      if (++this.#restBits < 8) continue;
      this.#bytes[this.#length++] = this.#rest;
      if (this.#rest === 0xff) this.#bytes[this.#length++] = 0;
      this.#rest = 0;
      this.#restBits = 0;
    }
  }
}
