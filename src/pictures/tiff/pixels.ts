/**
 * The pixels of a TIFF file: strips or tiles, whole pixels or planes, uncompressed or by PackBits, LZW,
 * deflate or JPEG, with or without horizontal differences.
 *
 * Left out on purpose: the fax compressions, and the predictor for floats.
 */

import { concatBytes, viewOf } from "../bytes.ts";
import { damaged, unsupported } from "../limits.ts";
import { inflate } from "../../platform/mod.ts";
import { unpackLzw } from "./lzw.ts";
import { allocateSamples, type Samples } from "../picture.ts";

/** How the pixels are stored. */
export interface TiffLayout {
  width: number;
  height: number;
  /** Bits per sample: 1, 2, 4, 8, 16, or 32 for floats. */
  bits: number;
  /** Samples per pixel. */
  samples: number;
  little: boolean;
  compression: number;
  /** Whether samples are differences from those on their left. */
  differences: boolean;
  /** Whether each kind of sample is stored apart. */
  planes: boolean;
  /** Size of a piece: a tile, or a strip, which is as wide as the picture. */
  pieceWidth: number;
  pieceHeight: number;
  offsets: number[];
  lengths: number[];
  /** Tables that all JPEG pieces share. */
  jpegTables: Uint8Array | undefined;
}

/** Decodes a JPEG piece, given the file that it makes up together with the shared tables. */
export type JpegPieceDecoder = (file: Uint8Array) => Promise<Uint8Array>;

/** Numbers of the compressions. */
export const TIFF_COMPRESSION = {
  none: 1,
  lzw: 5,
  jpeg: 7,
  deflate: 8,
  oldDeflate: 32946,
  packBits: 32773,
} as const;

/**
 * Reads all samples, `[height][width][samples]`. Fewer than 8 bits are returned as they are, in bytes.
 *
 * @param bytes the whole file
 * @throws {InputError} if a piece is damaged or of an unreadable kind
 */
export async function readTiffPixels(
  bytes: Uint8Array,
  layout: TiffLayout,
  decodeJpegPiece: JpegPieceDecoder,
): Promise<Samples> {
  const { width, height, samples, bits, pieceWidth, pieceHeight, planes } = layout;
  const depth = bits === 32 ? 32 : bits === 16 ? 16 : 8;
  const out = allocateSamples(depth, width * height * samples);
  const across = Math.ceil(width / pieceWidth);
  const down = Math.ceil(height / pieceHeight);
  const inPiece = planes ? 1 : samples;
  const count = across * down * (planes ? samples : 1);
  if (layout.offsets.length < count || layout.lengths.length < count) {
    throw damaged("TIFF", `it has ${layout.offsets.length} of ${count} pieces`);
  }
  for (let i = 0; i < count; i++) {
    const piece = await readPiece(bytes, layout, i, inPiece, decodeJpegPiece);
    const plane = Math.floor(i / (across * down));
    const [x, y] = [i % across * pieceWidth, Math.floor(i / across) % down * pieceHeight];
    const columns = Math.min(pieceWidth, width - x);
    const rows = Math.min(pieceHeight, height - y);
    for (let row = 0; row < rows; row++) {
      const from = row * pieceWidth * inPiece;
      const to = ((y + row) * width + x) * samples + plane;
      if (!planes) out.set(piece.subarray(from, from + columns * samples), to);
      else for (let c = 0; c < columns; c++) out[to + c * samples] = piece[from + c];
    }
  }
  return out;
}

