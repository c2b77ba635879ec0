/**
 * PNG in: every colour type, 1 to 16 bits, palettes, transparent colours and interlacing.
 *
 * The compressed stream is inflated in pieces, and each row goes to its place in the picture as soon
 * as it is whole, so no second copy of the picture ever exists. 16 bits stay 16 bits; fewer than 8
 * widen to 8; a palette becomes RGB, or RGBA if any of its colours is transparent.
 *
 * Left out here: the later frames of an animation.
 */

import { inflateBlocks, InflateError } from "../../platform/mod.ts";
import { stillNote } from "../animation/note.ts";
import { viewOf } from "../bytes.ts";
import { readOrientation } from "../metadata/exif.ts";
import { damaged, DEFAULT_MAX_PIXELS } from "../limits.ts";
import { makeUpright } from "../metadata/metadata.ts";
import {
  allocateSamples,
  type Picture,
  type PictureHeader,
  type PictureRows,
  type Samples,
} from "../picture.ts";
import { type PngHeader, type PngParts, readCompressed, readPngParts, rowBytes } from "./chunks.ts";
import { COLOUR, paeth } from "./format.ts";
import { type ByteSource, readAhead, sourceOf } from "../source.ts";

/** The seven passes of an interlaced picture: first column, first row, column and row steps. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Bytes inflated at a time: large enough that the calls cost nothing, small beside a picture. */
const PIECE_BYTES = 2 ** 20;

/** A sub-picture: every `dx`-th column from `x` and every `dy`-th row from `y`. */
interface Pass {
  x: number;
  y: number;
  dx: number;
  dy: number;
  width: number;
  height: number;
}

/** Puts the stored pixels of one row into the picture, from sample `at` on, every `step` samples. */
type RowWriter = (row: Uint8Array, width: number, at: number, step: number) => void;

/**
 * Decodes a PNG file. The picture is as stored: orientation is not applied.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is truncated, damaged, or claims too much
 */
export async function decodePng(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const source = sourceOf(bytes);
  const parts = await readPngParts(source, maxPixels);
  const { width, height, channels, depth } = headerOf(parts);
  const data = allocateSamples(depth, width * height * channels);
  const writeRow = rowWriter(parts, channels, data);
  const reader = new RowReader(parts.header, (row, pass, y) => {
    const first = (pass.y + y * pass.dy) * width + pass.x;
    writeRow(row, pass.width, first * channels, pass.dx * channels);
  });
  for await (const _ of inflateInto(source, parts, reader));
  return { ...headerOf(parts), data };
}

/**
 * Decodes a PNG file row by row, with a few megabytes of memory whatever its size. Returns `undefined`
 * if the upright rows do not come in that order, as the file is interlaced or is to be turned: then
 * only `decodePicture` reads it. The rows may be walked more than once: each time the file is read.
 *
 * @param source the whole file
 * @param options `maxPixels`, the most pixels that the file may claim: 2^28 unless given
 * @throws {InputError} if the file is truncated, damaged, or claims too much; the rows throw it too
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { encodePicture } from "../encode.ts";
 * import { sourceOf } from "../source.ts";
 * const png = await encodePicture(
 *   { width: 1, height: 3, channels: 1, depth: 8, data: Uint8Array.of(1, 2, 3), metadata: {} },
 *   { format: "png" },
 * );
 * const file = await decodePngRows(sourceOf(png));
 * const values: number[] = [];
 * for await (const rows of file!.rows) values.push(...rows);
 * assert.deepEqual([file!.height, ...values], [3, 1, 2, 3]);
 * ```
 */
export async function decodePngRows(
  source: ByteSource,
  { maxPixels = DEFAULT_MAX_PIXELS }: { maxPixels?: number } = {},
): Promise<PictureRows | undefined> {
  const parts = await readPngParts(readAhead(source), maxPixels);
  const { exif } = parts.metadata;
  if (parts.header.interlaced || (exif !== undefined && readOrientation(exif) !== 1)) {
    return undefined;
  }
  const header = headerOf(parts);
  const { metadata } = makeUpright({ ...header, data: allocateSamples(header.depth, 0) });
  const rows = { [Symbol.asyncIterator]: () => readRows(readAhead(source), parts) };
  return { ...header, metadata, rows };
}

/** What the picture will be. */
function headerOf(parts: PngParts): PictureHeader {
  const { width, height, bits } = parts.header;
  const depth = bits === 16 ? 16 : 8;
  const { metadata, frames } = parts;
  const notes = [...parts.notes, ...stillNote(frames).notes ?? []];
  const said = notes.length > 0 ? { notes } : {};
  return { width, height, channels: channelsOf(parts), depth, metadata, ...said };
}

