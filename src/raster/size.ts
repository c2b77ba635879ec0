/** The size of pictures, and of their parts. */

import type { Depth } from "../pictures/picture.ts";

/** Size of a picture in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Size and depth of a whole picture. */
export interface RasterSize extends Size {
  depth: Depth;
}

/** A rectangle in whole units. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}
