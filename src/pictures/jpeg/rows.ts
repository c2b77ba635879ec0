/**
 * JPEG out, row by row: a picture of any size is written with a few megabytes of memory, by a codec that
 * knows only whole pictures.
 *
 * Bands of whole blocks are encoded as pictures of their own. Their compressed data, joined by restart
 * markers, is the data of the whole picture: after such a marker a decoder starts as at the beginning
 * of a file. This wants tables that do not depend on the pixels, which is how imagescript writes;
 * mozjpeg does not, so grey and colour of half the resolution cannot be written in rows.
 */

import { InputError, UsageError } from "../../errors.ts";
import { concatBytes } from "../bytes.ts";
import { encodeImagescript } from "./imagescript.ts";
import { JPEG_MAX_SIDE } from "./jpeg.ts";
import { jpegSegment, readSegments, withMetadata } from "./segments.ts";
import { checkQuality, checkSide } from "../limits.ts";
import { metadataInJpeg } from "../metadata/metadata.ts";
import type { PictureHeader, Samples } from "../picture.ts";
import { rgbaOf } from "../colour/rgba.ts";
import { bandsOf } from "../rows.ts";

const MARKER = { sof0: 0xc0, sos: 0xda, restart: 0xd0, eoi: 0xd9, interval: 0xdd } as const;

/** Pixels of a block's side. */
const BLOCK = 8;

/** Pixels of a band, about: the codecs' calls cost little beside them. */
const BAND_PIXELS = 2 ** 20;

/** The most blocks between two restart markers. */
const MAX_INTERVAL = 65535;

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
  const { width } = header;
  const across = Math.ceil(width / BLOCK);
  const down = Math.floor(Math.min(BAND_PIXELS / (width * BLOCK), MAX_INTERVAL / across));
  const blockRows = Math.max(down, 1);
  let first: Uint8Array | undefined;
  let bands = 0;
  for await (const data of bandsOf(header, rows, blockRows * BLOCK)) {
    const height = data.length / width / 3;
    const rgba = rgbaOf({ ...header, height, data }) as Uint8Array;
    const band = splitScan(await encodeImagescript(rgba, width, height, quality));
    const head = wholeHead(band.head, header.height, across * blockRows);
    if (first === undefined) yield withMetadata(head, metadataInJpeg(header));
    else if (!head.every((byte, i) => byte === first![i])) {
      throw new InputError("The JPEG encoder changed its tables within a picture. Choose PNG.");
    } else yield Uint8Array.of(0xff, MARKER.restart + (bands - 1) % 8);
    yield band.data;
    first ??= head;
    bands++;
  }
  yield Uint8Array.of(0xff, MARKER.eoi);
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

/** The head of a band's file, made that of the whole picture's: its height, and restart markers. */
function wholeHead(head: Uint8Array, height: number, interval: number): Uint8Array {
  const parts: Uint8Array[] = [head.subarray(0, 2)];
  const ended = concatBytes([head, Uint8Array.of(0xff, MARKER.eoi)]);
  for (const { marker, data } of readSegments(ended)) {
    if (marker === MARKER.eoi) break;
    if (marker === MARKER.sos) {
      parts.push(jpegSegment(MARKER.interval, Uint8Array.of(interval >> 8, interval & 0xff)));
    }
    const copy = data.slice();
    if (marker === MARKER.sof0) copy.set([height >> 8, height & 0xff], 1);
    parts.push(jpegSegment(marker, copy));
  }
  return concatBytes(parts);
}
