/**
 * Parts of a result that stay faithful while the rest is invented: within a part the faithful result is
 * taken as it is; outside, it fades into the other one over some pixels.
 */

import type { Mask } from "../pictures/mask.ts";
import { type PictureHeader, type PictureRows, type Samples } from "../pictures/mod.ts";
import type { Size } from "../raster/size.ts";

/** Over how many pixels of the picture a part fades into what is around it. */
export const FEATHER = 12;

/** What diagonal steps are longer than straight ones. */
const DIAGONAL = Math.SQRT2;

/** How much of the invented result there is at each pixel of a result. */
export class Feather {
  /** The rows of the result in which some of the faithful one is seen, and one beyond the last. */
  readonly rows: { first: number; end: number };
  readonly #mask: Mask;
  /** `[height][width]`, 0 to 1, at the picture's size. */
  readonly #shares: Float32Array;
  readonly #vertical: Neighbours[];
  readonly #horizontal: Neighbours[];

  /** @param mask Marks of what is protected, at the picture's size. */
  constructor(mask: Mask, result: Size) {
    this.#mask = mask;
    this.#shares = distancesFrom(mask).map(shareAt);
    this.#vertical = neighboursAlong(mask.height, result.height);
    this.#horizontal = neighboursAlong(mask.width, result.width);
    const touched = this.#vertical.map(({ near, far }) =>
      this.#touches(near) || this.#touches(far)
    );
    this.rows = { first: touched.indexOf(true), end: touched.lastIndexOf(true) + 1 };
  }

  /** Returns the shares of the invented result in a row: exactly 0 wherever a protected pixel is shown. */
  row(y: number): Float32Array {
    const { near, far, share } = this.#vertical[y];
    const { width } = this.#mask;
    const above = this.#shares.subarray(near * width, (near + 1) * width);
    const below = this.#shares.subarray(far * width, (far + 1) * width);
    return Float32Array.from(this.#horizontal, (column) => {
      const top = above[column.near] + column.share * (above[column.far] - above[column.near]);
      const bottom = below[column.near] + column.share * (below[column.far] - below[column.near]);
      return top + share * (bottom - top);
    });
  }

  #touches(row: number): boolean {
    const { width } = this.#mask;
    return this.#shares.subarray(row * width, (row + 1) * width).some((share) => share < 1);
  }
}

/**
 * Puts what is protected of a faithful result into an invented one of the same kind. The faithful result
 * is made first; of it, only the rows that are seen are kept in memory.
 */
export async function* blendProtected(
  faithful: PictureRows,
  invented: PictureRows,
  feather: Feather,
): AsyncGenerator<Samples> {
  const kept = await keepRows(faithful, feather.rows);
  const { width, channels, depth } = invented;
  const stride = width * channels;
  let y = 0;
  for await (const band of invented.rows) {
    const blended = band.slice();
    for (let from = 0; from < band.length; from += stride, y++) {
      const own = kept.get(y);
      if (own === undefined) continue;
      const shares = feather.row(y);
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < channels; c++) {
          const i = x * channels + c;
          const value = own[i] + shares[x] * (band[from + i] - own[i]);
          blended[from + i] = depth === 32 ? value : Math.round(value);
        }
      }
    }
    yield blended;
  }
}

async function keepRows(
  { rows, width, channels }: PictureHeader & PictureRows,
  { first, end }: Feather["rows"],
): Promise<Map<number, Samples>> {
  const kept = new Map<number, Samples>();
  const stride = width * channels;
  let y = 0;
  for await (const band of rows) {
    for (let from = 0; from < band.length; from += stride, y++) {
      if (y >= first && y < end) kept.set(y, band.slice(from, from + stride));
    }
    if (y >= end) break;
  }
  return kept;
}

/** Two pixels of the picture, and how far on the way from one to the other a pixel of the result is. */
interface Neighbours {
  near: number;
  far: number;
  share: number;
}

function neighboursAlong(length: number, resultLength: number): Neighbours[] {
  return Array.from({ length: resultLength }, (_, i) => {
    const at = (i + 0.5) * length / resultLength - 0.5;
    const near = Math.min(length - 1, Math.max(0, Math.floor(at)));
    const far = Math.min(length - 1, near + 1);
    return { near, far, share: Math.min(1, Math.max(0, at - near)) };
  });
}

/** 0 in the mask and in the pixels beside it, so that no pixel between them has a share; then up to 1. */
function shareAt(distance: number): number {
  const way = Math.min(1, Math.max(0, (distance - DIAGONAL) / FEATHER));
  return way * way * (3 - 2 * way);
}

/** Distances from the mask by straight and diagonal steps (G. Borgefors, 1986), as far as they matter. */
function distancesFrom({ width, height, data }: Mask): Float32Array {
  const distances = Float32Array.from(data, (mark) => mark === 1 ? 0 : FEATHER + 3);
  const lower = (at: number, x: number, back: number, up: number) => {
    let least = Math.min(distances[at], up === 0 ? Infinity : distances[at + up] + 1);
    const [isFirst, isLast] = [x === 0, x === width - 1];
    const behind = back < 0 ? isFirst : isLast;
    const ahead = back < 0 ? isLast : isFirst;
    if (!behind) least = Math.min(least, distances[at + back] + 1);
    if (up !== 0 && !behind) least = Math.min(least, distances[at + up + back] + DIAGONAL);
    if (up !== 0 && !ahead) least = Math.min(least, distances[at + up - back] + DIAGONAL);
    distances[at] = least;
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) lower(y * width + x, x, -1, y === 0 ? 0 : -width);
  }
  for (let y = height - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--) {
      lower(y * width + x, x, 1, y === height - 1 ? 0 : width);
    }
  }
  return distances;
}
