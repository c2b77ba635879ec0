/**
 * From places at which a reduced copy matches to the pixels of the picture itself: they are copied at
 * full size, one source fading into the next, and brought to the brightness that the votes agreed on.
 */

import { allocateSamples, type Picture, type Samples, whiteOf } from "../pictures/picture.ts";
import { type Mask, shrunkMask } from "../pictures/mask.ts";
import { membraneOf } from "./membrane.ts";
import type { Synthesis } from "./synthesis.ts";

/** Pixels of the copy around one over which brightness is evened out. */
const EVEN_REACH = 3;

/**
 * Returns a picture with its hole filled; all other samples stay as they are.
 *
 * @param factor Pixels of the picture along a side of one of the copy's.
 */
export function copyFilled(
  picture: Picture,
  hole: Mask,
  factor: number,
  synthesis: Synthesis,
): Picture {
  const filled = new Filling(picture, hole, factor, synthesis);
  filled.copy();
  filled.even();
  return { ...picture, data: filled.samples() };
}

/** The pixels of a hole while it is filled: floats, in the order of the hole's pixels. */
class Filling {
  readonly #picture: Picture;
  readonly #factor: number;
  readonly #synthesis: Synthesis;
  readonly #reducedHole: Mask;
  /** Indices of the pixels of the hole. */
  readonly #places: Uint32Array;
  /** `[places][channels]` */
  readonly #values: Float32Array;

  constructor(picture: Picture, hole: Mask, factor: number, synthesis: Synthesis) {
    this.#picture = picture;
    this.#factor = factor;
    this.#synthesis = synthesis;
    this.#reducedHole = shrunkMask(hole, factor);
    let count = 0;
    for (const mark of hole.data) count += mark;
    this.#places = new Uint32Array(count);
    for (let i = 0, at = 0; i < hole.data.length; i++) {
      if (hole.data[i] === 1) this.#places[at++] = i;
    }
    this.#values = new Float32Array(count * picture.channels);
  }

