/**
 * Gradient magnitudes of luma: how hard a picture's edges and textures are, and how calm its flat parts.
 */

import { UsageError } from "../errors.ts";
import type { Picture } from "../pictures/picture.ts";
import { lumaPlane } from "./luma.ts";
import { assertSameSize, type Plane } from "./plane.ts";

/** Pixels of a side of the blocks that may be flat. */
const BLOCK = 16;

/** A block of the truth is flat if its standard deviation is at most this, in levels. */
const FLAT = 2;

/**
 * Returns how far the gradient magnitudes of two pictures are apart, in levels per pixel; 0 when equal.
 *
 * Magnitudes are those of Prewitt's operator, as in W. Xue et al., "Gradient magnitude similarity
 * deviation", IEEE Transactions on Image Processing 23(2), 2014. Their distributions are compared, not
 * their places, by the earth mover's distance (Y. Rubner et al., "The earth mover's distance as a
 * metric for image retrieval", IJCV 40(2), 2000): the mean difference of the sorted magnitudes. So
 * texture that is right but lies elsewhere costs nothing.
 */
export function gradientDistanceY(actual: Picture, expected: Picture, border = 0): number {
  assertSameSize(actual, expected);
  const a = magnitudes(lumaPlane(actual, border)).sort();
  const b = magnitudes(lumaPlane(expected, border)).sort();
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum / a.length;
}

/**
 * Returns how rough a picture is where the truth is flat: the mean standard deviation, in levels, of
 * the blocks of 16x16 pixels whose standard deviation in the truth is at most 2; undefined where the
 * truth has none.
 */
export function flatRoughnessY(
  actual: Picture,
  expected: Picture,
  border = 0,
): number | undefined {
  assertSameSize(actual, expected);
  const a = lumaPlane(actual, border);
  const b = lumaPlane(expected, border);
  let sum = 0, count = 0;
  for (let y = 0; y + BLOCK <= a.height; y += BLOCK) {
    for (let x = 0; x + BLOCK <= a.width; x += BLOCK) {
      if (deviation(b, x, y) > FLAT) continue;
      sum += deviation(a, x, y);
      count++;
    }
  }
  return count === 0 ? undefined : sum / count;
}

/** Prewitt's gradient at every pixel that has eight neighbours. */
function magnitudes({ width, height, data }: Plane): Float64Array {
  if (Math.min(width, height) < 3) {
    throw new UsageError(`Gradients need at least 3x3 pixels: ${width}x${height} are left`);
  }
  const result = new Float64Array((width - 2) * (height - 2));
  for (let y = 1, at = 0; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const up = (y - 1) * width + x;
      const [middle, down] = [up + width, up + 2 * width];
      const across = data[up + 1] + data[middle + 1] + data[down + 1] -
        data[up - 1] - data[middle - 1] - data[down - 1];
      const along = data[down - 1] + data[down] + data[down + 1] -
        data[up - 1] - data[up] - data[up + 1];
      result[at++] = Math.hypot(across, along) / 6;
    }
  }
  return result;
}

/** Standard deviation of the block at (x, y). */
function deviation({ width, data }: Plane, x: number, y: number): number {
  let sum = 0, squares = 0;
  for (let row = 0; row < BLOCK; row++) {
    for (let column = 0; column < BLOCK; column++) {
      const value = data[(y + row) * width + x + column];
      sum += value;
      squares += value * value;
    }
  }
  const mean = sum / BLOCK ** 2;
  return Math.sqrt(Math.max(0, squares / BLOCK ** 2 - mean * mean));
}
