/** AVIF in and out: libvips makes pixels, the boxes around them are read and written here. */

import { unpremultiply } from "../colour/alpha.ts";
import { readHeifParts, withHeifMetadata } from "./heif_container.ts";
import { FORMATS } from "../formats.ts";
import { checkSide } from "../limits.ts";
import { metadataInExif, turnedMetadata } from "../metadata/metadata.ts";
import type { Picture } from "../picture.ts";
import { hdrNameOf } from "../colour/label.ts";
import { toSrgb } from "../colour/srgb.ts";
import { decodeWithVips } from "../vips/decode.ts";
import { encodeWithVips } from "../vips/encode.ts";

/** Effort 2 of 9: at 4K, 7 s; effort 4 takes 52 s. */
const SETTINGS = { compression: "av1", effort: 2 };

/**
 * Decodes an AVIF file, upright. 10 and 12 bits become 16.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, or claims too much
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function decodeAvif(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const { file, metadata, premultiplied, notes } = readHeifParts("AVIF", bytes, maxPixels);
  const reading = { format: "AVIF", loader: "heifload", maxPixels } as const;
  const { picture } = await decodeWithVips(file, reading);
  // Which way up the picture is, boxes say in this format: EXIF must not turn it again.
  const upright = { ...picture, metadata: turnedMetadata(metadata) };
  const straight = premultiplied ? unpremultiply(upright) : upright;
  return notes.length === 0 ? straight : { ...straight, notes };
}

/**
 * Encodes a picture as AVIF: 8 bits as 8, 16 bits as 10.
 *
 * @param picture 8 or 16 bits
 * @param quality 1 to 100; of no effect if `lossless`
 * @param fullColour whether colour has the full resolution (4:4:4), or half of it (4:2:0)
 * @throws {InputError} if a side is beyond 65536 pixels
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function encodeAvif(
  picture: Picture,
  quality: number,
  fullColour: boolean,
  lossless: boolean,
): Promise<Uint8Array> {
  const { width, height, channels, depth } = picture;
  checkSide("AVIF", width, height, FORMATS.avif.maxSide);
  // Colours are written, and a profile for grey does not describe them; a label of HDR does.
  const isProfiled = channels <= 2 && hdrNameOf(picture.metadata.cicp) === undefined;
  const written = isProfiled ? await toSrgb(picture) : picture;
  const file = await encodeWithVips("AVIF", "heifsave", written, {
    ...SETTINGS,
    bitdepth: depth === 8 ? 8 : FORMATS.avif.deepBits,
    ...lossless ? { lossless } : { Q: quality },
    subsample_mode: fullColour || lossless ? "off" : "on",
  });
  const described = { ...written, channels: channels === 1 ? 3 : channels === 2 ? 4 : channels };
  return withHeifMetadata(file, metadataInExif(described as Picture));
}
