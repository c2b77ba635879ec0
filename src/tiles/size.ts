/** The size of pictures and of their parts. */

/** Size of a picture in pixels. */
export interface Size {
  width: number;
  height: number;
}
