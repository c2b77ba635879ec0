/**
 * Where in a picture the details are: the measure behind `--gravity auto`.
 *
 * The detail of a part is the sum of its gradients (the length of the central differences of luma) on a
 * small copy of the picture, in which noise has gone and edges have stayed. Parts off the middle count
 * up to a fifth less, so that a picture that is alike everywhere keeps its middle. The sums are of whole
 * numbers: the same picture has the same answer everywhere.
 */

import { hasAlpha, type Picture } from "../pictures/picture.ts";
import { lumaPlane } from "../quality/luma.ts";
import type { Region } from "../raster/size.ts";
import type { Anchor } from "./gravity.ts";

/** The longer side of the copy that is looked at, in pixels. */
export const DETAIL_SIDE = 256;

/** How much less the farthest parts count. */
const CENTRE_PRIOR = 0.2;

/** Steps into which a level of luma is divided. */
const STEPS_PER_LEVEL = 64;

/**
 * Returns where the most detailed part of a picture lies.
 *
 * @param copy A copy of the picture, at most {@linkcode DETAIL_SIDE} pixels a side.
 * @param share The part's sides as shares of the picture's, above 0 and up to 1.
 */
export function mostDetailed(copy: Picture, share: { width: number; height: number }): Anchor {
  const width = Math.min(copy.width, Math.max(1, Math.round(copy.width * share.width)));
  const height = Math.min(copy.height, Math.max(1, Math.round(copy.height * share.height)));
  const sums = new SummedArea(copy.width, copy.height, gradients(copy));
  const room = { x: copy.width - width, y: copy.height - height };
  let best = { anchor: { x: 0.5, y: 0.5 }, score: -1, distance: Infinity };
  for (let y = 0; y <= room.y; y++) {
    for (let x = 0; x <= room.x; x++) {
      const anchor = { x: room.x > 0 ? x / room.x : 0.5, y: room.y > 0 ? y / room.y : 0.5 };
      const distance = 2 * ((anchor.x - 0.5) ** 2 + (anchor.y - 0.5) ** 2);
      const score = sums.of({ x, y, width, height }) * (1 - CENTRE_PRIOR * distance);
      if (score > best.score || (score === best.score && distance < best.distance)) {
        best = { anchor, score, distance };
      }
    }
  }
  return best.anchor;
}

/** The gradient at every pixel in whole steps; what is transparent has none. */
function gradients(copy: Picture): Float64Array {
  const { width, height, channels, data } = copy;
  const luma = lumaPlane(copy).data;
  const lengths = new Float64Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const up = y > 0 ? width : 0;
    const down = y < height - 1 ? width : 0;
    for (let x = 0; x < width; x++, i++) {
      const dx = luma[x < width - 1 ? i + 1 : i] - luma[x > 0 ? i - 1 : i];
      const dy = luma[i + down] - luma[i - up];
      const opacity = hasAlpha(copy) ? data[(i + 1) * channels - 1] : 1;
      lengths[i] = Math.round(STEPS_PER_LEVEL * opacity * Math.sqrt(dx * dx + dy * dy));
    }
  }
  return lengths;
}

/** Sums over rectangles in constant time (F. Crow, SIGGRAPH 1984). */
class SummedArea {
  readonly #stride: number;
  /** `[height + 1][width + 1]`: the sum of all values above and to the left. */
  readonly #sums: Float64Array;

  constructor(width: number, height: number, values: Float64Array) {
    this.#stride = width + 1;
    this.#sums = new Float64Array((width + 1) * (height + 1));
    for (let y = 0, i = 0; y < height; y++) {
      let row = 0;
      for (let x = 0; x < width; x++, i++) {
        row += values[i];
        const above = this.#sums[y * this.#stride + x + 1];
        this.#sums[(y + 1) * this.#stride + x + 1] = above + row;
      }
    }
  }

  of({ x, y, width, height }: Region): number {
    const top = y * this.#stride + x;
    const bottom = top + height * this.#stride;
    return this.#sums[bottom + width] - this.#sums[bottom] - this.#sums[top + width] +
      this.#sums[top];
  }
}
