/**
 * A rectangle of numbers in 0..255: what the measures of quality see of a picture.
 */

import { UsageError } from "../errors.ts";
import type { Picture } from "../pictures/picture.ts";

/** One value per pixel, 255 for white whatever the picture's depth was. */
export interface Plane {
  width: number;
  height: number;
  /** `[height][width]` */
  data: Float64Array;
}

/**
 * Makes a plane from a picture, without `border` pixels on each side.
 *
 * `value` gets the index of a pixel's first sample in `picture.data`.
 */
export function planeOf(
  picture: Picture,
  border: number,
  value: (sample: number) => number,
): Plane {
  const width = picture.width - 2 * border;
  const height = picture.height - 2 * border;
  if (!Number.isInteger(border) || border < 0 || width < 1 || height < 1) {
    throw new UsageError(
      `A border of ${border} pixels leaves nothing of ${picture.width}x${picture.height} pixels ` +
        "to compare",
    );
  }
  const data = new Float64Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    let sample = ((y + border) * picture.width + border) * picture.channels;
    for (let x = 0; x < width; x++, sample += picture.channels) data[i++] = value(sample);
  }
  return { width, height, data };
}

/** Refuses two pictures that cannot be compared pixel by pixel. */
export function assertSameSize(a: Picture, b: Picture): void {
  if (a.width !== b.width || a.height !== b.height) {
    throw new UsageError(
      `Cannot compare pictures of ${a.width}x${a.height} and ${b.width}x${b.height} pixels`,
    );
  }
}
