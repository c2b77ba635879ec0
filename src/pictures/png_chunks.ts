/**
 * Takes a PNG file apart: checks its chunks and its header, and collects what the pixels and the
 * metadata are made from. No pixel is touched here.
 */

import { crc32, inflateSync } from "node:zlib";
import { concatBytes, startsWith, viewOf } from "./bytes.ts";
import { checkSize, damaged } from "./limits.ts";
import type { Metadata } from "./picture.ts";
import { COLOUR, LAYOUTS, PNG_MAX, PNG_SIGNATURE, XMP_KEYWORD } from "./png_format.ts";

/** What the IHDR chunk says. */
export interface PngHeader {
  width: number;
  height: number;
  /** Bits per sample as stored: 1, 2, 4, 8 or 16. */
  bits: number;
  /** One of `COLOUR`. */
  colourType: number;
  /** Samples per stored pixel: 1 for a palette. */
  samples: number;
  interlaced: boolean;
}

/** A PNG file, taken apart. */
export interface PngParts {
  header: PngHeader;
  /** PLTE: red, green and blue of each colour; empty if absent. */
  palette: Uint8Array;
  /** tRNS: alpha of the palette's colours, or the one transparent colour in 16-bit samples. */
  transparency: Uint8Array | undefined;
  /** The zlib stream of all IDAT chunks. */
  compressed: Uint8Array;
  metadata: Metadata;
}

/** One chunk: its four-letter type and its bytes. */
interface Chunk {
  type: string;
  data: Uint8Array;
}

/** The most bytes that a profile or an XMP packet may inflate to. */
const MAX_METADATA_BYTES = 2 ** 24;

/** No deflate stream expands by more than this factor. */
const MAX_EXPANSION = 1032;

/**
 * Takes a PNG file apart.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the header may claim
 * @throws {InputError} if the file is truncated, damaged, or claims too much
 */
export function readPngParts(bytes: Uint8Array, maxPixels: number): PngParts {
  const parts: PngParts = {
    header: readHeader(bytes, maxPixels),
    palette: new Uint8Array(0),
    transparency: undefined,
    compressed: new Uint8Array(0),
    metadata: {},
  };
  const compressed: Uint8Array[] = [];
  for (const { type, data } of readChunks(bytes)) {
    if (type === "IDAT") compressed.push(data);
    else if (type === "PLTE") parts.palette = checkPalette(data);
    else if (type === "tRNS") parts.transparency = data;
    else readMetadata(type, data, parts.metadata);
  }
  parts.compressed = compressed.length === 1 ? compressed[0] : concatBytes(compressed);
  checkParts(parts);
  return parts;
}

/** Returns how many bytes a row of `width` stored pixels takes, without its filter byte. */
export function rowBytes(header: PngHeader, width: number): number {
  return Math.ceil(width * header.samples * header.bits / 8);
}

