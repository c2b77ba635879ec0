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
  const needed = width * height * wordsPerPixel(depth);
  if (words.length < needed) {
    throw new UsageError(
      `${width} x ${height} pixels need ${needed} words, not ${words.length}.`,
    );
  }
  const data = allocateSamples(depth, width * height * channels);
  const samples = samplesIn(words.subarray(0, needed), depth);
  if (channels === 4) data.set(samples);
  else if (channels === 3) copyColours(samples, data);
  else copyGrey(samples, data, channels === 2, depth === 32 ? 0 : 0.5);
  return data;
}

/** Returns the same memory as samples, four for each pixel. */
export function samplesIn(words: Uint32Array, depth: Depth): Samples {
  const { buffer, byteOffset, length } = words;
  if (depth === 8) return new Uint8Array(buffer, byteOffset, length * 4);
  if (depth === 16) return new Uint16Array(buffer, byteOffset, length * 2);
  return new Float32Array(buffer, byteOffset, length);
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
