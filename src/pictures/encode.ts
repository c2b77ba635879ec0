/**
 * Picture to bytes, in a format chosen by the caller.
 */

import { UsageError } from "../errors.ts";
import { concatBytes } from "./bytes.ts";
import { hdrNameOf } from "./colour/label.ts";
import { convertDepth } from "./colour/depth.ts";
import { FORMATS, type PictureFormat } from "./formats.ts";
import { encodeJpeg } from "./jpeg/jpeg.ts";
import { encodeAvif, encodeGif, encodeJxl, encodeTiff, encodeWebp } from "./later.ts";
import { checkQuality } from "./limits.ts";
import type { Picture } from "./picture.ts";
import { encodePngRows } from "./png/encode.ts";

/** What `encodePicture` must and may be told. What does not concern the format has no effect. */
export interface EncodeOptions {
  format: PictureFormat;
  /** 1 (smallest) to 100 (best). Unless given: JPEG 92, WebP 90, AVIF 80, JPEG XL 90. */
  quality?: number;
  /**
   * JPEG and AVIF: whether colour has the full resolution (4:4:4), or half of it in both directions
   * (4:2:0). Unless given: full from quality 90 up.
   */
  chroma?: "4:4:4" | "4:2:0";
  /**
   * JPEG: whether a coarse picture shows before the whole file is there. A JPEG XL of less than full
   * quality always does that.
   */
  progressive?: boolean;
  /** WebP, AVIF and JPEG XL: whether every sample (of 8 bits) comes back as it is. */
  lossless?: boolean;
  /** Whether 16 bits become 8 with noise instead of steps, where the format holds only 8. */
  dither?: boolean;
}

/** The quality from which on colour has the full resolution. */
const FULL_COLOUR_QUALITY = 90;

/** Says whether colour gets the full resolution, where the format leaves a choice. */
export function hasFullColour(quality: number, chroma: EncodeOptions["chroma"]): boolean {
  return chroma === undefined ? quality >= FULL_COLOUR_QUALITY : chroma === "4:4:4";
}

/**
 * Encodes a picture. Profile, EXIF (its sizes corrected), XMP, IPTC and density are kept where the
 * format has room for them; a profile that does not describe the picture's kind of colours is left out.
 * `lossesOf` says beforehand what the file will lack.
 *
 * PNG needs no permissions. The others need `--allow-read`; JPEG in full colour takes a quarter of the
 * time with `--allow-ffi`.
 *
 * @throws {UsageError} if the picture is of floats (use `convertDepth`) or HDR, the quality is no whole
 *   number from 1 to 100, or the codec cannot be loaded
 * @throws {InputError} if the format cannot hold the picture: alpha in JPEG (use `flattenAlpha`), or
 *   a side too long
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
  const { format, progressive = false, lossless = false, dither = false } = options;
  if (picture.depth === 32) {
    throw new UsageError("Files hold 8 or 16 bits per sample, not floats: use convertDepth first.");
  }
  const hdr = hdrNameOf(picture.metadata.cicp);
  if (hdr !== undefined && !FORMATS[format].hdr) {
    throw new UsageError(`${FORMATS[format].name} cannot hold HDR colours (${hdr}).`);
  }
  const quality = checkQuality(options.quality ?? FORMATS[format].quality ?? 100);
  const fullColour = hasFullColour(quality, options.chroma);
  const shallow = () => convertDepth(picture, 8, { dither });
  switch (format) {
    case "png":
      return concatBytes(await Array.fromAsync(encodePngRows(picture, [picture.data])));
    case "jpeg":
      return await encodeJpeg(shallow(), { quality, fullColour, progressive });
    case "webp":
      return await encodeWebp(shallow(), quality, lossless);
    case "avif":
      return await encodeAvif(picture, quality, fullColour, lossless);
    case "jxl":
      return await encodeJxl(picture, quality, lossless);
    case "gif":
      return await encodeGif(shallow());
    case "tiff":
      return await encodeTiff(picture);
  }
}
