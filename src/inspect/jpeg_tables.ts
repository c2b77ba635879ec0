/**
 * The quality that a JPEG file was saved with, read from its quantisation tables.
 *
 * Encoders of the libjpeg family scale a base table: `floor((base * s + 50) / 100)`, with
 * `s = 5000 / quality` below 50 and `200 - 2 * quality` from there on (libjpeg 6b, jcparam.c). The
 * quality whose table is nearest tells how the file was saved; for an encoder with tables of its own
 * (cameras, Photoshop), how libjpeg would have done the same.
 */

import { readSegments, type Segment } from "../pictures/jpeg/segments.ts";
import { sniff } from "../pictures/kind.ts";

/** How a JPEG file was saved. */
export interface JpegSettings {
  /** 1 to 100 on libjpeg's scale. */
  quality: number;
  /** Resolution of the colours; `undefined` if there are none, or it has no such name. */
  chroma: "4:4:4" | "4:4:0" | "4:2:2" | "4:2:0" | "4:1:1" | undefined;
}

const MARKER = { sof0: 0xc0, sof2: 0xc2, tables: 0xdb } as const;

/** Row-major position of each of the 64 entries in the order of a file. */
export const ZIGZAG: readonly number[] = zigzag();

/** Base tables for brightness in rows of 8, that of libjpeg first. */
const BASES: readonly (readonly number[])[] = [
  // deno-fmt-ignore: ITU-T T.81, table K.1
  [
    16, 11, 10, 16, 24, 40, 51, 61,
    12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77,
    24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
  ],
  // deno-fmt-ignore: N. Robidoux's, the default of mozjpeg
  [
    16, 16, 16, 18, 25, 37, 56, 85,
    16, 17, 20, 27, 34, 40, 53, 75,
    16, 20, 24, 31, 43, 62, 91, 135,
    18, 27, 31, 40, 53, 74, 106, 156,
    25, 34, 43, 53, 69, 94, 131, 189,
    37, 40, 62, 74, 94, 124, 169, 238,
    56, 53, 91, 106, 131, 169, 226, 311,
    85, 75, 135, 156, 189, 238, 311, 418,
  ],
];

/** The families of base tables, for {@linkcode scaledTable}. */
export const TABLE_FAMILIES: readonly number[] = [0, 1];

const SAMPLINGS: Readonly<Record<string, JpegSettings["chroma"]>> = {
  "1x1": "4:4:4",
  "1x2": "4:4:0",
  "2x1": "4:2:2",
  "2x2": "4:2:0",
  "4x1": "4:1:1",
};

/**
 * Says how a file was saved.
 *
 * @param file the whole file
 * @returns `undefined` if it is no JPEG, or one without tables
 * @throws {InputError} if it is a damaged JPEG
 */
export function readJpegSettings(file: Uint8Array): JpegSettings | undefined {
  if (sniff(file).kind !== "jpeg") return undefined;
  const tables = new Map<number, number[]>();
  let frame: Uint8Array | undefined;
  for (const segment of readSegments(file)) {
    if (segment.marker === MARKER.tables) readTables(segment, tables);
    if (segment.marker >= MARKER.sof0 && segment.marker <= MARKER.sof2) frame = segment.data;
  }
  const table = frame && tables.get(frame[8]);
  if (table === undefined) return undefined;
  return { quality: nearestQuality(table), chroma: chromaOf(frame!) };
}

/**
 * Returns the table for brightness that an encoder makes for a quality, in rows of 8.
 *
 * @param quality 1 to 100
 * @param family 0 for libjpeg's, 1 for mozjpeg's
 */
export function scaledTable(quality: number, family = 0): number[] {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return BASES[family].map((base) => {
    return Math.min(Math.max(Math.floor((base * scale + 50) / 100), 1), 255);
  });
}

/** Adds the tables of a segment, in rows of 8, by their number. */
function readTables({ data }: Segment, tables: Map<number, number[]>): void {
  for (let at = 0; at < data.length;) {
    const wide = data[at] >> 4 !== 0;
    const number = data[at] & 15;
    at++;
    const bytes = wide ? 128 : 64;
    if (at + bytes > data.length) return;
    const table = new Array<number>(64);
    for (let i = 0; i < 64; i++) {
      table[ZIGZAG[i]] = wide ? data[at + 2 * i] * 256 + data[at + 2 * i + 1] : data[at + i];
    }
    tables.set(number, table);
    at += bytes;
  }
}

/** The quality whose table differs least, by the sum over all entries; of equals the highest. */
function nearestQuality(table: readonly number[]): number {
  let nearest = 100;
  let least = Infinity;
  for (let family = 0; family < BASES.length; family++) {
    for (let quality = 100; quality >= 1; quality--) {
      const scaled = scaledTable(quality, family);
      const distance = table.reduce((sum, entry, i) => sum + Math.abs(entry - scaled[i]), 0);
      if (distance < least) [nearest, least] = [quality, distance];
    }
  }
  return nearest;
}

/** Reads the sampling factors of a frame header: those of brightness against those of the colours. */
function chromaOf(frame: Uint8Array): JpegSettings["chroma"] {
  if (frame[5] !== 3 || frame.length < 15) return undefined;
  const [luma, blue, red] = [frame[7], frame[10], frame[13]];
  if (blue !== red) return undefined;
  return SAMPLINGS[`${(luma >> 4) / (blue >> 4)}x${(luma & 15) / (blue & 15)}`];
}

function zigzag(): number[] {
  const positions = Array.from({ length: 64 }, (_, i) => i);
  const diagonal = (i: number) => (i >> 3) + (i & 7);
  const along = (i: number) => diagonal(i) % 2 === 0 ? i & 7 : i >> 3;
  return positions.sort((a, b) => diagonal(a) - diagonal(b) || along(a) - along(b));
}
