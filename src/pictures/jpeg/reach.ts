/**
 * How much of a JPEG file that is cut off is there. Decoders go on with grey where the data ends and do
 * not say where that is, so the compressed data is walked through once more, without making pixels.
 *
 * A baseline file holds its blocks one after the other, from the top: what is missing is a part of the
 * picture. A progressive file holds them several times, first coarse: once its first scan is whole, what
 * is missing is detail. (ITU-T T.81, annexes F and G.)
 */

import { viewOf } from "../bytes.ts";
import type { Segment } from "./segments.ts";

/** Shares from 0 to 1. */
export interface Missing {
  /** Of the picture, from below: its blocks of which nothing is known. */
  picture: number;
  /** Of the coefficients of the others: 0 in a baseline file. */
  detail: number;
}

const MARKER = { sof0: 0xc0, sof2: 0xc2, tables: 0xc4, sos: 0xda, interval: 0xdd } as const;

/** Coefficients of a block. */
const COEFFICIENTS = 64;

/** A component as the frame has it: its name, and blocks per unit across and down. */
interface Component {
  id: number;
  across: number;
  down: number;
}

interface Frame {
  progressive: boolean;
  width: number;
  height: number;
  components: Component[];
}

/** One scan: which coefficients of which components it holds, and with which tables. */
interface Scan {
  components: { component: Component; dc: Codes | undefined; ac: Codes | undefined }[];
  first: number;
  last: number;
  /** How many bits of these coefficients are left to later scans. */
  low: number;
  /** Units between two restart markers; 0 without them. */
  interval: number;
  dataAt: number;
}

/** A table of Huffman codes: how many there are of each length, and their symbols in order. */
interface Codes {
  counts: Uint8Array;
  symbols: Uint8Array;
}

/**
 * Measures what is missing of a file without an end.
 *
 * @param bytes the whole file
 * @param segments its segments, up to its end
 * @param lastIsWhole whether it is known that its last scan has all that it should have
 */
export function missingOf(
  bytes: Uint8Array,
  segments: Iterable<Segment>,
  lastIsWhole: boolean,
): Missing {
  const { frame, scans } = readScans(segments);
  const last = scans.at(-1);
  if (frame === undefined || last === undefined) return { picture: 1, detail: 0 };
  const reach = (scan: Scan) => scan !== last || lastIsWhole ? 1 : reachOf(scan, frame, bytes);
  return frame.progressive
    ? missingDetail(frame, scans, reach)
    : missingBlocks(frame, scans, reach);
}

/** Each component counts by its blocks, as far as a scan of it goes. */
function missingBlocks(frame: Frame, scans: Scan[], reach: (scan: Scan) => number): Missing {
  const total = blocksOf(frame.components);
  let there = 0;
  for (const scan of scans) {
    there += reach(scan) * blocksOf(scan.components.map(({ component }) => component));
  }
  return { picture: Math.max(0, 1 - there / total), detail: 0 };
}

/**
 * Nothing shows before a first scan of the lowest coefficients. A coefficient counts as one once its last
 * bit is there, and as 1 / (1 + n) while n are missing.
 */
function missingDetail(frame: Frame, scans: Scan[], reach: (scan: Scan) => number): Missing {
  const coarse = scans.filter(({ first }) => first === 0);
  const shown = Math.max(...coarse.map(reach), 0);
  if (shown < 1) return { picture: 1 - shown, detail: 0 };
  const there = new Map(frame.components.map((each) => [each, new Float64Array(COEFFICIENTS)]));
  for (const scan of scans.filter((scan) => reach(scan) === 1)) {
    for (const { component } of scan.components) {
      there.get(component)!.fill(1 / (1 + scan.low), scan.first, scan.last + 1);
    }
  }
  const total = COEFFICIENTS * blocksOf(frame.components);
  const known = [...there].reduce((sum, [component, shares]) => {
    return sum + blocksOf([component]) * shares.reduce((all, share) => all + share, 0);
  }, 0);
  return { picture: 0, detail: 1 - known / total };
}

/** Blocks of components in a unit of the frame. */
function blocksOf(components: readonly Component[]): number {
  return components.reduce((sum, { across, down }) => sum + across * down, 0);
}

function readScans(segments: Iterable<Segment>): { frame: Frame | undefined; scans: Scan[] } {
  const tables = new Map<number, Codes>();
  const scans: Scan[] = [];
  let frame: Frame | undefined;
  let interval = 0;
  for (const { marker, at, data } of segments) {
    if (marker === MARKER.tables) readTables(data, tables);
    else if (marker === MARKER.interval && data.length >= 2) interval = viewOf(data).getUint16(0);
    else if (marker >= MARKER.sof0 && marker <= MARKER.sof2) frame = readFrame(marker, data);
    else if (marker === MARKER.sos && frame !== undefined) {
      const scan = readScan(data, frame, tables);
      if (scan !== undefined) scans.push({ ...scan, interval, dataAt: at + 4 + data.length });
    }
  }
  return { frame, scans };
}

