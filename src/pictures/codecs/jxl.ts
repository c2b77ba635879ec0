/**
 * JPEG XL in and out. The one file that knows `@jsquash/jxl`, which is libjxl in WebAssembly. Its
 * pixels are always 8 bits of sRGB: whatever profile a file has, the codec converts from it.
 */

import { readJxlParts, withJxlMetadata } from "./jxl_container.ts";
import { metadataInExif, turnedMetadata } from "../metadata/metadata.ts";
import type { Picture } from "../picture.ts";
import { pictureOfRgba, rgbaOf } from "../colour/rgba.ts";
import { toSrgb } from "../colour/srgb.ts";
import { type Decoder, decodeRgba, type Encoder, encodeRgba, loadCodec } from "./wasm.ts";

const CODEC = "@jsquash/jxl@1.3.0";

/**
 * libjxl's settings, all of which its encoder wants to be told. Effort 4 of 9: at 4K the next one
 * takes four times as long in WebAssembly for 1 % fewer bytes. A lossless file has effort 1.
 */
const SETTINGS = {
  effort: 4,
  quality: 90,
  progressive: false,
  epf: -1,
  lossyPalette: false,
  decodingSpeedTier: 0,
  photonNoiseIso: 0,
  lossyModular: false,
  lossless: false,
};
const LOSSLESS = { lossless: true, quality: 100, effort: 1 };

/**
 * Decodes a JPEG XL file, upright, into 8-bit sRGB.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, or claims too much
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function decodeJxl(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const { width, height, deep, swapped, metadata } = readJxlParts(bytes, maxPixels);
  const decoder = await loadCodec<Decoder>(
    CODEC,
    () => import("npm:@jsquash/jxl@1.3.0/codec/dec/jxl_dec.js"),
  );
  const [shownWidth, shownHeight] = swapped ? [height, width] : [width, height];
  const pixels = decodeRgba("JPEG XL", () => decoder.decode(bytes), shownWidth, shownHeight);
  // The codec has turned the picture already: EXIF must not turn it again.
  const picture = pictureOfRgba(pixels, turnedMetadata(metadata));
  return deep ? { ...picture, notes: ["its samples of more than 8 bits are read as 8"] } : picture;
}

/**
 * Encodes a picture as JPEG XL. A picture with a profile is converted to sRGB before.
 *
 * @param picture 8 bits
 * @param quality 1 to 100; of no effect if `lossless`
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function encodeJxl(
  picture: Picture,
  quality: number,
  progressive: boolean,
  lossless: boolean,
): Promise<Uint8Array> {
  const { width, height } = picture;
  const encoder = await loadCodec<Encoder>(
    CODEC,
    () => import("npm:@jsquash/jxl@1.3.0/codec/enc/jxl_enc.js"),
  );
  const settings = { ...SETTINGS, ...(lossless ? LOSSLESS : { quality, progressive }) };
  const rgba = rgbaOf(await toSrgb(picture)) as Uint8Array;
  const file = encodeRgba("JPEG XL", encoder, rgba, width, height, settings);
  return withJxlMetadata(file, metadataInExif(picture));
}
