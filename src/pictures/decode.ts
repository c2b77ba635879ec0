/**
 * Bytes to picture: the kind is found from the bytes, the codec is chosen by the kind, and the result
 * is upright.
 */

import { InputError } from "../errors.ts";
import { decodeJpeg } from "./jpeg.ts";
import { type PictureKind, sniff } from "./kind.ts";
import { DEFAULT_MAX_PIXELS } from "./limits.ts";
import { makeUpright } from "./metadata.ts";
import type { Picture } from "./picture.ts";
import { decodePng } from "./png_decode.ts";

/** What `decodePicture` may be told. */
export interface DecodeOptions {
  /** The most pixels that a file may claim: 2^28 unless given. Checked before anything is allocated. */
  maxPixels?: number;
}

const DECODERS: Record<PictureKind, (bytes: Uint8Array, maxPixels: number) => Promise<Picture>> = {
  jpeg: decodeJpeg,
  png: decodePng,
};

/**
 * Decodes a JPEG or PNG file into an upright picture with its metadata.
 *
 * JPEG gives 8 bits and 1 or 3 channels (CMYK becomes RGB by the plain formula). PNG gives 8 or 16
 * bits and 1 to 4 channels. JPEG needs the permissions named in `jpeg_codec.ts`, PNG none.
 *
 * @param bytes the whole file
 * @throws {InputError} if the file is of another kind, cut off, damaged, or claims too many pixels
 * @throws {UsageError} if the JPEG codec cannot be loaded
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
      `This file is ${sniffed.name}: Tessera reads JPEG and PNG. ` +
        `Save the picture as one of these in another program.`,
    );
  }
  return makeUpright(
    await DECODERS[sniffed.kind](bytes, options.maxPixels ?? DEFAULT_MAX_PIXELS),
  );
}
