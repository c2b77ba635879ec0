/**
 * PNG out, row by row: a picture of any size is written with a few megabytes of memory.
 *
 * Every row has the Paeth filter, and the stream is deflated at level 4. Measured on photographs of
 * 3840 x 2160 (three 4x enlargements, one noisy, one with text): choosing the best of the five
 * filters for each row chooses Paeth nearly everywhere and costs 0.4 s more; filter Up saves 0.1 s
 * and makes files up to 19 % larger; level 6 makes them 3 to 5 % smaller and takes 0.5 s longer;
 * level 3 makes them 3 to 4 % larger and saves 0.1 s.
 *
 * The same picture gives the same bytes, however its rows come: nothing depends on the time, and
 * the compressor always gets blocks of one size.
 */

import { InputError, UsageError } from "../../errors.ts";
import { crc32, deflate, deflateBlocks } from "../../platform/mod.ts";
import { concatBytes, latin1, viewOf } from "../bytes.ts";
import { writeIptcText } from "../metadata/iptc.ts";
import { metadataToWrite } from "../metadata/metadata.ts";
import type { Metadata, PictureHeader, Samples } from "../picture.ts";
import { COLOUR, IPTC_KEYWORD, paeth, PNG_MAX, PNG_SIGNATURE, XMP_KEYWORD } from "./format.ts";
import { checkCount, checkRows } from "../rows.ts";
import { writeTextChunk } from "./texts.ts";

const LEVEL = 4;
const FILTER_PAETH = 4;

/** Filtered bytes that are given to the compressor at a time. */
const BLOCK_BYTES = 2 ** 20;

/**
 * Writes a PNG file as its rows come, and yields its bytes in order.
 *
 * Depth 8 is written as 8 bits and depth 16 as 16 bits; profile, EXIF, XMP, IPTC and density are kept.
 *
 * @param header size, channels, depth (8 or 16) and metadata of the picture
 * @param rows samples `[n][width][channels]` of any number of whole rows each, from the top down;
 *   a chunk may be reused by its maker once the next one is asked for
 * @throws {UsageError} if the depth is 32, or the rows are not `height` whole rows of that depth
 * @throws {InputError} if the size is beyond what PNG can hold
 *
 * @example
 * ```ts
 * import type { PictureHeader } from "../picture.ts";
 * const header: PictureHeader = { width: 2, height: 2, channels: 1, depth: 8, metadata: {} };
 * const rows = [Uint8Array.of(0, 255), Uint8Array.of(255, 0)];
 * for await (const bytes of encodePngRows(header, rows)) {
 *   // write `bytes` to a file
 * }
 * ```
 */
export async function* encodePngRows(
  header: PictureHeader,
  rows: AsyncIterable<Samples> | Iterable<Samples>,
): AsyncGenerator<Uint8Array> {
  checkHeader(header);
  yield concatBytes([
    PNG_SIGNATURE,
    pngChunk("IHDR", headerData(header)),
    ...await metadataChunks(metadataToWrite(header)),
  ]);
  for await (const piece of deflateBlocks(filteredBlocks(header, rows), LEVEL)) {
    yield pngChunk("IDAT", piece);
  }
  yield pngChunk("IEND", new Uint8Array(0));
}

function checkHeader({ width, height, depth }: PictureHeader): void {
  if (depth === 32) {
    throw new UsageError("PNG holds 8 or 16 bits per sample, not 32: use convertDepth first.");
  }
  if (width > PNG_MAX || height > PNG_MAX) {
    throw new InputError(`PNG holds at most ${PNG_MAX} pixels a side, not ${width} x ${height}.`);
  }
}

