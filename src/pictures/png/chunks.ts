/**
 * Takes a PNG file apart: checks its chunks and its header, and collects what the pixels and the
 * metadata are made from. No pixel is touched here.
 */

import { crc32, inflate } from "../../platform/mod.ts";
import { latin1, viewOf } from "../bytes.ts";
import { CREDENTIALS_LEFT_OUT, isCredentials } from "../metadata/credentials.ts";
import { withoutPrefix } from "../metadata/exif.ts";
import { metadataOfLabel, profileOfGamma } from "../colour/label.ts";
import { arePossible, type Chromaticity, type Primaries } from "../colour/primaries.ts";
import { isProfile } from "../colour/profile.ts";
import { BROKEN_PROFILE } from "../colour/srgb.ts";
import { checkSize, damaged, unsupported } from "../limits.ts";
import type { Metadata } from "../picture.ts";
import { COLOUR, LAYOUTS, PNG_MAX, PNG_SIGNATURE } from "./format.ts";
import type { ByteSource } from "../source.ts";
import { readTextChunk, TEXT_CHUNKS } from "./texts.ts";

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
  /** Where the IDAT chunks are, which together hold one zlib stream. */
  compressed: ChunkPlace[];
  metadata: Metadata;
  /** Frames of an animation; 1 for a still picture. */
  frames: number;
  /** What of the file is left out, for people. */
  notes: string[];
}

/** What chunks say of the colours; which of them counts is decided when all are read. */
interface ColourChunks {
  cicp?: { primaries: number; transfer: number };
  icc?: Uint8Array | "broken";
  srgb?: true;
  gamma?: number;
  primaries?: Primaries;
}

/** Where a chunk is: its four-letter type, the place of its data, and their length. */
interface ChunkPlace {
  type: string;
  at: number;
  length: number;
}

/** Chunks that say what the colours are. */
const COLOUR_CHUNKS = ["cICP", "iCCP", "sRGB", "gAMA", "cHRM"];

/** Chunks that say how bright HDR is meant, and how long they are. */
const LIGHT_BYTES: Readonly<Record<string, number>> = { mDCV: 24, cLLI: 8 };

/** The most bytes that a profile or an XMP packet may inflate to. */
const MAX_METADATA_BYTES = 2 ** 24;

/** Where the header chunk ends. */
const HEADER_END = 33;

/** The most bytes of a chunk that are read at a time. */
const PIECE_BYTES = 2 ** 20;

/** No deflate stream expands by more than this factor. */
const MAX_EXPANSION = 1032;

/**
 * Takes a PNG file apart. Its image data is only located: `readCompressed` reads and checks it.
 *
 * @param source the whole file
 * @param maxPixels the most pixels that the header may claim
 * @throws {InputError} if the file is truncated, damaged, or claims too much
 */
export async function readPngParts(source: ByteSource, maxPixels: number): Promise<PngParts> {
  const parts: PngParts = {
    header: readHeader(await source.read(0, HEADER_END), maxPixels),
    palette: new Uint8Array(0),
    transparency: undefined,
    compressed: [],
    metadata: {},
    frames: 1,
    notes: [],
  };
  const colours: ColourChunks = {};
  for await (const chunk of findChunks(source)) {
    if (chunk.type === "IDAT") {
      parts.compressed.push(chunk);
      continue;
    }
    const data = await readChunk(source, chunk);
    if (data === undefined) continue;
    if (chunk.type === "PLTE") parts.palette = checkPalette(data);
    else if (chunk.type === "tRNS") parts.transparency = checkTransparency(data, parts);
    else if (chunk.type === "acTL" && data.length === 8) parts.frames = viewOf(data).getUint32(0);
    else if (chunk.type === "caBX") {
      if (isCredentials(data)) parts.notes.push(CREDENTIALS_LEFT_OUT);
    } else if (COLOUR_CHUNKS.includes(chunk.type)) await readColours(chunk.type, data, colours);
    else await readMetadata(chunk.type, data, parts.metadata);
  }
  describeColours(parts, colours);
  checkParts(parts);
  return parts;
}

/**
 * Reads the zlib stream of a file's IDAT chunks. The last piece of a chunk comes only if its checksum
 * is right.
 */