/** Yields the rows of each piece that is inflated. */
async function* readRows(source: ByteSource, parts: PngParts): AsyncGenerator<Samples> {
  const { width, channels, depth } = headerOf(parts);
  const rowsOfPiece = Math.floor(PIECE_BYTES / (1 + rowBytes(parts.header, width))) + 1;
  const band = allocateSamples(depth, rowsOfPiece * width * channels);
  const writeRow = rowWriter(parts, channels, band);
  let filled = 0;
  const reader = new RowReader(parts.header, (row) => {
    writeRow(row, width, filled, channels);
    filled += width * channels;
  });
  for await (const _ of inflateInto(source, parts, reader)) {
    if (filled > 0) yield band.subarray(0, filled);
    filled = 0;
  }
}

/** Inflates until the reader has all its rows, and yields after each piece; the rest is ignored. */
async function* inflateInto(
  source: ByteSource,
  { compressed }: PngParts,
  reader: RowReader,
): AsyncGenerator<void> {
  try {
    for await (const piece of inflateBlocks(readCompressed(source, compressed), PIECE_BYTES)) {
      const whole = reader.push(piece);
      yield;
      if (whole) return;
    }
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    throw damaged("PNG", `its image data breaks in ${reader.place()} (${error.message})`);
  }
  throw damaged("PNG", `its image data ends in ${reader.place()}`);
}

/** Cuts the inflated stream into rows and undoes their filters. */
class RowReader {
  readonly #header: PngHeader;
  readonly #onRow: (row: Uint8Array, pass: Pass, y: number) => void;
  readonly #passes: Pass[];
  /** Bytes from a sample to the same sample of the pixel on its left. */
  readonly #pixelBytes: number;
  #y = 0;
  #filled = 0;
  /** The row being filled, and the one above it; byte 0 is the filter. */
  #row: Uint8Array;
  #above: Uint8Array;

  constructor(header: PngHeader, onRow: (row: Uint8Array, pass: Pass, y: number) => void) {
    this.#header = header;
    this.#onRow = onRow;
    this.#passes = passesOf(header);
    this.#pixelBytes = Math.max(1, header.samples * header.bits / 8);
    this.#row = this.#emptyRow();
    this.#above = this.#emptyRow();
  }

