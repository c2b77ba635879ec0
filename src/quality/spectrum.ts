/**
 * Power spectra of luma, averaged over windows: how much fine detail a picture has, whatever its place.
 *
 * P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra", IEEE
 * Transactions on Audio and Electroacoustics 15(2), 1967: windows that overlap by half, each without
 * its mean and under a Hann window, their squared transforms averaged. A window has 128x128 pixels, or
 * the largest power of two that fits.
 */

import { UsageError } from "../errors.ts";
import type { Picture } from "../pictures/picture.ts";
import { lumaPlane } from "./luma.ts";
import { assertSameSize, type Plane } from "./plane.ts";

const LARGEST = 128;
const SMALLEST = 16;

/** The radii that count as fine detail, in cycles per pixel. */
const FINE = { from: 0.125, to: 0.5 };

/** Noise power of rounding to 8 bits: what lies below it no 8-bit picture can show. */
const ROUNDING = 1 / 12;

/** Bins between a multiple of a quarter cycle and its neighbours: Hann spreads a line over one. */
const NEIGHBOURS = { from: 3, to: 8 };

/** A two-dimensional power spectrum in levels squared per bin, white noise of variance v being v. */
export interface Spectrum {
  /** Bins of a side; bin k stands for k / side cycles per pixel. */
  side: number;
  /** Mean over the windows: `[side][side]`. */
  mean: Float64Array;
  /** Mean over the windows in dB, so that calm ones count as much as others: `[side][side]`. */
  meanDecibel: Float64Array;
}

/** How far a spectrum is from the truth's. */
export interface SpectrumDistance {
  /** Mean over the rings of the absolute ratio in dB; 0 when equal. */
  distance: number;
  /** Mean over the rings of the ratio in dB: below 0 where detail is missing. */
  balance: number;
}

/**
 * Returns the spectrum of a picture's luma, without `border` pixels on each side.
 *
 * @throws {UsageError} If less than 16x16 pixels are left.
 */
export function powerSpectrum(picture: Picture, border = 0): Spectrum {
  const plane = lumaPlane(picture, border);
  const side = Math.min(LARGEST, 2 ** Math.floor(Math.log2(Math.min(plane.width, plane.height))));
  if (side < SMALLEST) {
    throw new UsageError(
      `A spectrum needs at least ${SMALLEST}x${SMALLEST} pixels: ${plane.width}x${plane.height} ` +
        `are left of ${picture.width}x${picture.height} after a border of ${border}`,
    );
  }
  const spectrum = {
    side,
    mean: new Float64Array(side * side),
    meanDecibel: new Float64Array(side * side),
  };
  const transform = new Transform(side);
  const corners = origins(plane.height, side).flatMap((y) => {
    return origins(plane.width, side).map((x) => [x, y]);
  });
  for (const [x, y] of corners) {
    const power = transform.power(plane, x, y);
    for (let i = 0; i < power.length; i++) {
      spectrum.mean[i] += power[i] / corners.length;
      spectrum.meanDecibel[i] += decibel(power[i]) / corners.length;
    }
  }
  return spectrum;
}

/**
 * Compares the upper half of two radial spectra, from 0.125 to 0.5 cycles per pixel.
 *
 * The power of each ring of radii, one bin wide, is averaged first, then compared in dB; every ring
 * counts once. The ratios' absolute values are averaged, so that too little of one frequency is not
 * made good by too much of another.
 */
export function spectrumDistance(actual: Spectrum, expected: Spectrum): SpectrumDistance {
  if (actual.side !== expected.side) {
    throw new UsageError(
      `Cannot compare spectra of ${actual.side} and ${expected.side} bins a side`,
    );
  }
  const truth = rings(expected);
  const ratios = rings(actual).map((power, i) => decibel(power) - decibel(truth[i]));
  return {
    distance: mean(ratios.map(Math.abs)),
    balance: mean(ratios),
  };
}

/** Compares the luma of two pictures of one size, without `border` pixels on each side. */
export function spectrumDistanceY(
  actual: Picture,
  expected: Picture,
  border = 0,
): SpectrumDistance {
  assertSameSize(actual, expected);
  return spectrumDistance(powerSpectrum(actual, border), powerSpectrum(expected, border));
}

/**
 * Returns how far the power at the multiples of a quarter cycle per pixel stands out from its
 * neighbours, in dB: the largest of the 15 points of `{0, 1/4, 1/2, 3/4}` squared without the origin.
 *
 * A network that enlarges four times by pixel shuffle leaves its patterns there (A. Odena et al.,
 * "Deconvolution and checkerboard artifacts", Distill, 2016). Neighbours are 3 to 8 bins away on both
 * sides, along the axes that the point lies on, for pictures have ridges there; their mean in dB takes
 * a slope out. Windows are averaged in dB: a faint grid on a calm sky counts.
 */
