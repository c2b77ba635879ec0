/**
 * What is made of a picture before it is upscaled: faded colours stretched, damage repaired, the frame
 * extended. It is done when the rows are asked for, so that a plan costs nothing of it.
 */

import type { Kept } from "../fill/extend.ts";
import type { Mask } from "../pictures/mask.ts";
import type { Gpu } from "../gpu/device.ts";
import {
  gatherRows,
  type Picture,
  type PictureHeader,
  type PictureRows,
  type Samples,
  stretchTone,
} from "../pictures/mod.ts";
import { type Aim, cropTo } from "./aim.ts";

/** What is to be done, in this order. */
export interface Preparation {
  tone: boolean;
  /** What is to be repaired. */
  damage: Mask | undefined;
  aim: Aim;
  /** What an extension does not copy. */
  kept: Kept;
}

/** Returns the part that is upscaled, each time anew. */
export type Source = (signal: AbortSignal | undefined) => Picture | PictureRows;

/** Rows that are handed on at a time. */
const ROWS_AT_ONCE = 64;

/** Returns what is upscaled: its header at once, its samples when they are asked for. */
export function prepare(
  gpu: Gpu,
  picture: Picture | PictureRows,
  preparation: Preparation,
): { header: PictureHeader; source: Source } {
  const { tone, damage, aim } = preparation;
  const part = cropTo(picture, aim);
  const { width, height } = aim.frame ?? part;
  const { metadata, channels, depth, notes } = picture;
  const header = { width, height, channels, depth, metadata, ...notes && { notes } };
  if (!tone && damage === undefined && aim.frame === undefined) {
    return { header, source: () => part };
  }
  const source: Source = (signal) => {
    const made = once(() => makePart(gpu, picture, preparation, signal));
    return { ...header, rows: { [Symbol.asyncIterator]: () => rowsOf(made) } };
  };
  return { header, source };
}

async function makePart(
  gpu: Gpu,
  picture: Picture | PictureRows,
  { tone, damage, aim, kept }: Preparation,
  signal: AbortSignal | undefined,
): Promise<Picture> {
  let whole = await wholeOf(picture);
  if (tone) whole = stretchTone(whole);
  if (damage !== undefined) {
    const { fill } = await import("../fill/fill.ts");
    whole = await fill(gpu, whole, damage, { signal });
  }
  const part = cropTo(whole, aim) as Picture;
  if (aim.frame === undefined) return part;
  const { extend } = await import("../fill/extend.ts");
  return await extend(gpu, part, aim.frame, { ...kept, signal });
}

/** Returns a picture that is in memory as a whole. */
export async function wholeOf(picture: Picture | PictureRows): Promise<Picture> {
  return "rows" in picture ? await gatherRows(picture) : picture;
}

/** Does something the first time, and remembers what came of it. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => result ??= work();
}

async function* rowsOf(made: () => Promise<Picture>): AsyncGenerator<Samples> {
  const { data, width, channels } = await made();
  const step = ROWS_AT_ONCE * width * channels;
  for (let from = 0; from < data.length; from += step) yield data.subarray(from, from + step);
}
