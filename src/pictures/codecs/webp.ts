/**
 * WebP in and out. The one file that knows `@jsquash/webp`, which is libwebp in WebAssembly: it makes
 * pixels, the container around them is ours.
 */

import { checkSide } from "../limits.ts";
import { metadataInExif } from "../metadata/metadata.ts";
import type { Picture } from "../picture.ts";
import { pictureOfRgba, rgbaOf } from "../colour/rgba.ts";
import { toSrgb } from "../colour/srgb.ts";
import { type Decoder, decodeRgba, type Encoder, encodeRgba, loadCodec } from "./wasm.ts";
import { readWebpParts, withWebpMetadata } from "./webp_container.ts";

const CODEC = "@jsquash/webp@1.5.0";

/** The most pixels that a side can have. */
export const WEBP_MAX_SIDE = 16383;

/**
 * libwebp's settings, all of which its encoder wants to be told. Of a lossless file `quality` is the
 * effort: at 4K, method 0 takes 2 s, and the defaults (method 4, 75) 19 s for a fifth fewer bytes.
 * `exact` keeps the colours under transparent pixels.
 */
const SETTINGS = {
  quality: 90,
  target_size: 0,
  target_PSNR: 0,
  method: 4,
  sns_strength: 50,
  filter_strength: 60,
  filter_sharpness: 0,
  filter_type: 1,
  partitions: 0,
  segments: 4,
  pass: 1,
  show_compressed: 0,
  preprocessing: 0,
  autofilter: 0,
  partition_limit: 0,
  alpha_compression: 1,
  alpha_filtering: 1,
  alpha_quality: 100,
  lossless: 0,
  exact: 0,
  image_hint: 0,
  emulate_jpeg_size: 0,
  thread_level: 0,
  low_memory: 0,
  near_lossless: 100,
  use_delta_palette: 0,
  use_sharp_yuv: 1,
};
const LOSSLESS = { lossless: 1, exact: 1, method: 0, quality: 20 };

/**
 * Decodes a WebP file, lossy or lossless; of an animation, the first frame.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, or claims too much
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function decodeWebp(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const { width, height, metadata, frames, still } = readWebpParts(bytes, maxPixels);
  const decoder = await loadCodec<Decoder>(
    CODEC,
    () => import("npm:@jsquash/webp@1.5.0/codec/dec/webp_dec.js"),
  );
  const pixels = decodeRgba("WebP", () => decoder.decode(still), width, height);
  const picture = pictureOfRgba(pixels, metadata);
  if (frames === 1) return picture;
  return { ...picture, notes: [`of the ${frames} frames only the first is read`] };
}

/**
 * Encodes a picture as WebP. Lossy files have half the colour resolution, as the format wants it.
 *
 * @param picture 8 bits
 * @param quality 1 to 100; of no effect if `lossless`
 * @throws {InputError} if a side is beyond 16383 pixels
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function encodeWebp(
  picture: Picture,
  quality: number,
  lossless: boolean,
): Promise<Uint8Array> {
  const { width, height, channels } = picture;
  checkSide("WebP", width, height, WEBP_MAX_SIDE);
  const encoder = await loadCodec<Encoder>(
    CODEC,
    () => import("npm:@jsquash/webp@1.5.0/codec/enc/webp_enc_simd.js"),
  );
  const settings = { ...SETTINGS, ...(lossless ? LOSSLESS : { quality }) };
  // There is no grey in WebP, and a profile for grey does not describe RGB.
  const written = channels <= 2 ? await toSrgb(picture) : picture;
  const rgba = rgbaOf(written) as Uint8Array;
  const file = encodeRgba("WebP", encoder, rgba, width, height, settings);
  return withWebpMetadata(file, metadataInExif(written));
}
