/**
 * The measures of one picture, taken together.
 */

import type { Picture } from "../pictures/picture.ts";
import { adviseDenoise } from "./advice.ts";
import { type JpegSettings, readJpegSettings } from "./jpeg_tables.ts";

/** What a picture is like. */
export interface Inspection {
  /** Pixels per row. */
  width: number;
  /** Rows. */
  height: number;
  /** How the file was saved; `undefined` if it is no JPEG. */
  jpeg: JpegSettings | undefined;
  /** Quality of the worst JPEG that the picture went through; `undefined` if there is no trace of one. */
  quality: number | undefined;
  /** Standard deviation of the noise, in levels of 255. */
  noise: number;
  /** The share of the restorer that the picture needs, 0 to 1 in quarters. */
  denoise: number;
}

/**
 * Measures a picture.
 *
 * @param file the file that it came from, for what only that tells
 */
export function inspectPicture(picture: Picture, file?: Uint8Array): Inspection {
  const { width, height } = picture;
  const jpeg = file === undefined ? undefined : readJpegSettings(file);
  const damage = { quality: jpeg?.quality, noise: 0 };
  return { width, height, jpeg, ...damage, denoise: adviseDenoise(damage) };
}
