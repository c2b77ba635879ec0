/**
 * Transparency apart from colour: a network made for colours must not see alpha, and must not see
 * the arbitrary colours that files keep under transparent pixels.
 */

import { UsageError } from "../errors.ts";
import { allocateSamples, hasAlpha, type Picture, whiteOf } from "./picture.ts";

/** A picture taken apart. At most one of `alpha` and `constant` is set; neither: there was no alpha. */
export interface AlphaSplit {
  /** The colours, 1 or 3 channels, with the metadata. */
  colour: Picture;
  /** Alpha as a grey picture of the same size and depth, if it varies. */
  alpha: Picture | undefined;
  /** The value of every alpha sample, in samples of that depth, if it is the same everywhere. */
  constant: number | undefined;
}

/**
 * Takes a picture apart into colour and alpha. A picture without alpha is returned as it is.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import type { Picture } from "./picture.ts";
 * const picture: Picture = {
 *   width: 2, height: 1, channels: 2, depth: 8, data: Uint8Array.of(7, 0, 9, 255), metadata: {},
 * };
 * const { colour, alpha } = splitAlpha(picture);
 * assert.deepEqual([...colour.data, ...alpha!.data], [7, 9, 0, 255]);
 * assert.deepEqual(joinAlpha(colour, alpha!), picture);
 * ```
 */
export function splitAlpha(picture: Picture): AlphaSplit {
  if (!hasAlpha(picture)) return { colour: picture, alpha: undefined, constant: undefined };
  const { width, height, channels, depth, data } = picture;
  const colours = channels === 2 ? 1 : 3;
  const colour = allocateSamples(depth, width * height * colours);
  const alpha = allocateSamples(depth, width * height);
  let constant = true;
  for (let i = 0, from = 0, to = 0; i < alpha.length; i++) {
    for (let c = 0; c < colours; c++) colour[to++] = data[from++];
    alpha[i] = data[from++];
    constant &&= alpha[i] === alpha[0];
  }
  return {
    colour: { ...picture, channels: colours, data: colour },
    alpha: constant ? undefined : { width, height, channels: 1, depth, data: alpha, metadata: {} },
    constant: constant ? alpha[0] : undefined,
  };
}

/**
 * Puts alpha beside colour: the reverse of `splitAlpha`.
 *
 * @param colour 1 or 3 channels
 * @param alpha a grey picture of the same size and depth, or one value for every pixel
 * @throws {UsageError} if the two do not fit together
 */
export function joinAlpha(colour: Picture, alpha: Picture | number): Picture {
  const { width, height, channels, depth, data } = colour;
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(`Alpha can join 1 or 3 channels, not ${channels}.`);
  }
  if (typeof alpha !== "number") checkPair(colour, alpha);
  const joined = allocateSamples(depth, width * height * (channels + 1));
  for (let i = 0, from = 0, to = 0; i < width * height; i++) {
    for (let c = 0; c < channels; c++) joined[to++] = data[from++];
    joined[to++] = typeof alpha === "number" ? alpha : alpha.data[i];
  }
  return { ...colour, channels: channels === 1 ? 2 : 4, data: joined };
}

/**
 * Returns the picture as it looks on a background of one colour, without alpha. Colours mix as the
 * numbers they are stored as, which is what browsers do. A grey picture becomes RGB if the background
 * is not grey. A picture without alpha is returned as it is.
 *
 * @param background red, green and blue, each from 0 to 255
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import type { Picture } from "./picture.ts";
 * const half: Picture = {
 *   width: 1, height: 1, channels: 2, depth: 8, data: Uint8Array.of(0, 51), metadata: {},
 * };
 * assert.deepEqual([...flattenAlpha(half, [255, 255, 255]).data], [204]);
 * ```
 */
