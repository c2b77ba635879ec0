/**
 * How blurred a picture is, from how much its edges lose when they are blurred a little more.
 *
 * S. Zhuo, T. Sim, "Defocus map estimation from a single image", Pattern Recognition 44(9), 2011: if a
 * Gaussian of sigma `s` made the edge, the gradient there falls by `sqrt((s^2 + r^2) / s^2)` under
 * another Gaussian of sigma `r`.
 */

import type { Region } from "./regions.ts";

/** Sigma of the second Gaussian, and its samples to both sides. */
const REBLUR = 1;
const REACH = 3;
const WEIGHTS = gaussian();

/** The central difference sees the picture through a box of two pixels, whose variance this is. */
const DIFFERENCE_VARIANCE = 1 / 3;

/** An edge's gradient in levels per pixel, at least, and in sigmas of the noise. */
const MIN_GRADIENT = 8;
const MIN_NOISE = 3;

/** An edge is steeper along one axis by this factor than along the other. */
const UPRIGHT = 2;

/** Edges below which nothing can be said. */
const MIN_EDGES = 50;

/** Share of the edges that are sharper: what is out of focus on purpose does not count. */
const QUANTILE = 0.45;

/**
 * Returns the blur as the sigma of a Gaussian in pixels, up to about 5: below 0.7 for a sharp picture.
 *
 * @param noise sigma of the picture's noise in levels of 255
 * @returns `undefined` if there are too few edges
 */
export function estimateBlur(regions: readonly Region[], noise: number): number | undefined {
  const least = Math.max(MIN_GRADIENT, MIN_NOISE * noise);
  const variances = regions.flatMap((region) => [
    ...variancesAlong(region, 1, region.width, least),
    ...variancesAlong(region, region.width, 1, least),
  ]);
  if (variances.length < MIN_EDGES) return undefined;
  variances.sort((a, b) => a - b);
  const variance = variances[Math.floor(QUANTILE * variances.length)];
  return Math.sqrt(Math.max(variance - DIFFERENCE_VARIANCE, 0));
}

/** The variance of the Gaussian at each edge across one axis, given by its stride. */
function variancesAlong(
  { width, height, luma }: Region,
  stride: number,
  other: number,
  least: number,
): number[] {
  const variances: number[] = [];
  const margin = REACH + 2;
  const gradient = (at: number) => (luma[at + stride] - luma[at - stride]) / 2;
  for (let y = margin; y < height - margin; y++) {
    for (let x = margin; x < width - margin; x++) {
      const at = y * width + x;
      const here = gradient(at);
      const size = Math.abs(here);
      if (size < least || size < Math.abs(gradient(at - stride))) continue;
      if (size <= Math.abs(gradient(at + stride))) continue;
      if (size < UPRIGHT * Math.abs(luma[at + other] - luma[at - other]) / 2) continue;
      let blurred = 0;
      for (let k = -REACH; k <= REACH; k++) {
        blurred += WEIGHTS[k + REACH] * gradient(at + k * stride);
      }
      const ratio = here / blurred;
      // Below 1.02 the blur is more than 5 pixels, or this is no edge.
      if (ratio > 1.02) variances.push(REBLUR ** 2 / (ratio ** 2 - 1));
    }
  }
  return variances;
}

function gaussian(): Float64Array {
  const weights = Float64Array.from({ length: 2 * REACH + 1 }, (_, i) => {
    return Math.exp(-((i - REACH) ** 2) / (2 * REBLUR ** 2));
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
