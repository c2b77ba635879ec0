/**
 * How noisy a picture is, from its patches with the weakest texture.
 *
 * X. Liu, M. Tanaka, M. Okutomi, "Single-image noise level estimation for blind denoising", IEEE
 * Transactions on Image Processing 22(12), 2013: noise spreads evenly over all directions in the space
 * of patches, a picture does not, so the smallest eigenvalue of the patches' covariance is the noise's
 * variance. It decides which patches show less than noise would, and these give the next estimate.
 */

import { eigenvalues } from "./eigenvalues.ts";
import type { Region } from "./regions.ts";

/** Side of a patch, and its pixels. */
const SIDE = 7;
const PIXELS = SIDE * SIDE;

/** Patches that are looked at, about. */
const MAX_PATCHES = 16000;

/** Places for patches below which a picture is too small to say, and patches between black and white. */
const MIN_PLACES = 10000;
const MIN_PATCHES = 300;

/** Patches that always count as weak. */
const MIN_WEAK = 600;

/**
 * Noise shows in every patch: the hundredth with the least detail has this share of its sigma. Where
 * it has less, the picture has too few weak patches, and its texture was taken for noise.
 */
const LEAST_QUANTILE = 0.01;
const LEAST_SHARE = 0.51;

/**
 * The sum of squared differences of neighbours in a patch of noise of variance 1 is twice their number
 * on average; 99 of 100 such patches have less than this times as much.
 */
const PAIRS = 2 * SIDE * (SIDE - 1);
const WEAK = 1.5;

/** The estimate changes by less than this share: it is found, usually after 4 to 6 rounds. */
const SETTLED = 0.005;
const MAX_ROUNDS = 12;

/**
 * Noise is cut off at black and white. Patches with such samples are left out, and, once the sigma is
 * known, those whose mean is within so many of it from either end.
 */
const INSIDE = { above: 0.5, below: 254.5 };
const MARGIN = 2.5;

/**
 * Of noise, some patches show nothing else. With a smaller share of such, the estimate is a bound: it
 * is the texture's, and the noise was never more than half of it where the truth is known.
 */
const SUPPORT = 0.0007;
const UNSUPPORTED = 0.5;

/** A patch. */
interface Patch {
  mean: number;
  /** Without their mean. */
  values: Float32Array;
  /** The sum of squared differences of neighbours. */
  texture: number;
  /** The sigma of noise that would have the same second differences (J. Immerkaer, 1996). */
  detail: number;
}

/**
 * Returns the standard deviation of the noise in levels of 255, that of the green channel for colour.
 * A photograph without noise has 0.1 to 0.8, and up to 1.5 where it is all texture.
 *
 * @returns 0 if the picture is smaller than 110 x 110 pixels, or nearly all black or white
 */
export function estimateNoise(regions: readonly Region[]): number {
  const places = placesIn(regions);
  if (places < MIN_PLACES) return 0;
  const stride = Math.max(1, Math.round(Math.sqrt(places / MAX_PATCHES)));
  let patches = patchesOf(regions, stride);
  // Of a picture that is mostly black or white, every patch counts.
  if (patches.length < MAX_PATCHES / 8) patches = patchesOf(regions, 1);
  if (patches.length < MIN_PATCHES) return 0;
  patches.sort((a, b) => a.texture - b.texture);
  const sigma = sigmaOf(patches);
  const margin = MARGIN * sigma;
  const inside = patches.filter(({ mean }) => mean >= margin && mean <= 255 - margin);
  const same = inside.length < MIN_PATCHES || inside.length === patches.length;
  return same ? sigma : sigmaOf(inside);
}

/** Estimates the noise of patches, those with the weakest texture first. */
function sigmaOf(patches: readonly Patch[]): number {
  let count = patches.length;
  let variance = Infinity;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = variance;
    variance = smallestVariance(patches.slice(0, count));
    if (Math.abs(before - variance) < SETTLED * variance) break;
    count = Math.max(weakOf(patches, variance), Math.min(MIN_WEAK, patches.length));
  }
  const support = weakOf(patches, variance) / patches.length;
  const bound = Math.sqrt(variance) * (support < SUPPORT ? UNSUPPORTED : 1);
  const details = patches.map(({ detail }) => detail).sort((a, b) => a - b);
  const least = details[Math.floor(LEAST_QUANTILE * details.length)] / LEAST_SHARE;
  return Math.min(bound, least);
}