export function flattenAlpha(
  picture: Picture,
  background: readonly [red: number, green: number, blue: number],
): Picture {
  if (!hasAlpha(picture)) return picture;
  const { width, height, channels, depth, data } = picture;
  const [red, green, blue] = background;
  const grey = channels === 2 && red === green && green === blue;
  const white = whiteOf(depth);
  const under = background.map((value) => value / 255 * white);
  const rounding = depth === 32 ? 0 : 0.5;
  const colours = grey ? 1 : 3;
  const out = allocateSamples(depth, width * height * colours);
  const step = channels === 2 ? 0 : 1;
  for (let from = 0, to = 0; from < data.length; from += channels) {
    const alpha = data[from + channels - 1] / white;
    for (let c = 0; c < colours; c++) {
      out[to++] = data[from + c * step] * alpha + under[c] * (1 - alpha) + rounding;
    }
  }
  return { ...picture, channels: colours, data: out };
}

/**
 * Returns a picture whose fully transparent pixels have the colour of a visible pixel near them, so
 * that whatever mixes neighbours finds no foreign colour there. Alpha and visible pixels stay as
 * they are. A picture without alpha, or without a visible pixel, is returned as it is.
 *
 * Takes time in proportion to the number of pixels, and 4 bytes for each.
 */
export function fillTransparent(picture: Picture): Picture {
  if (!hasAlpha(picture)) return picture;
  const { channels, data } = picture;
  const nearest = nearestVisible(picture);
  if (nearest[0] < 0) return picture;
  const filled = data.slice();
  for (let i = 0; i < nearest.length; i++) {
    if (nearest[i] === i) continue;
    for (let c = 0; c < channels - 1; c++) {
      filled[i * channels + c] = data[nearest[i] * channels + c];
    }
  }
  return { ...picture, data: filled };
}

/**
 * For each pixel the index of a visible one that is nearest, or nearly so: two passes, in which each
 * pixel takes over the best find of the neighbours before it. -1 everywhere if none is visible.
 */
function nearestVisible({ width, height, channels, data }: Picture): Int32Array {
  const nearest = new Int32Array(width * height);
  for (let i = 0; i < nearest.length; i++) nearest[i] = data[(i + 1) * channels - 1] > 0 ? i : -1;
  sweep(nearest, width, height, 1);
  sweep(nearest, width, height, -1);
  return nearest;
}

/** One pass: row by row down and to the right (`direction` 1), or up and to the left (-1). */
function sweep(nearest: Int32Array, width: number, height: number, direction: 1 | -1): void {
  for (let row = 0; row < height; row++) {
    const y = direction === 1 ? row : height - 1 - row;
    for (let backward = 0; backward < 2; backward++) {
      const step = backward === 0 ? direction : -direction;
      for (let column = 0; column < width; column++) {
        const x = step === 1 ? column : width - 1 - column;
        const i = y * width + x;
        if (nearest[i] === i) continue;
        if (column > 0) improve(nearest, width, i, x, y, nearest[i - step]);
        if (row === 0 || backward === 1) continue;
        for (let dx = x > 0 ? -1 : 0; dx <= (x < width - 1 ? 1 : 0); dx++) {
          improve(nearest, width, i, x, y, nearest[i - direction * width + dx]);
        }
      }
    }
  }
}

/** Makes `candidate` the find of pixel `i` at (x, y) if it is nearer than what is there. */
function improve(
  nearest: Int32Array,
  width: number,
  i: number,
  x: number,
  y: number,
  candidate: number,
): void {
  if (candidate < 0) return;
  const current = nearest[i];
  if (current < 0 || distance(candidate, x, y, width) < distance(current, x, y, width)) {
    nearest[i] = candidate;
  }
}

/** The squared distance from pixel `index` to (x, y). */
function distance(index: number, x: number, y: number, width: number): number {
  const dx = index % width - x;
  const dy = Math.floor(index / width) - y;
  return dx * dx + dy * dy;
}

function checkPair(colour: Picture, alpha: Picture): void {
  const fits = alpha.channels === 1 && alpha.depth === colour.depth &&
    alpha.width === colour.width && alpha.height === colour.height;
  if (fits) return;
  throw new UsageError(
    `Alpha of ${alpha.width} x ${alpha.height}, ${alpha.channels} channels, ${alpha.depth} bits ` +
      `does not fit colour of ${colour.width} x ${colour.height}, ${colour.depth} bits.`,
  );
}
