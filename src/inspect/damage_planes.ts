/**
 * How far each pixel stands out from what is beside it: what a square of 7 x 7 pixels cannot hold stands
 * out from the picture opened (bright) or closed (dark) by it (the top-hat of F. Meyer, "Iterative image
 * transformations for an automatic screening of cervical smears", Journal of Histochemistry and
 * Cytochemistry 27(1), 1979).
 */

import { type Picture, whiteOf } from "../pictures/picture.ts";

/** Pixels from the middle of the square to its edge: damage is at most 6 pixels wide. */
const SQUARE_REACH = 3;

/** Pixels around one over which is averaged how much stands out there. */
const AROUND_REACH = 12;

/** What stands out counts to this level at most in the average: a scratch does not hide its neighbours. */
const MOST_STANDING = 40;

/** Whether something is brighter or darker than what is beside it. */
export type Side = "bright" | "dark";

/** What is known of each pixel of a picture, `[height][width]`, in levels of 255. */
export interface Planes {
  width: number;
  height: number;
  /** Brightness. */
  luma: Float32Array;
  /** How far above the picture opened, and below it closed. */
  bright: Float32Array;
  dark: Float32Array;
  /** How far pixels around one stand out on average. */
  around: Float32Array;
}

/** Measures how far each pixel stands out; what is transparent counts as it is. */
export function planesOf(picture: Picture): Planes {
  const { width, height } = picture;
  const luma = lumaOf(picture);
  const bright = erode(luma, width, height);
  subtract(luma, dilate(bright, width, height), bright);
  const dark = dilate(luma, width, height);
  subtract(erode(dark, width, height), luma, dark);
  const outlying = bright.map((value, i) => Math.min(MOST_STANDING, Math.max(value, dark[i])));
  const once = averaged(outlying, width, height, AROUND_REACH);
  return { width, height, luma, bright, dark, around: averaged(once, width, height, AROUND_REACH) };
}

/** The mean of the square around each value, as far as it lies in the plane. */
export function averaged(
  plane: Float32Array,
  width: number,
  height: number,
  reach: number,
): Float32Array {
  const along = (from: Float32Array, lines: number, length: number, step: number, next: number) => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < lines; line++) {
      const begin = line * next;
      let [sum, count] = [0, 0];
      for (let i = -reach; i < length; i++) {
        const [enters, leaves] = [i + reach, i - reach - 1];
        if (enters < length) {
          sum += from[begin + enters * step];
          count++;
        }
        if (leaves >= 0) {
          sum -= from[begin + leaves * step];
          count--;
        }
        if (i >= 0) to[begin + i * step] = sum / count;
      }
    }
    return to;
  };
  return along(along(plane, height, width, 1, width), width, height, width, 1);
}

/** Brightness as JPEG has it (BT.601), 0 to 255. */
function lumaOf({ width, height, channels, depth, data }: Picture): Float32Array {
  const luma = new Float32Array(width * height);
  const scale = 255 / whiteOf(depth);
  for (let i = 0, from = 0; i < luma.length; i++, from += channels) {
    luma[i] = scale *
      (channels <= 2
        ? data[from]
        : 0.299 * data[from] + 0.587 * data[from + 1] + 0.114 * data[from + 2]);
  }
  return luma;
}

function subtract(from: Float32Array, what: Float32Array, to: Float32Array): void {
  for (let i = 0; i < to.length; i++) to[i] = from[i] - what[i];
}

function erode(plane: Float32Array, width: number, height: number): Float32Array {
  return extremes(plane, width, height, 1);
}

function dilate(plane: Float32Array, width: number, height: number): Float32Array {
  return extremes(plane, width, height, -1);
}

/**
 * The least value of the square around each pixel, as far as it lies in the picture; the largest one where
 * the sign is -1.
 */
function extremes(
  plane: Float32Array,
  width: number,
  height: number,
  sign: 1 | -1,
): Float32Array {
  const to = new Float32Array(plane.length);
  const along = (from: Float32Array, lines: number, length: number, step: number, next: number) => {
    const line = new Float32Array(length);
    for (let n = 0, begin = 0; n < lines; n++, begin += next) {
      for (let i = 0; i < length; i++) line[i] = sign * from[begin + i * step];
      for (let i = 0; i < length; i++) {
        const last = Math.min(length - 1, i + SQUARE_REACH);
        let least = line[i];
        for (let j = Math.max(0, i - SQUARE_REACH); j <= last; j++) {
          if (line[j] < least) least = line[j];
        }
        to[begin + i * step] = sign * least;
      }
    }
  };
  along(plane, height, width, 1, width);
  along(to, width, height, width, 1);
  return to;
}