/** Reads one piece, with all its columns and as many rows as it has. */
async function readPiece(
  bytes: Uint8Array,
  layout: TiffLayout,
  index: number,
  inPiece: number,
  decodeJpegPiece: JpegPieceDecoder,
): Promise<Samples> {
  const { bits, little, compression, pieceWidth, pieceHeight, height, planes } = layout;
  const at = layout.offsets[index];
  const stored = bytes.subarray(at, at + layout.lengths[index]);
  const isStrip = pieceWidth === layout.width;
  const down = Math.ceil(height / pieceHeight);
  const place = planes ? index % down : index;
  const rows = isStrip && place === down - 1 ? height - place * pieceHeight : pieceHeight;
  const rowSamples = pieceWidth * inPiece;
  const rowBytes = Math.ceil(rowSamples * bits / 8);
  if (compression === TIFF_COMPRESSION.jpeg) {
    const file = withTables(stored, layout.jpegTables);
    return checkLength(await decodeJpegPiece(file), rows * rowSamples, index);
  }
  const unpacked = await unpack(stored, compression, rows * rowBytes);
  const raw = checkLength(unpacked, rows * rowBytes, index);
  const piece = samplesOf(raw, bits, little, rows, rowSamples);
  if (layout.differences) addUp(piece, rows, rowSamples, inPiece);
  return piece;
}

function checkLength<T extends Samples>(data: T, length: number, index: number): T {
  if (data.length >= length) return data;
  throw damaged("TIFF", `piece ${index} of its picture has ${data.length} of ${length} bytes`);
}

/** Decompresses a piece into at most `length` bytes. */
async function unpack(
  stored: Uint8Array,
  compression: number,
  length: number,
): Promise<Uint8Array> {
  switch (compression) {
    case TIFF_COMPRESSION.none:
      return stored;
    case TIFF_COMPRESSION.lzw:
      return unpackLzw(stored, 8, length, true);
    case TIFF_COMPRESSION.packBits:
      return unpackBits(stored, length);
    case TIFF_COMPRESSION.deflate:
    case TIFF_COMPRESSION.oldDeflate:
      try {
        return await inflate(stored, length + 2 ** 16);
      } catch {
        return new Uint8Array(0);
      }
    default:
      throw unsupported("TIFF", `has compression ${compression}`);
  }
}

/** PackBits: a number below 128 says how many bytes less one follow, above it how often one repeats. */
function unpackBits(stored: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let filled = 0;
  for (let at = 0; at < stored.length && filled < length;) {
    const code = stored[at++];
    if (code < 128) {
      const literal = stored.subarray(at, at + Math.min(code + 1, length - filled));
      out.set(literal, filled);
      filled += literal.length;
      at += code + 1;
    } else if (code > 128) {
      const count = Math.min(257 - code, length - filled);
      out.fill(stored[at++], filled, filled + count);
      filled += count;
    }
  }
  return out.subarray(0, filled);
}

/** Turns bytes into samples; rows of fewer than 8 bits begin with a whole byte. */
function samplesOf(
  raw: Uint8Array,
  bits: number,
  little: boolean,
  rows: number,
  rowSamples: number,
): Samples {
  const count = rows * rowSamples;
  if (bits === 8) return raw.slice(0, count);
  const view = viewOf(raw);
  if (bits === 16) {
    const out = new Uint16Array(count);
    for (let i = 0; i < count; i++) out[i] = view.getUint16(i * 2, little);
    return out;
  }
  if (bits === 32) {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = view.getFloat32(i * 4, little);
    return out;
  }
  const rowBytes = Math.ceil(rowSamples * bits / 8);
  const mask = (1 << bits) - 1;
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const bit = i % rowSamples * bits;
    const byte = raw[Math.floor(i / rowSamples) * rowBytes + (bit >> 3)];
    out[i] = (byte >> (8 - bits - (bit & 7))) & mask;
  }
  return out;
}

/** Undoes differences; samples wrap around. */
function addUp(samples: Samples, rows: number, rowSamples: number, step: number): void {
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * rowSamples;
    for (let i = row * rowSamples + step; i < end; i++) samples[i] += samples[i - step];
  }
}

/** Puts shared tables, a JPEG file without a picture, into a file without tables. */
function withTables(file: Uint8Array, tables: Uint8Array | undefined): Uint8Array {
  if (tables === undefined || tables.length < 4) return file;
  return concatBytes([tables.subarray(0, tables.length - 2), file.subarray(2)]);
}
