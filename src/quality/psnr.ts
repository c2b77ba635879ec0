/**
 * Peak signal-to-noise ratio: `10 * log10(255^2 / mean squared error)`, in dB.
 *
 * The protocol is that of the ESRGAN family (BasicSR, `calculate_psnr`): luma not rounded, peak
 * 255, and as many border pixels left out as the picture was enlarged by.
 */

import { type Picture, whiteOf } from "../pictures/picture.ts";
import { lumaPlane } from "./luma.ts";
import { assertSameSize, type Plane, planeOf } from "./plane.ts";

const PEAK = 255;

/** Returns the PSNR of luma in dB, without `border` pixels on each side; Infinity when equal. */
export function psnrY(actual: Picture, expected: Picture, border = 0): number {
  assertSameSize(actual, expected);
  return decibel(squaredError(lumaPlane(actual, border), lumaPlane(expected, border)));
}

/** Returns the PSNR over red, green and blue together in dB; grey counts as three equal channels. */
export function psnrRgb(actual: Picture, expected: Picture, border = 0): number {
  assertSameSize(actual, expected);
  let sum = 0;
  for (let c = 0; c < 3; c++) {
    sum += squaredError(channelPlane(actual, c, border), channelPlane(expected, c, border));
  }
  return decibel(sum / 3);
}

/** Returns red (0), green (1) or blue (2). */
function channelPlane(picture: Picture, c: number, border: number): Plane {
  const { data, channels, depth } = picture;
  const offset = channels >= 3 ? c : 0;
  const scale = PEAK / whiteOf(depth);
  return planeOf(picture, border, (i) => scale * data[i + offset]);
}

/** Returns the mean squared difference of two planes of one size. */
function squaredError(a: Plane, b: Plane): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i] - b.data[i]) ** 2;
  return sum / a.data.length;
}

/** Turns a mean squared error into dB. */
function decibel(error: number): number {
  return 10 * Math.log10(PEAK ** 2 / error);
}
