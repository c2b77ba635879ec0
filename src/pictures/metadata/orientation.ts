/**
 * Turns a picture upright. Cameras store the sensor's rows as they come and note in EXIF how to hold
 * the result; networks, tiles and most programs look at the pixels only.
 */

import { allocateSamples, type Picture } from "../picture.ts";

/** EXIF orientation: 1 is upright, 2 to 4 mirror or half-turn, 5 to 8 also swap the sides. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/**
 * Returns the picture as it is meant to be seen. Orientation 1 returns the same object; the others a
 * new one that shares the metadata. Any depth and number of channels.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import type { Picture } from "../picture.ts";
 * const picture: Picture = {
 *   width: 2, height: 1, channels: 1, depth: 8, data: Uint8Array.of(10, 20), metadata: {},
 * };
 * const turned = applyOrientation(picture, 6);
 * assert.deepEqual([turned.width, turned.height, ...turned.data], [1, 2, 10, 20]);
 * ```
 */
export function applyOrientation(picture: Picture, orientation: Orientation): Picture {
  if (orientation === 1) return picture;
  const { width, height, channels, depth, data } = picture;
  const swapped = orientation >= 5;
  const outWidth = swapped ? height : width;
  const outHeight = swapped ? width : height;
  const { start, right, down } = walkOf(width, height, orientation);
  const out = allocateSamples(depth, data.length);
  let at = 0;
  for (let y = 0; y < outHeight; y++) {
    let from = (start + y * down) * channels;
    for (let x = 0; x < outWidth; x++, from += right * channels) {
      for (let c = 0; c < channels; c++) out[at++] = data[from + c];
    }
  }
  return { ...picture, width: outWidth, height: outHeight, data: out };
}

/**
 * The walk over the stored pixels that visits them in upright order: the index of the first one, and
 * the steps to the right and lower neighbours, in pixels.
 */
function walkOf(
  width: number,
  height: number,
  orientation: Orientation,
): { start: number; right: number; down: number } {
  const lastColumn = width - 1;
  const lastRow = (height - 1) * width;
  switch (orientation) {
    case 1:
      return { start: 0, right: 1, down: width };
    case 2:
      return { start: lastColumn, right: -1, down: width };
    case 3:
      return { start: lastRow + lastColumn, right: -1, down: -width };
    case 4:
      return { start: lastRow, right: 1, down: -width };
    case 5:
      return { start: 0, right: width, down: 1 };
    case 6:
      return { start: lastRow, right: -width, down: 1 };
    case 7:
      return { start: lastRow + lastColumn, right: -width, down: -1 };
    case 8:
      return { start: lastColumn, right: width, down: -1 };
  }
}