function readFrame(marker: number, data: Uint8Array): Frame {
  const view = viewOf(data);
  const count = Math.min(data[5], Math.floor((data.length - 6) / 3));
  const components = Array.from({ length: count }, (_, i) => {
    const [id, sampling] = data.subarray(6 + 3 * i);
    return { id, across: sampling >> 4 || 1, down: sampling & 15 || 1 };
  });
  const [height, width] = [view.getUint16(1), view.getUint16(3)];
  return { progressive: marker === MARKER.sof2, width, height, components };
}

/** Reads a scan's header: components with their tables, coefficients, and bits. */
function readScan(
  data: Uint8Array,
  frame: Frame,
  tables: ReadonlyMap<number, Codes>,
): Omit<Scan, "interval" | "dataAt"> | undefined {
  const count = data[0];
  const end = 1 + 2 * count;
  if (data.length < end + 3) return undefined;
  const components = Array.from({ length: count }, (_, i) => {
    const [id, choice] = data.subarray(1 + 2 * i);
    const component = frame.components.find((each) => each.id === id);
    return component &&
      { component, dc: tables.get(choice >> 4), ac: tables.get(16 + (choice & 15)) };
  }).filter((each) => each !== undefined);
  return { components, first: data[end], last: data[end + 1], low: data[end + 2] & 15 };
}

/** Reads tables: class and number, how many codes have each of 16 lengths, symbols. */
function readTables(data: Uint8Array, tables: Map<number, Codes>): void {
  for (let at = 0; at + 17 <= data.length;) {
    const counts = data.slice(at + 1, at + 17);
    const count = counts.reduce((sum, each) => sum + each, 0);
    tables.set(data[at], { counts, symbols: data.slice(at + 17, at + 17 + count) });
    at += 17 + count;
  }
}

/** Returns the share of a scan's units whose data is there. */
function reachOf(scan: Scan, frame: Frame, bytes: Uint8Array): number {
  const units = unitsOf(scan, frame);
  const reader = new BitReader(bytes, scan.dataAt);
  for (let unit = 0; unit < units; unit++) {
    if (scan.interval > 0 && unit > 0 && unit % scan.interval === 0) reader.skipRestart();
    readUnit(scan, frame, reader);
    if (reader.ended) return unit / units;
  }
  return 1;
}

/** Blocks go in units of all components, or alone where a scan has one component only. */
function unitsOf({ components }: Scan, { width, height, components: all }: Frame): number {
  const most = (of: "across" | "down") => Math.max(...all.map((component) => component[of]));
  const [across, down] = [8 * most("across"), 8 * most("down")];
  if (components.length !== 1) return Math.ceil(width / across) * Math.ceil(height / down);
  const [{ component }] = components;
  return Math.ceil(width * component.across / across) * Math.ceil(height * component.down / down);
}

function readUnit({ components, last }: Scan, { progressive }: Frame, reader: BitReader): void {
  for (const { component, dc, ac } of components) {
    const blocks = components.length === 1 ? 1 : component.across * component.down;
    for (let block = 0; block < blocks && !reader.ended; block++) {
      reader.skip(reader.symbol(dc));
      for (let k = 1; !progressive && k <= last && !reader.ended; k++) {
        const symbol = reader.symbol(ac);
        if (symbol === 0) break;
        k += symbol >> 4;
        reader.skip(symbol & 15);
      }
    }
  }
}

/** The bits of compressed data, without the zeros that follow bytes of 255. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #byte = 0;
  #left = 0;
  /** Whether a bit was asked for where there was none. */
  ended = false;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Reads a code bit by bit; a code of no table ends the data. */
  symbol(codes: Codes | undefined): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (const count of codes?.counts ?? []) {
      code |= this.#bit();
      if (code - first < count) return codes!.symbols[index + code - first];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    this.ended = true;
    return 0;
  }

  skip(bits: number): void {
    for (let i = 0; i < bits; i++) this.#bit();
  }

  /** Goes on behind the next restart marker. */
  skipRestart(): void {
    this.#left = 0;
    const isMarker = this.#bytes[this.#at] === 0xff && (this.#bytes[this.#at + 1] & 0xf8) === 0xd0;
    if (isMarker) this.#at += 2;
    else this.ended = true;
  }

  #bit(): number {
    if (this.#left === 0) this.#fill();
    if (this.ended) return 0;
    this.#left--;
    return (this.#byte >> this.#left) & 1;
  }

  #fill(): void {
    const byte = this.#bytes[this.#at];
    const isMarker = byte === 0xff && this.#bytes[this.#at + 1] !== 0;
    if (byte === undefined || isMarker) {
      this.ended = true;
      return;
    }
    this.#at += byte === 0xff ? 2 : 1;
    this.#byte = byte;
    this.#left = 8;
  }
}
