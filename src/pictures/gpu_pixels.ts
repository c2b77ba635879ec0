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
import { allocateSamples, type Depth, type Picture, type Samples, whiteOf } from "./picture.ts";

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
  const alpha = channels === 2 || channels === 4 ? channels - 1 : undefined;
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
  const data = allocateSamples(depth, width * height * channels);
  const target: Picture = { width, height, channels, depth, data, metadata: {} };
  writeGpuRows(target, words, 0, 0, width, height, width);
  return data;
}

/**
 * Writes a rectangle of pixels from words into a picture, converting as `fromGpuPixels` does.
 *
 * @param target the picture to write into; its depth is also that of the words
 * @param words pixels, row after row, beginning with the rectangle's first one
 * @param x column of the picture where the rectangle begins
 * @param y row of the picture where the rectangle begins
 * @param width columns to write
 * @param height rows to write
 * @param stride pixels from one row of `words` to the next, at least `width`
 * @throws {UsageError} if the rectangle leaves the picture, or `words` is too short for it
 */
export function writeGpuRows(
  target: Picture,
  words: Uint32Array,
  x: number,
  y: number,
  width: number,
  height: number,
  stride: number = width,
): void {
  checkRectangle(target, words, x, y, width, height, stride);
  const { channels, depth, data } = target;
  const samples = samplesIn(words, depth);
  const copyRow = channels <= 2 ? copyGreyRow : copyColourRow;
  const alpha = channels === 2 || channels === 4;
  const rounding = depth === 32 ? 0 : 0.5;
  for (let row = 0; row < height; row++) {
    const to = ((y + row) * target.width + x) * channels;
    copyRow(samples, row * stride * 4, data, to, width, alpha, rounding);
  }
}

/** Returns the same memory as samples, four for each pixel. */
export function samplesIn(words: Uint32Array, depth: Depth): Samples {
  const { buffer, byteOffset, length } = words;
  if (depth === 8) return new Uint8Array(buffer, byteOffset, length * 4);
  if (depth === 16) return new Uint16Array(buffer, byteOffset, length * 2);
  return new Float32Array(buffer, byteOffset, length);
}

/** Copies `width` pixels as colour, with or without alpha. */
function copyColourRow(
  from: Samples,
  at: number,
  data: Samples,
  to: number,
  width: number,
  alpha: boolean,
): void {
  if (alpha) return data.set(from.subarray(at, at + width * 4), to);
  for (const end = at + width * 4; at < end; at += 4) {
    data[to++] = from[at];
    data[to++] = from[at + 1];
    data[to++] = from[at + 2];
  }
}

/** Copies `width` pixels as the mean of their colours, with or without alpha. */
function copyGreyRow(
  from: Samples,
  at: number,
  data: Samples,
  to: number,
  width: number,
  alpha: boolean,
  rounding: number,
): void {
  for (const end = at + width * 4; at < end; at += 4) {
    data[to++] = (from[at] + from[at + 1] + from[at + 2]) / 3 + rounding;
    if (alpha) data[to++] = from[at + 3];
  }
}

function checkRectangle(
  target: Picture,
  words: Uint32Array,
  x: number,
  y: number,
  width: number,
  height: number,
  stride: number,
): void {
  if (x < 0 || y < 0 || x + width > target.width || y + height > target.height) {
    throw new UsageError(
      `A rectangle of ${width} x ${height} at ${x}, ${y} does not fit into a picture of ` +
        `${target.width} x ${target.height}.`,
    );
  }
  const needed = ((height - 1) * stride + width) * wordsPerPixel(target.depth);
  if (stride < width || words.length < needed) {
    throw new UsageError(
      `${width} x ${height} pixels at stride ${stride} need ${needed} words, not ${words.length}.`,
    );
  }
}
