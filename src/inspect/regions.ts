/**
 * The parts of a picture that are looked at: a fixed grid of windows, so that a large picture takes no
 * longer than a small one and the same picture always gives the same measures.
 */

import { hasAlpha, type Picture, whiteOf } from "../pictures/picture.ts";

/** A window of a picture; its values are in 0..255 whatever the picture's depth. */
export interface Region {
  width: number;
  height: number;
  /** One plane for grey, or red, green and blue: `[height][width]` each. */
  planes: readonly Float32Array[];
  /** Brightness as JPEG has it (BT.601, 0 to 255): `[height][width]`. */
  luma: Float32Array;
}

/** Pixels of a window's side: whole blocks of a JPEG. */
const SIDE = 256;

/** Windows along one side of a picture, at most. */
const WINDOWS = 5;

const BLOCK = 8;

/** What shows through transparent pixels. */
const PAPER = 255;

/**
 * Cuts windows of up to 256 x 256 pixels from a picture, at most 25, spread evenly. Each begins at a
 * multiple of 8 pixels. Transparent pixels are seen before white.
 */
export function regionsOf(picture: Picture): Region[] {
  const columns = origins(picture.width);
  return origins(picture.height).flatMap((y) => columns.map((x) => cut(picture, x, y)));
}

function origins(length: number): number[] {
  const count = Math.min(Math.ceil(length / SIDE), WINDOWS);
  const room = Math.max(length - SIDE, 0);
  const step = count > 1 ? room / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => Math.floor(i * step / BLOCK) * BLOCK);
}

function cut(picture: Picture, x: number, y: number): Region {
  const width = Math.min(SIDE, picture.width - x);
  const height = Math.min(SIDE, picture.height - y);
  const colours = picture.channels <= 2 ? 1 : 3;
  const planes = Array.from({ length: colours }, (_, c) => plane(picture, x, y, width, height, c));
  return { width, height, planes, luma: lumaOf(planes) };
}

function plane(
  picture: Picture,
  x: number,
  y: number,
  width: number,
  height: number,
  channel: number,
): Float32Array {
  const { data, channels, depth } = picture;
  const white = whiteOf(depth);
  const alpha = hasAlpha(picture) ? channels - 1 - channel : 0;
  const values = new Float32Array(width * height);
  for (let row = 0, at = 0; row < height; row++) {
    let from = ((y + row) * picture.width + x) * channels + channel;
    for (let column = 0; column < width; column++, from += channels) {
      const value = data[from] * 255 / white;
      values[at++] = alpha === 0 ? value : PAPER + (value - PAPER) * data[from + alpha] / white;
    }
  }
  return values;
}

function lumaOf(planes: readonly Float32Array[]): Float32Array {
  if (planes.length === 1) return planes[0];
  const [red, green, blue] = planes;
  return green.map((value, i) => 0.299 * red[i] + 0.587 * value + 0.114 * blue[i]);
}
