/**
 * Conversion between sample depths, exact where it can be: 8 to 16 bits and back changes nothing.
 */

import { allocateSamples, type Depth, type Picture, whiteOf } from "./picture.ts";

/**
 * Returns the picture at another depth. Integers are scaled so that black and white stay black and
 * white, and rounded to the nearest; floats are clamped to 0..1 first (NaN becomes 0). The same depth
 * returns the same object.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import type { Picture } from "./picture.ts";
 * const picture: Picture = {
 *   width: 2, height: 1, channels: 1, depth: 8, data: Uint8Array.of(1, 255), metadata: {},
 * };
 * assert.deepEqual([...convertDepth(picture, 16).data], [257, 65535]);
 * ```
 */
export function convertDepth(picture: Picture, depth: Depth): Picture {
  if (picture.depth === depth) return picture;
  const from = picture.data;
  const to = allocateSamples(depth, from.length);
  const scale = whiteOf(depth) / whiteOf(picture.depth);
  if (depth === 32) {
    for (let i = 0; i < from.length; i++) to[i] = from[i] * scale;
  } else if (picture.depth === 32) {
    for (let i = 0; i < from.length; i++) to[i] = Math.min(Math.max(from[i], 0), 1) * scale + 0.5;
  } else {
    for (let i = 0; i < from.length; i++) to[i] = from[i] * scale + 0.5;
  }
  return { ...picture, depth, data: to };
}