/** How many patches, the weakest first, show no more than noise of this variance. */
function weakOf(patches: readonly Patch[], variance: number): number {
  const limit = WEAK * 2 * PAIRS * variance;
  const first = patches.findIndex(({ texture }) => texture > limit);
  return first < 0 ? patches.length : first;
}

function placesIn(regions: readonly Region[]): number {
  return regions.reduce((sum, { width, height }) => {
    return sum + Math.max(width - SIDE + 1, 0) * Math.max(height - SIDE + 1, 0);
  }, 0);
}

function patchesOf(regions: readonly Region[], stride: number): Patch[] {
  const patches: Patch[] = [];
  for (const { width, height, planes } of regions) {
    const plane = planes[planes.length >> 1];
    for (let y = 0; y + SIDE <= height; y += stride) {
      for (let x = 0; x + SIDE <= width; x += stride) {
        const patch = patchAt(plane, width, y * width + x);
        if (patch !== undefined) patches.push(patch);
      }
    }
  }
  return patches;
}

/** Takes the patch that begins at a sample, unless part of it is black or white. */
function patchAt(plane: Float32Array, width: number, at: number): Patch | undefined {
  const values = new Float32Array(PIXELS);
  let sum = 0;
  for (let i = 0; i < PIXELS; i++) {
    const value = plane[at + Math.floor(i / SIDE) * width + i % SIDE];
    if (value < INSIDE.above || value > INSIDE.below) return undefined;
    values[i] = value;
    sum += value;
  }
  const mean = sum / PIXELS;
  let texture = 0;
  for (let i = 0; i < PIXELS; i++) {
    values[i] -= mean;
    if (i % SIDE > 0) texture += (values[i] - values[i - 1]) ** 2;
    if (i >= SIDE) texture += (values[i] - values[i - SIDE]) ** 2;
  }
  return { mean, values, texture, detail: detailOf(values) };
}

/** Second differences along both axes, one after the other, have 36 times the variance of noise. */
function detailOf(values: Float32Array): number {
  let sum = 0;
  for (let y = 1; y < SIDE - 1; y++) {
    for (let x = 1; x < SIDE - 1; x++) {
      const at = y * SIDE + x;
      const above = values[at - SIDE - 1] - 2 * values[at - SIDE] + values[at - SIDE + 1];
      const here = values[at - 1] - 2 * values[at] + values[at + 1];
      const below = values[at + SIDE - 1] - 2 * values[at + SIDE] + values[at + SIDE + 1];
      sum += (above - 2 * here + below) ** 2;
    }
  }
  return Math.sqrt(sum / (SIDE - 2) ** 2 / 36);
}

/**
 * The smallest eigenvalue of the patches' covariance, apart from that of the mean, which was taken
 * away. Of few patches it comes out too small, by the factor of V. A. Marchenko and L. A. Pastur.
 */
function smallestVariance(patches: readonly Patch[]): number {
  const covariance = new Float64Array(PIXELS * PIXELS);
  for (const { values } of patches) {
    for (let i = 0; i < PIXELS; i++) {
      const value = values[i];
      for (let j = i; j < PIXELS; j++) covariance[i * PIXELS + j] += value * values[j];
    }
  }
  for (let i = 0; i < PIXELS; i++) {
    for (let j = i; j < PIXELS; j++) {
      covariance[i * PIXELS + j] /= patches.length;
      covariance[j * PIXELS + i] = covariance[i * PIXELS + j];
    }
  }
  const smallest = Math.max(eigenvalues(covariance, PIXELS)[1], 0);
  return smallest / (1 - Math.sqrt(Math.min(PIXELS / patches.length, 0.25))) ** 2;
}