  /** Takes the next piece of the stream; returns true once all rows are whole. */
  push(piece: Uint8Array): boolean {
    let at = 0;
    while (at < piece.length && this.#passes.length > 0) {
      const taken = Math.min(piece.length - at, this.#row.length - this.#filled);
      this.#row.set(piece.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === this.#row.length) this.#finishRow();
    }
    return this.#passes.length === 0;
  }

  /** Says how far the rows have come, for an error. */
  place(): string {
    const interlaced = this.#header.interlaced ? ` of an interlaced picture's pass` : "";
    return `row ${this.#y} of ${this.#passes[0].height}${interlaced}`;
  }

  #emptyRow(): Uint8Array {
    const pass = this.#passes[0];
    return new Uint8Array(1 + rowBytes(this.#header, pass.width));
  }

  #finishRow(): void {
    unfilter(this.#row, this.#above, this.#pixelBytes, this.place());
    this.#onRow(this.#row.subarray(1), this.#passes[0], this.#y);
    [this.#row, this.#above] = [this.#above, this.#row];
    this.#filled = 0;
    this.#y++;
    if (this.#y === this.#passes[0].height) this.#nextPass();
  }

  #nextPass(): void {
    this.#passes.shift();
    this.#y = 0;
    if (this.#passes.length === 0) return;
    this.#row = this.#emptyRow();
    this.#above = this.#emptyRow();
  }
}

/** The passes that hold at least one pixel: one for a plain file, up to seven for Adam7. */
function passesOf({ width, height, interlaced }: PngHeader): Pass[] {
  if (!interlaced) return [{ x: 0, y: 0, dx: 1, dy: 1, width, height }];
  return ADAM7
    .map(([x, y, dx, dy]) => {
      return {
        x,
        y,
        dx,
        dy,
        width: Math.ceil((width - x) / dx),
        height: Math.ceil((height - y) / dy),
      };
    })
    .filter((pass) => pass.width > 0 && pass.height > 0);
}

/** Undoes the filter of a row in place; `above` is the row before it, already undone. */
function unfilter(row: Uint8Array, above: Uint8Array, pixelBytes: number, place: string): void {
  const first = 1 + pixelBytes;
  switch (row[0]) {
    case 0:
      return;
    case 1:
      for (let i = first; i < row.length; i++) row[i] += row[i - pixelBytes];
      return;
    case 2:
      for (let i = 1; i < row.length; i++) row[i] += above[i];
      return;
    case 3:
      for (let i = 1; i < row.length; i++) {
        row[i] += ((i < first ? 0 : row[i - pixelBytes]) + above[i]) >> 1;
      }
      return;
    case 4:
      for (let i = 1; i < Math.min(first, row.length); i++) row[i] += above[i];
      for (let i = first; i < row.length; i++) {
        row[i] += paeth(row[i - pixelBytes], above[i], above[i - pixelBytes]);
      }
      return;
    default:
      throw damaged("PNG", `filter ${row[0]} in ${place}, where 0 to 4 are possible`);
  }
}

/** The picture's channels: those of the colour type, and alpha if something may be transparent. */
function channelsOf({ header, transparency }: PngParts): Picture["channels"] {
  const grey = header.colourType === COLOUR.grey || header.colourType === COLOUR.greyAlpha;
  const stored = header.colourType === COLOUR.greyAlpha || header.colourType === COLOUR.rgba;
  const alpha = stored || transparency !== undefined;
  return grey ? (alpha ? 2 : 1) : (alpha ? 4 : 3);
}

/** Chooses how stored pixels become the picture's samples. */
function rowWriter(parts: PngParts, channels: number, out: Samples): RowWriter {
  const { header, transparency } = parts;
  if (header.colourType === COLOUR.palette) return paletteWriter(parts, channels, out);
  if (channels !== header.samples) return keyedWriter(header, transparency!, out);
  return plainWriter(header, out);
}

/** Stored samples are the picture's samples, widened if they have fewer than 8 bits. */
function plainWriter(header: PngHeader, out: Samples): RowWriter {
  const { samples, bits } = header;
  const scale = widening(bits);
  return (row, width, at, step) => {
    if (bits === 8 && step === samples) return out.set(row, at);
    const stored = unpack(row, bits, width * samples);
    for (let i = 0; i < stored.length; at += step) {
      for (let c = 0; c < samples; c++) out[at + c] = stored[i++] * scale;
    }
  };
}

/** One stored colour, the key, is transparent: alpha is 0 there and full elsewhere. */
function keyedWriter(header: PngHeader, key: Uint8Array, out: Samples): RowWriter {
  const { samples, bits } = header;
  if (key.length < samples * 2) {
    throw damaged("PNG", `its transparent colour has ${key.length} bytes, not ${samples * 2}`);
  }
  const scale = widening(bits);
  const keyView = viewOf(key);
  const keySamples = Array.from({ length: samples }, (_, c) => keyView.getUint16(c * 2));
  const opaque = bits === 16 ? 65535 : 255;
  return (row, width, at, step) => {
    const stored = unpack(row, bits, width * samples);
    for (let i = 0; i < stored.length; i += samples, at += step) {
      let differs = false;
      for (let c = 0; c < samples; c++) {
        out[at + c] = stored[i + c] * scale;
        differs ||= stored[i + c] !== keySamples[c];
      }
      out[at + samples] = differs ? opaque : 0;
    }
  };
}

/** Stored samples choose a colour of the palette; one beyond its end is black. */
function paletteWriter(parts: PngParts, channels: number, out: Samples): RowWriter {
  const { header, palette, transparency } = parts;
  const colours = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    colours.set(palette.subarray(i * 3, i * 3 + 3), i * 4);
    colours[i * 4 + 3] = transparency?.[i] ?? 255;
  }
  return (row, width, at, step) => {
    const stored = unpack(row, header.bits, width);
    for (let i = 0; i < width; i++, at += step) {
      for (let c = 0; c < channels; c++) out[at + c] = colours[stored[i] * 4 + c];
    }
  };
}

/** The factor that makes the largest sample of fewer than 8 bits 255. */
function widening(bits: number): number {
  return bits < 8 ? 255 / (2 ** bits - 1) : 1;
}

/** Returns the samples of a row as numbers; 8-bit samples are returned as they are. */
function unpack(row: Uint8Array, bits: number, count: number): Uint8Array | Uint16Array {
  if (bits === 8) return row;
  if (bits === 16) {
    const wide = new Uint16Array(count);
    for (let i = 0; i < count; i++) wide[i] = (row[2 * i] << 8) | row[2 * i + 1];
    return wide;
  }
  const small = new Uint8Array(count);
  const mask = 2 ** bits - 1;
  for (let i = 0, bit = 0; i < count; i++, bit += bits) {
    small[i] = (row[bit >> 3] >> (8 - bits - (bit & 7))) & mask;
  }
  return small;
}