/** Reads and checks the header, which must be the first chunk. */
function readHeader(bytes: Uint8Array, maxPixels: number): PngHeader {
  if (bytes.length < 33) {
    throw damaged("PNG", `it ends after ${bytes.length} bytes, within its header`);
  }
  const view = viewOf(bytes);
  if (view.getUint32(8) !== 13 || typeAt(bytes, 12) !== "IHDR") {
    throw damaged("PNG", "its first chunk is not a header of 13 bytes");
  }
  const [bits, colourType, compression, filter, interlace] = bytes.subarray(24, 29);
  const layout = LAYOUTS.get(colourType);
  if (layout === undefined || !layout.depths.includes(bits)) {
    throw damaged("PNG", `its header claims colour type ${colourType} with ${bits} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw damaged(
      "PNG",
      `its header claims compression ${compression}, filter ${filter}, interlacing ${interlace}`,
    );
  }
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  checkSize("PNG", width, height, maxPixels);
  return { width, height, bits, colourType, samples: layout.samples, interlaced: interlace === 1 };
}

/** Yields the chunks up to IEND. Ancillary chunks with a wrong checksum are left out. */
function* readChunks(bytes: Uint8Array): Generator<Chunk> {
  const view = viewOf(bytes);
  let at = PNG_SIGNATURE.length;
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at);
    const type = typeAt(bytes, at + 4);
    const end = at + 12 + length;
    if (length > PNG_MAX || end > bytes.length) {
      throw damaged(
        "PNG",
        `chunk ${type} at byte ${at} claims ${length} bytes, and the file ends at ${bytes.length}`,
      );
    }
    const critical = (bytes[at + 4] & 0x20) === 0;
    const intact = crc32(bytes.subarray(at + 4, end - 4)) === view.getUint32(end - 4);
    if (critical && !intact) {
      throw damaged("PNG", `chunk ${type} at byte ${at} has a wrong checksum`);
    }
    if (critical && !["IHDR", "PLTE", "IDAT", "IEND"].includes(type)) {
      throw damaged("PNG", `chunk ${type} at byte ${at} is of an unknown kind`);
    }
    if (type === "IEND") return;
    if (intact) yield { type, data: bytes.subarray(at + 8, end - 4) };
    at = end;
  }
  throw damaged("PNG", `it is cut off: it ends at byte ${bytes.length} without an end chunk`);
}

/** The four letters at `at`; what is no letter shows as a question mark. */
function typeAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4)).replace(/[^A-Za-z]/g, "?");
}

function checkPalette(data: Uint8Array): Uint8Array {
  if (data.length === 0 || data.length > 768 || data.length % 3 !== 0) {
    throw damaged(
      "PNG",
      `its palette has ${data.length} bytes, not 3 for each of 1 to 256 colours`,
    );
  }
  return data;
}

/** Checks what depends on several chunks, and that the data can be as long as the header claims. */
function checkParts({ header, palette, compressed }: PngParts): void {
  if (header.colourType === COLOUR.palette && palette.length === 0) {
    throw damaged("PNG", "its pixels need a palette, and it has none");
  }
  const needed = header.height * rowBytes(header, header.width);
  if (needed > compressed.length * MAX_EXPANSION) {
    throw damaged(
      "PNG",
      `it claims ${header.width} x ${header.height} pixels (${needed} bytes), which cannot come ` +
        `from its ${compressed.length} bytes of image data`,
    );
  }
}

/** Adds what an ancillary chunk says, if it is known and whole. */
function readMetadata(type: string, data: Uint8Array, metadata: Metadata): void {
  if (type === "iCCP") setIfKnown(metadata, "icc", readProfile(data));
  else if (type === "eXIf") setIfKnown(metadata, "exif", readExif(data));
  else if (type === "iTXt") setIfKnown(metadata, "xmp", readXmp(data));
  else if (type === "pHYs") setIfKnown(metadata, "density", readDensity(data));
}

function setIfKnown<K extends keyof Metadata>(
  metadata: Metadata,
  key: K,
  value: Metadata[K] | undefined,
): void {
  if (value !== undefined) metadata[key] = value;
}

/** iCCP: a name, a zero, the compression method 0, and the compressed profile. */
function readProfile(data: Uint8Array): Uint8Array | undefined {
  const nameEnd = data.indexOf(0);
  return nameEnd > 0 && data[nameEnd + 1] === 0
    ? inflateText(data.subarray(nameEnd + 2))
    : undefined;
}

/** eXIf: the block; some programs put JPEG's prefix before it. */
function readExif(data: Uint8Array): Uint8Array {
  return startsWith(data, "Exif\0\0") ? data.slice(6) : data.slice();
}

/** iTXt: keyword, zero, compressed?, method, language, zero, translated keyword, zero, text. */
function readXmp(data: Uint8Array): Uint8Array | undefined {
  if (!startsWith(data, `${XMP_KEYWORD}\0`)) return undefined;
  const compressed = data[XMP_KEYWORD.length + 1] === 1;
  const languageEnd = data.indexOf(0, XMP_KEYWORD.length + 3);
  const translatedEnd = data.indexOf(0, languageEnd + 1);
  if (languageEnd < 0 || translatedEnd < 0) return undefined;
  const text = data.subarray(translatedEnd + 1);
  return compressed ? inflateText(text) : text.slice();
}

/** pHYs: pixels per unit in x and y, and the unit: 1 is the metre, 0 says only the ratio. */
function readDensity(data: Uint8Array): Metadata["density"] {
  if (data.length !== 9 || data[8] !== 1) return undefined;
  const view = viewOf(data);
  const [x, y] = [view.getUint32(0), view.getUint32(4)];
  return x > 0 && y > 0 ? { x, y } : undefined;
}

/** Inflates a piece of metadata, or returns `undefined` if it is damaged or far too long. */
function inflateText(data: Uint8Array): Uint8Array | undefined {
  try {
    return new Uint8Array(inflateSync(data, { maxOutputLength: MAX_METADATA_BYTES }));
  } catch {
    return undefined;
  }
}
