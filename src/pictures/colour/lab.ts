/**
 * CIE L*a*b* to sRGB, for files whose pixels are that.
 *
 * Source: CIE 15:2004 (L*a*b*); IEC 61966-2-1 (the curve of sRGB).
 */

import { encodeLight } from "./linear.ts";
import { SRGB_PRIMARIES } from "./label.ts";
import {
  adaptationToD50,
  apply,
  type Chromaticity,
  columnsToD50,
  inverse,
  transposed,
  xyzOf,
} from "./primaries.ts";

/** Where the cube root of CIE 15 begins. */
const STRAIGHT_BELOW = 6 / 29;

/**
 * Returns what makes of L* (0 to 100), a* and b* the red, green and blue of sRGB, each from 0 to 1; colours that
 * sRGB has not come as the nearest end of each.
 *
 * @param white The white that L* = 100 is.
 */
export function labConverter(
  white: Chromaticity,
): (lightness: number, a: number, b: number, rgb: Float64Array) => void {
  const adapt = adaptationToD50(white);
  const fromXyz = inverse(transposed(columnsToD50(SRGB_PRIMARIES)));
  const [x, y, z] = xyzOf(white);
  // What X, Y and Z alone each make: all is a sum of these.
  const columns = [[x, 0, 0], [0, y, 0], [0, 0, z]] as const;
  const [fromX, fromY, fromZ] = columns.map((column) => apply(fromXyz, adapt(column)));
  return (lightness, a, b, rgb) => {
    const middle = (lightness + 16) / 116;
    const shareX = shareOf(middle + a / 500);
    const shareY = shareOf(middle);
    const shareZ = shareOf(middle - b / 200);
    for (let c = 0; c < 3; c++) {
      const light = fromX[c] * shareX + fromY[c] * shareY + fromZ[c] * shareZ;
      rgb[c] = Math.min(Math.max(encodeLight(light), 0), 1);
    }
  };
}

/** From a root to the share of the white's X, Y or Z. */
function shareOf(root: number): number {
  return root > STRAIGHT_BELOW ? root ** 3 : 3 * STRAIGHT_BELOW ** 2 * (root - 4 / 29);
}
