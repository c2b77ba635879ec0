/**
 * Bytes to picture: the kind is found from the bytes, the codec is chosen by the kind, and the result
 * is upright.
 */

import { InputError } from "../errors.ts";
import { plainBytes } from "./bytes.ts";
import { decodeJpeg } from "./jpeg/jpeg.ts";
import { isProfile } from "./colour/profile.ts";
import { BROKEN_PROFILE } from "./colour/srgb.ts";
import { type PictureKind, sniff } from "./kind.ts";
import {
  decodeAvif,
  decodeBmp,
  decodeGif,
  decodeHeic,
  decodeJxl,
  decodeRaw,
  decodeSvg,
  decodeTiff,
  decodeWebp,
} from "./later.ts";
import { DEFAULT_MAX_PIXELS } from "./limits.ts";
import { makeUpright } from "./metadata/metadata.ts";
import type { Picture } from "./picture.ts";
import { decodePng } from "./png/decode.ts";

/** What `decodePicture` may be told. */
export interface DecodeOptions {
  /** The most pixels that a file may claim: 2^28 unless given. Checked before anything is allocated. */
  maxPixels?: number;
  /**
   * Whether a JPEG of which a part is missing or damaged is refused. Otherwise it is read as far as it goes,
   * and its notes say so.
   */
  strict?: boolean;
}

const DECODERS: Record<
  PictureKind,
  (
    bytes: Uint8Array,
    maxPixels: number,
    reading: { strict?: boolean },
  ) => Picture | Promise<Picture>
> = {
  jpeg: decodeJpeg,
  png: decodePng,
  webp: decodeWebp,
  avif: decodeAvif,
  jxl: decodeJxl,
  tiff: decodeTiff,
  gif: decodeGif,
  bmp: decodeBmp,
  heic: decodeHeic,
  svg: decodeSvg,
  raw: (bytes, maxPixels) => decodeRaw(bytes, maxPixels),
};

/**
 * Decodes a JPEG, PNG, WebP, AVIF, HEIC, JPEG XL, TIFF, GIF, BMP or SVG file, or the raw file of a camera,
 * into an upright picture with its metadata. What of the file the picture does not show is said in its
 * `notes`.
 *
 * PNG, TIFF, AVIF and JPEG XL give 8 or 16 bits, raw files 16, the others 8. PNG and BMP need no
 * permissions, the others `--allow-read`.
 *
 * @param bytes the whole file
 * @throws {InputError} if the file is of another kind, cut off, damaged, or claims too many pixels
 * @throws {UsageError} if a codec that the file needs cannot be loaded
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { encodePicture } from "./encode.ts";
 * const png = await encodePicture(
 *   { width: 1, height: 1, channels: 3, depth: 8, data: Uint8Array.of(1, 2, 3), metadata: {} },
 *   { format: "png" },
 * );
 * const picture = await decodePicture(png);
 * assert.deepEqual([picture.width, picture.height, ...picture.data], [1, 1, 1, 2, 3]);
 * ```
 */
export async function decodePicture(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<Picture> {
  const sniffed = sniff(bytes);
  if (sniffed.kind === undefined) {
    throw new InputError(
      `This file is ${sniffed.name}: Tessera reads JPEG, PNG, WebP, AVIF, HEIC, JPEG XL, TIFF, ` +
        `GIF, BMP, SVG and cameras' raw files. Save the picture as one of these in another program.`,
    );
  }
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS;
  return makeUpright(
    withSoundProfile(await DECODERS[sniffed.kind](plainBytes(bytes), maxPixels, options)),
  );
}

/** Takes away what cannot be a profile: it costs a note, and not the picture. */
function withSoundProfile(picture: Picture): Picture {
  const { icc, ...metadata } = picture.metadata;
  if (icc === undefined || isProfile(icc)) return picture;
  return { ...picture, metadata, notes: [...picture.notes ?? [], BROKEN_PROFILE] };
}