  /** Copies; between the middles of two pixels of the reduced copy, one's source fades into the other's. */
  copy(): void {
    const { width: smallWidth, height: smallHeight, matches } = this.#synthesis;
    const { width, height, channels, data } = this.#picture;
    const factor = this.#factor;
    const rows = fades(height, factor, smallHeight);
    const columns = fades(width, factor, smallWidth);
    this.#places.forEach((place, at) => {
      const [x, y] = [place % width, Math.floor(place / width)];
      let total = 0;
      for (let corner = 0; corner < 4; corner++) {
        const right = corner & 1;
        const down = corner >> 1;
        const weight = columns.weights[2 * x + right] * rows.weights[2 * y + down];
        const column = columns.cells[2 * x + right];
        const row = rows.cells[2 * y + down];
        const cell = row * smallWidth + column;
        if (weight === 0 || matches[2 * cell + 1] === 0) continue;
        const source = matches[2 * cell];
        const fromX = Math.min(width - 1, x + factor * ((source & 0xffff) - column));
        const fromY = Math.min(height - 1, y + factor * ((source >>> 16) - row));
        const from = (fromY * width + fromX) * channels;
        for (let c = 0; c < channels; c++) {
          this.#values[at * channels + c] += weight * data[from + c];
        }
        total += weight;
      }
      for (let c = 0; c < channels; c++) this.#values[at * channels + c] /= total;
    });
  }

  /** Adds what the copied pixels lack, smoothed, to the colours that votes and membrane agree on. */
  even(): void {
    const { width, channels, depth } = this.#picture;
    const { width: smallWidth, height: smallHeight, pixels } = this.#synthesis;
    const colours = channels <= 2 ? 1 : 3;
    const factor = this.#factor;
    const white = whiteOf(depth);
    const counts = new Float32Array(smallWidth * smallHeight);
    const cells = this.#places.map((place) =>
      Math.floor(Math.floor(place / width) / factor) * smallWidth +
      Math.floor(place % width / factor)
    );
    for (const cell of cells) counts[cell]++;
    for (let c = 0; c < colours; c++) {
      const lack = new Float32Array(counts.length);
      const membrane = membraneOf(this.#synthesis, this.#reducedHole, c);
      cells.forEach((cell, at) => lack[cell] -= this.#values[at * channels + c]);
      for (let cell = 0; cell < lack.length; cell++) {
        if (counts[cell] === 0) continue;
        const voted = ((pixels[cell] >>> (8 * c)) & 255) + membrane[cell];
        lack[cell] += voted * counts[cell] * white / 255;
      }
      const smooth = smoothed(lack, counts, smallWidth, smallHeight);
      this.#addEnlarged(smooth, c);
    }
  }

  /** Adds a plane of the copy's size to a channel of the picture, bilinearly enlarged. */
  #addEnlarged(plane: Float32Array, channel: number): void {
    const { width, height, channels } = this.#picture;
    const { width: smallWidth, height: smallHeight } = this.#synthesis;
    const rows = fades(height, this.#factor, smallHeight, (t) => t);
    const columns = fades(width, this.#factor, smallWidth, (t) => t);
    this.#places.forEach((place, at) => {
      const [x, y] = [place % width, Math.floor(place / width)];
      let sum = 0;
      for (let corner = 0; corner < 4; corner++) {
        const [i, j] = [2 * x + (corner & 1), 2 * y + (corner >> 1)];
        const weight = columns.weights[i] * rows.weights[j];
        sum += weight * plane[rows.cells[j] * smallWidth + columns.cells[i]];
      }
      this.#values[at * channels + channel] += sum;
    });
  }

  /** The whole picture's samples. */
  samples(): Samples {
    const { data, depth, channels } = this.#picture;
    const samples = allocateSamples(depth, data.length);
    samples.set(data);
    const white = whiteOf(depth);
    this.#places.forEach((place, at) => {
      for (let c = 0; c < channels; c++) {
        const value = Math.min(white, Math.max(0, this.#values[at * channels + c]));
        samples[place * channels + c] = depth === 32 ? value : Math.round(value);
      }
    });
    return samples;
  }
}

/** For each pixel of a side, the two of the copy whose middles are around it, and their weights. */
function fades(
  length: number,
  factor: number,
  cells: number,
  ease: (t: number) => number = smoothStep,
): { cells: Uint32Array; weights: Float32Array } {
  const found = { cells: new Uint32Array(2 * length), weights: new Float32Array(2 * length) };
  for (let i = 0; i < length; i++) {
    const at = (i + 0.5) / factor - 0.5;
    const first = Math.floor(at);
    const share = ease(at - first);
    found.cells.set([Math.max(0, first), Math.min(cells - 1, first + 1)], 2 * i);
    found.weights.set([1 - share, share], 2 * i);
  }
  return found;
}

function smoothStep(t: number): number {
  return t * t * (3 - 2 * t);
}

/** The mean over the square around each cell; `sums` are sums of as many values as `counts` says. */
function smoothed(
  sums: Float32Array,
  counts: Float32Array,
  width: number,
  height: number,
): Float32Array {
  const [sum, count] = [sums, counts].map((plane) =>
    boxed(boxed(plane, height, width, 1, width), width, height, width, 1)
  );
  return sum.map((value, i) => count[i] === 0 ? 0 : value / count[i]);
}

/** Sums over `2 EVEN_REACH + 1` values along lines of a plane. */
function boxed(
  plane: Float32Array,
  lines: number,
  length: number,
  step: number,
  next: number,
): Float32Array {
  const sums = new Float32Array(plane.length);
  for (let line = 0; line < lines; line++) {
    let sum = 0;
    for (let i = -EVEN_REACH; i < length; i++) {
      const enters = i + EVEN_REACH;
      const leaves = i - EVEN_REACH - 1;
      if (enters < length) sum += plane[line * next + enters * step];
      if (leaves >= 0) sum -= plane[line * next + leaves * step];
      if (i >= 0) sums[line * next + i * step] = sum;
    }
  }
  return sums;
}
