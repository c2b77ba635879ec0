/** JPEG XL in and out: libvips makes pixels, EXIF and XMP stand beside them in boxes. */

import { isLinearPicture } from "../colour/linear.ts";
import { readJxlParts, withJxlMetadata } from "./jxl_container.ts";
import { withTwelveBits } from "./jxl_header.ts";
import { meansSrgb } from "../colour/srgb.ts";
import { metadataInExif, profileFits, turnedMetadata } from "../metadata/metadata.ts";
import type { Picture } from "../picture.ts";
import { decodeWithVips } from "../vips/decode.ts";
import { encodeWithVips } from "../vips/encode.ts";

/** Effort 3 of 9: at 4K, 0.9 s; effort 7 runs out of memory there. A lossless file has effort 1. */
const LOSSY = { effort: 3 };
const LOSSLESS = { lossless: true, effort: 1 };

/**
 * Decodes a JPEG XL file, upright, in 8 or 16 bits.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, or claims too much
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function decodeJxl(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const { codestream, metadata, notes } = await readJxlParts(bytes);
  const reading = { format: "JPEG XL", loader: "jxlload", maxPixels } as const;
  const first = await decodeWithVips(codestream, reading);
  // A lossy file whose profile the codec does not know comes as light, of which 8 bits do not hold the dark.
  const light = first.picture.depth === 8 && isLinearPicture(first.picture)
    ? withTwelveBits(codestream)
    : undefined;
  const { picture, header } = light ? await decodeWithVips(light, reading) : first;
  // Every file without a profile gets one that says what its header says.
  const icc = await profileOf(picture);
  const said = [
    ...notes,
    ...light ? ["its colours come as linear sRGB: what lies beyond that is cut off"] : [],
    ...header.pages > 1 ? [`of the ${header.pages} frames only the first is read`] : [],
  ];
  // The codec has turned the picture already: EXIF must not turn it again.
  return {
    ...picture,
    metadata: { ...turnedMetadata(metadata), ...icc && { icc } },
    ...said.length > 0 && { notes: said },
  };
}

async function profileOf(
  { metadata: { icc }, channels }: Picture,
): Promise<Uint8Array | undefined> {
  const isPlain = icc !== undefined && profileFits(icc, channels) && await meansSrgb(icc);
  return isPlain ? undefined : icc;
}

/**
 * Encodes a picture as JPEG XL, with its profile.
 *
 * @param picture 8 or 16 bits
 * @param quality 1 to 100; of no effect if `lossless`
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function encodeJxl(
  picture: Picture,
  quality: number,
  lossless: boolean,
): Promise<Uint8Array> {
  const metadata = metadataInExif(picture);
  const options = lossless ? LOSSLESS : { ...LOSSY, Q: quality };
  const file = await encodeWithVips("JPEG XL", "jxlsave", picture, options, metadata.icc);
  return withJxlMetadata(file, metadata);
}
