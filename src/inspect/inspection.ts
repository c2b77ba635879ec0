/**
 * The measures of one picture, taken together.
 */

import type { Picture } from "../pictures/picture.ts";
import { adviseDenoise } from "./advice.ts";
import { type BlockTraces, findBlocks } from "./blocks.ts";
import { estimateBlur } from "./blur.ts";
import { classify, type Content } from "./content.ts";
import { type JpegSettings, readJpegSettings } from "./jpeg_tables.ts";
import { estimateNoise } from "./noise.ts";
import { regionsOf } from "./regions.ts";

/** What a picture is like. */
export interface Inspection {
  /** Pixels per row. */
  width: number;
  /** Rows. */
  height: number;
  /** What it shows. */
  content: Content;
  /** How the file was saved; `undefined` if it is no JPEG. */
  jpeg: JpegSettings | undefined;
  /**
   * Quality of the worst JPEG that left its traces, in the file or in a photograph's pixels, 1 to
   * 100; `undefined` if there are none.
   */
  quality: number | undefined;
  /**
   * How much larger steps between blocks of a photograph are than within, in levels of 255: from 1 on,
   * they show.
   */
  blockiness: number;
  /** Standard deviation of the noise in levels of 255. */
  noise: number;
  /** Sigma of the Gaussian that blurs as much, in pixels; `undefined` if there are too few edges. */
  blur: number | undefined;
  /** The share of the restorer that the picture needs, 0 to 1 in quarters. */
  denoise: number;
}

/**
 * Measures a picture of any kind. At most 25 windows of 256 x 256 pixels are looked at, always the same.
 *
 * @param file the file that it came from, for what only that tells
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const data = new Uint8Array(64 * 64).fill(128);
 * const { noise, denoise } = inspectPicture({
 *   width: 64, height: 64, channels: 1, depth: 8, data, metadata: {},
 * });
 * assert.deepEqual([noise, denoise], [0, 0]);
 * ```
 */
export function inspectPicture(picture: Picture, file?: Uint8Array): Inspection {
  const regions = regionsOf(picture);
  const noise = estimateNoise(regions);
  const content = classify(regions);
  // What is drawn may repeat every 8 pixels, too: there, only the file tells.
  const blocks = content === "photo" ? findBlocks(regions) : NO_TRACES;
  const { blockiness } = blocks;
  const jpeg = file === undefined ? undefined : readJpegSettings(file);
  const quality = lower(jpeg?.quality, blocks.quality);
  return {
    width: picture.width,
    height: picture.height,
    content,
    jpeg,
    quality,
    blockiness,
    noise,
    blur: estimateBlur(regions, noise),
    denoise: adviseDenoise({ quality, blockiness, noise }),
  };
}

const NO_TRACES: BlockTraces = { blockiness: 0, quality: undefined };

function lower(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? a ?? b : Math.min(a, b);
}
