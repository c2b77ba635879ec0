/**
 * JPEG out, row by row: a picture of any size is written with a few megabytes of memory, by a codec that
 * knows only whole pictures, and on several processors at a time.
 *
 * Bands of whole blocks are encoded as pictures of their own, and their data is joined (scan.ts) to the
 * file that the codec makes of the whole. This wants tables that do not depend on the pixels, which is
 * how imagescript writes; mozjpeg does not, so grey and colour of half the resolution cannot be written
 * in rows.
 */

import { InputError, UsageError } from "../../errors.ts";
import { concatBytes } from "../bytes.ts";
import { encodeImagescript } from "./imagescript.ts";
import { JPEG_MAX_SIDE } from "./jpeg.ts";
import { type ComponentTables, readHuffmanTables, ScanJoiner } from "./scan.ts";
import { jpegSegment, readSegments, type Segment, withMetadata } from "./segments.ts";
import { checkQuality, checkSide } from "../limits.ts";
import { metadataInJpeg } from "../metadata/metadata.ts";
import type { Picture, PictureHeader, Samples } from "../picture.ts";
import { rgbaOf } from "../colour/rgba.ts";
import { bandsOf } from "../rows.ts";

const MARKER = { sof0: 0xc0, huffman: 0xc4, sos: 0xda, eoi: 0xd9 } as const;

/** Pixels of a block's side. */
const BLOCK = 8;

/** Pixels of a band, about: the codec's calls cost little beside them. */
const BAND_PIXELS = 2 ** 19;

/** Bands that are encoded at a time, each in a thread of the runtime's. */
const BANDS_AT_A_TIME = 8;

/** A file taken apart: all before the compressed data, and the data. */
interface Scan {
  head: Uint8Array;
  data: Uint8Array;
}

/**
 * Writes a JPEG file as its rows come, and yields its bytes in order: baseline, colour at full
 * resolution (4:4:4). Profile, EXIF, XMP, IPTC and density are kept. Needs `--allow-read --allow-ffi`.
 *
 * @param header size, channels (3), depth (8) and metadata of the picture
 * @param rows samples `[n][width][3]` of any number of whole rows each, from the top down; a chunk may
 *   be reused by its maker once the next one is asked for
 * @param quality 1 to 100
 * @throws {UsageError} if the depth is not 8, the quality no whole number from 1 to 100, the rows are not `height` whole rows of that depth, or
 *   the codec cannot be loaded
 * @throws {InputError} if the picture is not of three channels, or has a side beyond 65535 pixels
 *
 * @example
 * ```ts
 * import type { PictureHeader } from "../picture.ts";
 * const header: PictureHeader = { width: 1, height: 2, channels: 3, depth: 8, metadata: {} };
 * const rows = [Uint8Array.of(255, 0, 0), Uint8Array.of(0, 0, 255)];
 * for await (const bytes of encodeJpegRows(header, rows, 92)) {
 *   // write `bytes` to a file
 * }
 * ```
 */
export async function* encodeJpegRows(
  header: PictureHeader,
  rows: AsyncIterable<Samples> | Iterable<Samples>,
  quality: number,
): AsyncGenerator<Uint8Array> {
  checkHeader(header);
  checkQuality(quality);
  let head: Uint8Array | undefined;
  let joiner: ScanJoiner | undefined;
  for await (const { band, last } of encodedBands(header, rows, quality)) {
    const ownHead = wholeHead(band.head, header.height);
    if (head === undefined) {
      head = ownHead;
      yield withMetadata(head, metadataInJpeg(header));
    } else if (!ownHead.every((byte, i) => byte === head![i])) {
      throw new InputError("The JPEG encoder changed its tables within a picture. Choose PNG.");
    }
    joiner ??= new ScanJoiner(tablesOf(band.head));
    yield joiner.add(band.data, last.data);
  }
  yield joiner!.end();
  yield Uint8Array.of(0xff, MARKER.eoi);
}

/** A band, and its last block. */
interface EncodedBand {
  band: Scan;
  last: Scan;
}

