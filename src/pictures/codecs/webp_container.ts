/**
 * A WebP file seen as its chunks, into which profile, EXIF and XMP are put.
 *
 * A file is `RIFF`, its length, `WEBP`, and chunks of a four-letter type, a length, data, and a zero
 * if that is odd. A plain file has one chunk, `VP8 ` (lossy) or `VP8L` (lossless). Any other begins
 * with `VP8X`: flags and the size of the canvas, in 24 bits less one.
 */

import { concatBytes, latin1, viewOf } from "../bytes.ts";
import { damaged } from "../limits.ts";
import type { Metadata } from "../picture.ts";

/** One chunk. */
interface Chunk {
  type: string;
  data: Uint8Array;
}

const FLAG = { xmp: 0x04, exif: 0x08, alpha: 0x10, icc: 0x20 } as const;

/**
 * Returns the file that a codec wrote with metadata put in.
 *
 * @param bytes a still picture, or an animation
 */
export function withWebpMetadata(bytes: Uint8Array, metadata: Metadata): Uint8Array {
  const chunks = [...readChunks(bytes, 12)];
  const extended = chunks.find(({ type }) => type === "VP8X");
  const body = chunks.filter(({ type }) => type !== "VP8X");
  const head = extended?.data.slice() ?? headerOf(sizeOf(body)!);
  return join(head, body, metadata);
}

/** Yields the chunks from `at` on. One that claims more than there is ends the file. */
function* readChunks(bytes: Uint8Array, at: number): Generator<Chunk> {
  const view = viewOf(bytes);
  while (at + 8 <= bytes.length) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length;
    if (end > bytes.length) {
      throw damaged(
        "WebP",
        `a chunk at byte ${at} claims ${length} bytes, and its container ends at ${bytes.length}`,
      );
    }
    yield {
      type: String.fromCharCode(...bytes.subarray(at, at + 4)),
      data: bytes.subarray(at + 8, end),
    };
    at = end + length % 2;
  }
}

/** Reads the size, and whether there is alpha, from the header of the compressed picture. */
function sizeOf(picture: Chunk[]): { width: number; height: number; alpha: boolean } | undefined {
  const main = picture.find(({ type }) => type !== "ALPH");
  if (main === undefined || main.data.length < 10) return undefined;
  const view = viewOf(main.data);
  if (main.type === "VP8 ") {
    const width = view.getUint16(6, true) & 0x3fff;
    const height = view.getUint16(8, true) & 0x3fff;
    return { width, height, alpha: picture.some(({ type }) => type === "ALPH") };
  }
  const bits = view.getUint32(1, true);
  const alpha = (bits >>> 28 & 1) === 1;
  return { width: (bits & 0x3fff) + 1, height: (bits >>> 14 & 0x3fff) + 1, alpha };
}

/** The data of `VP8X` for a still picture. */
function headerOf(
  { width, height, alpha }: { width: number; height: number; alpha: boolean },
): Uint8Array {
  const header = new Uint8Array(10);
  const view = viewOf(header);
  header[0] = alpha ? FLAG.alpha : 0;
  view.setUint16(4, (width - 1) & 0xffff, true);
  header[6] = (width - 1) >> 16;
  view.setUint16(7, (height - 1) & 0xffff, true);
  header[9] = (height - 1) >> 16;
  return header;
}

/** Writes a file: a plain one if one chunk is all there is, else with `VP8X` and metadata. */
function join(header: Uint8Array, body: Chunk[], { icc, exif, xmp }: Metadata): Uint8Array {
  const chunks = body.map(({ type, data }) => chunkOf(type, data));
  if (icc !== undefined) chunks.unshift(chunkOf("ICCP", icc));
  if (exif !== undefined) chunks.push(chunkOf("EXIF", exif));
  if (xmp !== undefined) chunks.push(chunkOf("XMP ", xmp));
  if (chunks.length > 1) {
    header[0] |= (icc ? FLAG.icc : 0) | (exif ? FLAG.exif : 0) | (xmp ? FLAG.xmp : 0);
    chunks.unshift(chunkOf("VP8X", header));
  }
  const content = concatBytes([latin1("WEBP"), ...chunks]);
  return concatBytes([latin1("RIFF"), little32(content.length), content]);
}

function chunkOf(type: string, data: Uint8Array): Uint8Array {
  const padding = new Uint8Array(data.length % 2);
  return concatBytes([latin1(type), little32(data.length), data, padding]);
}

function little32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}
