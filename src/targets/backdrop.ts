/**
 * A picture as its own backdrop: enlarged until it covers a canvas, and blurred beyond recognition.
 *
 * It is painted from a copy of some {@linkcode BACKDROP_SIDE} pixels with a cubic B-spline (M. Unser,
 * IEEE Signal Processing Magazine, 1999) whose coefficients are the copy's own pixels: that blurs and
 * enlarges at once, without steps or overshoot, and any row of the canvas can be painted alone.
 */

import { type Depth, hasAlpha, type Picture, type Samples, whiteOf } from "../pictures/picture.ts";
import type { Size } from "../raster/size.ts";

/** The longer side of the copy that a backdrop is painted from, in pixels. */
export const BACKDROP_SIDE = 32;

/** Neighbours of a position along one axis: four pixels of the copy and their weights. */
interface Neighbours {
  pixels: number[];
  weights: number[];
}

/** A backdrop for one canvas. */
export class Backdrop {
  readonly #copy: Picture;
  readonly #columns: Neighbours[];
  readonly #rows: Neighbours[];

  /** @param copy A small copy of the picture, depth 32. */
  constructor(copy: Picture, canvas: Size) {
    this.#copy = copy;
    // The middle of the copy covers the canvas: `cells` is how much of it a pixel of the canvas is.
    const cells = Math.min(copy.width / canvas.width, copy.height / canvas.height);
    this.#columns = alongAxis(copy.width, canvas.width, cells);
    this.#rows = alongAxis(copy.height, canvas.height, cells);
  }

  /** Paints the columns `from` to `to` (excluded) of row `y` of the canvas, all channels of the copy. */
  paint(row: Samples, depth: Depth, y: number, from: number, to: number): void {
    if (from >= to) return;
    const { channels } = this.#copy;
    const blended = this.#blendedRow(this.#rows[y]);
    const white = whiteOf(depth);
    const rounding = depth === 32 ? 0 : 0.5;
    for (let x = from; x < to; x++) {
      const { pixels, weights } = this.#columns[x];
      for (let c = 0; c < channels; c++) {
        let value = 0;
        for (let k = 0; k < 4; k++) value += weights[k] * blended[pixels[k] * channels + c];
        row[x * channels + c] = value * white + rounding;
      }
    }
    if (hasAlpha(this.#copy)) opaque(row, channels, white, from, to);
  }

  /** One row of the copy's columns, blended of four of its rows. */
  #blendedRow({ pixels, weights }: Neighbours): Float64Array {
    const { width, channels, data } = this.#copy;
    const perRow = width * channels;
    return Float64Array.from({ length: perRow }, (_, i) => {
      let value = 0;
      for (let k = 0; k < 4; k++) value += weights[k] * data[pixels[k] * perRow + i];
      return value;
    });
  }
}

/** The neighbours of every position of one side of the canvas. */
function alongAxis(length: number, canvasLength: number, cells: number): Neighbours[] {
  return Array.from({ length: canvasLength }, (_, i) => {
    const at = (length - 1) / 2 + (i - (canvasLength - 1) / 2) * cells;
    const first = Math.floor(at) - 1;
    const pixels = [0, 1, 2, 3].map((k) => Math.min(Math.max(first + k, 0), length - 1));
    return { pixels, weights: splineWeights(at - Math.floor(at)) };
  });
}

/** Weights of the uniform cubic B-spline at a fraction between its two inner pixels. */
function splineWeights(t: number): number[] {
  return [
    (1 - t) ** 3 / 6,
    (3 * t ** 3 - 6 * t ** 2 + 4) / 6,
    (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6,
    t ** 3 / 6,
  ];
}

/** A backdrop lets nothing show through. */
function opaque(row: Samples, channels: number, white: number, from: number, to: number): void {
  for (let x = from; x < to; x++) row[(x + 1) * channels - 1] = white;
}
