/** WebP in and out: libvips makes pixels, the container around them is written here. */

import { FORMATS } from "../formats.ts";
import { checkSide } from "../limits.ts";
import { withoutPrefix } from "../metadata/exif.ts";
import { metadataInExif } from "../metadata/metadata.ts";
import type { Picture } from "../picture.ts";
import { toSrgb } from "../colour/srgb.ts";
import { decodeWithVips } from "../vips/decode.ts";
import { encodeWithVips } from "../vips/encode.ts";
import { stillNote } from "../animation/note.ts";
import { withWebpMetadata } from "./webp_container.ts";

/** `smart_subsample` lets edges of colour keep their place at half the resolution. */
const LOSSY = { effort: 4, smart_subsample: true };

/**
 * Of a lossless file `Q` is the effort: at 4K, method 0 takes 2 s, and the defaults (method 4, 75) 19 s for
 * a fifth fewer bytes. `exact` keeps the colours under transparent pixels.
 */
const LOSSLESS = { lossless: true, exact: true, effort: 0, Q: 20 };

/**
 * Decodes a WebP file, lossy or lossless; of an animation, the canvas with its first frame.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, or claims too much
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function decodeWebp(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const reading = { format: "WebP", loader: "webpload", maxPixels } as const;
  const { picture, header } = await decodeWithVips(bytes, reading);
  const { exif, ...metadata } = picture.metadata;
  const plain = exif === undefined ? metadata : { ...metadata, exif: withoutPrefix(exif) };
  return { ...picture, metadata: plain, ...stillNote(header.pages) };
}

/**
 * Encodes a picture as WebP. Lossy files have half the colour resolution, as the format wants it.
 *
 * @param picture 8 bits
 * @param quality 1 to 100; of no effect if `lossless`
 * @throws {InputError} if a side is beyond 16383 pixels
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function encodeWebp(
  picture: Picture,
  quality: number,
  lossless: boolean,
): Promise<Uint8Array> {
  const { width, height, channels } = picture;
  checkSide("WebP", width, height, FORMATS.webp.maxSide);
  // There is no grey in WebP, and a profile for grey does not describe RGB.
  const written = channels <= 2 ? await toSrgb(picture) : picture;
  const options = lossless ? LOSSLESS : { ...LOSSY, Q: quality };
  const file = await encodeWithVips("WebP", "webpsave", written, options);
  const described = { ...written, channels: channels === 1 ? 3 : channels === 2 ? 4 : channels };
  return withWebpMetadata(file, metadataInExif(described as Picture));
}
