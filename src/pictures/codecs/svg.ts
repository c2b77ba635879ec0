/** SVG in: the drawing at the size that it gives itself, painted by libvips. */

import { decodeWithVips } from "../vips/decode.ts";
import type { Picture } from "../picture.ts";

/**
 * Paints an SVG drawing, on a transparent ground.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is damaged, or claims too much
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function decodeSvg(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const reading = { format: "SVG", loader: "svgload", maxPixels } as const;
  return (await decodeWithVips(bytes, reading)).picture;
}
