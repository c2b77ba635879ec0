/**
 * Conversion between sample depths, exact where it can be: 8 to 16 bits and back changes nothing.
 */

import { allocateSamples, type Depth, type Picture, whiteOf } from "../picture.ts";

/** How the depth is to be changed. */
export interface DepthOptions {
  /**
   * Whether noise of up to one level, the same in every run, is added before a sample is rounded to
   * 8 bits: a gradient of 16 bits then has no visible steps. Full black and white stay as they are.
   */
  dither?: boolean;
  /** Where the samples begin in those of the whole picture, if they are a band of it: noise goes on there. */
  firstSample?: number;
}

/**
 * Returns the picture at another depth. Integers are scaled so that black and white stay black and
 * white, and rounded to the nearest; floats are clamped to 0..1 first (NaN becomes 0). The same depth
 * returns the same object.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import type { Picture } from "../picture.ts";
 * const picture: Picture = {
 *   width: 2, height: 1, channels: 1, depth: 8, data: Uint8Array.of(1, 255), metadata: {},
 * };
 * assert.deepEqual([...convertDepth(picture, 16).data], [257, 65535]);
 * ```
 */
export function convertDepth(
  picture: Picture,
  depth: Depth,
  { dither = false, firstSample = 0 }: DepthOptions = {},
): Picture {
  if (picture.depth === depth) return picture;
  const from = picture.data;
  const to = allocateSamples(depth, from.length);
  const scale = whiteOf(depth) / whiteOf(picture.depth);
  if (depth === 8 && dither) {
    const white = whiteOf(picture.depth);
    for (let i = 0; i < from.length; i++) {
      to[i] = ditheredLevel(from[i] / white, firstSample + i);
    }
  } else if (depth === 32) {
    for (let i = 0; i < from.length; i++) to[i] = from[i] * scale;
  } else if (picture.depth === 32) {
    for (let i = 0; i < from.length; i++) to[i] = Math.min(Math.max(from[i], 0), 1) * scale + 0.5;
  } else {
    for (let i = 0; i < from.length; i++) to[i] = from[i] * scale + 0.5;
  }
  return { ...picture, depth, data: to };
}

/** Rounds 0..1 to 8 bits with triangular noise of one level to either side. */
function ditheredLevel(value: number, index: number): number {
  const level = Math.min(Math.max(value, 0), 1) * 255;
  if (!(level > 0) || level === 255) return level > 0 ? 255 : 0;
  const noise = noiseAt(2 * index) - noiseAt(2 * index + 1);
  return Math.min(Math.max(level + noise + 0.5, 0), 255);
}

/** A number in [0, 1) that looks random, the same for the same index. */
function noiseAt(index: number): number {
  let hash = Math.imul(index ^ (index >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}
