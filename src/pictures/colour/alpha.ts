/**
 * Transparency apart from colour: a network made for colours must not see alpha, and must not see
 * the arbitrary colours that files keep under transparent pixels.
 */

import { UsageError } from "../../errors.ts";
import {
  allocateSamples,
  hasAlpha,
  type Picture,
  type PictureRows,
  type Samples,
  whiteOf,
} from "../picture.ts";

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
 * import type { Picture } from "../picture.ts";
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
  const { width, height, depth } = picture;
  const channels = coloursOf(picture);
  const { colour, alpha } = separate(picture);
  const constant = alpha.every((value) => value === alpha[0]);
  return {
    colour: { ...picture, channels, data: colour },
    alpha: constant ? undefined : { width, height, channels: 1, depth, data: alpha, metadata: {} },
    constant: constant ? alpha[0] : undefined,
  };
}

/**
 * Takes a picture in rows apart into colour and alpha, which can be walked beside each other, once.
 * Rows that one of them has not been asked for yet are kept for it. When one ends before its time, no
 * more rows come for the other.
 *
 * @param picture with alpha
 */
export function splitAlphaRows(
  { rows, ...header }: PictureRows,
): { colour: PictureRows; alpha: PictureRows } {
  const source = rows[Symbol.asyncIterator]();
  const [colours, alphas]: Samples[][] = [[], []];
  let pulling: Promise<boolean> | undefined;
  async function pull(): Promise<boolean> {
    const { done, value } = await source.next();
    pulling = undefined;
    if (done) return false;
    const { colour, alpha } = separate({ ...header, data: value });
    colours.push(colour);
    alphas.push(alpha);
    return true;
  }
  async function* kept(queue: Samples[]): AsyncGenerator<Samples> {
    try {
      while (queue.length > 0 || await (pulling ??= pull())) yield queue.shift()!;
    } finally {
      await source.return?.();
    }
  }
  return {
    colour: { ...header, channels: coloursOf(header), rows: kept(colours) },
    alpha: { ...header, channels: 1, metadata: {}, rows: kept(alphas) },
  };
}

/** Says whether every pixel is fully visible. */
export function isOpaque(
  { channels, depth, data }: Pick<Picture, "channels" | "depth"> & { data: ArrayLike<number> },
): boolean {
  if (!hasAlpha({ channels })) return true;
  const white = whiteOf(depth);
  for (let i = channels - 1; i < data.length; i += channels) if (data[i] !== white) return false;
  return true;
}

/** Copies the samples of pixels with alpha into two arrays. */
function separate(
  picture: Pick<Picture, "channels" | "depth" | "data">,
): { colour: Samples; alpha: Samples } {
  const { channels, depth, data } = picture;
  const colours = coloursOf(picture);
  const pixels = data.length / channels;
  const colour = allocateSamples(depth, pixels * colours);
  const alpha = allocateSamples(depth, pixels);
  for (let i = 0, from = 0, to = 0; i < pixels; i++) {
    for (let c = 0; c < colours; c++) colour[to++] = data[from++];
    alpha[i] = data[from++];
  }
  return { colour, alpha };
}

function coloursOf({ channels }: Pick<Picture, "channels">): 1 | 3 {
  return channels <= 2 ? 1 : 3;
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
 * import type { Picture } from "../picture.ts";
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

/** Returns a picture whose colours are multiplied by its alpha with straight alpha, as pictures have it. */
export function unpremultiply(picture: Picture): Picture {
  if (!hasAlpha(picture)) return picture;
  const { channels, depth, data } = picture;
  const white = whiteOf(depth);
  const out = allocateSamples(depth, data.length);
  for (let at = 0; at < data.length; at += channels) {
    const alpha = data[at + channels - 1];
    for (let c = 0; c < channels - 1; c++) {
      out[at + c] = alpha === 0 ? 0 : Math.min(white, data[at + c] * white / alpha + 0.5);
    }
    out[at + channels - 1] = alpha;
  }
  return { ...picture, data: out };
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
