/**
 * The look at a result that no network can mean: one colour everywhere, from a picture that has many.
 * Broken drivers give such tiles, most often black ones.
 */

import { samplesIn, wordsPerPixel } from "../pictures/gpu_pixels.ts";
import { type Depth, whiteOf } from "../pictures/picture.ts";
import type { Region } from "../raster/size.ts";

/** Contrast of a source, 0 to 1, that no network flattens. */
const CLEAR_CONTRAST = 0.2;

/** Pixels of a source below which one colour is no sign: a small part may well end in pure white. */
const ENOUGH_PIXELS = 256;

/** Says whether a result is of one colour although its source has clear contrast. */
export function isLostPicture(
  result: Uint32Array,
  depth: Depth,
  source: { words: Uint32Array; depth: Depth; width: number },
  region: Region,
): boolean {
  if (region.width * region.height < ENOUGH_PIXELS) return false;
  return isOneColour(result, wordsPerPixel(depth)) && contrastOf(source, region) > CLEAR_CONTRAST;
}

function isOneColour(words: Uint32Array, perPixel: number): boolean {
  for (let i = perPixel; i < words.length; i++) {
    if (words[i] !== words[i - perPixel]) return false;
  }
  return true;
}

/** The largest difference between two samples of a channel, 0 to 1. */
function contrastOf(
  { words, depth, width }: { words: Uint32Array; depth: Depth; width: number },
  region: Region,
): number {
  const samples = samplesIn(words, depth);
  const least = [Infinity, Infinity, Infinity];
  const most = [-Infinity, -Infinity, -Infinity];
  for (let y = region.y; y < region.y + region.height; y++) {
    for (let x = region.x; x < region.x + region.width; x++) {
      for (let c = 0; c < 3; c++) {
        const value = samples[(y * width + x) * 4 + c];
        least[c] = Math.min(least[c], value);
        most[c] = Math.max(most[c], value);
      }
    }
  }
  return Math.max(...most.map((value, c) => value - least[c])) / whiteOf(depth);
}