export function gridPower({ side, meanDecibel }: Spectrum): number {
  let largest = -Infinity;
  for (let y = 0; y < side; y += side / 4) {
    for (let x = 0; x < side; x += side / 4) {
      if (x === 0 && y === 0) continue;
      largest = Math.max(largest, meanDecibel[y * side + x] - around(meanDecibel, side, x, y));
    }
  }
  return largest;
}

/** Averages the neighbours of a point of the grid. */
function around(values: Float64Array, side: number, x: number, y: number): number {
  const wrap = (k: number) => (k + side) % side;
  const reach = Math.min(NEIGHBOURS.to, side / 8);
  let sum = 0, count = 0;
  for (let step = Math.min(NEIGHBOURS.from, reach); step <= reach; step++) {
    for (const k of [step, -step]) {
      if (x !== 0) {
        sum += values[y * side + wrap(x + k)];
        count++;
      }
      if (y !== 0) {
        sum += values[wrap(y + k) * side + x];
        count++;
      }
    }
  }
  return sum / count;
}

/** Averages the power of each ring of fine radii: one value per bin of radius. */
function rings({ side, mean }: Spectrum): number[] {
  const first = Math.round(FINE.from * side);
  const last = Math.round(FINE.to * side);
  const sums = new Float64Array(last + 1);
  const counts = new Float64Array(last + 1);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const radius = Math.round(Math.hypot(Math.min(x, side - x), Math.min(y, side - y)));
      if (radius < first || radius > last) continue;
      sums[radius] += mean[y * side + x];
      counts[radius]++;
    }
  }
  return Array.from(sums.subarray(first), (sum, i) => sum / counts[first + i]);
}

/** Begins of windows that cover a length and overlap by half. */
function origins(length: number, side: number): number[] {
  const count = Math.floor((length - side) / (side / 2)) + 1;
  return Array.from({ length: count }, (_, i) => i * side / 2);
}

/** The transform of one window after another; its buffers serve them all. */
class Transform {
  readonly #side: number;
  readonly #window: Float64Array;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;

  constructor(side: number) {
    this.#side = side;
    this.#window = Float64Array.from({ length: side }, (_, i) => {
      return Math.sqrt(2 / 3) * (1 - Math.cos(2 * Math.PI * i / side));
    });
    this.#real = new Float64Array(side * side);
    this.#imaginary = new Float64Array(side * side);
    this.#cosines = Float64Array.from({ length: side }, (_, i) => Math.cos(2 * Math.PI * i / side));
    this.#sines = Float64Array.from({ length: side }, (_, i) => -Math.sin(2 * Math.PI * i / side));
  }

  /** Returns the power of the window at (x, y), the mean square of white noise in every bin. */
  power(plane: Plane, x: number, y: number): Float64Array {
    const side = this.#side;
    this.#load(plane, x, y);
    for (let i = 0; i < side; i++) this.#line(i * side, 1);
    for (let i = 0; i < side; i++) this.#line(i, side);
    return this.#real.map((real, i) => (real ** 2 + this.#imaginary[i] ** 2) / side ** 2);
  }

  /** Copies a window without its mean, weighed by the Hann window of mean square 1. */
  #load(plane: Plane, x: number, y: number): void {
    const side = this.#side;
    let sum = 0;
    for (let row = 0, i = 0; row < side; row++) {
      const from = (y + row) * plane.width + x;
      for (let column = 0; column < side; column++, i++) {
        this.#real[i] = plane.data[from + column];
        sum += this.#real[i];
      }
    }
    const average = sum / side ** 2;
    for (let i = 0; i < side ** 2; i++) {
      const weight = this.#window[Math.floor(i / side)] * this.#window[i % side];
      this.#real[i] = weight * (this.#real[i] - average);
    }
    this.#imaginary.fill(0);
  }

  /** Transforms `side` values in place, `stride` apart: radix 2, decimation in time. */
  #line(start: number, stride: number): void {
    const [re, im, side] = [this.#real, this.#imaginary, this.#side];
    for (let i = 1, j = 0; i < side; i++) {
      let bit = side >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i >= j) continue;
      const [a, b] = [start + i * stride, start + j * stride];
      [re[a], re[b], im[a], im[b]] = [re[b], re[a], im[b], im[a]];
    }
    for (let length = 2; length <= side; length *= 2) {
      const turn = side / length;
      for (let block = 0; block < side; block += length) {
        for (let k = 0; k < length / 2; k++) {
          const a = start + (block + k) * stride;
          const b = a + (length / 2) * stride;
          const [c, s] = [this.#cosines[k * turn], this.#sines[k * turn]];
          const [real, imaginary] = [c * re[b] - s * im[b], c * im[b] + s * re[b]];
          re[b] = re[a] - real;
          im[b] = im[a] - imaginary;
          re[a] += real;
          im[a] += imaginary;
        }
      }
    }
  }
}

function decibel(power: number): number {
  return 10 * Math.log10(power + ROUNDING);
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