/** Yields bands in their order; those that follow are encoded meanwhile. */
async function* encodedBands(
  header: PictureHeader,
  rows: AsyncIterable<Samples> | Iterable<Samples>,
  quality: number,
): AsyncGenerator<EncodedBand> {
  const blockRows = Math.max(1, Math.floor(BAND_PIXELS / (header.width * BLOCK)));
  const underWay: Promise<EncodedBand>[] = [];
  for await (const data of bandsOf(header, rows, blockRows * BLOCK)) {
    const encoded = encodeBand(header.width, data as Uint8Array, quality);
    // Its failure is met when it is its turn.
    encoded.catch(() => {});
    underWay.push(encoded);
    if (underWay.length === BANDS_AT_A_TIME) yield await underWay.shift()!;
  }
  for (const encoded of underWay) yield await encoded;
}

/** Encodes a band, whose samples are copied before this returns, and its last block. */
async function encodeBand(width: number, data: Uint8Array, quality: number): Promise<EncodedBand> {
  const height = data.length / width / 3;
  const band = { width, height, channels: 3, depth: 8, data, metadata: {} } as const;
  const scans = [band, lastBlock(band)].map(async (picture) => {
    const rgba = rgbaOf(picture) as Uint8Array;
    return splitScan(await encodeImagescript(rgba, picture.width, picture.height, quality));
  });
  const [whole, last] = await Promise.all(scans);
  return { band: whole, last };
}

function lastBlock(band: Picture): Picture {
  const { width, height, data } = band;
  const size = { width: (width - 1) % BLOCK + 1, height: (height - 1) % BLOCK + 1 };
  const block = new Uint8Array(size.width * size.height * 3);
  for (let row = 0; row < size.height; row++) {
    const end = (height - size.height + row + 1) * width * 3;
    block.set(data.subarray(end - size.width * 3, end), row * size.width * 3);
  }
  return { ...band, ...size, data: block };
}

/** The tables of the components, in the order in which the scan has them. */
function tablesOf(head: Uint8Array): ComponentTables[] {
  const tables = new Map<number, ComponentTables["dc"]>();
  for (const { marker, data } of segmentsOf(head)) {
    if (marker === MARKER.huffman) {
      for (const [key, table] of readHuffmanTables(data)) tables.set(key, table);
    }
    if (marker !== MARKER.sos) continue;
    return Array.from({ length: data[0] }, (_, i) => {
      const numbers = data[2 + 2 * i];
      return { dc: tables.get(numbers >> 4)!, ac: tables.get(0x10 | numbers & 15)! };
    });
  }
  return [];
}

function checkHeader({ width, height, channels, depth }: PictureHeader): void {
  if (depth !== 8) {
    throw new UsageError(`JPEG holds 8 bits per sample, not ${depth}: use convertDepth first.`);
  }
  if (channels !== 3) {
    throw new InputError(
      `JPEG is written in rows only with three channels, and this picture has ${channels}. ` +
        `Choose PNG.`,
    );
  }
  checkSide("JPEG", width, height, JPEG_MAX_SIDE);
}

/** Takes a file of one scan apart. */
function splitScan(file: Uint8Array): Scan {
  let start = 0;
  let end = file.length;
  for (const { marker, at, data } of readSegments(file)) {
    if (marker === MARKER.sos) start = at + 4 + data.length;
    if (marker === MARKER.eoi) end = at;
  }
  return { head: file.subarray(0, start), data: file.subarray(start, end) };
}

/** The head of a band's file, with the height of the whole picture. */
function wholeHead(head: Uint8Array, height: number): Uint8Array {
  const parts: Uint8Array[] = [head.subarray(0, 2)];
  for (const { marker, data } of segmentsOf(head)) {
    const copy = data.slice();
    if (marker === MARKER.sof0) copy.set([height >> 8, height & 0xff], 1);
    parts.push(jpegSegment(marker, copy));
  }
  return concatBytes(parts);
}

/** The segments of a head, for a reader that wants an end. */
function segmentsOf(head: Uint8Array): Segment[] {
  const ended = concatBytes([head, Uint8Array.of(0xff, MARKER.eoi)]);
  return [...readSegments(ended)].filter(({ marker }) => marker !== MARKER.eoi);
}
