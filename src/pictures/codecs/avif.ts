/**
 * AVIF in and out. The one file that knows `@jsquash/avif`, which is libavif in WebAssembly: it makes
 * pixels, the boxes around them are ours.
 */

import { readAvifParts, withAvifMetadata } from "./avif_container.ts";
import { checkSide } from "../limits.ts";
import { metadataInExif, turnedMetadata } from "../metadata/metadata.ts";
import { applyOrientation } from "../metadata/orientation.ts";
import type { Picture } from "../picture.ts";
import { pictureOfRgba, rgbaOf } from "../colour/rgba.ts";
import { toSrgb } from "../colour/srgb.ts";
import { type Decoder, decodeRgba, type Encoder, encodeRgba, loadCodec } from "./wasm.ts";

const CODEC = "@jsquash/avif@2.1.1";

/** The most pixels that a side can have. */
export const AVIF_MAX_SIDE = 65536;

/** Bits of a file made of 16-bit samples: the most that every reader of AVIF must know. */
export const AVIF_DEEP_BITS = 10;

/**
 * libavif's settings, all of which its encoder wants to be told. `subsample` 1 is 4:2:0 and 3 is
 * 4:4:4. Speed 8 of 10: at 4K the next slower one takes twice as long for 4 % fewer bytes, and 9 is no
 * faster for 20 % more.
 */
const SETTINGS = {
  quality: 80,
  qualityAlpha: -1,
  denoiseLevel: 0,
  tileColsLog2: 0,
  tileRowsLog2: 0,
  speed: 8,
  subsample: 3,
  chromaDeltaQ: false,
  sharpness: 0,
  tune: 0,
  enableSharpYUV: false,
  bitDepth: 8,
  lossless: false,
};

/**
 * Decodes an AVIF file, upright. 10 and 12 bits become 16.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, or claims too much
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function decodeAvif(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const parts = readAvifParts(bytes, maxPixels);
  const { width, height, bits, grey, orientation, metadata } = parts;
  const decoder = await loadCodec<Decoder>(
    CODEC,
    () => import("npm:@jsquash/avif@2.1.1/codec/dec/avif_dec.js"),
  );
  const depth = bits > 8 ? 16 : 8;
  const pixels = decodeRgba("AVIF", () => decoder.decode(bytes, depth), width, height);
  // Which way up the picture is, boxes say in this format: EXIF must not turn it again.
  const stored = pictureOfRgba(pixels, turnedMetadata(metadata), grey);
  const picture = applyOrientation(stored, orientation);
  return parts.animated
    ? { ...picture, notes: ["of the animation only the first frame is read"] }
    : picture;
}

/**
 * Encodes a picture as AVIF: 8 bits as 8, 16 bits as 10.
 *
 * @param picture 8 or 16 bits
 * @param quality 1 to 100; of no effect if `lossless`
 * @param fullColour whether colour has the full resolution (4:4:4), or half of it (4:2:0)
 * @throws {InputError} if a side is beyond 65536 pixels
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function encodeAvif(
  picture: Picture,
  quality: number,
  fullColour: boolean,
  lossless: boolean,
): Promise<Uint8Array> {
  const { width, height, channels, depth } = picture;
  checkSide("AVIF", width, height, AVIF_MAX_SIDE);
  const encoder = await loadCodec<Encoder>(
    CODEC,
    () => import("npm:@jsquash/avif@2.1.1/codec/enc/avif_enc.js"),
  );
  const settings = {
    ...SETTINGS,
    bitDepth: depth === 8 ? 8 : AVIF_DEEP_BITS,
    quality: lossless ? 100 : quality,
    subsample: fullColour || lossless ? 3 : 1,
    lossless,
  };
  // The encoder writes no grey, and a profile for grey does not describe RGB.
  const written = channels <= 2 ? await toSrgb(picture) : picture;
  const file = encodeRgba("AVIF", encoder, samplesOf(written), width, height, settings);
  return withAvifMetadata(file, metadataInExif(written));
}

/** The samples as the encoder wants them: bytes, or little-endian numbers of as many bits. */
function samplesOf(picture: Picture): Uint8Array {
  const rgba = rgbaOf(picture);
  if (rgba instanceof Uint8Array) return rgba;
  const scale = (2 ** AVIF_DEEP_BITS - 1) / 65535;
  const samples = Uint16Array.from(rgba, (value) => value * scale + 0.5);
  return new Uint8Array(samples.buffer);
}
