/**
 * A whole picture in the device's pixel format, from which windows are cut and into which results
 * are put.
 */

import { wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { Depth } from "../pictures/picture.ts";
import type { Region } from "./plan.ts";

/** RGBA pixels in words (see `pictures/gpu_pixels.ts`), row after row. */
export interface Raster {
  width: number;
  height: number;
  depth: Depth;
  words: Uint32Array;
}

/** Allocates a raster of zeros. */
export function allocateRaster(width: number, height: number, depth: Depth): Raster {
  return { width, height, depth, words: new Uint32Array(width * height * wordsPerPixel(depth)) };
}

/**
 * Copies a window. Past the right and bottom edge the picture is reflected (the edge pixel is not
 * repeated), which happens only where its size is no multiple of a network's unshuffle factor.
 */
export function cutWindow(raster: Raster, window: Region): Uint32Array {
  const size = wordsPerPixel(raster.depth);
  const inside = Math.min(window.width, raster.width - window.x);
  const words = new Uint32Array(window.width * window.height * size);
  for (let row = 0; row < window.height; row++) {
    const from = reflect(window.y + row, raster.height) * raster.width;
    const to = row * window.width;
    const start = (from + window.x) * size;
    words.set(raster.words.subarray(start, start + inside * size), to * size);
    for (let column = inside; column < window.width; column++) {
      const at = (from + reflect(window.x + column, raster.width)) * size;
      words.set(raster.words.subarray(at, at + size), (to + column) * size);
    }
  }
  return words;
}

/** Puts pixels at their place; what lies beyond the raster's edge is left out. */
export function putRegion(raster: Raster, region: Region, words: Uint32Array): void {
  const size = wordsPerPixel(raster.depth);
  const width = Math.min(region.width, raster.width - region.x);
  const height = Math.min(region.height, raster.height - region.y);
  for (let row = 0; row < height; row++) {
    const from = row * region.width * size;
    const to = ((region.y + row) * raster.width + region.x) * size;
    raster.words.set(words.subarray(from, from + width * size), to);
  }
}

/** Position after reflection at the last pixel; a picture too small for that repeats its pixels. */
function reflect(at: number, size: number): number {
  return at < size ? at : Math.max(0, 2 * (size - 1) - at);
}