/** Filters the rows and yields them in blocks of `BLOCK_BYTES`; the last one may be shorter. */
async function* filteredBlocks(
  header: PictureHeader,
  rows: AsyncIterable<Samples> | Iterable<Samples>,
): AsyncGenerator<Uint8Array> {
  const stride = header.width * header.channels;
  const pixelBytes = header.channels * header.depth / 8;
  let above = new Uint8Array(stride * header.depth / 8);
  let current = new Uint8Array(above.length);
  const line = new Uint8Array(1 + above.length);
  let block = new Uint8Array(BLOCK_BYTES);
  let filled = 0;
  let count = 0;
  for await (const chunk of rows) {
    checkRows(header, chunk, count);
    for (let at = 0; at < chunk.length; at += stride, count++) {
      toBigEndian(chunk, at, current, header.depth);
      filterPaeth(current, above, pixelBytes, line);
      [current, above] = [above, current];
      for (let done = 0; done < line.length;) {
        const taken = Math.min(line.length - done, BLOCK_BYTES - filled);
        block.set(line.subarray(done, done + taken), filled);
        done += taken;
        filled += taken;
        if (filled < BLOCK_BYTES) continue;
        yield block;
        block = new Uint8Array(BLOCK_BYTES);
        filled = 0;
      }
    }
  }
  checkCount(header, count);
  yield block.subarray(0, filled);
}

/** Copies the row that begins at sample `at` to bytes, the more significant byte first. */
function toBigEndian(samples: Samples, at: number, row: Uint8Array, depth: number): void {
  if (depth === 8) return row.set((samples as Uint8Array).subarray(at, at + row.length));
  for (let i = 0; i < row.length; at++) {
    row[i++] = samples[at] >> 8;
    row[i++] = samples[at];
  }
}

/** Writes the filter's number and the filtered bytes of `row` to `line`. */
function filterPaeth(
  row: Uint8Array,
  above: Uint8Array,
  pixelBytes: number,
  line: Uint8Array,
): void {
  line[0] = FILTER_PAETH;
  for (let i = 0; i < pixelBytes; i++) line[1 + i] = row[i] - above[i];
  for (let i = pixelBytes; i < row.length; i++) {
    line[1 + i] = row[i] - paeth(row[i - pixelBytes], above[i], above[i - pixelBytes]);
  }
}

/** The 13 bytes of IHDR. */
function headerData({ width, height, channels, depth }: PictureHeader): Uint8Array {
  const data = new Uint8Array(13);
  const view = viewOf(data);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data[8] = depth;
  data[9] = [COLOUR.grey, COLOUR.greyAlpha, COLOUR.rgb, COLOUR.rgba][channels - 1];
  return data;
}

/** The chunks that carry metadata, in the order in which the format wants them before the pixels. */
export async function metadataChunks(
  { cicp, light = {}, icc, density, exif, xmp, iptc, texts = [] }: Metadata,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  if (cicp !== undefined) {
    chunks.push(pngChunk("cICP", Uint8Array.of(cicp.primaries, cicp.transfer, 0, 1)));
  }
  for (const [type, data] of Object.entries(light)) chunks.push(pngChunk(type, data));
  if (icc !== undefined) {
    chunks.push(pngChunk("iCCP", concatBytes([latin1("ICC profile\0\0"), await deflate(icc)])));
  }
  if (density !== undefined) chunks.push(pngChunk("pHYs", densityData(density)));
  if (exif !== undefined) chunks.push(pngChunk("eXIf", exif));
  if (xmp !== undefined) {
    chunks.push(pngChunk("iTXt", concatBytes([latin1(`${XMP_KEYWORD}\0\0\0\0\0`), xmp])));
  }
  if (iptc !== undefined) {
    const text = await deflate(writeIptcText(iptc));
    chunks.push(pngChunk("zTXt", concatBytes([latin1(`${IPTC_KEYWORD}\0\0`), text])));
  }
  for (const text of texts) chunks.push(pngChunk(...await writeTextChunk(text)));
  return chunks;
}

/** The 9 bytes of pHYs: pixels per metre in x and y, and the number of that unit. */
function densityData({ x, y }: { x: number; y: number }): Uint8Array {
  const data = new Uint8Array(9);
  viewOf(data).setUint32(0, Math.round(x));
  viewOf(data).setUint32(4, Math.round(y));
  data[8] = 1;
  return data;
}

/** A chunk: length, type, data, checksum. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = viewOf(bytes);
  view.setUint32(0, data.length);
  bytes.set(latin1(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}