export async function* readCompressed(
  source: ByteSource,
  places: ChunkPlace[],
): AsyncGenerator<Uint8Array> {
  for (const { type, at, length } of places) {
    let sum = crc32(latin1(type));
    for (let done = 0; done < length;) {
      const piece = await source.read(at + done, Math.min(length - done, PIECE_BYTES));
      if (piece.length === 0) {
        throw damaged("PNG", `it ends within chunk ${type} at byte ${at - 8}`);
      }
      sum = crc32(piece, sum);
      done += piece.length;
      // The next read may overwrite what this one returned.
      const copy = piece.slice();
      if (done === length && !(await hasSum(source, at + length, sum))) {
        throw wrongChecksum({ type, at });
      }
      yield copy;
    }
  }
}

/** Returns how many bytes a row of `width` stored pixels takes, without its filter byte. */
export function rowBytes(header: PngHeader, width: number): number {
  return Math.ceil(width * header.samples * header.bits / 8);
}

/** Reads and checks the header, which must be the first chunk. */
function readHeader(bytes: Uint8Array, maxPixels: number): PngHeader {
  if (bytes.length < HEADER_END) {
    throw damaged("PNG", `it ends after ${bytes.length} bytes, within its header`);
  }
  const view = viewOf(bytes);
  if (typeAt(bytes, 12) === "CgBI") throw unsupported("PNG", "is of Apple's own kind (CgBI)");
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

/** Finds the chunks up to IEND; that of the header and unknown critical ones are checked at once. */
async function* findChunks(source: ByteSource): AsyncGenerator<ChunkPlace> {
  let start = PNG_SIGNATURE.length;
  while (start + 12 <= source.length) {
    const head = await source.read(start, 8);
    const [type, length] = [typeAt(head, 4), viewOf(head).getUint32(0)];
    const end = start + 12 + length;
    if (length > PNG_MAX || end > source.length) {
      throw damaged(
        "PNG",
        `chunk ${type} at byte ${start} claims ${length} bytes, and the file ends at ` +
          `${source.length}`,
      );
    }
    if (type === "IEND") return;
    yield { type, at: start + 8, length };
    start = end;
  }
  throw damaged("PNG", `it is cut off: it ends at byte ${source.length} without an end chunk`);
}

/**
 * Reads a chunk, or returns `undefined` if it is one to leave out: ancillary, and with a wrong
 * checksum or beyond all measure.
 */
async function readChunk(source: ByteSource, chunk: ChunkPlace): Promise<Uint8Array | undefined> {
  const { type, at, length } = chunk;
  const critical = !/^[a-z]/.test(type);
  if (critical && type !== "IHDR" && type !== "PLTE") {
    throw damaged("PNG", `chunk ${type} at byte ${at - 8} is of an unknown kind`);
  }
  if (length > MAX_METADATA_BYTES) return undefined;
  const data = (await source.read(at, length)).slice();
  if (await hasSum(source, at + length, crc32(data, crc32(latin1(type))))) return data;
  if (critical) throw wrongChecksum(chunk);
  return undefined;
}

async function hasSum(source: ByteSource, at: number, sum: number): Promise<boolean> {
  const stored = await source.read(at, 4);
  return stored.length === 4 && viewOf(stored).getUint32(0) === sum;
}

function wrongChecksum({ type, at }: Pick<ChunkPlace, "type" | "at">): Error {
  return damaged("PNG", `chunk ${type} at byte ${at - 8} has a wrong checksum`);
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

/** Leaves out alpha of more colours than the palette has, as libpng does. */
function checkTransparency(data: Uint8Array, { header, palette }: PngParts) {
  const isTooLong = header.colourType === COLOUR.palette && data.length > palette.length / 3;
  return isTooLong ? undefined : data;
}

/** Checks what depends on several chunks, and that the data can be as long as the header claims. */
function checkParts({ header, palette, compressed }: PngParts): void {
  if (header.colourType === COLOUR.palette && palette.length === 0) {
    throw damaged("PNG", "its pixels need a palette, and it has none");
  }
  const needed = header.height * rowBytes(header, header.width);
  const stored = compressed.reduce((sum, { length }) => sum + length, 0);
  if (needed > stored * MAX_EXPANSION) {
    throw damaged(
      "PNG",
      `it claims ${header.width} x ${header.height} pixels (${needed} bytes), which cannot come ` +
        `from its ${stored} bytes of image data`,
    );
  }
}

/** Reads what a chunk says of the colours, if it is whole. */
async function readColours(type: string, data: Uint8Array, colours: ColourChunks): Promise<void> {
  const view = viewOf(data);
  if (type === "cICP" && data.length === 4 && data[2] === 0) {
    colours.cicp = { primaries: data[0], transfer: data[1] };
  } else if (type === "iCCP") colours.icc = await readProfile(data) ?? "broken";
  else if (type === "sRGB") colours.srgb = true;
  else if (type === "gAMA" && data.length === 4 && isGamma(view.getUint32(0) / 100_000)) {
    colours.gamma = view.getUint32(0) / 100_000;
  } else if (type === "cHRM" && data.length === 32) {
    const pair = (i: number): Chromaticity => {
      return [view.getUint32(8 * i) / 100_000, view.getUint32(8 * i + 4) / 100_000];
    };
    const [white, red, green, blue] = [pair(0), pair(1), pair(2), pair(3)];
    const primaries = { white, red, green, blue };
    if (arePossible(primaries)) colours.primaries = primaries;
  }
}

/** Says whether a power is one of a picture; libpng has the same limits. */
function isGamma(value: number): boolean {
  return value >= 0.01 && value <= 100;
}

/** Decides by the standard's precedence (PNG 3, 4.3): cICP, iCCP, sRGB, then gAMA and cHRM. */
function describeColours({ header, metadata, notes }: PngParts, colours: ColourChunks): void {
  const { cicp, icc, srgb, gamma, primaries } = colours;
  const grey = header.colourType === COLOUR.grey || header.colourType === COLOUR.greyAlpha;
  if (icc === "broken" || (icc !== undefined && !isProfile(icc))) notes.push(BROKEN_PROFILE);
  if (cicp !== undefined) Object.assign(metadata, metadataOfLabel(cicp, grey));
  else if (icc !== undefined && icc !== "broken" && isProfile(icc)) metadata.icc = icc;
  else if (srgb === undefined && (gamma !== undefined || primaries !== undefined)) {
    const made = profileOfGamma(grey, gamma, primaries);
    if (made !== undefined) metadata.icc = made;
  }
}

/** Adds what an ancillary chunk says, if it is known and whole. */
async function readMetadata(type: string, data: Uint8Array, metadata: Metadata): Promise<void> {
  if (type === "eXIf") setIfKnown(metadata, "exif", withoutPrefix(data));
  else if (TEXT_CHUNKS.includes(type)) await readTextChunk(type, data, metadata);
  else if (type === "pHYs") setIfKnown(metadata, "density", readDensity(data));
  else if (type in LIGHT_BYTES && data.length === LIGHT_BYTES[type]) {
    metadata.light = { ...metadata.light, [type]: data.slice() };
  }
}

function setIfKnown<K extends keyof Metadata>(
  metadata: Metadata,
  key: K,
  value: Metadata[K] | undefined,
): void {
  if (value !== undefined) metadata[key] = value;
}

/** iCCP: a name, a zero, the compression method 0, and the compressed profile. */
async function readProfile(data: Uint8Array): Promise<Uint8Array | undefined> {
  const nameEnd = data.indexOf(0);
  return nameEnd > 0 && data[nameEnd + 1] === 0
    ? await inflateText(data.subarray(nameEnd + 2))
    : undefined;
}

/** pHYs: pixels per unit in x and y, and the unit: 1 is the metre, 0 says only the ratio. */
function readDensity(data: Uint8Array): Metadata["density"] {
  if (data.length !== 9 || data[8] !== 1) return undefined;
  const view = viewOf(data);
  const [x, y] = [view.getUint32(0), view.getUint32(4)];
  return x > 0 && y > 0 ? { x, y } : undefined;
}

/** Inflates a piece of metadata, or returns `undefined` if it is damaged or far too long. */
async function inflateText(data: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await inflate(data, MAX_METADATA_BYTES);
  } catch {
    return undefined;
  }
}
