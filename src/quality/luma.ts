/**
 * Luma as the super-resolution literature measures it: MATLAB's `rgb2ycbcr`, first channel.
 */

import { type Picture, whiteOf } from "../pictures/picture.ts";
import { type Plane, planeOf } from "./plane.ts";

/** Luma of black, and what red, green and blue add at full intensity (ITU-R BT.601, 8 bits). */
const BLACK = 16;
const RED = 65.481;
const GREEN = 128.553;
const BLUE = 24.966;

/**
 * Returns the luma of a picture: 16 for black to 235 for white, not rounded.
 *
 * Grey counts as equal red, green and blue; alpha is ignored. `border` pixels are left out on each
 * side.
 */
export function lumaPlane(picture: Picture, border = 0): Plane {
  const { data, channels } = picture;
  const white = whiteOf(picture.depth);
  if (channels <= 2) {
    const grey = (RED + GREEN + BLUE) / white;
    return planeOf(picture, border, (i) => BLACK + grey * data[i]);
  }
  return planeOf(picture, border, (i) => {
    return BLACK + (RED * data[i] + GREEN * data[i + 1] + BLUE * data[i + 2]) / white;
  });
}
