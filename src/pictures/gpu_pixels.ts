/**
 * Pixels as the first and the last kernel hold them: always four samples, in 32-bit words.
 *
 * | depth | words per pixel | word 0 | word 1 | word 2 | word 3 |
 * |---|---|---|---|---|---|
 * | 8 | 1 | r, g << 8, b << 16, a << 24 | | | |
 * | 16 | 2 | r, g << 16 | b, a << 16 | | |
 * | 32 | 4 | bits of r | bits of g | bits of b | bits of a |
 *
 * Grey is three equal samples, missing alpha is full. These layouts are those of the shaders that
 * unpack and pack pixels; the words are little-endian, as every machine that runs them is.
 */

import { UsageError } from "../errors.ts";
import {
  allocateSamples,
  type Depth,
  hasAlpha,
  type Picture,
  type PictureHeader,
  type Samples,
  whiteOf,
} from "./picture.ts";

/** Returns how many words a pixel takes. */
export function wordsPerPixel(depth: Depth): 1 | 2 | 4 {
  return depth === 8 ? 1 : depth === 16 ? 2 : 4;
}

/**
 * Returns the picture's pixels in words, row after row.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const words = toGpuPixels({
 *   width: 1, height: 1, channels: 3, depth: 8, data: Uint8Array.of(1, 2, 3), metadata: {},
 * });
 * assert.equal(words[0], 0xff030201);
 * ```
 */
export function toGpuPixels(picture: Picture): Uint32Array {
  const { width, height, channels, depth, data } = picture;
  const words = new Uint32Array(width * height * wordsPerPixel(depth));
  if (channels === 3 && data instanceof Uint8Array) return packColours(data, words);
  const samples = samplesIn(words, depth);
  const [green, blue] = channels <= 2 ? [0, 0] : [1, 2];
  const alpha = hasAlpha(picture) ? channels - 1 : undefined;
  const white = whiteOf(depth);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 4) {
    samples[to] = data[from];
    samples[to + 1] = data[from + green];
    samples[to + 2] = data[from + blue];
    samples[to + 3] = alpha === undefined ? white : data[from + alpha];
  }
  return words;
}

/**
 * Returns the samples that words hold, `[height][width][channels]`. Grey is the mean of red, green
 * and blue, rounded for integers, as a network may have moved them apart.
 *
 * @throws {UsageError} if there are not `width * height` pixels in `words`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(fromGpuPixels(Uint32Array.of(0xff030201), 1, 1, 1, 8), Uint8Array.of(2));
 * ```
 */
export function fromGpuPixels(
  words: Uint32Array,
  width: number,
  height: number,
  channels: Picture["channels"],
  depth: Depth,
): Samples {
  const pixels = width * height;
  const needed = pixels * wordsPerPixel(depth);
  if (words.length < needed) {
    throw new UsageError(
      `${width} x ${height} pixels need ${needed} words, not ${words.length}.`,
    );
  }
  const data = allocateSamples(depth, pixels * channels);
  if (channels === 3 && data instanceof Uint8Array) return unpackColours(words, data);
  const samples = samplesIn(words.subarray(0, needed), depth);
  if (channels === 4) data.set(samples);
  else if (channels === 3) copyColours(samples, data);
  else copyGrey(samples, data, channels === 2, depth === 32 ? 0 : 0.5);
  return data;
}

/** Pixels that are turned into samples at a time: few enough for a processor's cache. */
const PIXELS_AT_ONCE = 2 ** 17;

/**
 * Yields the samples of pixels that come in whole rows, a few rows at a time.
 *
 * @param header Width, channels and depth of the picture.
 */
export async function* unpackRows(
  { width, channels, depth }: Pick<PictureHeader, "width" | "channels" | "depth">,
  pixels: AsyncIterable<Uint32Array> | Iterable<Uint32Array>,
): AsyncGenerator<Samples> {
  const perRow = width * wordsPerPixel(depth);
  const most = Math.max(1, Math.floor(PIXELS_AT_ONCE / width));
  for await (const words of pixels) {
    const rows = words.length / perRow;
    for (let row = 0; row < rows; row += most) {
      const count = Math.min(most, rows - row);
      const part = words.subarray(row * perRow, (row + count) * perRow);
      yield fromGpuPixels(part, width, count, channels, depth);
    }
  }
}

/** Returns the same memory as samples, four for each pixel. */
export function samplesIn(words: Uint32Array, depth: Depth): Samples {
  const { buffer, byteOffset, length } = words;
  if (depth === 8) return new Uint8Array(buffer, byteOffset, length * 4);
  if (depth === 16) return new Uint16Array(buffer, byteOffset, length * 2);
  return new Float32Array(buffer, byteOffset, length);
}

/**
 * Packs colours of 8 bits, with full alpha: the usual picture, for which four pixels at a time take
 * half of the time that samples do.
 *
 * @param data `[pixels][3]`
 * @param words as many as there are pixels
 */
export function packColours(data: Uint8Array, words: Uint32Array): Uint32Array {
  const { triples, pixels } = inTriples(data);
  for (let at = 0, from = 0; at < pixels; at += 4, from += 3) {
    const a = triples[from];
    const b = triples[from + 1];
    const c = triples[from + 2];
    words[at] = a | OPAQUE;
    words[at + 1] = a >>> 24 | b << 8 | OPAQUE;
    words[at + 2] = b >>> 16 | c << 16 | OPAQUE;
    words[at + 3] = c >>> 8 | OPAQUE;
  }
  for (let at = pixels; at < words.length; at++) {
    words[at] = data[3 * at] | data[3 * at + 1] << 8 | data[3 * at + 2] << 16 | OPAQUE;
  }
  return words;
}

/** The reverse: alpha is left out. */
function unpackColours(words: Uint32Array, data: Uint8Array): Uint8Array {
  const { triples, pixels } = inTriples(data);
  for (let at = 0, to = 0; at < pixels; at += 4, to += 3) {
    const a = words[at];
    const b = words[at + 1];
    const c = words[at + 2];
    const d = words[at + 3];
    triples[to] = a & 0xffffff | b << 24;
    triples[to + 1] = b >>> 8 & 0xffff | c << 16;
    triples[to + 2] = c >>> 16 & 0xff | d << 8;
  }
  for (let at = pixels; 3 * at < data.length; at++) {
    data[3 * at] = words[at];
    data[3 * at + 1] = words[at] >> 8;
    data[3 * at + 2] = words[at] >> 16;
  }
  return data;
}

/** Full alpha. */
const OPAQUE = 0xff000000;

/** Three words for every four pixels, as far as the memory is aligned and goes. */
function inTriples({ buffer, byteOffset, length }: Uint8Array): {
  triples: Uint32Array;
  pixels: number;
} {
  const pixels = byteOffset % 4 === 0 ? 4 * Math.floor(length / 12) : 0;
  return { triples: new Uint32Array(buffer, pixels && byteOffset, pixels / 4 * 3), pixels };
}

/** Copies red, green and blue. */
function copyColours(from: Samples, data: Samples): void {
  for (let at = 0, to = 0; at < from.length; at += 4) {
    data[to++] = from[at];
    data[to++] = from[at + 1];
    data[to++] = from[at + 2];
  }
}

/** Copies the mean of the colours, with or without alpha. */
function copyGrey(from: Samples, data: Samples, alpha: boolean, rounding: number): void {
  for (let at = 0, to = 0; at < from.length; at += 4) {
    data[to++] = (from[at] + from[at + 1] + from[at + 2]) / 3 + rounding;
    if (alpha) data[to++] = from[at + 3];
  }
}
