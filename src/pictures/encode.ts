/**
 * Picture to bytes, in a format chosen by the caller or by a file's name.
 */

import { UsageError } from "../errors.ts";
import { concatBytes } from "./bytes.ts";
import { convertDepth } from "./depth.ts";
import { encodeJpeg } from "./jpeg.ts";
import type { Picture } from "./picture.ts";
import { encodePngRows } from "./png_encode.ts";

/** The formats that can be written. */
export type PictureFormat = "png" | "jpeg";

/** What `encodePicture` must and may be told. */
export interface EncodeOptions {
  format: PictureFormat;
  /** JPEG only: 1 (smallest) to 100 (best), 92 unless given. */
  quality?: number;
}

const DEFAULT_QUALITY = 92;

/**
 * Encodes a picture. Profile, EXIF (its sizes corrected), XMP and density are kept where the format
 * has room for them; a profile that does not describe the picture's kind of colours is left out.
 *
 * PNG keeps 8 and 16 bits and alpha. JPEG rounds 16 bits to 8, and cannot hold alpha.
 *
 * @throws {UsageError} if the picture is of floats (use `convertDepth`), the quality is no whole
 *   number from 1 to 100, or the JPEG codec cannot be loaded
 * @throws {InputError} if the format cannot hold the picture: alpha in JPEG, or a side too long
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import type { Picture } from "./picture.ts";
 * const white: Picture = {
 *   width: 1, height: 1, channels: 1, depth: 16, data: Uint16Array.of(65535), metadata: {},
 * };
 * const png = await encodePicture(white, { format: "png" });
 * assert.equal(png[1], "P".charCodeAt(0));
 * ```
 */
export async function encodePicture(picture: Picture, options: EncodeOptions): Promise<Uint8Array> {
  if (picture.depth === 32) {
    throw new UsageError("Files hold 8 or 16 bits per sample, not floats: use convertDepth first.");
  }
  if (options.format === "jpeg") {
    return await encodeJpeg(convertDepth(picture, 8), checkQuality(options.quality));
  }
  return concatBytes(await Array.fromAsync(encodePngRows(picture, [picture.data])));
}

/**
 * Returns the format that a file's name asks for by its ending, or `undefined` if it is neither
 * `.png` nor `.jpg`, `.jpeg`, `.jpe` or `.jfif`, in any case.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(formatOfName("photo.JPG"), "jpeg");
 * ```
 */
export function formatOfName(name: string): PictureFormat | undefined {
  if (/\.png$/i.test(name)) return "png";
  return /\.(jpe?g|jpe|jfif)$/i.test(name) ? "jpeg" : undefined;
}

function checkQuality(quality = DEFAULT_QUALITY): number {
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new UsageError(`Quality must be a whole number from 1 to 100, not ${quality}.`);
  }
  return quality;
}
