/**
 * Structural similarity of luma.
 *
 * Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error
 * visibility to structural similarity", IEEE Transactions on Image Processing 13(4), 2004: an
 * 11x11 Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03, and only windows that lie inside the
 * picture. This is what the authors' `ssim_index.m` and BasicSR's `calculate_ssim` compute, and
 * not the variant that halves large pictures first.
 */

import { UsageError } from "../errors.ts";
import type { Picture } from "../pictures/picture.ts";
import { lumaPlane } from "./luma.ts";
import { assertSameSize, type Plane } from "./plane.ts";

const SIZE = 11;
const SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/** The window is separable: this is one side of it, and sums to 1. */
const WINDOW = gaussian();

/**
 * Returns the mean SSIM of luma, 1 when equal, without `border` pixels on each side.
 *
 * What is left must be at least 11x11 pixels.
 */
export function ssimY(actual: Picture, expected: Picture, border = 0): number {
  assertSameSize(actual, expected);
  const a = lumaPlane(actual, border);
  const b = lumaPlane(expected, border);
  if (Math.min(a.width, a.height) < SIZE) {
    throw new UsageError(
      `SSIM needs at least ${SIZE}x${SIZE} pixels: ${a.width}x${a.height} are left of ` +
        `${actual.width}x${actual.height} after a border of ${border}`,
    );
  }
  return meanSimilarity(a, b);
}

/** Window sums over one row of windows, first down the columns: `[width]` each. */
interface Moments {
  a: Float64Array;
  b: Float64Array;
  aa: Float64Array;
  bb: Float64Array;
  ab: Float64Array;
}

/** Averages the similarity over all windows, one row of windows at a time. */
function meanSimilarity(a: Plane, b: Plane): number {
  const { width } = a;
  const rows = a.height - SIZE + 1;
  const columns = width - SIZE + 1;
  const moments: Moments = {
    a: new Float64Array(width),
    b: new Float64Array(width),
    aa: new Float64Array(width),
    bb: new Float64Array(width),
    ab: new Float64Array(width),
  };
  let sum = 0;
  for (let y = 0; y < rows; y++) {
    sumColumns(a, b, y, moments);
    for (let x = 0; x < columns; x++) sum += similarity(moments, x);
  }
  return sum / (rows * columns);
}

/** Weighs the rows y..y+10 of every column. */
function sumColumns(a: Plane, b: Plane, y: number, moments: Moments): void {
  for (const sums of Object.values(moments)) sums.fill(0);
  for (let k = 0; k < SIZE; k++) {
    const weight = WINDOW[k];
    let i = (y + k) * a.width;
    for (let x = 0; x < a.width; x++, i++) {
      const p = a.data[i];
      const q = b.data[i];
      moments.a[x] += weight * p;
      moments.b[x] += weight * q;
      moments.aa[x] += weight * p * p;
      moments.bb[x] += weight * q * q;
      moments.ab[x] += weight * p * q;
    }
  }
}

/** Weighs the columns x..x+10 and returns the similarity of that window. */
function similarity(moments: Moments, x: number): number {
  let meanA = 0, meanB = 0, meanAA = 0, meanBB = 0, meanAB = 0;
  for (let k = 0; k < SIZE; k++) {
    const weight = WINDOW[k];
    meanA += weight * moments.a[x + k];
    meanB += weight * moments.b[x + k];
    meanAA += weight * moments.aa[x + k];
    meanBB += weight * moments.bb[x + k];
    meanAB += weight * moments.ab[x + k];
  }
  const product = meanA * meanB;
  const squares = meanA * meanA + meanB * meanB;
  const covariance = meanAB - product;
  const variances = meanAA + meanBB - squares;
  return ((2 * product + C1) * (2 * covariance + C2)) / ((squares + C1) * (variances + C2));
}

/** Returns the normalised samples of the Gaussian. */
function gaussian(): Float64Array {
  const samples = Float64Array.from({ length: SIZE }, (_, i) => {
    return Math.exp(-((i - (SIZE - 1) / 2) ** 2) / (2 * SIGMA ** 2));
  });
  const sum = samples.reduce((total, sample) => total + sample, 0);
  return samples.map((sample) => sample / sum);
}
